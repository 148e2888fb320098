"""One training stage of a demo build: steps, learning rate, averaged weights, and a file to continue from.

A stage's randomness comes from its seed and the number of the step alone, so a stopped stage continues as if it had
never stopped. Used by the builds whose parts are trained one after the other.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from ...progress import Progress, Step

SAVE_EVERY = 60.0  # seconds between two saved states
Loss = Callable[[int, torch.Generator], torch.Tensor]


@dataclass(frozen=True)
class Stage:
    """Steps of how many examples at which peak learning rate: linear warm-up, then a cosine down to `floor` of it.

    average: decay of the exponential average of the weights that the stage ends with; None keeps the last ones.
    """

    name: str
    steps: int
    batch: int
    learning_rate: float
    seed: int
    weight_decay: float = 0.01
    warmup: int = 100
    floor: float = 0.0
    average: float | None = None

    def share_of_peak(self, step: int, steps: int) -> float:
        """The learning rate of a step, as a share of the peak."""
        if step < self.warmup:
            return (step + 1) / self.warmup
        cosine = 0.5 * (1 + math.cos(math.pi * (step - self.warmup) / max(1, steps - self.warmup)))
        return self.floor + (1 - self.floor) * cosine


@dataclass
class Course:
    """What the stages of one build share: how much they are shortened, whom they tell, where they keep their states.

    work: folder of the saved states. total: steps of all stages, for the progress.
    """

    scale: float
    progress: Progress
    work: Path
    total: int = 0
    done: int = field(default=0, init=False)

    def steps(self, stage: Stage) -> int:
        """The steps of a stage, shortened."""
        return math.ceil(stage.steps * self.scale)


def train(module: torch.nn.Module, stage: Stage, loss_of: Loss, course: Course) -> None:
    """Train the module's parameters that want a gradient; `loss_of(step, generator)` is the loss of one batch.

    The module is left in evaluation mode, with the stage's last or averaged weights.
    """
    steps = course.steps(stage)
    parameters = [p for p in module.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": stage.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=stage.learning_rate, betas=(0.9, 0.98), fused=True)
    averaged = [p.detach().clone() for p in parameters] if stage.average is not None else []
    state = _State(module, optimizer, averaged, f"{stage} {steps}", course.work / f"{stage.name}.pt")
    first = state.load()
    module.train()
    for step in range(first, steps):
        for group in optimizer.param_groups:
            group["lr"] = stage.learning_rate * stage.share_of_peak(step, steps)
        loss = loss_of(step, torch.Generator().manual_seed(stage.seed * 1_000_003 + step))
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if stage.average is not None:
            # a short memory at first, so that the first weights are soon forgotten
            decay = min(stage.average, (1 + step) / (10 + step))
            torch._foreach_lerp_(averaged, [p.detach() for p in parameters], 1 - decay)
        state.save(step + 1, last=step + 1 == steps)
        told = f"training {stage.name}, loss {loss.item():.3f}"
        course.progress(Step(course.done + step + 1, course.total, "steps", told))
    course.done += steps
    if averaged:
        with torch.no_grad():
            for parameter, average in zip(parameters, averaged, strict=True):
                parameter.copy_(average)
    module.eval()


class _State:
    """Where a stage is, in a file that is replaced in one move now and then."""

    def __init__(
        self,
        module: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        averaged: list[torch.Tensor],
        recipe: str,
        file: Path,
    ) -> None:
        self._module, self._optimizer, self._averaged = module, optimizer, averaged
        self._recipe, self._file = recipe, file
        self._saved = time.monotonic()

    def load(self) -> int:
        """Take up the saved state, if there is one of the same recipe; the step to go on with."""
        if not self._file.exists():
            return 0
        state: dict[str, Any] = torch.load(self._file, weights_only=True)
        if state["recipe"] != self._recipe:
            return 0
        self._module.load_state_dict(state["module"])
        self._optimizer.load_state_dict(state["optimizer"])
        for own, saved in zip(self._averaged, state["averaged"], strict=True):
            own.copy_(saved)
        return int(state["step"])

    def save(self, step: int, *, last: bool) -> None:
        """Save, if it is time or the last step."""
        if not last and time.monotonic() - self._saved < SAVE_EVERY:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        partial = self._file.with_suffix(".partial")
        torch.save(
            {
                "recipe": self._recipe,
                "step": step,
                "module": self._module.state_dict(),
                "optimizer": self._optimizer.state_dict(),
                "averaged": self._averaged,
            },
            partial,
        )
        partial.replace(self._file)
        self._saved = time.monotonic()


def batches(count: int, size: int) -> Iterator[slice]:
    """Slices of at most `size` that cover `count` rows."""
    return (slice(start, start + size) for start in range(0, count, size))
