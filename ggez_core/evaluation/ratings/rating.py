"""One rating: who said what of which answers, in which columns they stood. Checked when it is made."""

from __future__ import annotations

import math
import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from ...errors import DataError

Kind = Literal["rank", "pairwise", "likert"]
KINDS: tuple[Kind, ...] = ("rank", "pairwise", "likert")
MEASURES: Mapping[Kind, tuple[str, ...]] = {
    "rank": ("rank",),  # 1 is the best; equals share the mean of their places
    "pairwise": ("preference",),  # 1 for the better, 0 for the other, ½ for both if neither is
    "likert": ("correctness", "naturalness"),  # of three levels: 1 poor, 2 fair, 3 good
}
LEVELS = (1.0, 2.0, 3.0)
SIDES = ("global", "regional")
MOST_COLUMNS = 8
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True)
class Shown:
    """One column: which model it was (base, merged, regional, or any name), its β, and parts that were at their own."""

    model: str
    beta: float
    parts: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Rating:
    """What one rater said of one item.

    rater: a pseudonym, never a name. language: the rater's (BCP 47). item: what was asked, e.g. a prompt's identifier.
    side: whether the item is global or regional. aspect: tradition, landmark, cuisine, …, or empty. family: of the
    models. base, regional: the pair. columns: the models in the order in which they stood. marks: for each column its
    value by measure (see `MEASURES`). time: seconds since 1970, UTC. id: names the rating, so that sending it twice
    counts once. Raises DataError for one that can't be.
    """

    rater: str
    language: str
    item: str
    side: str
    family: str
    base: str
    regional: str
    kind: Kind
    columns: tuple[Shown, ...]
    marks: tuple[Mapping[str, float], ...]
    aspect: str = ""
    time: float = field(default_factory=lambda: round(time.time(), 3))
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __post_init__(self) -> None:
        for name, value, form in (
            ("id", self.id, _NAME),
            ("rater", self.rater, _NAME),
            ("language", self.language, _LANGUAGE),
        ):
            if not form.fullmatch(value):
                raise DataError(f"{name} {value[:80]!r} can't be used; letters and digits, as in {_EXAMPLES[name]}")
        for name, longest, value in (
            ("item", 2000, self.item), ("family", 40, self.family), ("aspect", 80, self.aspect),
            ("base", 1000, self.base), ("regional", 1000, self.regional),
        ):  # fmt: skip
            if len(value) > longest or "\0" in value or (not value and name != "aspect"):
                raise DataError(
                    f"{name} of rating {self.id}: must have 1 to {longest:,} characters, not {len(value):,}"
                )
        if self.side not in SIDES:
            raise DataError(f"side {self.side[:40]!r} of rating {self.id}: is neither global nor regional")
        if self.kind not in KINDS:
            raise DataError(f"kind {self.kind[:40]!r} of rating {self.id}: is none of {', '.join(KINDS)}")
        if not math.isfinite(self.time) or not 0 <= self.time < 1e11:
            raise DataError(f"time {self.time} of rating {self.id}: isn't seconds since 1970")
        self._check_columns()

    def _check_columns(self) -> None:
        most = 2 if self.kind == "pairwise" else MOST_COLUMNS
        least = 1 if self.kind == "likert" else 2
        if not least <= len(self.columns) <= most or len(self.marks) != len(self.columns):
            raise DataError(
                f"rating {self.id}: {self.kind} takes marks of {least} to {most} columns, not {len(self.marks)} of "
                f"{len(self.columns)}"
            )
        if len(set(self.columns)) != len(self.columns):
            raise DataError(f"rating {self.id}: two columns are the same model at the same β")
        for column in self.columns:
            if not _NAME.fullmatch(column.model) or not math.isfinite(column.beta):
                raise DataError(f"rating {self.id}: {column.model[:40]!r} at β = {column.beta} is no model")
        for mark in self.marks:
            if set(mark) != set(MEASURES[self.kind]):
                raise DataError(f"rating {self.id}: {self.kind} is marked by {', '.join(MEASURES[self.kind])}")
        values = [[mark[measure] for mark in self.marks] for measure in MEASURES[self.kind]]
        if not all(_valid(self.kind, one) for one in values):
            raise DataError(f"rating {self.id}: {values[0]} can't be of kind {self.kind}; {_RULES[self.kind]}")

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            **{name: getattr(self, name) for name in ("id", "rater", "language", "item", "side", "aspect", "family")},
            **{name: getattr(self, name) for name in ("base", "regional", "kind", "time")},
            "columns": [{"model": c.model, "beta": c.beta, "parts": dict(c.parts)} for c in self.columns],
            "marks": [dict(mark) for mark in self.marks],
        }


_EXAMPLES = {"id": "0f3a", "rater": "r-1c9e", "language": "id or zh-Hant"}
_RULES = {
    "rank": "places from 1, equals share the mean of theirs",
    "pairwise": "1 and 0, or ½ and ½",
    "likert": "1, 2 or 3",
}


def _valid(kind: Kind, values: list[float]) -> bool:
    if kind == "likert":
        return all(value in LEVELS for value in values)
    if kind == "pairwise":
        return sorted(values) in ([0.0, 1.0], [0.5, 0.5])
    return values == mean_places(values)


def mean_places(values: list[float]) -> list[float]:
    """Places from 1 by value, the least first; equals share the mean of their places.

    >>> mean_places([3, 1, 3])
    [2.5, 1.0, 2.5]
    """
    return [
        sum(other < value for other in values) + (sum(other == value for other in values) + 1) / 2 for value in values
    ]


def utc(seconds: float) -> str:
    """A time as ISO 8601 in UTC, to the millisecond."""

    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds(text: str) -> float:
    """The time that `utc` wrote. Raises DataError for no such time."""
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
        if found.tzinfo is None:
            raise ValueError("has no time zone")
    except ValueError as error:
        raise DataError(f"time {text[:40]!r}: {error}; write it like 2026-01-31T12:00:00Z") from None
    return round(found.timestamp(), 3)
