"""Vision-language embedding models: images and texts in, unit vectors out, whichever library the model is of.

Preparing (`prepare_*`) is apart from embedding (`embed_*`), since only the second depends on the weights: a gallery is
prepared once and embedded again whenever β moves. The libraries are `embedding_transformers` and `embedding_open_clip`,
imported when a checkpoint of theirs is loaded.
"""

from __future__ import annotations

import hashlib
import importlib
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image

from ..checkpoints import Checkpoint
from ..errors import CheckpointError, DataError
from ..progress import Progress, silent
from .embedding_kinds import KINDS, OPEN_CLIP
from .family import BetaOf, Does, Family, Placement, at_base, transformers_code

BATCH = 64
KEPT_BYTES = 64 << 20  # of vectors that previews keep for the next β
_LIBRARIES = {OPEN_CLIP: "embedding_open_clip", "transformers": "embedding_transformers"}  # each has a `load`

Prepared = Mapping[str, torch.Tensor]
"""Inputs as a model takes them, by name, each with one row an image or text."""


@dataclass(frozen=True)
class Search:
    """What an embedding model is asked: how near every text is to every image."""

    texts: Sequence[str]
    images: Sequence[Image.Image]


class EmbeddingModel(ABC):
    """A loaded model with its own preparation of images and texts.

    Weights keep `requires_grad`, though nothing is recorded here: without it torch multiplies a transposed input by one
    expanded weight a row, which makes the attention of SigLIP's pooling head four times slower on a CPU, and in
    bfloat16 a hundred times, with gigabytes of copies.

    model: the library's module. image_components, text_components: the checkpoint's components that image vectors come
    from, and text vectors; the weights of others don't change them. text_length: the most tokens a text may have;
    longer ones are cut. device: where inputs go; None leaves that to the model (accelerate's hooks).
    """

    does: Does = "embeds"
    image_components: tuple[str, ...]
    text_components: tuple[str, ...]
    text_length: int

    def __init__(self, model: torch.nn.Module, device: torch.device | None) -> None:
        self.model = model
        self.device = device
        self._kept: OrderedDict[object, torch.Tensor] = OrderedDict()

    @abstractmethod
    def prepare_images(self, images: Sequence[Image.Image]) -> Prepared:
        """Pixels as the model wants them: `pixel_values` (n, 3, h, w) float32; patches and masks for NaFlex.

        Raises DataError when there are none.
        """

    @abstractmethod
    def prepare_texts(self, texts: Sequence[str]) -> Prepared:
        """Token ids `input_ids` (n, length), with the attention mask where the model wants one.

        Raises DataError when there are none.
        """

    @abstractmethod
    def _image_features(self, batch: Prepared) -> torch.Tensor:
        """The library's features (n, d) of a batch of prepared images."""

    @abstractmethod
    def _text_features(self, batch: Prepared) -> torch.Tensor:
        """The library's features (n, d) of a batch of prepared texts."""

    def embed_images(self, prepared: Prepared) -> torch.Tensor:
        """Unit vectors (n, d), float32 on the CPU, of prepared images."""
        return self._embed(self._image_features, prepared)

    def embed_texts(self, prepared: Prepared) -> torch.Tensor:
        """Unit vectors (n, d), float32 on the CPU, of prepared texts."""
        return self._embed(self._text_features, prepared)

    def encode_images(self, images: Sequence[Image.Image]) -> torch.Tensor:
        """Unit vectors (n, d), float32 on the CPU."""
        return self.embed_images(self.prepare_images(images))

    def encode_texts(self, texts: Sequence[str]) -> torch.Tensor:
        """Unit vectors (n, d), float32 on the CPU."""
        return self.embed_texts(self.prepare_texts(texts))

    def image_vectors(self, batch: Prepared) -> torch.Tensor:
        """Unit vectors (n, d), float32, of prepared images where the model is, with gradients: what training is of."""
        return torch.nn.functional.normalize(self._image_features(batch).float(), dim=-1)

    def text_vectors(self, batch: Prepared) -> torch.Tensor:
        """Unit vectors (n, d), float32, of prepared texts where the model is, with gradients: what training is of."""
        return torch.nn.functional.normalize(self._text_features(batch).float(), dim=-1)

    @property
    def tokenizer_of_library(self) -> Any:
        """The transformers tokenizer that cuts texts; None where another library's own does."""
        return None

    @property
    def logit_scale(self) -> torch.Tensor | None:
        """The logarithm of what cosines are multiplied by, a scalar parameter; None where the model has none."""
        return getattr(self.model, "logit_scale", None)

    @property
    def logit_bias(self) -> torch.Tensor | None:
        """What is added to that, where the model was trained with pairwise sigmoids (SigLIP); else None."""
        return getattr(self.model, "logit_bias", None)

    def preview(
        self, inputs: Search, *, beta_of: BetaOf = at_base, progress: Progress = silent
    ) -> Iterator[torch.Tensor]:
        """Cosines (n_texts, n_images), float32 on the CPU. A side whose tower stands where it stood is kept."""
        texts, images = tuple(inputs.texts), inputs.images
        if beta_of is at_base:  # nobody says where the weights are, so nothing that was kept can be trusted
            yield self.encode_texts(texts) @ self.encode_images(images).T
            return
        text_key = ("texts", texts, *map(beta_of, self.text_components))
        image_key = ("images", _digest(images), *map(beta_of, self.image_components))
        text_vectors = self._once(text_key, lambda: self.encode_texts(texts))
        image_vectors = self._once(image_key, lambda: self.encode_images(images))
        yield text_vectors @ image_vectors.T

    def _once(self, key: object, compute: Callable[[], torch.Tensor]) -> torch.Tensor:
        if key not in self._kept:
            self._kept[key] = compute()
            while len(self._kept) > 2 and sum(v.nbytes for v in self._kept.values()) > KEPT_BYTES:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    @torch.inference_mode()
    def _embed(self, features: Callable[[Prepared], torch.Tensor], prepared: Prepared) -> torch.Tensor:
        dtype = next(p.dtype for p in self.model.parameters() if p.is_floating_point())
        count = len(next(iter(prepared.values())))
        vectors = []
        for start in range(0, count, BATCH):
            batch = {k: v[start : start + BATCH].to(self.device) for k, v in prepared.items()}
            batch = {k: v.to(dtype) if v.is_floating_point() else v for k, v in batch.items()}
            vectors.append(torch.nn.functional.normalize(features(batch).float(), dim=-1).cpu())
        return torch.cat(vectors)


