"""Curations that the page starts: each measures in the background, in a folder that outlives page and server.

Measuring depends on the data and the reward model alone, so region and thresholds can be moved afterwards as often as
one likes. Started again after it was stopped, a curation goes on where it was. One works at a time. Used by the Curate
tab and its endpoints.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from contextvars import copy_context
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ggez_core.errors import Cancelled, DataError, GgezError
from ggez_core.progress import Step

from . import strangers
from .limits import Limits
from .problem import Problem, attempt

if TYPE_CHECKING:
    from ggez_core.curation.curated import Curated

DEMO = "demo:world"
DEMO_ROWS = 900
NO_REWARD = ""
REMEMBERED = 32


@dataclass(frozen=True)
class Asked:
    """What is measured. data: `demo:world`, a file, a folder, or a data set of the Hub. reward: options of the reward
    signal, such as `model=demo:siglip/sea`; empty for none."""

    data: str = DEMO
    reward: str = NO_REWARD


@dataclass
class Job:
    """A curation on its way or ended; `found` is what it measured."""

    asked: Asked
    folder: Path
    step: Step | None = None
    found: Curated | None = None
    problem: str = ""
    stopped: bool = False
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def working(self) -> bool:
        """Whether it is on its way, or waits for its turn."""
        return self.found is None and not self.problem and not self.stopped


class Curations:
    """All curations of this server, each visitor's newest one at hand.

    shared: visitors are strangers, so files of this machine aren't read for them, and nobody sees another's.
    """

    def __init__(self, storage: Path, limits: Limits | None = None, *, shared: bool = False) -> None:
        self._storage, self._shared, self._limits = storage, shared, limits or Limits()
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._jobs: OrderedDict[Asked, Job] = OrderedDict()
        self._of: OrderedDict[str, Asked] = OrderedDict()

    def latest(self, session: str) -> Job | None:
        """The visitor's newest curation; where visitors aren't strangers, else the newest of all."""
        with self._lock:
            asked = self._of.get(session)
            if asked is None and not self._shared and self._jobs:
                asked = next(reversed(self._jobs))
            return self._jobs.get(asked) if asked else None

    def working(self, session: str) -> list[Job]:
        """Those on their way; where visitors are strangers, the visitor's own."""
        if self._shared:
            job = self.latest(session)
            return [job] if job is not None and job.working else []
        with self._lock:
            return [job for job in self._jobs.values() if job.working]

    def start(self, session: str, asked: Asked) -> Job:
        """Start a curation, or return the one of the same data and reward that is on its way or has ended well.

        Raises DataError for data that may not be read here, SourceError for a reward model that may not be loaded,
        GgezError while another one of the visitor is on its way, or too many of all visitors.
        """
        self._check(asked)
        with self._lock:
            mine = self._jobs.get(self._of.get(session, asked))
            if mine is not None and mine.working and mine.asked != asked:
                raise GgezError("a curation is on its way; wait for it, or stop it first")
            job = self._jobs.get(asked)
            new = job is None or not (job.working or job.found is not None)
            if new:
                self._limits.check_background("curation", 0, sum(other.working for other in self._jobs.values()))
                job = Job(asked, self._storage / _digest(asked))
            assert job is not None
            self._of[session] = asked
            self._of.move_to_end(session)
            self._jobs[asked] = job
            self._jobs.move_to_end(asked)
            if not new:
                return job
            while len(self._jobs) > REMEMBERED:
                self._jobs.popitem(last=False)
            while len(self._of) > 100 * REMEMBERED:
                self._of.popitem(last=False)
        threading.Thread(target=copy_context().run, args=(self._work, job), name="curation", daemon=True).start()
        return job

    def stop(self, session: str) -> None:
        """Ask the visitor's curation to stop; what it has measured is kept.

        Where visitors are strangers, one that others follow too goes on for them.
        """
        job = self.latest(session)
        if job is None:
            return
        with self._lock:
            others = any(asked == job.asked and other != session for other, asked in self._of.items())
            if self._shared and others:
                self._of.pop(session, None)
                return
        job.stopping.set()

    def leave(self, session: str) -> None:
        """The visitor has gone: where visitors are strangers, nobody asks for their curation any more."""
        if self._shared:
            with self._lock:
                self._of.pop(session, None)

    def _check(self, asked: Asked) -> None:
        if not asked.data.strip():
            raise DataError("no data is named; write demo:world, a file or folder, or a data set of the Hub")
        if self._shared:
            strangers.check_data(asked.data, DEMO)
            strangers.check_reward(asked.reward)
            if Path(asked.data).exists():  # the engine would take it for a folder of this machine
                raise DataError(f"{asked.data}: can't be had here; name another data set of the Hub")
        if (model := _model(asked.reward)) is not None:
            self._limits.check_model(model)

    def _check_size(self, model: str) -> None:
        """Raise SourceError for a reward model that is larger than is allowed, before it is downloaded."""
        from ggez_core.checkpoints import open_checkpoint

        if self._limits.largest_model is not None:
            open_checkpoint(model, largest=self._limits.largest_model)

    def _work(self, job: Job) -> None:
        most = self._limits.rows

        def progress(step: Step) -> None:
            job.step = step
            if job.stopping.is_set():
                raise Cancelled
            rows = max(step.done, step.total) if step.unit == "rows" else 0
            if most is not None and rows > most:
                raise DataError(
                    f"{job.asked.data}: has {rows:,} rows or more, and {most:,} are curated here; name a smaller data "
                    "set, or run `ggez curate` on a machine of your own"
                )

        def run() -> Curated | None:
            from .curated import measure

            if (model := _model(job.asked.reward)) is not None:
                self._check_size(model)
            try:
                while not self._turn.acquire(timeout=0.2):
                    if job.stopping.is_set():
                        return None
                try:
                    return measure(job.asked, job.folder, progress)
                finally:
                    self._turn.release()
            except Cancelled:
                return None

        done = attempt(run)
        if isinstance(done, Problem):
            job.problem = done.message
        elif done is None:
            job.stopped = True
        else:
            job.found = done


def _model(reward: str) -> str | None:
    """The model that a reward's options name."""
    options = dict(option.partition("=")[::2] for option in reward.split(","))
    return options.get("model")


def _digest(asked: Asked) -> str:
    return hashlib.blake2b(f"{asked.data}\n{asked.reward}".encode(), digest_size=8).hexdigest()
