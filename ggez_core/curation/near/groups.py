"""From pairs of near-duplicates to groups, and from every group the one row that stays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import kernels


def groups_of(count: int, *pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """The group of each of `count` rows, named by its lowest row: (count,) int64. A row without a pair is its own.

    pairs: arrays (m, 2), such as those by hash and those by embedding; groups from `hamming_groups` are pairs too, as
    `np.column_stack([np.arange(count), groups])`.
    """
    parents = np.arange(count)
    for some in pairs:
        kernels.join_pairs(parents, np.ascontiguousarray(some, np.int64).reshape(-1, 2))
    kernels.flatten(parents)
    return parents


def best_of(groups: NDArray[np.int64], rewards: ArrayLike, ids: Sequence[str] | NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which rows stay: of every group the one of the highest reward, and of those the one of the lowest id.

    groups: (n,), as `groups_of` gives them. rewards: (n,) floats, NaN (no reward) is below all others. Ids compare as
    texts or numbers, so the choice doesn't depend on the order of shards; of equal ids the first row stays.
    """
    values = np.asarray(rewards, np.float64)
    worth = np.where(np.isnan(values), -np.inf, values)
    crowded = np.flatnonzero(np.bincount(groups, minlength=groups.size)[groups] > 1)
    staying = np.ones(groups.size, bool)
    if crowded.size:  # ids are sorted for those rows only: texts are slow
        numbers = isinstance(ids, np.ndarray) and ids.dtype != object
        names = np.array([ids[row] for row in crowded.tolist()], dtype=np.int64 if numbers else object)
        by_name = np.empty(crowded.size, np.int64)
        by_name[np.argsort(names, kind="stable")] = np.arange(crowded.size)
        order = np.lexsort((by_name, -worth[crowded], groups[crowded]))
        sorted_groups = groups[crowded][order]
        first = np.ones(order.size, bool)
        first[1:] = sorted_groups[1:] != sorted_groups[:-1]
        staying[crowded[order[~first]]] = False
    return staying