def is_embedding(checkpoint: Checkpoint) -> bool:
    """Whether the checkpoint is of a class this family loads."""
    return checkpoint.layout == OPEN_CLIP or checkpoint.model_type in KINDS


def load_embedding(
    checkpoint: Checkpoint,
    *,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
    placement: Placement | None = None,
) -> EmbeddingModel:
    """Load the checkpoint's model (in evaluation mode) with its preparation; `placement` says all of where and how.

    Raises CheckpointError when it isn't an embedding model, when weights are missing, or when its processor or
    tokenizer files are.
    """
    if not is_embedding(checkpoint):
        raise CheckpointError(
            f"{checkpoint.source} is a {checkpoint.model_type or 'model of unknown type'}, not an embedding model; "
            f"known types: {', '.join(KINDS)}, open_clip's"
        )
    library = _LIBRARIES.get(checkpoint.layout, _LIBRARIES["transformers"])
    load: Callable[[Checkpoint, Placement], EmbeddingModel]
    load = importlib.import_module(f"{__package__}.{library}").load
    return load(checkpoint, placement or Placement(device=device, dtype=dtype))


def blank_model(checkpoint: Checkpoint, seed: int) -> torch.nn.Module:
    """A model of the checkpoint's shape with the weights that training from nothing begins with, float32 on the CPU."""
    library = importlib.import_module(f"{__package__}.{_LIBRARIES.get(checkpoint.layout, _LIBRARIES['transformers'])}")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        made: torch.nn.Module = library.blank(checkpoint)
    return made


def rgb(images: Sequence[Image.Image]) -> list[Image.Image]:
    """Pictures of any mode as RGB. Raises DataError when there are none."""
    if not images:
        raise DataError("there are no images to embed; give at least one")
    return [image.convert("RGB") for image in images]


def some(texts: Sequence[str]) -> list[str]:
    """The texts. Raises DataError when there are none."""
    if not texts:
        raise DataError("there are no texts to embed; give at least one")
    return list(texts)


def _digest(images: Sequence[Image.Image]) -> str:
    digest = hashlib.sha256()
    for image in images:
        digest.update(repr((image.mode, image.size)).encode())
        digest.update(image.convert("RGB").tobytes())
    return digest.hexdigest()


def _loading_code(checkpoint: Checkpoint, folder: str) -> str:
    if checkpoint.layout != OPEN_CLIP:
        return transformers_code(checkpoint, folder)
    name = repr(f"local-dir:{folder}")
    return (
        f"import open_clip\n\nmodel, _, preprocess = open_clip.create_model_and_transforms({name})\n"
        f"tokenizer = open_clip.get_tokenizer({name})\n"
    )


FAMILY = Family(
    "embedding",
    "embeds",
    f"{', '.join(kind.title for kind in KINDS.values())} and open_clip's models",
    is_embedding,
    lambda checkpoint, placement: load_embedding(checkpoint, placement=placement),
    _loading_code,
    "zero-shot-image-classification",
)
