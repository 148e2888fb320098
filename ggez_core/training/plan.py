"""A kind of training as a run sees it: its settings, and what makes an objective and an order of rows of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from ..progress import Progress
from .samples import Asked, SampleSettings
from .settings import Count, LoopSettings, Settings

if TYPE_CHECKING:
    from .objective import Objective
    from .order import Order


class EvaluationSettings(Settings):
    """What is asked of the model while it learns: tasks of both sides, on the splits for choosing.

    data: local copies by task. limit: rows of each task at most. betas: also merge with the base at these weights, and
    keep the checkpoint whose best merge has the highest GRP; without them, the one of the highest GRP itself. alpha: by
    default that of `region`.
    """

    tasks: Annotated[tuple[str, ...], Field(min_length=1)]
    data: dict[str, Path] = Field(default_factory=dict)
    limit: Count | None = None
    betas: tuple[Annotated[float, Field(gt=0, le=1)], ...] = ()
    region: str = "SEA"
    alpha: Annotated[float, Field(ge=0, le=1)] | None = None


class RunSettings(Settings):
    """What every kind of training has: the model it starts from, the loop, and what is asked meanwhile.

    samples: made with every evaluation: of `evaluation`, or without one every loop.evaluate_every steps.
    processes: how many share the work, one a GPU. directory: where relative paths begin: here, if not said.
    """

    model: str
    processes: Count = 1
    directory: Path | None = None
    loop: LoopSettings
    evaluation: EvaluationSettings | None = None
    samples: SampleSettings = SampleSettings()

    @property
    def sampled(self) -> bool:
        """Whether checkpoints are looked at while they learn."""
        return self.samples.count > 0 and (self.evaluation is not None or self.loop.evaluate_every > 0)


@dataclass(frozen=True)
class Plan:
    """What the loop needs. facts: for people, told when the run begins (rows, parameters).

    asked: what samples are made of, where they are wanted.
    """

    objective: Objective
    order: Order
    facts: dict[str, Any] = field(default_factory=dict)
    asked: Asked | None = None


@dataclass(frozen=True)
class Kind:
    """A kind of training: `name` is the config's `kind`.

    settings: from the rest of the config as it was written; raises TrainingError in one line for one that is wrong.
    plan: loads model and data, `work` being a folder for what is computed beforehand; raises a GgezError, before the
    first step, for data that doesn't fit the model.
    """

    name: str
    settings: Callable[[dict[str, Any]], RunSettings]
    plan: Callable[[Any, Path, Progress], Plan]
