"""What a sweep found, as one object: the curve on validation, the choices made on it, their worth on test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ..errors import DataError
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

    @classmethod
    def from_dict(cls, flat: Mapping[str, Any]) -> Reported:
        """The choice that `as_dict` wrote. Raises KeyError, TypeError or ValueError for anything else."""

        def estimate(name: str) -> Estimate:
            low, high = flat[f"{name}_interval"]
            return Estimate(float(flat[name]), float(low), float(high))

        def maybe(name: str) -> Estimate | None:
            return estimate(name) if name in flat else None

        setting = Setting.of(float(flat["beta"]), {str(name): float(beta) for name, beta in flat["parts"].items()})
        return cls(
            str(flat["name"]), setting, estimate("q_global"), int(flat["n_global"]), estimate("q_regional"),
            int(flat["n_regional"]), estimate("grp"), estimate("global_kept"), maybe("regional_gain"), maybe("gain"),
        )  # fmt: skip


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

    @classmethod
    def from_dict(cls, document: Mapping[str, Any], rows: Iterable[Score]) -> SweepReport:
        """The report that `as_dict` wrote, with its rows. Raises DataError for anything else."""
        try:
            curve = tuple(CurvePoint.from_dict(point) for point in document["curve"])
            points = {point.beta: point.point for point in curve}
            kept = document["constrained"]
            return cls(
                base=str(document["base"]),
                regional=str(document["regional"]),
                alpha=float(document["alpha"]),
                alpha_source=str(document["alpha_source"]),
                tasks={str(name): (str(first), str(last)) for name, (first, last) in document["tasks"].items()},
                keep_global=document["keep_global"],
                keep_by=document["keep_by"],
                curve=curve,
                best=points[document["best"]],
                constrained=None if kept is None else points[kept],
                test=tuple(Reported.from_dict(choice) for choice in document["test"]),
                notes=tuple(map(str, document["notes"])),
                rows=tuple(rows),
                problems={name: tuple(Problem(**p) for p in found) for name, found in document["problems"].items()},
                recipes=document["recipes"],
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"not the report of a sweep ({error!r}); run the sweep again, with the same -o") from None
