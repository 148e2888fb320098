"""Inter-rater agreement: Krippendorff's α, 1 where raters always agree, 0 where they agree as chance would have it.

Krippendorff, Content Analysis (2004), chapter 11; computed by the package of that name. Ranks and Likert marks are
ordinal, preferences nominal.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError, GgezError
from .rating import MEASURES, Rating

Level = Literal["nominal", "ordinal", "interval"]
LEVEL_OF: dict[str, Level] = {
    "rank": "ordinal",
    "preference": "nominal",
    "correctness": "ordinal",
    "naturalness": "ordinal",
}
ALL = "all"


@dataclass(frozen=True)
class Agreement:
    """α of one measure and language (`ALL` for every language). alpha: NaN where no unit was rated by two raters, or
    where all marks are the same, so that chance would agree too.

    units: answers that two or more raters marked. raters: who marked them.
    """

    measure: str
    language: str
    alpha: float
    units: int
    raters: int


def krippendorff_alpha(table: NDArray[np.float64], level: Level) -> float:
    """α of marks (raters, units), NaN for a mark that is missing; NaN where there is nothing to compare.

    Raises GgezError where the package isn't installed.
    """
    try:
        import krippendorff
    except ImportError:
        raise GgezError(
            "agreement between raters needs the package krippendorff; install it: "
            "pip install 'ggez-workbench[evaluation]'"
        ) from None
    values = np.asarray(table, np.float64)
    if values.ndim != 2:
        raise DataError(f"marks have the shape {values.shape}; give one row a rater and one column a unit")
    shared = np.isfinite(values).sum(axis=0) >= 2
    if not shared.any():
        return math.nan
    pairable = values[:, shared]
    if len(np.unique(pairable[np.isfinite(pairable)])) < 2:
        return math.nan  # everybody always says the same, and would by chance too
    return float(krippendorff.alpha(reliability_data=pairable, level_of_measurement=level))


def agreements(ratings: Iterable[Rating]) -> list[Agreement]:
    """α of every measure that occurs: over all languages, then by language.

    A unit is one model's answer to one item (for a preference: an item and the two models). A rater who marked a unit
    twice counts with the last mark.
    """
    found: dict[tuple[str, str], dict[tuple[object, ...], dict[str, float]]] = {}
    for rating in sorted(ratings, key=lambda rating: rating.time):
        models = frozenset(rating.columns)
        for column, mark in zip(rating.columns, rating.marks, strict=True):
            for measure in MEASURES[rating.kind]:
                unit = (rating.base, rating.regional, rating.item, column, models if rating.kind != "likert" else None)
                if rating.kind == "pairwise" and column != min(rating.columns, key=repr):
                    continue  # the other column says the same again
                for language in (ALL, rating.language):
                    units = found.setdefault((measure, language), {})
                    units.setdefault(unit, {})[rating.rater] = mark[measure]
    order = sorted(found, key=lambda key: (key[0], key[1] != ALL, key[1]))
    return [_agreement(measure, language, list(found[measure, language].values())) for measure, language in order]


def _agreement(measure: str, language: str, units: Sequence[dict[str, float]]) -> Agreement:
    shared = [unit for unit in units if len(unit) > 1]
    raters = sorted({rater for unit in shared for rater in unit})
    table = np.array([[unit.get(rater, math.nan) for unit in shared] for rater in raters]).reshape(
        len(raters), len(shared)
    )
    return Agreement(measure, language, krippendorff_alpha(table, LEVEL_OF[measure]), len(shared), len(raters))
