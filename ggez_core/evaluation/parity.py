"""Global-Regional Parity and the choice of β by it (arXiv 2604.11490, section 4; METHOD.md section 1)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..errors import DataError, RegionError


def grp(q_global: float, q_regional: float, alpha: float) -> float:
    """GRP = α · Q_global + (1 − α) · Q_regional, both scores on one scale, α in [0, 1].

    >>> round(grp(63.5, 56.3, 0.43), 1)
    59.4
    """
    if not 0 <= alpha <= 1:
        raise RegionError(f"α must lie between 0 (all for the region) and 1 (all for the world), not {alpha}")
    for name, value in (("global", q_global), ("regional", q_regional)):
        if not math.isfinite(value):
            raise DataError(f"the {name} score is {value}; it must be a finite number")
    return alpha * q_global + (1 - alpha) * q_regional


def mean_score(task_scores: Sequence[float]) -> float:
    """Q over several tasks: the unweighted mean of their scores, however many examples each has.

    >>> mean_score([59.8, 67.2])
    63.5
    """
    if not task_scores:
        raise DataError("there is no task to average; give at least one score")
    return float(sum(task_scores) / len(task_scores))


@dataclass(frozen=True)
class Point:
    """The two scores of the model merged at β."""

    beta: float
    q_global: float
    q_regional: float

    def grp(self, alpha: float) -> float:
        """The point's Global-Regional Parity."""
        return grp(self.q_global, self.q_regional, alpha)


def choose(points: Iterable[Point], alpha: float, keep_global: float | None = None) -> Point:
    """The point of the highest GRP; of equals the one nearest to the base.

    keep_global: only among points that keep at least this share of the base's (β = 0) global score.
    Raises DataError when there are no points, when a score is not finite, when β = 0 is missing though `keep_global`
    needs it, or when no point keeps that much.
    """
    parity = {p: p.grp(alpha) for p in sorted(points, key=lambda p: p.beta)}
    found = list(parity)
    if not found:
        raise DataError("no scored β to choose from; run a sweep first")
    if keep_global is not None:
        base = next((p for p in found if p.beta == 0), None)
        if base is None:
            raise DataError("keeping a share of the base's global score needs β = 0 among the scored points")
        found = [p for p in found if p.q_global >= keep_global * base.q_global]
        if not found:
            raise DataError(
                f"no scored β keeps {keep_global:.0%} of the base's global score; ask for 1 (all of it) or less"
            )
    return max(found, key=lambda p: (parity[p], -p.beta))
