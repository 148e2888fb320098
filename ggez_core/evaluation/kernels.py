"""The metrics' loops over memory, compiled by numba: ranks by comparison, sums of resampled clusters.

Each is one pass without temporary arrays. All of it lives in this one file because numba's cache on disk notices a
change of the kernel's own file only. Nothing here is public; `metrics` and `intervals` say what the numbers mean.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]


def _compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """`numba.njit`, cached on disk where there is a writable place for it."""

    def decorate(function: Callable[..., Any]) -> Any:
        try:
            return numba.njit(nogil=True, error_model="numpy", cache=True, **options)(function)
        except RuntimeError:  # neither the sources' folder nor the user's cache can be written
            return numba.njit(nogil=True, error_model="numpy", **options)(function)

    return decorate


@_compiled(parallel=True)
def ranks_by_comparison(scores: Floats, group: Ints, starts: Ints, members: Ints, ranks: Ints) -> None:
    """Rank from 1 of each row's best positive among its scores; equal scores rank in the order of their columns.

    scores: (n, m). group: (n,); the positives of a row are the columns members[starts[g]:starts[g + 1]], ascending,
    of its group g. ranks: (n,), written.
    """
    for row in numba.prange(scores.shape[0]):
        line = scores[row]
        best = members[starts[group[row]]]
        for i in range(starts[group[row]] + 1, starts[group[row] + 1]):
            if line[members[i]] > line[best]:
                best = members[i]
        top = line[best]
        before = np.int32(0)
        for i in range(best):
            before += np.int32(line[i] >= top)
        for i in range(best + 1, line.size):
            before += np.int32(line[i] > top)
        ranks[row] = 1 + before


@_compiled(parallel=True)
def resampled_sums(sums: Doubles, seeds: NDArray[np.uint64], out: Doubles) -> None:
    """For every seed, the column sums of as many rows of `sums` as it has, drawn with replacement.

    sums: (clusters, m). seeds: (r,). out: (r, m), written. The same seed draws the same rows from any array of as many
    rows. Numbers are drawn by SplitMix64 and scaled to a row by multiplication (Lemire 2019); the bias of leaving its
    rejection step out is below clusters / 2³².
    """
    count, width = sums.shape
    for r in numba.prange(seeds.size):
        state = seeds[r]
        for column in range(width):
            out[r, column] = 0.0
        left, bits = 0, np.uint64(0)
        for _ in range(count):
            if left == 0:
                state += np.uint64(0x9E3779B97F4A7C15)
                bits = state
                bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
                bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
                bits = bits ^ (bits >> np.uint64(31))
                left = 2
            row = ((bits & np.uint64(0xFFFFFFFF)) * np.uint64(count)) >> np.uint64(32)
            bits >>= np.uint64(32)
            left -= 1
            for column in range(width):
                out[r, column] += sums[row, column]
