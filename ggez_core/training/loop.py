"""The training loop: every objective's steps, on the devices that accelerate knows, with checkpoints to go on from.

A step's rows, and whatever is random in it, come from the seed and the step alone; so a resumed training goes on as if
it had never stopped, and how a step is cut over processes and accumulated batches doesn't change it.
"""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch

from ..errors import Cancelled, TrainingError
from .averaged import Averaged
from .compared import backward_as_one
from .devices import accelerator_of, forward_size, start_trackers
from .feed import Feed
from .objective import Batch, Comparing, Inputs, Objective
from .optimizers import optimizer_of
from .order import Order
from .saved import SavedStates, agreed, moment_of, published, restore, whole_weights
from .settings import LoopSettings


@dataclass(frozen=True)
class Logged:
    """What happened since the last one was logged, at a step (counted from 1).

    loss, parts, grad_norm: of this step. examples_per_second, seconds: since the last one, evaluation left out.
    memory: bytes, the most that the first GPU has given out; without one, what the process holds. watched: what the
    objective shows.
    """

    step: int
    steps: int
    epoch: float
    loss: float
    parts: Mapping[str, float]
    learning_rate: float
    grad_norm: float
    examples_per_second: float
    seconds: float
    memory: int
    watched: Mapping[str, float]


@dataclass(frozen=True)
class Evaluated:
    """What an evaluation found: rows, ready for JSON, and one number by which checkpoints are compared, if any.

    curve: both sides' scores over the weights of a merge with the base, where that was asked.
    """

    rows: Sequence[Mapping[str, Any]]
    score: float | None = None
    curve: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Hooks:
    """What the loop tells and asks; all on the first process only.

    logged, saved (step, folder), evaluated (step, found). stop: asked after every step; the training then saves and
    ends. evaluate: asked with the folder of the model, as its library saves it, and the step; may raise Cancelled.
    """

    logged: Callable[[Logged], None] = lambda logged: None
    saved: Callable[[int, Path], None] = lambda step, folder: None
    evaluated: Callable[[int, Evaluated], None] = lambda step, found: None
    stop: Callable[[], bool] = lambda: False
    evaluate: Callable[[Path, int], Evaluated] | None = None


@dataclass(frozen=True)
class Trained:
    """How a training ended. model: the folder with the model as its library saves it, where it was finished."""

    end: Literal["finished", "stopped"]
    step: int
    model: Path | None


def train(
    objective: Objective,
    order: Order,
    settings: LoopSettings,
    folder: Path,
    hooks: Hooks | None = None,
    *,
    tracked: Mapping[str, Any] | None = None,
    accelerator: Any = None,
) -> Trained:
    """Train, from the newest whole checkpoint in `folder`/checkpoints if there is one.

    The result is `folder`/model; `folder`/best is the one of the best score where evaluation gives scores, and
    `folder`/newest the last one evaluated. tracked: what trackers are told of the run's settings. accelerator: from
    `accelerator_of`, where it was needed before.
    Raises TrainingError for a loss that isn't finite, a device that isn't there, or a batch that can't be shared out;
    OutputError for a full disk, which leaves the last good checkpoint.
    """
    made = accelerator or accelerator_of(settings, folder)
    return _Loop(objective, order, settings, folder, hooks or Hooks(), dict(tracked or {}), made).run()


@dataclass
class _Since:
    """What is measured between two logged steps."""

    started: float = field(default_factory=time.monotonic)
    examples: int = 0


@dataclass(frozen=True)
class _Outcome:
    """A step's numbers, still on its device: reading them waits for it."""

    step: int
    rows: Sequence[int]
    parts: Mapping[str, torch.Tensor]
    grad_norm: torch.Tensor


