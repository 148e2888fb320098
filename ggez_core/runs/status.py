"""Where a run is: what its process last said of itself, and whether that process is still there.

A process is known by its number and the time it began, so that another one that was given the same number later isn't
taken for it.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

State = Literal["queued", "running", "stopping", "stopped", "finished", "failed"]
ALIVE: tuple[State, ...] = ("queued", "running", "stopping")
TO_BEGIN = 120.0  # seconds that a process may take until it first says that it runs
_CLOCK = 2.0  # seconds by which two readings of when a process began may differ


@dataclass(frozen=True)
class Status:
    """What is known of a run.

    since: when the state began; began: when the process did; both in seconds since 1970. step, steps: of the training.
    message: one line for people, why it failed above all. ours: whether a failure is a fault of the program and not of
    its input.
    """

    state: State
    since: float
    pid: int | None = None
    began: float | None = None
    step: int = 0
    steps: int = 0
    message: str = ""
    ours: bool = False

    @property
    def alive(self) -> bool:
        """Whether a process works at it, or is about to."""
        return self.state in ALIVE


def own_process() -> tuple[int, float]:
    """Number and time of beginning of this process."""
    import psutil

    return os.getpid(), psutil.Process().create_time()


def is_there(pid: int, began: float) -> bool:
    """Whether the process that began then is still there."""
    import psutil

    try:
        process = psutil.Process(pid)
        return bool(process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - began) < _CLOCK)
    except psutil.Error:
        return False


def write_status(path: Path, status: Status) -> None:
    """Replace the file in one move."""
    partial = path.with_suffix(f".{os.getpid()}.partial")
    partial.write_text(json.dumps(asdict(status)), encoding="utf-8")
    partial.replace(path)


def read_status(path: Path, asked_to_stop: bool) -> Status:
    """The status as it is now: a process that vanished without a word has failed, one that was asked to stop stops."""
    try:
        said = Status(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return Status("failed", 0.0, message="its status can't be read; start it anew")
    if said.state == "queued" and time.time() - said.since > TO_BEGIN:
        return replace(said, state="failed", message="its process never began; its log may say why")
    if said.state == "running":
        if said.pid is None or said.began is None or not is_there(said.pid, said.began):
            where = f" at step {said.step:,}" if said.step else ""
            return replace(said, state="failed", message=f"its process vanished{where}; resume goes on from there")
        if asked_to_stop:
            return replace(said, state="stopping")
    return said
