"""From answers to scores: means with clustered bootstrap intervals, overall and in slices; Q over tasks; comparisons.

Every bootstrap draws whole clusters (a question asked in thirty languages, a concept) with replacement, the same draws
for every setting of the weights, so that differences between two settings are paired.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .answers import Answers
from .intervals import resampled_sums
from .rows import Score
from .setting import Setting
from .task import SIDES, Side

Floats = NDArray[np.float64]
SLICES = ("region", "country", "language", "aspect")
LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A number with the 95 % interval of its bootstrap."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, value: float, draws: Floats) -> Estimate:
        """From the bootstrap's draws (RESAMPLES,); those that are no number are left out."""
        known = draws[np.isfinite(draws)]
        if not len(known):
            return cls(value, value, value)
        low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return cls(value, float(low), float(high))


@dataclass(frozen=True)
class Sample:
    """A statistic and its bootstrap draws (RESAMPLES,): Samples of the same answers are paired draw by draw."""

    value: float
    draws: Floats

    @property
    def estimate(self) -> Estimate:
        """The value with its interval."""
        return Estimate.of(self.value, self.draws)

    @property
    def error(self) -> float:
        """Its standard error."""
        return float(np.nanstd(self.draws))

    def __add__(self, other: Sample) -> Sample:
        return Sample(self.value + other.value, self.draws + other.draws)

    def __sub__(self, other: Sample) -> Sample:
        return Sample(self.value - other.value, self.draws - other.draws)

    def __rmul__(self, factor: float) -> Sample:
        return Sample(factor * self.value, factor * self.draws)

    def __truediv__(self, other: Sample) -> Sample:
        with np.errstate(divide="ignore", invalid="ignore"):
            return Sample(float(np.divide(self.value, other.value)), self.draws / other.draws)


@dataclass(frozen=True)
class Measured:
    """One task's answers at one setting, with the metrics whose mean is its score."""

    task: str
    main_metrics: tuple[str, ...]
    answers: Answers


def score_rows(
    measured: Measured, *, model: str, setting: Setting, split: str, weights: str = "", slices: bool = True
) -> list[Score]:
    """Rows of every metric and side: overall, and unless `slices` is off by region, country, language and aspect."""
    rows = []
    for side in SIDES:
        mine = measured.answers.side(side)
        if not len(mine):
            continue
        cut: list[tuple[dict[str, str], Answers]] = [({}, mine)]
        for name in SLICES if slices else ():
            column = mine.column(name)
            found = sorted({value for value in column if value is not None})
            cut += [({name: value}, mine.where(column == value)) for value in found]
        for where, part in cut:
            for metric, n, estimate in means(part, tuple(part.values)):
                rows.append(
                    Score(
                        model=model, beta=setting.beta, task=measured.task, split=split, side=side, metric=metric,
                        value=estimate.value, n=n, low=estimate.low, high=estimate.high,
                        main=metric in measured.main_metrics, parts=setting.parts, weights=weights, **where,
                    )
                )  # fmt: skip
    return rows


def means(answers: Answers, metrics: Sequence[str]) -> list[tuple[str, int, Estimate]]:
    """Mean, number of answers and interval of every metric that any of the answers has."""
    known = [metric for metric in metrics if np.isfinite(answers.values.get(metric, np.nan)).any()]
    if not known:
        return []
    values, draws, counts = _drawn_means(answers, known, 0)
    return [(m, int(counts[i]), Estimate.of(values[i], draws[:, i])) for i, m in enumerate(known)]


def sliced_quality(tasks: Sequence[Measured], side: Side, kind: str) -> dict[str, tuple[Sample, int]]:
    """Q of a side in every country or language (`kind`) of its answers, and how many answers it comes from."""
    values = {value for task in tasks for value in task.answers.side(side).column(kind) if value is not None}
    found = {}
    for value in sorted(values):
        parts = [
            Measured(task.task, task.main_metrics, task.answers.where(task.answers.column(kind) == value))
            for task in tasks
        ]
        found[value] = (quality(parts, side), count(parts, side))
    return found


