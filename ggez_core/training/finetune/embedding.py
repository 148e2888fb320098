"""Fine-tuning of an embedding model on image-text pairs: pairwise sigmoids for SigLIP, softmax for CLIP."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import torch

from ...checkpoints import Checkpoint
from ...errors import TrainingError
from ...families.embedding import EmbeddingModel
from ...merging.owned import own_names
from ...progress import Progress
from ..augment import Augment
from ..contrastive import sigmoid_loss, softmax_loss, true_pairs
from ..examples import Examples, load_examples
from ..gather import gathered
from ..objective import Batch, Comparing, Inputs
from ..order import Shuffled
from ..plan import Plan
from ..samples import searches
from .settings import EmbeddingSettings, FinetuneSettings
from .trained import FinetuneObjective, check_tokens, loaded

_LOOKED_AT = 512  # texts by which a tokenizer is checked
_SHARPEST = 100.0  # a softmax's cosines are never multiplied by more (arXiv 2103.00020, section 2.5)
_IMAGE, _TEXT, _GROUP = "image/", "text/", "group"
_FACTOR, _BIAS = "factor", "bias"


def plan(checkpoint: Checkpoint, settings: FinetuneSettings, work: Path, progress: Progress) -> Plan:
    """Pairs of `image` and `text`."""
    own = settings.embedding
    examples = load_examples(settings.data, ("text", "group") if own.same == "group" else ("text",), progress=progress)
    order = Shuffled(len(examples), settings.loop.batch, settings.loop.seed)
    model = cast(EmbeddingModel, loaded(checkpoint, settings))
    check_tokens(checkpoint, model.prepare_texts(examples.column("text")[:_LOOKED_AT])["input_ids"])
    objective = ContrastiveTuning(checkpoint, model, settings, examples)
    facts = {"rows": len(examples), "left_out": dict(examples.dropped), **objective.counts}
    same = examples.column("group" if own.same == "group" else "text")
    return Plan(objective, order, facts, searches(examples, same, settings.samples) if settings.sampled else None)


class ContrastiveTuning(FinetuneObjective, Comparing):
    """Images and texts that belong together are brought near each other, among those of the whole step.

    Raises TrainingError for a sigmoid loss of a model without a bias, or where no loss counts.
    """

    def __init__(
        self, checkpoint: Checkpoint, model: EmbeddingModel, settings: FinetuneSettings, examples: Examples
    ) -> None:
        super().__init__(checkpoint, model, settings, _trains(checkpoint, model, settings.embedding))
        self.family, self.examples, self.own = model, examples, settings.embedding
        model.device = None
        self.weights = _weights(model, settings.embedding)
        self._groups = _groups(examples, settings.embedding)
        self._texts = examples.column("text")
        self._augment = Augment(settings.augment, self._texts)
        self._variance: tuple[torch.Tensor, torch.Tensor] | None = None

    def batch(self, rows: Sequence[int], seeds: Sequence[int]) -> Batch:
        images = self.family.prepare_images(self._augment.pictures(self.examples.pictures(rows), seeds))
        words = [self._augment.text(self._texts[row], seed) for row, seed in zip(rows, seeds, strict=True)]
        texts = self.family.prepare_texts(words)
        inputs = {_IMAGE + name: tensor for name, tensor in images.items()}
        inputs |= {_TEXT + name: tensor for name, tensor in texts.items()}
        return Batch({**inputs, _GROUP: self._groups[list(rows)]}, float(len(rows)))

    def vectors(self, inputs: Inputs) -> dict[str, torch.Tensor]:
        images = self.family.image_vectors(_named(inputs, _IMAGE))
        scale, bias = self.family.logit_scale, self.family.logit_bias
        factor = scale.exp() if scale is not None else torch.tensor(1 / 0.07, device=images.device)
        learnt = {_FACTOR: factor} | ({} if bias is None else {_BIAS: bias})
        texts = self.family.text_vectors(_named(inputs, _TEXT))
        return {_IMAGE: images, _TEXT: texts, _GROUP: inputs[_GROUP],
                **{name: value.float().reshape(1) for name, value in learnt.items()}}  # fmt: skip

    def parts(self, vectors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        images, texts, factor = vectors[_IMAGE], vectors[_TEXT], vectors[_FACTOR].mean()
        self._variance = (spread(images.detach()), spread(texts.detach()))
        parts: dict[str, torch.Tensor] = {}
        with torch.autocast(images.device.type, enabled=False):  # vectors are float32, and so are their cosines
            cosines = gathered(images) @ gathered(texts).T
            positive = true_pairs(vectors[_GROUP])
            if "sigmoid" in self.weights:
                parts["sigmoid"] = sigmoid_loss(cosines * factor + vectors[_BIAS].mean(), positive)
            if "softmax" in self.weights:
                sharp = 1 / self.own.temperature if self.own.temperature else factor.clamp(max=_SHARPEST)
                parts["softmax"] = softmax_loss(cosines * sharp, positive)
        return parts

    def watch(self) -> dict[str, float]:
        if self._variance is None:
            return {}
        images, texts = self._variance
        return {"image_variance": float(images), "text_variance": float(texts)}


def spread(vectors: torch.Tensor) -> torch.Tensor:
    """Variance of unit vectors (n, d) around their mean, 0 (all the same) to 1 (in all directions)."""
    return 1 - vectors.mean(0).square().sum()


def _trains(checkpoint: Checkpoint, model: EmbeddingModel, own: EmbeddingSettings) -> Callable[[str], bool]:
    if own.train == "both":
        return lambda name: True
    others = model.text_components if own.train == "image" else model.image_components
    stored = {own_name: name for name, own_name in own_names(model.model, checkpoint).items()}
    return lambda name: name in stored and checkpoint.component_of(stored[name]) not in others


def _weights(model: EmbeddingModel, own: EmbeddingSettings) -> dict[str, float]:
    softmax, sigmoid = own.softmax, own.sigmoid
    if softmax is None and sigmoid is None:
        softmax, sigmoid = (0.0, 1.0) if model.logit_bias is not None else (1.0, 0.0)
    found = {"softmax": softmax or 0.0, "sigmoid": sigmoid or 0.0}
    if found["sigmoid"] and model.logit_bias is None:
        raise TrainingError("embedding.sigmoid: this model has no bias, it was trained with softmax; say softmax: 1")
    found = {name: weight for name, weight in found.items() if weight > 0 and math.isfinite(weight)}
    if not found:
        raise TrainingError("embedding: neither softmax nor sigmoid counts; say what one of them does")
    return found


def _groups(examples: Examples, own: EmbeddingSettings) -> torch.Tensor:
    if own.same == "row":
        return torch.arange(len(examples))
    known: dict[str, int] = {}
    keys = examples.column("group" if own.same == "group" else "text")
    return torch.tensor([known.setdefault(key, len(known)) for key in keys])


def _named(inputs: Inputs, prefix: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in inputs.items() if name.startswith(prefix)}
