"""Distillation as an objective of the loop: the student's text encoder learns towards the teacher's kept vectors."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from ...checkpoints import Checkpoint
from ...families.embedding import EmbeddingModel
from ...merging.owned import own_names
from ..gather import gathered
from ..losses import Collapse, Vectors, WeightedSum, spread
from ..objective import Batch, Comparing, Inputs
from ..written import write_model
from .captions import Captions
from .teacher import Targets

log = logging.getLogger(__name__)
_MODEL = "model."
_TOKENS, _TARGET, _MEANING = "tokens/", "target/", "meaning"
_TEXT, _ENGLISH = "text", "english"


class Distillation(Comparing):
    """Trains the text components of a student's model; all else of it stays as it is.

    checkpoint: the student's files, in whose layout it is saved. Captions and, where the losses need them, their
    English go through the encoder as one batch.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        student: EmbeddingModel,
        captions: Captions,
        targets: Mapping[str, Targets],
        losses: WeightedSum,
        collapse: Collapse | None = None,
    ) -> None:
        super().__init__()
        self.checkpoint, self.family, self.captions, self.targets = checkpoint, student, captions, targets
        self.model = student.model
        self.losses = losses
        self.weights, self.compares = losses.weights, losses.compares
        self._collapse = collapse or Collapse()
        self._names = {stored: _MODEL + own for stored, own in own_names(self.model, checkpoint).items()}
        parts = set(student.text_components)
        trained = {self._names[name] for name in checkpoint.tensors
                   if checkpoint.component_of(name) in parts and name in self._names}  # fmt: skip
        for name, parameter in self.named_parameters():
            parameter.requires_grad_(name in trained)
        student.device = None
        self._meaning = torch.from_numpy(captions.meaning)
        self._spread: tuple[torch.Tensor, torch.Tensor | None] | None = None

    def batch(self, rows: Sequence[int], seeds: Sequence[int]) -> Batch:
        lines = [self.captions.text[row] for row in rows]
        if self.losses.english:
            lines += [self.captions.english[row] for row in rows]
        inputs = {_TOKENS + name: tensor for name, tensor in self.family.prepare_texts(lines).items()}
        inputs |= {_TARGET + kind: self.targets[kind].of(rows) for kind in self.losses.targets}
        return Batch({**inputs, _MEANING: self._meaning[list(rows)]}, float(len(rows)))

    def before_step(self, rows: Sequence[int]) -> None:
        self.losses.before_step({kind: self.targets[kind].of(rows) for kind in self.losses.queued})

    def vectors(self, inputs: Inputs) -> dict[str, torch.Tensor]:
        found = self.family.text_vectors(_named(inputs, _TOKENS))
        count = len(inputs[_MEANING])
        others = {name: tensor for name, tensor in inputs.items() if not name.startswith(_TOKENS)}
        return {_TEXT: found[:count], **({_ENGLISH: found[count:]} if self.losses.english else {}), **others}

    def parts(self, vectors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        if self.compares:
            vectors = {name: gathered(rows) for name, rows in vectors.items()}
        whole = Vectors(vectors[_TEXT], vectors.get(_ENGLISH), _named(vectors, _TARGET), vectors[_MEANING])
        teacher = next(iter(whole.targets.values()), None)
        self._spread = spread(whole.text.detach()), None if teacher is None else spread(teacher.detach())
        found: dict[str, torch.Tensor] = self.losses(whole)
        return found

    def watch(self) -> dict[str, float]:
        """Variance of the student's embeddings and the teacher's over the last batch; warns where the first is lost."""
        if self._spread is None:
            return {}
        student, teacher = float(self._spread[0]), self._spread[1]
        found = {"variance": student}
        if teacher is not None:
            found["teacher_variance"] = float(teacher)
        wrong = self._collapse.of(student, found.get("teacher_variance", 1.0))
        if wrong:
            log.warning("%s", wrong)
        return {**found, "collapsing": float(bool(wrong))}

    def save(self, folder: Path, weights: Mapping[str, torch.Tensor]) -> None:
        trained = {name: weights[name] for name, p in self.named_parameters() if p.requires_grad and name in weights}
        write_model(self.checkpoint, self._names, trained, folder)


def _named(inputs: Inputs, prefix: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in inputs.items() if name.startswith(prefix)}