class _Loop:
    def __init__(
        self, objective: Objective, order: Order, settings: LoopSettings, folder: Path, hooks: Hooks,
        tracked: dict[str, Any], accelerator: Any,
    ) -> None:  # fmt: skip
        self.settings, self.order, self.folder, self.hooks = settings, order, folder, hooks
        self.steps = order.steps(settings)
        self.accelerator = accelerator
        self.process, self.processes = self.accelerator.process_index, self.accelerator.num_processes
        self.size = forward_size(settings, self.processes)
        self.main = self.accelerator.is_main_process
        self.objective = objective
        plain = objective if settings.sharded and self.processes > 1 else objective.to(self.accelerator.device)
        optimizer = optimizer_of(plain, settings)
        self.module, self.optimizer = self.accelerator.prepare(plain, optimizer)
        self.parameters = [p for p in self.module.parameters() if p.requires_grad]
        self.average = Averaged(self.parameters, settings.average) if settings.average else None
        self.states = SavedStates(folder / "checkpoints", settings.keep)
        self.best = -math.inf
        self.since = _Since()
        self.pending: _Outcome | None = None
        if settings.trackers and self.main:
            start_trackers(self.accelerator, settings.trackers, tracked)

    def run(self) -> Trained:
        done = self._resumed()
        feed = Feed(
            self.objective, self.order, size=self.size, process=self.process, processes=self.processes,
            seed=self.settings.seed, workers=self.settings.workers,
        )  # fmt: skip
        self.module.train()
        stopped = False
        self.since = _Since()
        with closing(feed.steps(done, self.steps)) as batches:
            for step, shares in enumerate(batches, start=done):
                self._step(step, shares)
                done = step + 1
                stopped = self._asked_to_stop(done)
                self._after(done, stopped)
                if stopped:
                    break
        model = None if stopped and done < self.steps else self._export(self.folder / "model")
        self.accelerator.end_training()
        return Trained("finished" if model else "stopped", done, model)

    def _resumed(self) -> int:
        steps = self.states.steps()
        if not steps:
            return 0
        moment = self.states.load(steps[-1])
        restore(moment, self.module, self.optimizer.optimizer, self.average)
        if self.accelerator.scaler is not None and moment.facts.get("scaler"):
            self.accelerator.scaler.load_state_dict(moment.facts["scaler"])
        self.best = float(moment.facts.get("best", -math.inf))
        return moment.step

    def _step(self, step: int, batches: Sequence[Batch]) -> None:
        from accelerate.utils import set_seed

        set_seed((self.settings.seed * 1_000_003 + step * 4_099 + self.process) % 2**32)  # dropout of this step
        first, last_step = self.order.stage(step, self.steps)
        rate = self.settings.learning_rate * self.settings.share_of_peak(step - first, last_step - first)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        total = self._summed(torch.tensor(sum(batch.weight for batch in batches), dtype=torch.float64))
        self.objective.before_step(self.order.rows(step))
        if len(batches) > 1 and isinstance(self.objective, Comparing) and self.objective.compares:
            parts = backward_as_one(self.objective, self._vectors, batches, self.accelerator.backward, self._together)
            summed = {name: parts[name].float() / self.processes for name in self.objective.weights}
        else:
            summed = self._accumulated(batches, total)
        limit = self.settings.clip or math.inf
        norm = self.accelerator.clip_grad_norm_(self.parameters, limit)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.objective.after_step()
        if self.average is not None:
            self.average.update(step)
        self.since.examples += self.settings.batch
        self._check()
        whole = self._summed(torch.stack([*summed.values()]))
        self.pending = _Outcome(
            step, self.order.rows(step), dict(zip(summed, whole, strict=True)), torch.as_tensor(norm).detach()
        )

    def _accumulated(self, batches: Sequence[Batch], total: torch.Tensor) -> dict[str, torch.Tensor]:
        """Gradients of each batch by itself, added up by what it counts; the parts of the loss of them all."""
        summed: dict[str, torch.Tensor] = {}
        for number, batch in enumerate(batches, start=1):
            with self._together(number == len(batches)):
                parts = self.module(self._placed(batch))  # in mixed precision where accelerate was asked for it
                share = (batch.weight / total).to(self.accelerator.device, torch.float32)
                loss = sum(weight * parts[name].float() for name, weight in self.objective.weights.items())
                self.accelerator.backward(loss * share * self.processes)  # which DDP then averages
            for name in self.objective.weights:
                part = parts[name].detach().float() * share
                summed[name] = summed[name] + part if name in summed else part
        return summed

    def _vectors(self, batch: Batch) -> dict[str, torch.Tensor]:
        found: dict[str, torch.Tensor] = self.module(self._placed(batch), vectors_alone=True)
        return found

    def _placed(self, batch: Batch) -> Inputs:
        return {name: tensor.to(self.accelerator.device, non_blocking=True) for name, tensor in batch.inputs.items()}

    def _together(self, last: bool) -> AbstractContextManager[Any]:
        """Processes agree on gradients after the last backward of a step alone."""
        return nullcontext() if last else self.accelerator.no_sync(self.module)

    def _check(self) -> None:
        """Refuse to go on from numbers that aren't finite. A step is looked at when the next one is on its way."""
        if self.pending is None:
            return
        outcome, self.pending = self.pending, None
        bad = [name for name, value in outcome.parts.items() if not math.isfinite(float(value))]
        if not bad and self.settings.precision != "fp16" and not math.isfinite(float(outcome.grad_norm)):
            bad = ["gradient"]
        if bad:  # on all processes alike: these are sums over them
            shown = ", ".join(map(str, outcome.rows[:8])) + (", …" if len(outcome.rows) > 8 else "")
            raise TrainingError(
                f"step {outcome.step + 1}: the {bad[0]} isn't finite; its batch is the rows {shown} of the data; look "
                f"at them, or lower learning_rate; checkpoints from before are kept in {self.states.folder}"
            )

    def _after(self, done: int, stopped: bool) -> None:
        settings, last = self.settings, done == self.steps or stopped
        log = done % settings.log_every == 0 or last or done == 1
        save = last or bool(settings.save_every and done % settings.save_every == 0)
        measure = self.hooks.evaluate is not None and not (stopped and done < self.steps) and (
            done == self.steps or bool(settings.evaluate_every and done % settings.evaluate_every == 0)
        )  # fmt: skip
        if log:
            self._log(done)
        if save or measure:
            self._check()
        if measure:
            self._evaluate(done)
        if save:
            self._save(done)

    def _log(self, done: int) -> None:
        outcome = self.pending
        assert outcome is not None
        if not self.main:
            return
        parts = {name: float(value) for name, value in outcome.parts.items()}
        seconds = time.monotonic() - self.since.started
        logged = Logged(
            step=done,
            steps=self.steps,
            epoch=done / self.order.steps_per_epoch,
            loss=sum(weight * parts[name] for name, weight in self.objective.weights.items()),
            parts=parts,
            learning_rate=float(self.optimizer.param_groups[0]["lr"]),
            grad_norm=float(outcome.grad_norm),
            examples_per_second=self.since.examples / max(seconds, 1e-9),
            seconds=seconds,
            memory=_memory(self.accelerator.device),
            watched=self.objective.watch(),
        )
        self.hooks.logged(logged)
        if self.settings.trackers:
            told = {"loss": logged.loss, "learning_rate": logged.learning_rate, "grad_norm": logged.grad_norm,
                    "examples_per_second": logged.examples_per_second, **logged.parts, **logged.watched}  # fmt: skip
            self.accelerator.log(told, step=done)
        self.since = _Since()

    def _save(self, done: int) -> None:
        started = time.monotonic()
        scaler = self.accelerator.scaler
        facts: dict[str, Any] = {"best": self.best} if math.isfinite(self.best) else {}
        if scaler is not None:
            facts["scaler"] = scaler.state_dict()
        moment = moment_of(done, self.module, self.optimizer.optimizer, facts, self.average)

        def write() -> None:
            self.hooks.saved(done, self.states.save(moment))

        agreed(write, self.main)
        self.since.started += time.monotonic() - started

    def _evaluate(self, done: int) -> None:
        started = time.monotonic()
        newest = self._export(self.folder / "newest")

        def ask() -> None:
            assert self.hooks.evaluate is not None
            try:
                found = self.hooks.evaluate(newest, done)
            except Cancelled:  # it was asked to stop, and the loop will
                return
            if found.score is not None and found.score > self.best:
                self.best = found.score
                self._copy(newest, self.folder / "best")
            self.hooks.evaluated(done, found)

        agreed(ask, self.main)
        self.module.train()
        self.since.started += time.monotonic() - started

    def _copy(self, source: Path, target: Path) -> None:
        with published(target, "the model it was to be copied from is whole") as partial:
            shutil.copytree(source, partial, dirs_exist_ok=True)

    def _export(self, target: Path) -> Path:
        weights = whole_weights(self.module, average=self.average)

        def write() -> None:
            with published(target, "the last checkpoint is whole") as partial:
                self.objective.save(partial, weights)

        agreed(write, self.main)
        return target

    def _asked_to_stop(self, done: int) -> bool:
        if self.processes > 1 and done % self.settings.log_every:
            return False  # all have to hear of it at the same step, and asking costs a message
        asked = torch.tensor(float(self.main and self.hooks.stop()), dtype=torch.float64)
        return bool(float(self._summed(asked)))

    def _summed(self, value: torch.Tensor) -> torch.Tensor:
        """The sum over processes."""
        if self.processes == 1:
            return value
        found: torch.Tensor = self.accelerator.reduce(value.to(self.accelerator.device), reduction="sum")
        return found


def _memory(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    import psutil

    return int(psutil.Process().memory_info().rss)