def quality(tasks: Iterable[Measured], side: Side) -> Sample:
    """Q of a side: the unweighted mean of its tasks' scores, each the mean of the task's main metrics.

    Draws of the two sides are independent, unless answers to one question count for both.
    Raises DataError when no task has an answer for the side.
    """
    scores = []
    for task in tasks:
        mine = task.answers.side(side)
        known = [m for m in task.main_metrics if np.isfinite(mine.values.get(m, np.nan)).any()]
        if known:
            values, draws, _ = _drawn_means(mine, known, *_shared_draws(task, side))
            scores.append(Sample(float(values.mean()), draws.mean(axis=1)))
    if not scores:
        raise DataError(f"none of the tasks counts for the {side} score; add one that does (ggez eval --list)")
    return (1 / len(scores)) * sum(scores[1:], scores[0])


def correlation(tasks: Iterable[Measured], q_global: Sample, q_regional: Sample) -> float:
    """How the draws of both sides' Q go together, from −1 to 1; 0 where no question counts for both."""
    if not any(_shared_draws(task, "global")[1] for task in tasks):
        return 0.0
    known = np.isfinite(q_global.draws) & np.isfinite(q_regional.draws)
    one, other = q_global.draws[known], q_regional.draws[known]
    return float(np.corrcoef(one, other)[0, 1]) if len(one) > 1 and one.std() and other.std() else 0.0


def parity(tasks: Sequence[Measured], alpha: float) -> Sample:
    """GRP = α · Q_global + (1 − α) · Q_regional."""
    return alpha * quality(tasks, "global") + (1 - alpha) * quality(tasks, "regional")


def count(tasks: Iterable[Measured], side: Side) -> int:
    """How many answers count for a side."""
    return sum(int((task.answers.column("side") == side).sum()) for task in tasks)


def _shared_draws(task: Measured, side: Side) -> tuple[int, tuple[int, NDArray[np.int64]] | None]:
    """The seed of a side's draws; and where its clusters are among all of the task's, if both sides share some."""
    on_side = task.answers.column("side") == side
    codes = task.answers.cluster_codes
    if not np.isin(codes[on_side], codes[~on_side]).any():
        return zlib.crc32(f"{task.task} {side}".encode()), None
    own = codes[on_side]
    first = np.sort(np.unique(own, return_index=True)[1])  # the order in which the side's own codes count them
    return zlib.crc32(task.task.encode()), (int(codes.max()) + 1, own[first])


def _drawn_means(
    answers: Answers, metrics: Sequence[str], seed: int, among: tuple[int, NDArray[np.int64]] | None = None
) -> tuple[Floats, Floats, Floats]:
    """Means (m,), their bootstrap draws (RESAMPLES, m) and how many answers have the metrics (m,).

    among: draw from so many clusters, of which the answers' are these.
    """
    codes = answers.cluster_codes
    clusters = int(codes.max()) + 1
    values = np.stack([answers.values[metric] for metric in metrics])
    known = np.isfinite(values)
    sums = np.stack([np.bincount(codes, np.where(k, v, 0), clusters) for v, k in zip(values, known, strict=True)])
    counts = np.stack([np.bincount(codes, k, clusters) for k in known])
    columns = np.concatenate([sums, counts]).T.astype(np.float64)
    if among:  # clusters of other answers are drawn too, and add nothing
        every, own = among
        table = np.zeros((every, columns.shape[1]))
        table[own] = columns
        columns = table
    drawn = resampled_sums(columns, seed)
    with np.errstate(divide="ignore", invalid="ignore"):
        draws = drawn[:, : len(metrics)] / drawn[:, len(metrics) :]
    totals = counts.sum(axis=1)
    return sums.sum(axis=1) / totals, draws, totals
