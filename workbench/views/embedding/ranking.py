"""From similarities to what the three columns say: the top hits, which are right, and what rose and fell.

Pure functions of arrays; used by `search`, shown by `markup`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Hit:
    """One place of a ranking. `index` counts in the gallery; ranks begin at 1.

    base_rank: where the base has it. entered: not among the base's shown hits. right: None when it isn't known.
    """

    index: int
    rank: int
    score: float
    base_rank: int
    entered: bool
    right: bool | None

    @property
    def rise(self) -> int:
        """Places gained against the base; negative if it fell."""
        return self.base_rank - self.rank


@dataclass(frozen=True)
class Column:
    """One model's answer: its β (None if the components differ), its top hits, and the rank of its first right hit."""

    model: str
    beta: float | None
    hits: tuple[Hit, ...]
    first_right: int | None

    @property
    def moves(self) -> tuple[int, int, int]:
        """How many of the hits rose, fell, and are new against the base's hits."""
        stayed = [hit.rise for hit in self.hits if not hit.entered]
        return sum(r > 0 for r in stayed), sum(r < 0 for r in stayed), sum(hit.entered for hit in self.hits)


def ranks(scores: Scores) -> npt.NDArray[np.int64]:
    """The rank of every item, 1 for the highest score; ties keep the gallery's order."""
    order = np.argsort(-scores, kind="stable")
    places = np.empty(len(scores), dtype=np.int64)
    places[order] = np.arange(1, len(scores) + 1)
    return places


def column(
    model: str, beta: float | None, scores: Scores, base: Scores, right: Sequence[bool] | None, top: int
) -> Column:
    """The `top` hits of `scores` (n,) compared with those of the `base` (n,); `right` says which items are."""
    places, before = ranks(scores), ranks(base)
    shown = np.argsort(places)[:top]
    hits = tuple(
        Hit(
            index=int(i), rank=int(places[i]), score=round(float(scores[i]), 4), base_rank=int(before[i]),
            entered=bool(before[i] > top), right=None if right is None else bool(right[i]),
        )
        for i in shown
    )  # fmt: skip
    rightful = [int(places[i]) for i in np.flatnonzero(right)] if right is not None else []
    return Column(model, beta, hits, min(rightful, default=None))
