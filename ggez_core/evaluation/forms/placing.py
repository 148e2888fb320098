"""For which score a row counts, and its answers: once for each side.

Every benchmark is asked once; how its rows make the two scores is a task's `Counts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...regions import Region, region_of
from ..task import Answer, Problem, Side

Counts = Literal["both", "split", "global", "regional"]
"""both: every row counts for the global score, and the region's rows for the regional one too (CVQA in the paper).
split: the region's rows count for the regional score, all others for the global one. global, regional: every row."""
COUNTS: tuple[Counts, ...] = ("both", "split", "global", "regional")


@dataclass(frozen=True)
class Place:
    """What a row is about and the scores it counts for. region: where its country lies, else the region asked for."""

    sides: tuple[Side, ...]
    language: str | None = None
    country: str | None = None
    region: str | None = None
    aspect: str | None = None


def place(
    counts: Counts,
    region: Region,
    *,
    language: str | None = None,
    country: str | None = None,
    aspect: str | None = None,
    regional: bool | None = None,
) -> Place:
    """A row's place. regional: whether it belongs to the region; by default, whether its country does."""
    inside = (country is not None and country in region) if regional is None else regional
    sides: dict[Counts, tuple[Side, ...]] = {
        "both": ("global", "regional") if inside else ("global",),
        "split": ("regional",) if inside else ("global",),
        "global": ("global",),
        "regional": ("regional",),
    }
    lies = region_of(country, region) if country is not None else None
    return Place(sides[counts], language, country, region.code if inside else lies, aspect)


def empty_region(counts: str, region: Region, places: Sequence[Place]) -> list[Problem]:
    """A problem where rows should count for the region and none does, so that its score can't be missed in silence."""
    if counts == "global" or not places or any("regional" in where.sides for where in places):
        return []
    return [Problem(f"region {region.code}", "no row belongs to it: there is no regional score; choose another region")]


def answers(name: str, cluster: str, where: Place, values: Mapping[str, float]) -> list[Answer]:
    """One answer a side that the row counts for."""
    return [
        Answer(
            name if side == where.sides[0] else f"{name} ({side})", side, cluster, values,
            where.language, where.country, where.region, where.aspect,
        )
        for side in where.sides
    ]  # fmt: skip


def count(places: Sequence[Place]) -> int:
    """How many answers rows at these places give."""
    return sum(len(where.sides) for where in places)


def rows_done(places: Sequence[Place], start: int) -> int:
    """How many rows the first `start` answers are of. Answers of one row are always given together."""
    return int(np.searchsorted(np.cumsum([len(where.sides) for where in places]), start, side="right")) if start else 0
