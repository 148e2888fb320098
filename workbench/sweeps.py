"""Sweeps that the page starts: each works in the background, in a folder that outlives page and server.

A sweep belongs to a pair, not to a visitor: who loads the same pair sees the same points arrive, also after a reload.
One works at a time, the others wait their turn. Started again after it was stopped, it goes on where it was. Used by
the Sweep tab.
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

from .limits import Limits
from .problem import Problem, attempt

if TYPE_CHECKING:
    from ggez_core.evaluation.curve import CurvePoint
    from ggez_core.evaluation.report import SweepReport

    from .pairs import Pair

REMEMBERED = 32
SIZES = (0, 480, 120, 24)  # rows of each task at most; 0 is all


@dataclass(frozen=True)
class Wanted:
    """What is swept: tasks and β, and how β is chosen for the report on test. limit: rows of each task at most."""

    tasks: tuple[str, ...]
    betas: tuple[float, ...]
    alpha: float
    keep_global: float | None
    limit: int | None = None


@dataclass
class Job:
    """A sweep on its way or ended. Read through `SweepJobs`; `points` grows while it works. session: who began it."""

    pair: Pair
    wanted: Wanted
    folder: Path
    session: str = ""
    points: dict[float, CurvePoint] = field(default_factory=dict)
    step: Step | None = None
    report: SweepReport | None = None
    problem: str = ""
    stopped: bool = False
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def working(self) -> bool:
        """Whether it is on its way, or waits for its turn."""
        return self.report is None and not self.problem and not self.stopped

    @property
    def curve(self) -> tuple[CurvePoint, ...]:
        """The points that have arrived, by β."""
        return tuple(self.points[beta] for beta in sorted(self.points))


class SweepJobs:
    """All sweeps of this server, the newest of each pair at hand."""

    def __init__(
        self, storage: Path, memory_budget: int, limits: Limits | None = None, *, shared: bool = False
    ) -> None:
        self._storage, self._budget, self._limits, self._shared = storage, memory_budget, limits or Limits(), shared
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._latest: OrderedDict[tuple[object, ...], Job] = OrderedDict()
        self._sought: set[tuple[object, ...]] = set()  # pairs whose sweeps were looked for in the storage

    def latest(self, pair: Pair) -> Job | None:
        """The newest sweep of a pair; of a server that was started anew, one that had ended before."""
        with self._lock:
            if pair.key not in self._latest and pair.key not in self._sought:
                self._sought.add(pair.key)
                if (kept := self._kept(pair)) is not None:
                    self._latest[pair.key] = kept
            return self._latest.get(pair.key)

    def _kept(self, pair: Pair) -> Job | None:
        """The newest whole sweep of a pair in the storage. Its folder's name says that no file has changed since."""
        folders = [path.parent for path in self._storage.glob("*/report.json")]
        if not folders:
            return None
        from ggez_core.evaluation.folder import read_report

        for folder in sorted(folders, key=lambda folder: folder.stat().st_mtime, reverse=True):
            report = attempt(lambda folder=folder: read_report(folder))  # type: ignore[misc]
            if isinstance(report, Problem):
                continue
            betas = tuple(point.beta for point in report.curve)
            known = (Wanted(tuple(report.tasks), betas, report.alpha, report.keep_global, n or None) for n in SIZES)
            wanted = next((wanted for wanted in known if _digest(pair, wanted) == folder.name), None)
            if wanted is None:
                continue
            points = {point.beta: point for point in report.curve}
            return Job(pair, wanted, folder, points=points, report=report)
        return None

    def working(self) -> list[Job]:
        """All that are on their way, or wait for their turn."""
        with self._lock:
            return [job for job in self._latest.values() if job.working]

    def start(self, pair: Pair, wanted: Wanted, session: str = "") -> Job:
        """Start a sweep for a visitor, or return the pair's that is on its way.

        Raises DataError where nothing is to be measured, GgezError where another sweep of the pair is on its way, the
        visitor or all visitors have too many, or the model takes more memory than is allowed.
        """
        if not wanted.tasks:
            raise DataError("no task is chosen; tick at least one")
        if pair.live_bytes > self._budget:
            raise GgezError(
                f"a sweep of this pair takes {pair.live_bytes / 1e9:.1f} GB and {self._budget / 1e9:.1f} GB are "
                "allowed; use `ggez sweep`, or set GGEZ_MEMORY_BUDGET"
            )
        with self._lock:
            job = self._latest.get(pair.key)
            if job is not None and job.working:
                if job.wanted == wanted:
                    return job
                raise GgezError("a sweep of this pair is on its way; wait for it, or stop it first")
            working = [other.session for other in self._latest.values() if other.working]
            self._limits.check_background("sweep", working.count(session), len(working))
            job = Job(pair, wanted, self._storage / _digest(pair, wanted), session)
            if (older := self._latest.get(pair.key)) and older.folder == job.folder:
                job.points.update(older.points)
            self._latest[pair.key] = job
            self._latest.move_to_end(pair.key)
            while len(self._latest) > REMEMBERED:
                self._latest.popitem(last=False)
        threading.Thread(target=copy_context().run, args=(self._work, job), name="sweep", daemon=True).start()
        return job

    def stop(self, pair: Pair, session: str = "") -> None:
        """Ask the pair's sweep to stop; what it has measured is kept.

        Raises GgezError where visitors are strangers and another one began it.
        """
        job = self.latest(pair)
        if job is not None and job.working and self._shared and job.session != session:
            raise GgezError("another visitor began this sweep, and only they can stop it")
        if job is not None:
            job.stopping.set()

    def _work(self, job: Job) -> None:
        def progress(step: Step) -> None:
            job.step = step
            if job.stopping.is_set():
                raise Cancelled

        def arrived(point: CurvePoint) -> None:
            job.points[point.beta] = point

        def run() -> SweepReport | None:
            from ggez_core.evaluation.folder import write_report
            from ggez_core.evaluation.sweep import sweep

            try:
                while not self._turn.acquire(timeout=0.2):
                    if job.stopping.is_set():
                        return None
                try:
                    report = sweep(
                        job.pair.base,
                        job.pair.regional,
                        job.wanted.betas,
                        job.wanted.tasks,
                        alpha=job.wanted.alpha,
                        keep_global=job.wanted.keep_global,
                        limit=job.wanted.limit,
                        output=job.folder,
                        watch=arrived,
                        progress=progress,
                    )
                    write_report(report, job.folder)  # a model card of the pair reads it there
                    return report
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
            job.report = done


def _digest(pair: Pair, wanted: Wanted) -> str:
    """The folder of everything measured on a pair with these rows: β, α and the share to keep only add to it."""
    content = repr((pair.key, wanted.tasks, *([wanted.limit] if wanted.limit else [])))
    return hashlib.sha256(content.encode()).hexdigest()[:24]
