"""The curve of a sweep, made of rows and α alone: so α can move, and β be chosen again, without any model.

Rows of the task `ALL` are Q over all tasks (metric `Q`) and the share of the base's (`KEPT`); and where questions count
for both sides, the correlation of their bootstrap draws (`TOGETHER`), so that GRP's interval is right at every α.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .aggregate import Estimate
from .parity import Point, choose
from .rows import Score

KeepBy = Literal["interval", "score"]
ALL, Q, KEPT, TOGETHER = "all tasks", "Q", "Q kept", "Q correlation"
CHOOSING, REPORTING = "choosing", "reporting"


@dataclass(frozen=True)
class CurvePoint:
    """A β: Q of both sides, and the share kept of the base's global score, with 95 % intervals.

    correlation: of both Q in the bootstrap, which draws a question that counts for both sides for both.
    """

    beta: float
    q_global: Estimate
    q_regional: Estimate
    global_kept: Estimate
    correlation: float = 0.0

    @property
    def point(self) -> Point:
        """The scores alone."""
        return Point(self.beta, self.q_global.value, self.q_regional.value)

    def grp(self, alpha: float) -> Estimate:
        """GRP, with the interval of a sum of two numbers that are correlated so.

        As wide as the bootstrap's, where that is about normal, and known for every α without drawing again.
        """
        one, other, value = self.q_global, self.q_regional, self.point.grp(alpha)
        below = self._together(alpha * (one.value - one.low), (1 - alpha) * (other.value - other.low))
        above = self._together(alpha * (one.high - one.value), (1 - alpha) * (other.high - other.value))
        return Estimate(value, value - below, value + above)

    def _together(self, one: float, other: float) -> float:
        return math.sqrt(max(0.0, one * one + other * other + 2 * self.correlation * one * other))

    def as_dict(self, alpha: float) -> dict[str, Any]:
        """Ready for JSON, flat."""
        named = {
            "q_global": self.q_global, "q_regional": self.q_regional, "grp": self.grp(alpha), "kept": self.global_kept,
        }  # fmt: skip
        flat: dict[str, Any] = {"beta": self.beta}
        for name, estimate in named.items():
            flat |= {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
        return flat

    @classmethod
    def from_dict(cls, flat: Mapping[str, Any]) -> CurvePoint:
        """The point that `as_dict` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        q_global, q_regional, kept = (
            Estimate(*(float(flat[f"{name}{end}"]) for end in ("", "_low", "_high")))
            for name in ("q_global", "q_regional", "kept")
        )
        return cls(float(flat["beta"]), q_global, q_regional, kept)


Watch = Callable[[CurvePoint], None]


def ignore(point: CurvePoint) -> None:
    """A watcher that looks away."""


def curve_of(rows: Iterable[Score], split: str = CHOOSING) -> list[CurvePoint]:
    """The points of single β among the rows of one sweep, by β."""
    found: dict[float, dict[tuple[str, str], Estimate]] = {}
    for row in rows:
        if row.task == ALL and row.split == split and row.whole and not row.parts:
            found.setdefault(row.beta, {})[row.side, row.metric] = Estimate(row.value, row.low, row.high)
    everything = {("global", Q), ("regional", Q), ("global", KEPT)}
    return [
        CurvePoint(
            beta,
            at["global", Q],
            at["regional", Q],
            at["global", KEPT],
            at[together].value if (together := ("global", TOGETHER)) in at else 0.0,
        )
        for beta, at in sorted(found.items())
        if everything <= at.keys()
    ]


def choose_beta(
    curve: Iterable[CurvePoint], alpha: float, keep_global: float | None = None, keep_by: KeepBy = "interval"
) -> Point:
    """β of the highest GRP, optionally among those that keep a share of the base's global score.

    keep_by: "interval" asks the lower bound of the share's 95 % interval to reach `keep_global`, so that the share is
    kept on other data too with some confidence; "score" asks the share itself. The base keeps all of it, always.
    """
    points = list(curve)
    if keep_global is not None and keep_by == "interval":
        points = [p for p in points if p.beta == 0 or p.global_kept.low >= keep_global]
    return choose([p.point for p in points], alpha, keep_global)
