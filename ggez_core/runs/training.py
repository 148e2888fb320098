"""A training as a run: its kind's plan, the loop, and the loop's hooks written into the run's folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from ..training.loop import Evaluated, Hooks, Logged, Trained, accelerator_of, check_device, train
from ..training.saved import SavedStates
from .evaluating import Evaluator
from .folder import RunFolder
from .kinds import kind_of, settings_of

if TYPE_CHECKING:
    from .work import Reporter


def train_run(run: RunFolder, reporter: Reporter) -> Trained:
    """Train as the run's config says, from where it was."""
    config = run.config
    settings = settings_of(config)
    check_device(settings.loop)  # before anything is loaded
    evaluate: Callable[[Path, int], Evaluated] | None = None
    if settings.evaluation is not None:
        evaluate = _elsewhere
        if reporter.main:
            evaluate = Evaluator.of(settings.model, settings.evaluation, run.training, reporter)
    accelerator = accelerator_of(settings.loop, run.training)
    with accelerator.main_process_first():  # what it computes beforehand and keeps on disk, the others find there
        plan = kind_of(config).plan(settings, run.path / "prepared", reporter.preparing)
    done = max(SavedStates(run.training / "checkpoints", 1).steps(), default=0)
    steps = plan.order.steps(settings.loop)
    reporter.event("began", {"step": done, "steps": steps, "facts": plan.facts})
    reporter.reached(done, steps)

    def logged(one: Logged) -> None:
        reporter.event("step", asdict(one))
        reporter.reached(one.step, one.steps)

    def saved(step: int, folder: Path) -> None:
        reporter.event("saved", {"step": step, "folder": str(folder)})

    def evaluated(step: int, found: Evaluated) -> None:
        reporter.event("evaluation", {"step": step, **asdict(found)})

    hooks = Hooks(logged, saved, evaluated, reporter.asked_to_stop, evaluate)
    return train(
        plan.objective, plan.order, settings.loop, run.training, hooks, tracked=config, accelerator=accelerator
    )


def _elsewhere(model: Path, step: int) -> Evaluated:
    """The first process evaluates; the others only know that it does."""
    raise AssertionError("not the first process")
