"""What a sweep and a search measure on: the tasks of both roles, choosing and reporting, at any setting of the pair.

Everything that is measured becomes rows at once.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..errors import DataError
from .aggregate import Estimate, Measured, Sample, correlation, count, quality, score_rows, sliced_quality
from .curve import ALL, CHOOSING, KEPT, REPORTING, TOGETHER, CurvePoint, Q
from .loading import Loaded
from .report import Reported
from .rows import RowsFile, Score
from .runner import Bench
from .setting import BASE, Setting
from .task import SIDES, Side

CHOOSE, REPORT = 0, 1


class Field:
    """A pair's tasks. choosing, reporting: the same tasks on their first and their last split.

    A task of a single split is in both, halved by its clusters.
    """

    def __init__(
        self,
        bench: Bench,
        model: str,
        alpha: float,
        choosing: Sequence[Loaded],
        reporting: Sequence[Loaded],
        output: Path | None = None,
    ) -> None:
        self.bench, self.alpha = bench, alpha
        self.rows: list[Score] = []
        self.slices = True  # whether rows by country, language and aspect are made, which a search doesn't need
        self._model, self._file = model, RowsFile(output) if output else None
        self._tasks = (tuple(choosing), tuple(reporting))
        self._samples: dict[tuple[int, Setting], tuple[Sample, Sample]] = {}
        self._correlations: dict[tuple[int, Setting], float] = {}

    @property
    def splits(self) -> dict[str, tuple[str, str]]:
        """Every task's split of both roles."""
        return {a.info.name: (_label(a, CHOOSE), _label(b, REPORT)) for a, b in zip(*self._tasks, strict=True)}

    def expect(self, choosing: int = 0, reporting: int = 0) -> None:
        """Say how many settings more, or fewer, will be measured."""
        self.bench.expect(self._tasks[CHOOSE], choosing)
        self.bench.expect([one for one in self._tasks[REPORT] if not _single(one)], reporting)

    def qualities(self, setting: Setting, role: int = CHOOSE) -> tuple[Sample, Sample]:
        """Q of the global and the regional side."""
        if (role, setting) not in self._samples:
            measured = [self._measured(one, setting, role) for one in self._tasks[role]]
            q_global, q_regional = (quality(measured, side) for side in SIDES)
            self._samples[role, setting] = (q_global, q_regional)
            self._correlations[role, setting] = correlation(measured, q_global, q_regional)
            self._keep(self._quality_rows(setting, role, measured))
        return self._samples[role, setting]

    def parity(self, setting: Setting, role: int = CHOOSE) -> Sample:
        """GRP at a setting."""
        q_global, q_regional = self.qualities(setting, role)
        return self.alpha * q_global + (1 - self.alpha) * q_regional

    def kept(self, setting: Setting) -> Estimate:
        """The share of the base's global score that a setting keeps; 1 where that score is 0 and none can be lost."""
        return _share(self.qualities(setting)[0], self.qualities(BASE)[0])

    def curve_point(self, beta: float) -> CurvePoint:
        """A β on the splits for choosing."""
        q_global, q_regional = self.qualities(Setting(beta))
        together = self._correlations[CHOOSE, Setting(beta)]
        return CurvePoint(beta, q_global.estimate, q_regional.estimate, self.kept(Setting(beta)), together)

    def reported(self, name: str, setting: Setting, over: Setting | None = None) -> Reported:
        """A choice on the splits for reporting, its GRP compared with that of `over`."""
        q_global, q_regional = self.qualities(setting, REPORT)
        base_global, base_regional = self.qualities(BASE, REPORT)
        measured = [self._asked(one, setting, REPORT) for one in self._tasks[REPORT]]
        grp = self.parity(setting, REPORT)
        return Reported(
            name=name,
            setting=setting,
            q_global=q_global.estimate,
            n_global=count(measured, "global"),
            q_regional=q_regional.estimate,
            n_regional=count(measured, "regional"),
            grp=grp.estimate,
            global_kept=_share(q_global, base_global),
            regional_gain=_gain(q_regional, base_regional),
            gain=None if over is None else (grp - self.parity(over, REPORT)).estimate,
        )

    def _measured(self, task: Loaded, setting: Setting, role: int) -> Measured:
        found = self._asked(task, setting, role)
        self._keep(score_rows(found, model=self._model, setting=setting, split=_label(task, role), slices=self.slices))
        return found

    def _quality_rows(self, setting: Setting, role: int, measured: Sequence[Measured]) -> list[Score]:
        """Q of both sides, the share of the base's, and how both go together, as rows: what curves are drawn from."""

        def row(side: Side, metric: str, n: int, found: Estimate, **part: str) -> Score:
            return Score(
                model=self._model, beta=setting.beta, parts=setting.parts, task=ALL, split=(CHOOSING, REPORTING)[role],
                side=side, metric=metric, value=found.value, n=n, low=found.low, high=found.high, main=False, **part,
            )  # fmt: skip

        rows = []
        for index, side in enumerate(SIDES):
            own, base = (self.qualities(one, role)[index] for one in (setting, BASE))
            rows.append(row(side, Q, count(measured, side), own.estimate))
            rows.append(row(side, KEPT, count(measured, side), _share(own, base)))
            for kind in ("country", "language") if self.slices else ():
                for value, (sample, n) in sliced_quality(measured, side, kind).items():
                    rows.append(row(side, Q, n, sample.estimate, **{kind: value}))
        if together := self._correlations[role, setting]:
            rows.append(row("global", TOGETHER, count(measured, "global"), Estimate(together, together, together)))
        return rows

    def _keep(self, rows: list[Score]) -> None:
        if self._file:
            self._file.append(rows)
        self.rows += rows

    def _asked(self, task: Loaded, setting: Setting, role: int) -> Measured:
        found = self.bench.ask(task, setting)
        if not _single(task):
            return found
        parities = np.array([zlib.crc32(str(c).encode()) % 2 for c in found.answers.column("cluster")])
        half = Measured(found.task, found.main_metrics, found.answers.where(parities == role))
        for side in SIDES:
            if len(found.answers.side(side)) and not len(half.answers.side(side)):
                raise DataError(
                    f"{task.name}: has too few {side} rows to choose β on one half and report on the other; add rows"
                )
        return half


def _share(score: Sample, base: Sample) -> Estimate:
    return (score / base).estimate if base.value else Estimate(1.0, 1.0, 1.0)


def _gain(score: Sample, base: Sample) -> Estimate | None:
    """By which share a score is above the base's; None where that is 0."""
    if not base.value:
        return None
    ratio = (score / base).estimate
    return Estimate(ratio.value - 1, ratio.low - 1, ratio.high - 1)


def _single(task: Loaded) -> bool:
    return len(task.info.splits) == 1


def _label(task: Loaded, role: int) -> str:
    return f"{task.split}, {('choosing', 'reporting')[role]} half" if _single(task) else task.split
