"""Vision-language embedding models (SigLIP, SigLIP2, CLIP) through transformers' own classes and processors.

A checkpoint becomes an `EmbeddingModel` that turns images and texts into unit vectors, preparing both as the model was
trained. Preparing (`prepare_*`) is apart from embedding (`embed_*`), since only the second depends on the weights: a
gallery is prepared once and embedded again whenever β moves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from PIL import Image

from ..checkpoints import Checkpoint
from ..errors import CheckpointError, DataError
from ..progress import Progress, silent
from .family import BetaOf, Family, at_base

if TYPE_CHECKING:
    from transformers import PreTrainedModel

BATCH = 64


@dataclass(frozen=True)
class TextRules:
    """How texts are prepared: lower-cased or not, and always padded to the full length or only to the longest."""

    lower_case: bool
    pad_to_full_length: bool


# SigLIP pools the last position, so texts are always padded to the full length (64). Its own tokenizer lower-cases, and
# SigLIP2's was trained on lower-cased text though its first published tokenizers don't do it: lower-casing is right for
# both. CLIP pools the end token, so padding to the longest text (77 at most) is enough.
RULES = {
    "siglip": TextRules(lower_case=True, pad_to_full_length=True),
    "siglip2": TextRules(lower_case=True, pad_to_full_length=True),
    "clip": TextRules(lower_case=False, pad_to_full_length=False),
}
CLASSES = {"siglip": "SiglipModel", "siglip2": "Siglip2Model", "clip": "CLIPModel"}

COMPONENTS = {  # the components that image vectors come from, and text vectors
    "siglip": (("vision_model",), ("text_model",)),
    "siglip2": (("vision_model",), ("text_model",)),
    "clip": (("vision_model", "visual_projection"), ("text_model", "text_projection")),
}

Prepared = Mapping[str, torch.Tensor]


def is_embedding(checkpoint: Checkpoint) -> bool:
    """Whether the checkpoint is of a class this family loads."""
    return checkpoint.model_type in CLASSES


def load_embedding(
    checkpoint: Checkpoint, *, device: torch.device | str | None = None, dtype: torch.dtype | None = None
) -> EmbeddingModel:
    """Load the checkpoint's model (in evaluation mode) and processor.

    dtype: by default the checkpoint's own. Raises CheckpointError when it isn't an embedding model, when weights are
    missing, or when its processor files are.
    """
    import transformers

    if not is_embedding(checkpoint):
        raise CheckpointError(
            f"{checkpoint.source} is a {checkpoint.model_type or 'model of unknown type'}, not an embedding model; "
            f"known types: {', '.join(CLASSES)}"
        )
    folder = str(checkpoint.folder)
    try:
        model, report = getattr(transformers, CLASSES[checkpoint.model_type]).from_pretrained(
            folder, dtype=dtype or "auto", local_files_only=True, output_loading_info=True
        )
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise CheckpointError(f"{checkpoint.source} can't be loaded by transformers: {_first_line(error)}") from error
    if report["missing_keys"]:
        missing = sorted(report["missing_keys"])
        raise CheckpointError(
            f"{checkpoint.source} lacks {len(missing)} weights, the first is {missing[0]}; is it a whole checkpoint?"
        )
    try:
        processor = transformers.AutoProcessor.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, ImportError, KeyError) as error:
        raise CheckpointError(
            f"{checkpoint.source} has no usable processor and tokenizer files: {_first_line(error)}"
        ) from error
    model = model.eval().requires_grad_(False)
    if device is not None:
        model = model.to(device)
    return EmbeddingModel(model, processor, RULES[checkpoint.model_type])


@dataclass(frozen=True)
class Search:
    """What an embedding model is asked: how near every text is to every image."""

    texts: Sequence[str]
    images: Sequence[Image.Image]


class EmbeddingModel:
    """A model with its processor: images and texts in, unit vectors out."""

    def __init__(self, model: PreTrainedModel, processor: Any, rules: TextRules) -> None:
        self.model = model
        self.processor = processor
        self.rules = rules
        self.image_components, self.text_components = COMPONENTS[model.config.model_type]

    @property
    def text_length(self) -> int:
        """The most tokens a text may have (64 for SigLIP, 77 for CLIP); longer ones are cut."""
        return int(self.model.config.text_config.max_position_embeddings)

    def prepare_images(self, images: Sequence[Image.Image]) -> Prepared:
        """Pixels as the model wants them: `pixel_values` (n, 3, h, w) float32; patches and masks for NaFlex.

        Raises DataError when there are none.
        """
        if not images:
            raise DataError("there are no images to embed; give at least one")
        return dict(self.processor.image_processor([i.convert("RGB") for i in images], return_tensors="pt"))

    def prepare_texts(self, texts: Sequence[str]) -> Prepared:
        """Token ids (n, length), with the attention mask where the model wants one.

        Raises DataError when there are none.
        """
        if not texts:
            raise DataError("there are no texts to embed; give at least one")
        texts = [t.lower() for t in texts] if self.rules.lower_case else list(texts)
        padding = "max_length" if self.rules.pad_to_full_length else True
        tokens = self.processor.tokenizer(
            texts, padding=padding, truncation=True, max_length=self.text_length, return_tensors="pt"
        )
        return {
            k: v
            for k, v in tokens.items()
            if k == "input_ids" or (k == "attention_mask" and not self.rules.pad_to_full_length)
        }

    def embed_images(self, prepared: Prepared) -> torch.Tensor:
        """Unit vectors (n, d), float32 on the CPU, of prepared images."""
        return self._embed(self.model.get_image_features, prepared)

    def embed_texts(self, prepared: Prepared) -> torch.Tensor:
        """Unit vectors (n, d), float32 on the CPU, of prepared texts."""
        return self._embed(self.model.get_text_features, prepared)

    def encode_images(self, images: Sequence[Image.Image]) -> torch.Tensor:
        """Unit vectors (n, d), float32 on the CPU."""
        return self.embed_images(self.prepare_images(images))

    def encode_texts(self, texts: Sequence[str]) -> torch.Tensor:
        """Unit vectors (n, d), float32 on the CPU."""
        return self.embed_texts(self.prepare_texts(texts))

    def preview(
        self, inputs: Search, *, beta_of: BetaOf = at_base, progress: Progress = silent
    ) -> Iterator[torch.Tensor]:
        """Cosines (n_queries, n_candidates), float32 on the CPU."""
        texts, images = self.encode_texts(inputs.texts), self.encode_images(inputs.images)
        yield texts @ images.T

    @torch.inference_mode()
    def _embed(self, features: Any, prepared: Prepared) -> torch.Tensor:
        parameter = next(self.model.parameters())
        count = len(next(iter(prepared.values())))
        vectors = []
        for start in range(0, count, BATCH):
            batch = {k: v[start : start + BATCH].to(parameter.device) for k, v in prepared.items()}
            batch = {k: v.to(parameter.dtype) if v.is_floating_point() else v for k, v in batch.items()}
            out = features(**batch)
            vectors.append(torch.nn.functional.normalize(getattr(out, "pooler_output", out).float(), dim=-1).cpu())
        return torch.cat(vectors)


FAMILY = Family(
    "embedding",
    "SigLIP, SigLIP2 and CLIP",
    is_embedding,
    lambda checkpoint, placement: load_embedding(checkpoint, device=placement.device, dtype=placement.dtype),
)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
