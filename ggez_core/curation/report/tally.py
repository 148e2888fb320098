"""How many rows there were and are, which limit dropped how many, and the same by country, language and shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

UNKNOWN = "unknown"
SHAPES = ("portrait", "square", "landscape")


@dataclass(frozen=True)
class Drop:
    """What one limit does. first: rows dropped for it first; any: rows that break it, whatever else they break."""

    name: str
    first: int
    any: int


@dataclass(frozen=True)
class Tally:
    """Counts of a curation. slices: by kind (country, language, …) and value, rows before and rows kept."""

    rows: int
    kept: int
    drops: tuple[Drop, ...]
    slices: Mapping[str, Mapping[str, tuple[int, int]]]

    @property
    def share(self) -> float:
        """The share of rows that is kept."""
        return self.kept / self.rows if self.rows else 0.0


def tally(
    kept: NDArray[np.bool_],
    breaks: Mapping[str, NDArray[np.bool_]],
    kinds: Mapping[str, Sequence[Any] | NDArray[Any]],
) -> Tally:
    """Count. kept: (n,). breaks: for every limit in order, which rows break it, (n,). kinds: a value a row, by kind.

    A row is counted for the first limit that it breaks; missing values are counted as unknown.
    """
    left = np.ones(len(kept), bool)
    drops = []
    for name, broken in breaks.items():
        drops.append(Drop(name, int((left & broken).sum()), int(broken.sum())))
        left &= ~broken
    return Tally(len(kept), int(kept.sum()), tuple(drops), {kind: _slices(v, kept) for kind, v in kinds.items()})


def _slices(values: Sequence[Any] | NDArray[Any], kept: NDArray[np.bool_]) -> dict[str, tuple[int, int]]:
    """Rows before and kept by value: those with most rows kept first, then the most frequent; unknown last."""
    names, which = np.unique([_name(value) for value in values], return_inverse=True)
    before, after = np.bincount(which, minlength=len(names)), np.bincount(which[kept], minlength=len(names))
    found = {str(name): (int(b), int(a)) for name, b, a in zip(names, before, after, strict=True)}
    return dict(sorted(found.items(), key=lambda item: (item[0] == UNKNOWN, -item[1][1], -item[1][0], item[0])))


def _name(value: Any) -> str:
    return UNKNOWN if value is None or value == "" or value != value else str(value)


def shape(width: float | None, height: float | None) -> str | None:
    """Portrait, square (within a tenth) or landscape."""
    if not width or not height or width != width or height != height:
        return None
    ratio = width / height
    return SHAPES[1] if 1 / 1.1 <= ratio <= 1.1 else SHAPES[2] if ratio > 1 else SHAPES[0]
