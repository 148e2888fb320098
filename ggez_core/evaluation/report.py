"""What a sweep found, as one object: the curve on validation, the choices made on it, their worth on test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from .aggregate import Estimate
from .parity import Point, choose
from .rows import Score
from .setting import Setting
from .task import Problem

KeepBy = Literal["interval", "score"]


@dataclass(frozen=True)
class CurvePoint:
    """A β on validation: Q of both sides, GRP, and the share kept of the base's global score, with 95 % intervals."""

    beta: float
    q_global: Estimate
    q_regional: Estimate
    grp: Estimate
    global_kept: Estimate

    @property
    def point(self) -> Point:
        """The scores alone."""
        return Point(self.beta, self.q_global.value, self.q_regional.value)

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON, flat."""
        named = {"q_global": self.q_global, "q_regional": self.q_regional, "grp": self.grp, "kept": self.global_kept}
        flat: dict[str, Any] = {"beta": self.beta}
        for name, estimate in named.items():
            flat |= {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
        return flat


def choose_beta(
    curve: Iterable[CurvePoint], alpha: float, keep_global: float | None = None, keep_by: KeepBy = "interval"
) -> Point:
    """β of the highest GRP, optionally among those that keep a share of the base's global score.

    keep_by: "interval" asks the lower bound of the share's 95 % interval to reach `keep_global`, so that the share is
    kept on other data too with some confidence; "score" asks the share itself. The base keeps all of it, always.
    """
    points = list(curve)
    if keep_global is None:
        return choose([p.point for p in points], alpha)
    if keep_by == "interval":
        points = [p for p in points if p.beta == 0 or p.global_kept.low >= keep_global]
    return choose([p.point for p in points], alpha, keep_global)


@dataclass(frozen=True)
class Reported:
    """A choice, measured on test: Q of both sides with n answers, GRP, and what was won and lost against the base.

    gain: GRP over the best single β's, paired, for the choices that a search made.
    """

    name: str
    setting: Setting
    q_global: Estimate
    n_global: int
    q_regional: Estimate
    n_regional: int
    grp: Estimate
    global_kept: Estimate
    regional_gain: Estimate
    gain: Estimate | None = None

    @property
    def beta(self) -> float:
        """β of whatever has none of its own."""
        return self.setting.beta

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON: a number by its name, its interval beside it."""
        flat: dict[str, Any] = {"name": self.name, "beta": self.beta, "parts": dict(self.setting.parts)}
        flat |= {"n_global": self.n_global, "n_regional": self.n_regional}
        for name in ("q_global", "q_regional", "grp", "global_kept", "regional_gain", "gain"):
            estimate: Estimate | None = getattr(self, name)
            if estimate is not None:
                flat |= {name: estimate.value, f"{name}_interval": [estimate.low, estimate.high]}
        return flat


@dataclass(frozen=True)
class SweepReport:
    """The curve and the choices on validation, and both ends and all choices measured on test.

    tasks: name → the splits that were chosen on and reported on. best, constrained: β of the curve; constrained only
    where a share of the global score is to be kept.
    """

    base: str
    regional: str
    alpha: float
    alpha_source: str
    tasks: Mapping[str, tuple[str, str]]
    keep_global: float | None
    keep_by: KeepBy
    curve: tuple[CurvePoint, ...]
    best: Point
    constrained: Point | None
    test: tuple[Reported, ...]
    rows: tuple[Score, ...]
    problems: Mapping[str, tuple[Problem, ...]]

    def as_dict(self) -> dict[str, Any]:
        """The report, ready for JSON."""
        return {
            "base": self.base,
            "regional": self.regional,
            "alpha": self.alpha,
            "alpha_source": self.alpha_source,
            "tasks": {name: list(splits) for name, splits in self.tasks.items()},
            "keep_global": self.keep_global,
            "keep_by": self.keep_by,
            "curve": [point.as_dict() for point in self.curve],
            "best": self.best.beta,
            "constrained": self.constrained.beta if self.constrained else None,
            "test": [choice.as_dict() for choice in self.test],
            "rows": [row.as_dict() for row in self.rows],
            "problems": {name: [asdict(p) for p in problems] for name, problems in self.problems.items()},
        }
