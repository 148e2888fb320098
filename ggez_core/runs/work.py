"""What a run's process does: `python -m ggez_core.runs.work RUN`. One of several where a launcher started more.

Only the first process writes the folder's status and events. It ends with status 0, 2 for input that can't be used, or
1 for a fault of the program; the folder says the same.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..checkpoints.output import FULL
from ..errors import Cancelled, GgezError
from ..locks import alone_in
from ..progress import Step
from .events import EventsFile
from .folder import EVENTS, STOP, RunFolder
from .status import State, Status, own_process

log = logging.getLogger("ggez")
_SMALLER = "lower loop.micro_batch, turn on gradient_checkpointing, or train with lora"
_TELL = 2.0  # seconds between two notes of how far preparing is


def main(arguments: list[str]) -> int:
    """Work at the run in a folder until it is done, stopped or fails."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(message)s")
    run = RunFolder(Path(arguments[0]))
    reporter = Reporter(run, main=int(os.environ.get("RANK", "0")) == 0)
    if not reporter.main:
        return _work(run, reporter)
    try:
        with alone_in(run.path, "process"):
            return _work(run, reporter)
    except GgezError as error:
        log.error("%s", error)
        return 2


def _work(run: RunFolder, reporter: Reporter) -> int:
    signal.signal(signal.SIGTERM, reporter.on_signal)
    try:
        reporter.say("running", message="starting")
        from .training import train_run

        ended = train_run(run, reporter)
        reporter.end(ended.end, ended.step)
    except Cancelled:
        reporter.end("stopped", message="stopped before the first step")
    except GgezError as error:
        log.error("%s", error)
        reporter.end("failed", message=" ".join(str(error).split()))
        return 2
    except MemoryError:
        reporter.end("failed", message=f"there isn't enough memory; {_SMALLER}")
        return 2
    except Exception as error:
        if isinstance(error, OSError) and error.errno in FULL:
            log.error("the disk is full: %s", error)
            with suppress(OSError):  # what was said last is still there otherwise
                reporter.say("failed", message="the disk is full; what was saved is whole: make room, then resume")
            return 2
        log.exception("internal error")
        if _out_of_memory(error):
            reporter.end("failed", message=f"the GPU's memory is full; {_SMALLER}")
            return 2
        reporter.end("failed", message=f"internal error: {type(error).__name__}: {error}"[:400], ours=True)
        return 1
    return 0


def _out_of_memory(error: Exception) -> bool:
    import torch

    return isinstance(error, torch.cuda.OutOfMemoryError)


@dataclass
class Reporter:
    """Writes a run's status and events, and knows whether it was asked to stop. Silent but on the first process."""

    run: RunFolder
    main: bool

    def __post_init__(self) -> None:
        self._pid, self._began = _leader() if self.main else (0, 0.0)
        self._events = EventsFile(self.run.path / EVENTS) if self.main else None
        before = self.run.status
        self._step, self._steps = before.step, before.steps
        self._told = 0.0
        self._signalled = False

    def on_signal(self, number: int, frame: Any) -> None:
        """Stop as if asked by the folder."""
        self._signalled = True

    def asked_to_stop(self) -> bool:
        """Whether to save and end."""
        return self._signalled or (self.run.path / STOP).exists()

    def event(self, kind: str, values: Mapping[str, Any]) -> None:
        """Append an event."""
        if self._events is not None:
            self._events.add(kind, values)

    def say(self, state: State, *, message: str = "", ours: bool = False) -> None:
        """Write the status."""
        if self.main:
            self.run.set_status(
                Status(state, time.time(), self._pid, self._began, self._step, self._steps, message, ours)
            )

    def reached(self, step: int, steps: int, message: str = "") -> None:
        """The training is at a step."""
        self._step, self._steps = step, steps
        self.say("running", message=message)

    def preparing(self, step: Step) -> None:
        """A progress callback of what comes before the first step. Raises Cancelled when asked to stop."""
        if self.asked_to_stop():
            raise Cancelled
        if time.monotonic() - self._told > _TELL:
            self._told = time.monotonic()
            self.say("running", message=f"{step.what}: {step.done:,} of {step.total:,} {step.unit}")

    def evaluating(self, step: Step) -> None:
        """A progress callback of an evaluation while it trains."""
        if time.monotonic() - self._told > _TELL:
            self._told = time.monotonic()
            self.say("running", message=f"evaluating: {step.done:,} of {step.total:,} {step.unit}, {step.what}")

    def end(self, state: State, step: int | None = None, *, message: str = "", ours: bool = False) -> None:
        """The last word."""
        self._step = self._step if step is None else step
        self.event("ended", {"state": state, "step": self._step, "message": message})
        self.say(state, message=message, ours=ours)


def _leader() -> tuple[int, float]:
    """The process to be known by: this one, or the launcher it is a child of."""
    import psutil

    if "RANK" not in os.environ:
        return own_process()
    parent = psutil.Process(os.getppid())
    return parent.pid, parent.create_time()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
