"""Embedding models of transformers: its own classes and processors, with each model's own rules for texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from PIL import Image

from ..checkpoints import Checkpoint
from ..errors import CheckpointError
from .embedding import EmbeddingModel, Prepared, rgb, some
from .embedding_kinds import KINDS, Kind
from .family import Placement, one_line
from .last_position import last_position_alone
from .precision import of_transformers

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class TransformersEmbedding(EmbeddingModel):
    """A model of transformers with its processor."""

    def __init__(self, model: PreTrainedModel, processor: Any, kind: Kind, device: torch.device | None) -> None:
        super().__init__(model, device)
        self._library: Any = model
        self.processor = processor
        self.kind = kind
        parts = dict(model.named_children()) | dict(model.named_parameters(recurse=False))
        self.image_components = tuple(name for name in ("vision_model", "visual_projection") if name in parts)
        self.text_components = tuple(name for name in ("text_model", "text_projection") if name in parts)
        self.text_length = min(_positions(model), int(processor.tokenizer.model_max_length))

    @property
    def tokenizer_of_library(self) -> Any:
        return self.processor.tokenizer

    def prepare_images(self, images: Sequence[Image.Image]) -> Prepared:
        return dict(self.processor.image_processor(rgb(images), return_tensors="pt"))

    def prepare_texts(self, texts: Sequence[str]) -> Prepared:
        texts = [text.lower() for text in some(texts)] if self.kind.lower_case else some(texts)
        padding = "max_length" if self.kind.pad_to_full_length else True
        tokens = self.processor.tokenizer(
            texts, padding=padding, truncation=True, max_length=self.text_length, return_tensors="pt"
        )
        wanted = ("input_ids",) if self.kind.pad_to_full_length else ("input_ids", "attention_mask")
        return {name: tokens[name] for name in wanted if name in tokens}

    def text_vectors(self, batch: Prepared) -> torch.Tensor:
        last_position_alone(self._library.text_model)
        return super().text_vectors(batch)

    def _image_features(self, batch: Prepared) -> torch.Tensor:
        return _features(self._library.get_image_features(**batch))

    def _text_features(self, batch: Prepared) -> torch.Tensor:
        return _features(self._library.get_text_features(**batch))


def load(checkpoint: Checkpoint, placement: Placement) -> TransformersEmbedding:
    """Load a checkpoint of one of `KINDS`. Raises CheckpointError in one line for one that isn't whole."""
    import transformers

    kind = KINDS[checkpoint.model_type]
    folder = str(checkpoint.folder)
    device = torch.device(placement.device or "cpu")
    where = placement.device_map
    if where is None and placement.low_cpu_mem and device.type != "cpu":
        where = {"": device}  # every weight goes from the file to its place, never through a whole copy in memory
    try:
        model, report = getattr(transformers, kind.model).from_pretrained(
            folder,
            dtype=of_transformers(checkpoint, placement),
            device_map=where,
            local_files_only=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
    except (OSError, ValueError, RuntimeError, KeyError, ImportError) as error:
        raise CheckpointError(f"{checkpoint.source} can't be loaded by transformers: {one_line(error)}") from error
    if report["missing_keys"]:
        missing = sorted(report["missing_keys"])
        raise CheckpointError(
            f"{checkpoint.source} lacks {len(missing)} weights, the first is {missing[0]}; is it a whole checkpoint?"
        )
    try:
        processor = transformers.AutoProcessor.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        processor.image_processor, processor.tokenizer  # noqa: B018  (a lone one of the two is no processor)
    except (OSError, ValueError, ImportError, KeyError, AttributeError) as error:
        raise CheckpointError(
            f"{checkpoint.source} has no usable processor and tokenizer files: {one_line(error)}"
        ) from error
    model = model.eval()
    if where is None:
        model = model.to(device)
    return TransformersEmbedding(model, processor, kind, None if placement.device_map is not None else device)


def blank(checkpoint: Checkpoint) -> PreTrainedModel:
    """A model of this shape with random weights."""
    import transformers

    made = getattr(transformers, KINDS[checkpoint.model_type].model)
    model: PreTrainedModel = made(made.config_class.from_pretrained(str(checkpoint.folder), local_files_only=True))
    return model


def _features(out: Any) -> torch.Tensor:
    features: torch.Tensor = getattr(out, "pooler_output", out)
    return features


def _positions(model: PreTrainedModel) -> int:
    """How many tokens the text tower has positions for; RoBERTa's count from the padding token's id on."""
    count = int(model.config.text_config.max_position_embeddings)
    firsts = [
        module.padding_idx + 1
        for module in model.text_model.modules()
        if isinstance(getattr(module, "padding_idx", None), int) and not isinstance(module, torch.nn.Embedding)
    ]
    return count - max(firsts, default=0)
