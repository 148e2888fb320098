"""A training as a run: its kind's plan, the loop, and the loop's hooks written into the run's folder."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from ..training.devices import accelerator_of, check_device
from ..training.loop import Evaluated, Hooks, Logged, Trained, train
from ..training.saved import SavedStates
from .evaluating import Evaluator
from .folder import RunFolder
from .kinds import kind_of, settings_of
from .samples import Sampler

if TYPE_CHECKING:
    from ..families import Placement
    from ..training.settings import LoopSettings
    from .work import Reporter


def train_run(run: RunFolder, reporter: Reporter) -> Trained:
    """Train as the run's config says, from where it was."""
    config = run.config
    settings = settings_of(config)
    check_device(settings.loop)  # before anything is loaded
    evaluator: Evaluator | None = None
    if settings.evaluation is not None and reporter.main:
        evaluator = Evaluator.of(settings.model, settings.evaluation, run.training, reporter)
    accelerator = accelerator_of(settings.loop, run.training)
    with accelerator.main_process_first():  # what it computes beforehand and keeps on disk, the others find there
        plan = kind_of(config).plan(settings, run.path / "prepared", reporter.preparing)
    done = max(SavedStates(run.training / "checkpoints", 1).steps(), default=0)
    steps = plan.order.steps(settings.loop)
    machine = {"device": accelerator.device.type, "processes": accelerator.num_processes}
    reporter.event("began", {"step": done, "steps": steps, "facts": plan.facts, "machine": machine})
    reporter.reached(done, steps)
    sampler: Sampler | None = None
    if plan.asked is not None and plan.asked.texts and reporter.main:
        sampler = Sampler(plan.asked, settings.samples, _placement(settings.loop), reporter)
        sampler.before(settings.model)

    def evaluate(model: Path, step: int) -> Evaluated:
        found = evaluator(model, step) if evaluator is not None else Evaluated([])
        if sampler is not None:
            sampler(model, step)
        return found

    def logged(one: Logged) -> None:
        reporter.event("step", asdict(one))
        reporter.reached(one.step, one.steps)

    def saved(step: int, folder: Path) -> None:
        reporter.event("saved", {"step": step, "folder": str(folder)})

    def evaluated(step: int, found: Evaluated) -> None:
        if found.rows:
            reporter.event("evaluation", {"step": step, **asdict(found)})

    asks = settings.evaluation is not None or plan.asked is not None  # the same on every process
    hooks = Hooks(logged, saved, evaluated, reporter.asked_to_stop, evaluate if asks else None)
    return train(
        plan.objective, plan.order, settings.loop, run.training, hooks, tracked=config, accelerator=accelerator
    )


def _placement(loop: LoopSettings) -> Placement:
    """Where a checkpoint is looked at: on the GPU that it is trained on, in the type that it is trained in."""
    import torch

    from ..families import Placement

    if loop.device == "cpu" or not torch.cuda.is_available():
        return Placement()
    return Placement(device="cuda", dtype={"bf16": torch.bfloat16, "fp16": torch.float16}.get(loop.precision))
