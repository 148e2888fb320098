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

from ..checkpoints.kernels import on_all_cores

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
_WORTH_SHARING = 1 << 20  # scores; fewer are ranked before another core is awake


def _compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """`numba.njit`, cached on disk where there is a writable place for it."""

    def decorate(function: Callable[..., Any]) -> Any:
        try:
            return numba.njit(nogil=True, error_model="numpy", cache=True, **options)(function)
        except RuntimeError:  # neither the sources' folder nor the user's cache can be written
            return numba.njit(nogil=True, error_model="numpy", **options)(function)

    return decorate


@_compiled()
def _rank(line: Floats, positives: Ints) -> np.int32:
    """Rank from 1 of the best positive among scores; equal ones rank in their order."""
    best = positives[0]
    for i in range(1, positives.size):
        if line[positives[i]] > line[best]:
            best = positives[i]
    top = line[best]
    before = np.int32(0)
    for i in range(best):
        before += np.int32(line[i] >= top)
    for i in range(best + 1, line.size):
        before += np.int32(line[i] > top)
    return 1 + before


@_compiled(parallel=True)
def ranks_on_all_cores(scores: Floats, group: Ints, starts: Ints, members: Ints, ranks: Ints) -> None:
    """Rank from 1 of each row's best positive among its scores; equal scores rank in the order of their columns.

    scores: (n, m). group: (n,); the positives of a row are the columns members[starts[g]:starts[g + 1]], ascending,
    of its group g. ranks: (n,), written.
    """
    for row in numba.prange(scores.shape[0]):
        ranks[row] = _rank(scores[row], members[starts[group[row]] : starts[group[row] + 1]])


@_compiled()
def ranks_on_one_core(scores: Floats, group: Ints, starts: Ints, members: Ints, ranks: Ints) -> None:
    """The same."""
    for row in range(scores.shape[0]):
        ranks[row] = _rank(scores[row], members[starts[group[row]] : starts[group[row] + 1]])


def ranks_by_comparison(scores: Floats, group: Ints, starts: Ints, members: Ints, ranks: Ints) -> None:
    """The same, by as many cores as are worth waking: they spin for a while when there is no more to do."""
    if scores.size < _WORTH_SHARING:
        ranks_on_one_core(scores, group, starts, members, ranks)
    else:
        on_all_cores(ranks_on_all_cores, scores, group, starts, members, ranks)


@_compiled()
def _draw(state: np.uint64) -> tuple[np.uint64, np.uint64]:
    """SplitMix64: the next state and 64 bits of it."""
    state += np.uint64(0x9E3779B97F4A7C15)
    bits = state
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state, bits ^ (bits >> np.uint64(31))


def resampled_sums(sums: Doubles, seeds: NDArray[np.uint64], out: Doubles) -> None:
    """Sums of resampled rows by all cores: see `_resampled_sums`."""
    on_all_cores(_resampled_sums, sums, seeds, out)


@_compiled(parallel=True)
def _resampled_sums(sums: Doubles, seeds: NDArray[np.uint64], out: Doubles) -> None:
    """For every seed, the column sums of as many rows of `sums` as it has, drawn with replacement.

    sums: (clusters, m). seeds: (r,). out: (r, m), written. The same seed draws the same rows from any array of as many
    rows, two from 64 bits scaled by multiplication (Lemire 2019); the bias of leaving its rejection step out is below
    clusters / 2³².
    """
    count, width = sums.shape
    for r in numba.prange(seeds.size):
        state, bits = seeds[r], np.uint64(0)
        for column in range(width):
            out[r, column] = 0.0
        for i in range(count):
            if i % 2 == 0:
                state, bits = _draw(state)
            row = ((bits & np.uint64(0xFFFFFFFF)) * np.uint64(count)) >> np.uint64(32)
            bits >>= np.uint64(32)
            for column in range(width):
                out[r, column] += sums[row, column]


@_compiled()
def times_drawn(seeds: NDArray[np.uint64], out: NDArray[np.uint16]) -> None:
    """How often each seed of `_resampled_sums` draws each row: out (rows, r), written."""
    count = out.shape[0]
    out[:] = 0
    for r in range(seeds.size):
        state, bits = seeds[r], np.uint64(0)
        for i in range(count):
            if i % 2 == 0:
                state, bits = _draw(state)
            out[((bits & np.uint64(0xFFFFFFFF)) * np.uint64(count)) >> np.uint64(32), r] += 1
            bits >>= np.uint64(32)


@_compiled()
def sums_of_times(sums: Doubles, times: NDArray[np.uint16], out: Doubles) -> None:
    """What `_resampled_sums` gives, from how often each row is drawn: times (rows, r) → out (m, r), written."""
    out[:] = 0.0
    for row in range(times.shape[0]):
        for column in range(out.shape[0]):
            value = sums[row, column]
            for r in range(times.shape[1]):
                out[column, r] += value * times[row, r]
