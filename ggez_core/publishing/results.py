"""What a sweep has measured of one merge: rows of its test splits, its place on the curve, α and the choice of β."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .. import regions
from ..errors import DataError, RegionError
from ..evaluation.curve import ALL, REPORTING, Q
from ..evaluation.folder import read_report
from ..evaluation.report import Reported, SweepReport
from ..evaluation.rows import Score
from ..evaluation.setting import BASE, REGIONAL, Setting
from ..merging import Recipe

Kind = Literal["country", "language"]


@dataclass(frozen=True)
class Results:
    """A sweep's report, and the setting of the weights that the output has."""

    report: SweepReport
    setting: Setting

    @property
    def tested(self) -> Reported | None:
        """The output on the splits for reporting; None where this setting wasn't measured there."""
        return self.at(self.setting)

    def at(self, setting: Setting) -> Reported | None:
        """Any setting on the splits for reporting."""
        return next((choice for choice in self.report.test if same(choice.setting, setting)), None)

    @property
    def compared(self) -> dict[str, Reported]:
        """Base, this model and regional, as far as they were measured on the splits for reporting."""
        named = {"base": BASE, "this model": self.setting, "regional": REGIONAL}
        return {name: found for name, setting in named.items() if (found := self.at(setting))}

    def scores(self) -> list[Score]:
        """Whole rows of this setting on every task's split for reporting: no slices, no means over tasks."""
        splits = {task: reporting for task, (_, reporting) in self.report.tasks.items()}
        return [
            row
            for row in self.report.rows
            if row.whole and splits.get(row.task) == row.split and same(Setting(row.beta, row.parts), self.setting)
        ]

    def sliced(self, kind: Kind, side: str = "regional") -> dict[str, dict[str, Score]]:
        """Q by country or language: base, this model, regional → the slice's code → its row."""
        named = {"base": BASE, "this model": self.setting, "regional": REGIONAL}
        found: dict[str, dict[str, Score]] = {}
        for row in self.report.rows:
            key = getattr(row, kind)
            if key is None or (row.task, row.metric, row.side, row.split) != (ALL, Q, side, REPORTING):
                continue
            for name, setting in named.items():
                if same(Setting(row.beta, row.parts), setting):
                    found.setdefault(name, {})[key] = row
        return found

    def alpha_source(self) -> str:
        """Where α is from: the region, the year and the index; or that it was given."""
        region, _, year = self.report.alpha_source.rpartition(" ")
        try:
            known = regions.alpha(region, int(year))
        except (RegionError, ValueError):
            return f"as given to the sweep ({self.report.alpha_source})"
        if known.value != self.report.alpha:
            return f"as given to the sweep ({self.report.alpha_source})"
        return f"{regions.region(region).name}, {known.year}: {known.source}"

    @property
    def region(self) -> regions.Region | None:
        """The region that α is from, where it has a name."""
        return regions.REGIONS.get(self.report.alpha_source.rpartition(" ")[0])


def same(one: Setting, other: Setting) -> bool:
    """Whether two settings are the same place, but for the rounding of a decimal number."""
    a, b = dict(one.parts), dict(other.parts)
    return (
        abs(one.beta - other.beta) < 1e-9 and a.keys() == b.keys() and all(abs(a[part] - b[part]) < 1e-9 for part in a)
    )


def results(recipe: Recipe, folder: Path) -> Results:
    """What the sweep in `folder` says of what `recipe` made.

    Raises DataError for a sweep of other models, or a merge that isn't the linear one that sweeps measure.
    """
    report = read_report(folder)
    if not recipe.interpolates or recipe.regional_model is None:
        raise DataError(
            f"{folder}: a sweep measures linear merges of two models, and this one is {recipe.merge_method} of "
            f"{len(recipe.entries)}; leave --sweep out"
        )
    for said, theirs in ((recipe.base, report.base), (recipe.regional_model, report.regional)):
        if not _same_source(said, theirs):
            raise DataError(
                f"{folder}: is a sweep of {report.base} → {report.regional}, and the output was made from "
                f"{recipe.base} and {recipe.regional_model}; name the sweep of these"
            )
    assert recipe.beta is not None  # what interpolates has one
    return Results(report, Setting.of(recipe.beta, _betas(recipe.components)))


def _betas(components: Mapping[str, float]) -> dict[str, float]:
    return {name: float(beta) for name, beta in components.items()}


def _same_source(one: str, other: str) -> bool:
    a, b = Path(one).expanduser(), Path(other).expanduser()
    return one == other or (a.exists() and b.exists() and a.resolve() == b.resolve())
