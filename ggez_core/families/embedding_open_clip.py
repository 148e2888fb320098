"""Embedding models of open_clip: its own model classes, image transforms and tokenizers, from a folder of its layout.

A folder says all by itself (open_clip_config.json, weights, tokenizer files), whether it is a Hub repository published
for `hf-hub:` or what a merge wrote. What it names of transformers is found by `embedding_towers`.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from PIL import Image

from ..checkpoints import Checkpoint
from ..errors import CheckpointError
from .embedding import EmbeddingModel, Prepared, rgb, some
from .embedding_towers import text_tower, tokenizer_folder
from .family import Placement, one_line
from .precision import own_dtype

_PRECISION = {torch.float32: "fp32", torch.float16: "pure_fp16", torch.bfloat16: "pure_bf16"}


class OpenClipEmbedding(EmbeddingModel):
    """A model of open_clip with its inference transform and its tokenizer."""

    image_components = ("visual",)
    text_components = ("text",)

    def __init__(self, model: Any, transform: Any, tokenizer: Any, device: torch.device | None) -> None:
        super().__init__(model, device)
        self._library: Any = model
        self.transform = transform
        self.tokenizer = tokenizer
        self.text_length = int(tokenizer.context_length)

    @property
    def tokenizer_of_library(self) -> Any:
        return getattr(self.tokenizer, "tokenizer", None)

    def prepare_images(self, images: Sequence[Image.Image]) -> Prepared:
        return {"pixel_values": torch.stack([self.transform(image) for image in rgb(images)])}

    def prepare_texts(self, texts: Sequence[str]) -> Prepared:
        return {"input_ids": self.tokenizer(some(texts))}

    def _image_features(self, batch: Prepared) -> torch.Tensor:
        features: torch.Tensor = self._library.encode_image(batch["pixel_values"])
        return features

    def _text_features(self, batch: Prepared) -> torch.Tensor:
        features: torch.Tensor = self._library.encode_text(batch["input_ids"])
        return features


def load(checkpoint: Checkpoint, placement: Placement) -> OpenClipEmbedding:
    """Load a checkpoint of open_clip's layout. Raises CheckpointError in one line for one that isn't whole."""
    try:
        from open_clip.transform import PreprocessCfg, image_transform_v2
    except ImportError as error:
        raise CheckpointError(
            f"{checkpoint.source} is an open_clip model, and that library can't be imported ({one_line(error)}); "
            "install it with: pip install open_clip_torch"
        ) from error
    dtype = placement.dtype or own_dtype(checkpoint, checkpoint.tensors, placement)
    if dtype is None:
        raise CheckpointError(f"{checkpoint.source}: holds no weights in floating point")
    if dtype not in _PRECISION:
        raise CheckpointError(f"{checkpoint.source}: open_clip runs no {dtype}; ask for float32, float16 or bfloat16")
    text = _text_config(checkpoint)
    try:
        with _quiet():
            model = _made(checkpoint, dtype)
            _fill(model, checkpoint, placement.low_cpu_mem)
    except CheckpointError:
        raise
    except Exception as error:  # what a wrong config makes fail isn't foreseeable: TypeError, AssertionError, KeyError
        raise CheckpointError(f"{checkpoint.source} can't be loaded by open_clip: {one_line(error)}") from error
    tokenizer = _tokenizer(checkpoint, text)
    transform = image_transform_v2(PreprocessCfg(**model.visual.preprocess_cfg), is_train=False)
    model = model.eval()
    if placement.device_map is not None:
        return OpenClipEmbedding(_dispatched(model, placement.device_map), transform, tokenizer, None)
    device = torch.device(placement.device or "cpu")
    return OpenClipEmbedding(model.to(device), transform, tokenizer, device)


def blank(checkpoint: Checkpoint) -> Any:
    """A model of this shape with random weights."""
    with _quiet():
        return _made(checkpoint, torch.float32)


def _made(checkpoint: Checkpoint, dtype: torch.dtype) -> Any:
    import open_clip

    return open_clip.create_model(
        f"local-dir:{checkpoint.folder}", load_weights=False, pretrained_text=False, precision=_PRECISION[dtype],
        text_cfg=text_tower(checkpoint, _text_config(checkpoint)),
    )  # fmt: skip


def _text_config(checkpoint: Checkpoint) -> Mapping[str, Any]:
    model = checkpoint.config.get("model_cfg")
    if not isinstance(model, Mapping) or not isinstance(model.get("text_cfg"), Mapping):
        raise CheckpointError(f"{checkpoint.source}: its open_clip_config.json has no model_cfg with a text_cfg")
    vision = model.get("vision_cfg")
    trunk = str(vision.get("timm_model_name") or "") if isinstance(vision, Mapping) else ""
    if ":" in trunk:
        raise CheckpointError(
            f"{checkpoint.source}: its vision tower is {trunk}, which is outside the checkpoint; choose one whose "
            "vision tower is open_clip's own or of timm by name"
        )
    text: Mapping[str, Any] = model["text_cfg"]
    return text


def _fill(model: Any, checkpoint: Checkpoint, low_cpu_mem: bool) -> None:
    """Copy the weights into the model; one tensor at a time where their names are the model's own."""
    import open_clip

    own = model.state_dict()
    if not low_cpu_mem or own.keys() != checkpoint.tensors.keys():
        open_clip.load_checkpoint(model, str(checkpoint.groups[0].files[0]))  # renames older layouts
        return
    for name, tensor in own.items():
        read = checkpoint.read(name)
        if read.shape != tensor.shape:
            raise CheckpointError(
                f"{checkpoint.source}: {name} has the shape {list(read.shape)}, and {list(tensor.shape)} in the model "
                "that open_clip_config.json describes; is it the right config?"
            )
        tensor.copy_(read)


