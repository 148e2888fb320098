"""What is trained and towards what: the one thing that fine-tuning and every distillation bring to the loop.

An objective is a module, so that accelerate wraps it whole: its forward takes one prepared batch and gives the parts of
the loss, and what it holds as submodules with `requires_grad` is what is trained. Models that are only asked (a
teacher, a VAE) are better kept outside of it, their answers computed beforehand.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

Inputs = Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class Batch:
    """Rows made ready for a forward. inputs: tensors on the CPU, by name.

    weight: how much the mean over this batch counts among those of its step, across accumulation and processes: the
    number of rows; for a loss that is a mean over tokens, the number of those tokens. With it, a step's loss and
    gradient don't depend on how the step was cut into batches.
    """

    inputs: Inputs
    weight: float


class Objective(torch.nn.Module, ABC):
    """A trained model with its loss.

    weights: what each part of the loss is multiplied by; the sum of all is minimised. Its keys are the parts.
    Persistent buffers (a queue) are saved and restored with the trained parameters.
    """

    weights: Mapping[str, float]

    @abstractmethod
    def batch(self, rows: Sequence[int], seeds: Sequence[int]) -> Batch:
        """Rows of the data, made ready. Called from several threads ahead of their step: it may read nothing that
        training changes.

        seeds: one a row, of its place in the step: whatever is random about a row comes from it, so that it is the same
        after a resume and however many processes share the step.
        """

    @abstractmethod
    def forward(self, inputs: Inputs) -> dict[str, torch.Tensor]:
        """The parts of the loss of one batch, scalars, by the names in `weights`, each a mean over its rows.

        A part that compares rows with each other does so over `gathered` rows, as all processes would as one.
        """

    def watch(self) -> dict[str, float]:
        """What else is worth seeing beside the loss, such as the variance of the embeddings; asked when logging."""
        return {}

    def before_step(self, rows: Sequence[int]) -> None:
        """Called before a step's first forward, on every process, with all rows of the step, whoever is to see them."""
        return

    def after_step(self) -> None:
        """Called after every optimizer step, on every process: what is frozen within a step (a queue) moves here."""
        return

    @abstractmethod
    def save(self, folder: Path, weights: Mapping[str, torch.Tensor]) -> None:
        """Write the trained model into the existing empty `folder`, in its library's own format.

        weights: every parameter and persistent buffer of this objective by its name, whole and on the CPU: where the
        module itself is spread over processes, its own are not.
        """


class Comparing(Objective):
    """An objective whose loss may compare rows with each other, in two halves: vectors of rows, and a loss of vectors.

    compares: whether it does. Then the loop takes a step of accumulated batches as the one batch that it is
    (`compared`), so negatives are all others of the step, however it is cut over batches and processes.
    """

    compares: bool = True

    @abstractmethod
    def vectors(self, inputs: Inputs) -> dict[str, torch.Tensor]:
        """What the loss needs of every row, (n, …) each: with gradients where it is computed, else as it came in.

        What isn't a row's own (a learnt scale) is given as (1,): of several batches they are (batches,).
        """

    @abstractmethod
    def parts(self, vectors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """The parts of the loss of such vectors, over `gathered` rows where it compares them; see `forward`."""

    def forward(self, inputs: Inputs, vectors_alone: bool = False) -> dict[str, torch.Tensor]:
        """The parts of the loss of one batch, or the vectors that they are of."""
        found = self.vectors(inputs)
        return found if vectors_alone else self.parts(found)
