"""What a sweep found, as one object: the curve on validation, the choices made on it, their worth on test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from .aggregate import Estimate
from .curve import CurvePoint, KeepBy
from .parity import Point
from .rows import Score
from .setting import Setting
from .task import Problem


@dataclass(frozen=True)
class Reported:
    """A choice, measured on test: Q of both sides with n answers, GRP, and what was won and lost against the base.

    regional_gain: None where the base's regional score is 0. gain: GRP over the best single β's, paired, for what a
    search chose.
    """

    name: str
    setting: Setting
    q_global: Estimate
    n_global: int
    q_regional: Estimate
    n_regional: int
    grp: Estimate
    global_kept: Estimate
    regional_gain: Estimate | None
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
    where a share of the global score is to be kept. notes: what to make of it, in sentences. recipes: name of a choice
    by groups of layers → the recipe that writes it.
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
    notes: tuple[str, ...]
    rows: tuple[Score, ...]
    problems: Mapping[str, tuple[Problem, ...]]
    recipes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

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
            "curve": [point.as_dict(self.alpha) for point in self.curve],
            "best": self.best.beta,
            "constrained": self.constrained.beta if self.constrained else None,
            "test": [choice.as_dict() for choice in self.test],
            "notes": list(self.notes),
            "recipes": dict(self.recipes),
            "rows": [row.as_dict() for row in self.rows],
            "problems": {name: [asdict(p) for p in problems] for name, problems in self.problems.items()},
        }