def _tokenizer(checkpoint: Checkpoint, text: Mapping[str, Any]) -> Any:
    import open_clip

    if not text.get("hf_tokenizer_name"):
        return open_clip.get_tokenizer(f"local-dir:{checkpoint.folder}")
    options = {**(text.get("tokenizer_kwargs") or {}), "trust_remote_code": False}
    length = text.get("context_length", open_clip.tokenizer.DEFAULT_CONTEXT_LENGTH)
    folder = tokenizer_folder(checkpoint, str(text["hf_tokenizer_name"]))
    mode = text.get("tokenizer_mode")
    try:
        return open_clip.tokenizer.HFTokenizer(str(folder), context_length=length, tokenizer_mode=mode, **options)
    except Exception as error:  # as above
        raise CheckpointError(f"{checkpoint.source} has no usable tokenizer files: {one_line(error)}") from error


def _dispatched(model: Any, device_map: str | Mapping[str, Any]) -> Any:
    """The model spread over devices by accelerate, with what its root module holds directly on the first device."""
    from accelerate import dispatch_model, infer_auto_device_map
    from accelerate.utils import get_balanced_memory

    whole = [type(block).__name__ for block in model.modules() if hasattr(block, "attn") or hasattr(block, "attention")]
    if isinstance(device_map, str):
        options: dict[str, Any] = {"no_split_module_classes": sorted(set(whole))}
        memory = None if device_map == "sequential" else get_balanced_memory(model, **options)
        places: Mapping[str, Any] = infer_auto_device_map(model, max_memory=memory, **options)
    else:
        places = device_map
    devices = [device for device in places.values() if device not in ("cpu", "disk")]
    main = devices[0] if devices else "cpu"
    roots = dict(model.named_parameters(recurse=False)) | dict(model.named_buffers(recurse=False))
    places = {**places, **dict.fromkeys(roots, main)}  # used outside any forward that a hook could come before
    for tensor in roots.values():
        tensor.data = tensor.data.to(main)
    folder = tempfile.mkdtemp(prefix="ggez-offload-") if "disk" in places.values() else None
    if folder is not None:
        weakref.finalize(model, shutil.rmtree, folder, ignore_errors=True)
    preload = sorted({*whole, "MultiheadAttention"})
    return dispatch_model(model, places, main_device=main, preload_module_classes=preload, offload_dir=folder)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what open_clip tells of every load on the root logger, and without the handler that this would add."""
    root, handler = logging.getLogger(), logging.NullHandler()

    def others(record: logging.LogRecord) -> bool:
        return "open_clip" not in record.pathname

    root.addHandler(handler)
    root.addFilter(others)
    try:
        yield
    finally:
        root.removeFilter(others)
        root.removeHandler(handler)
