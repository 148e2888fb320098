"""Near-duplicates among the rows that are otherwise kept: groups, and the row of each that stays.

Groups are made of the candidates only, so that a good row is never dropped for one that is dropped itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .groups import best_of, groups_of
from .hamming import hamming_groups


@dataclass(frozen=True)
class Duplicates:
    """Of n rows. group: the lowest row of each row's group, (n,). best: the row of the group that stays, (n,).

    A row that isn't a candidate, or that has neither hash nor vector, is alone.
    """

    group: NDArray[np.int64]
    best: NDArray[np.int64]

    @property
    def dropped(self) -> NDArray[np.bool_]:
        """Which rows give way to a better one of their group, (n,)."""
        dropped: NDArray[np.bool_] = self.best != np.arange(self.best.size)
        return dropped

    def groups(self) -> list[NDArray[np.int64]]:
        """The rows of every group of two and more: the one that stays first, the largest groups first."""
        order = np.argsort(self.group, kind="stable")
        cuts = np.flatnonzero(np.diff(self.group[order])) + 1
        crowds = [rows for rows in np.split(order, cuts) if rows.size > 1]
        crowds.sort(key=lambda rows: (-rows.size, rows[0]))
        return [np.concatenate([[self.best[rows[0]]], rows[rows != self.best[rows[0]]]]) for rows in crowds]


def near_duplicates(
    candidates: NDArray[np.bool_],
    ids: Sequence[str] | NDArray[np.int64],
    rewards: ArrayLike,
    *,
    hashes: Sequence[int | None] | NDArray[Any] | None = None,
    distance: int = 8,
    pairs: NDArray[np.int64] | None = None,
) -> Duplicates:
    """Find them by perceptual hash, by pairs found otherwise (by embedding), or by both: a pair by either.

    candidates: (n,). rewards: (n,), NaN below all others. hashes: (n,), None where there is no picture. pairs: (m, 2);
    those of which a row isn't a candidate don't count. Raises DataError for a distance that can't be.
    """
    count = candidates.size
    joined: list[NDArray[np.int64]] = []
    if hashes is not None:
        at = np.flatnonzero(candidates & _known(hashes))
        words = np.array([int(hashes[row] or 0) for row in at.tolist()], np.uint64)
        joined.append(np.column_stack([at, at[hamming_groups(words, distance)]]))
    if pairs is not None:
        joined.append(pairs[candidates[pairs].all(axis=1)])
    group = groups_of(count, *joined)
    stays = best_of(group, rewards, ids)
    best = np.arange(count)
    best[group[stays]] = np.flatnonzero(stays)
    return Duplicates(group, best[group])


def _known(hashes: Sequence[int | None] | NDArray[Any]) -> NDArray[np.bool_]:
    if isinstance(hashes, np.ndarray) and hashes.dtype == np.uint64:
        return np.ones(hashes.size, bool)
    return np.array([value is not None and value == value for value in hashes], bool)
