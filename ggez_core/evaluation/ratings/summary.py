"""Means of human ratings by language and model with their intervals, and the human GRP.

Ratings share raters (each has a scale of their own) and items (some are hard for every model), so single marks aren't
independent. Whole raters are drawn with replacement in one bootstrap, whole items in another, and the wider interval is
told: with few raters drawing raters shows too little, with few items drawing items does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..intervals import cluster_mean_interval
from ..parity import grp
from .agreement import ALL
from .rating import LEVELS, MEASURES, SIDES, Rating, Shown

Floats = NDArray[np.float64]
RATERS, ITEMS, NOTHING = "raters", "items", "nothing"


@dataclass(frozen=True)
class Mean:
    """The mean of a measure for one model, in one language (`ALL` for every one) and one side or aspect (or all).

    low, high: the 95 % interval; clustered: what was drawn for it, raters or items; nothing where there is one of each,
    and the interval is none. n: marks.
    """

    model: Shown
    measure: str
    language: str
    value: float
    low: float
    high: float
    n: int
    raters: int
    items: int
    clustered: str
    side: str = ALL
    aspect: str = ALL


@dataclass(frozen=True)
class _Mark:
    model: Shown
    measure: str
    value: float
    share: float  # of the best there is: 0 to 1
    rating: Rating


def means(ratings: Iterable[Rating], by: Sequence[str] = ("language",)) -> list[Mean]:
    """Means of every measure and model: over everything, then by each of `by` (language, side, aspect).

    Average rank is lower for the better; all other measures are higher.
    """
    marks = list(_marks(ratings))
    cuts: list[tuple[str, str]] = [("language", ALL)]
    for name in by:
        cuts += [(name, value) for value in sorted({getattr(mark.rating, name) for mark in marks})]
    found = []
    for name, value in cuts:
        mine = [mark for mark in marks if value == ALL or getattr(mark.rating, name) == value]
        for measure in dict.fromkeys(mark.measure for mark in mine):
            for model in sorted({mark.model for mark in mine if mark.measure == measure}, key=_order):
                own = [mark for mark in mine if mark.model == model and mark.measure == measure]
                cut = {"side": ALL, "aspect": ALL, "language": ALL} | {name: value}
                found.append(_mean(model, measure, own, lambda mark: mark.value, **cut))
    return found


@dataclass(frozen=True)
class HumanParity:
    """A model by people's marks on a scale from 0 (the worst there is) to 1, on global and on regional items."""

    model: Shown
    measure: str
    q_global: Mean
    q_regional: Mean

    def grp(self, alpha: float) -> float:
        """The human Global-Regional Parity: α · Q_global + (1 − α) · Q_regional."""
        return grp(self.q_global.value, self.q_regional.value, alpha)


def human_parity(ratings: Iterable[Rating], measure: str) -> list[HumanParity]:
    """Human Q of both sides for every model that was rated on both, by β.

    A rank r among k becomes (k − r)/(k − 1), a Likert mark m becomes (m − 1)/2, a preference is a share already.
    """
    marks = [mark for mark in _marks(ratings) if mark.measure == measure]
    found = []
    for model in sorted({mark.model for mark in marks}, key=_order):
        own = {side: [m for m in marks if m.model == model and m.rating.side == side] for side in SIDES}
        if all(own.values()):
            q = [
                _mean(model, measure, own[side], lambda mark: mark.share, language=ALL, side=side, aspect=ALL)
                for side in SIDES
            ]
            found.append(HumanParity(model, measure, *q))
    return found


def _marks(ratings: Iterable[Rating]) -> Iterable[_Mark]:
    for rating in ratings:
        for column, mark in zip(rating.columns, rating.marks, strict=True):
            for measure in MEASURES[rating.kind]:
                value = mark[measure]
                yield _Mark(column, measure, value, _share(measure, value, len(rating.columns)), rating)


def _share(measure: str, value: float, columns: int) -> float:
    if measure == "rank":
        return (columns - value) / (columns - 1)
    if measure == "preference":
        return value
    return (value - LEVELS[0]) / (LEVELS[-1] - LEVELS[0])


def _mean(
    model: Shown,
    measure: str,
    marks: Sequence[_Mark],
    of: Callable[[_Mark], float],
    *,
    language: str,
    side: str,
    aspect: str,
) -> Mean:
    values = np.array([of(mark) for mark in marks], np.float64)
    by_raters = [mark.rating.rater for mark in marks]
    by_items = [mark.rating.item for mark in marks]
    intervals = {
        clustered: cluster_mean_interval(values, clusters)
        for clustered, clusters in ((RATERS, by_raters), (ITEMS, by_items))
    }
    wider = max(intervals, key=lambda name: intervals[name][1] - intervals[name][0])
    low, high = intervals[wider]
    if len(set(by_raters)) == len(set(by_items)) == 1:  # nothing that could vary was drawn: no interval is known
        wider = NOTHING
    return Mean(
        model, measure, language, float(values.mean()), low, high, len(values), len(set(by_raters)), len(set(by_items)),
        wider, side, aspect,
    )  # fmt: skip


def _order(model: Shown) -> tuple[float, str, tuple[tuple[str, float], ...]]:
    return model.beta, model.model, model.parts
