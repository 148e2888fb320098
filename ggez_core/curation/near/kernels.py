"""The loops of near-duplicate search, compiled by numba: probing bands of bits, and union-find.

All of it lives in this one file because numba's cache on disk notices a change of the kernel's own file only. Nothing
here is public; `hamming` and `groups` say what the results mean.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Ints = NDArray[np.int64]


def _compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """`numba.njit`, cached on disk where there is a writable place for it."""

    def decorate(function: Callable[..., Any]) -> Any:
        try:
            return numba.njit(nogil=True, cache=True, **options)(function)
        except RuntimeError:  # neither the sources' folder nor the user's cache can be written
            return numba.njit(nogil=True, **options)(function)

    return decorate


@_compiled(inline="always")
def _bits(word: np.uint64) -> np.uint64:
    """How many bits of a word are set."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (word * np.uint64(0x0101010101010101)) >> np.uint64(56)


@_compiled()
def _band(word: np.uint64, band: int) -> np.int64:
    """The 16 bits of a band: every fourth bit of the hash, so that low and high frequencies share each band."""
    value = np.uint64(0)
    for bit in range(16):
        value |= ((word >> np.uint64(4 * bit + band)) & np.uint64(1)) << np.uint64(bit)
    return np.int64(value)


@_compiled()
def bucket(hashes: Hashes, band: int, starts: Ints, members: Ints, ordered: Hashes) -> None:
    """Rows by the 16 bits of a band: those of value v are members[starts[v]:starts[v + 1]], in ascending order.

    starts: (2¹⁶ + 1,), members: (n,) and ordered: (n,), the hashes in the order of members; all written.
    """
    keys = np.empty(hashes.size, np.int64)
    starts[:] = 0
    for row in range(hashes.size):
        keys[row] = _band(hashes[row], band)
        starts[keys[row] + 1] += 1
    for value in range(1 << 16):
        starts[value + 1] += starts[value]
    place = starts[:-1].copy()
    for row in range(hashes.size):
        members[place[keys[row]]] = row
        ordered[place[keys[row]]] = hashes[row]
        place[keys[row]] += 1


@_compiled(inline="always")
def _found_before(word: np.uint64, band: int, radii: Ints) -> bool:
    """Whether an earlier band finds the pair whose hashes differ in the bits of `word`."""
    for earlier in range(band):
        if radii[earlier] >= 0 and np.int64(_bits(np.uint64(_band(word, earlier)))) <= radii[earlier]:
            return True
    return False


@_compiled()
def probe_pairs(
    starts: Ints,
    members: Ints,
    ordered: Hashes,
    masks: Ints,
    band: int,
    radii: Ints,
    distance: int,
    found: Ints,
    count: int,
) -> int:
    """Write the pairs (i < j) that this band finds and no earlier one did; the number of pairs so far with them.

    masks: the flips of a band's bits to look under. found: (capacity, 2); pairs beyond its end are counted only.
    """
    limit = np.uint64(distance)
    for value in range(1 << 16):
        for mask in masks:
            other = value ^ mask
            if other < value:
                continue  # the two buckets were compared from the other side
            for i in range(starts[value], starts[value + 1]):
                for j in range(i + 1 if other == value else starts[other], starts[other + 1]):
                    word = ordered[i] ^ ordered[j]
                    if _bits(word) <= limit and not _found_before(word, band, radii):
                        if count < found.shape[0]:
                            found[count, 0] = min(members[i], members[j])
                            found[count, 1] = max(members[i], members[j])
                        count += 1
    return count


@_compiled()
def probe_union(starts: Ints, members: Ints, ordered: Hashes, masks: Ints, distance: int, parents: Ints) -> None:
    """Join the rows of every pair that a band finds in `parents`."""
    limit = np.uint64(distance)
    for value in range(1 << 16):
        for mask in masks:
            other = value ^ mask
            if other < value:
                continue
            for i in range(starts[value], starts[value + 1]):
                for j in range(i + 1 if other == value else starts[other], starts[other + 1]):
                    if _bits(ordered[i] ^ ordered[j]) <= limit:
                        _join(parents, members[i], members[j])


@_compiled()
def _root(parents: Ints, row: int) -> int:
    while parents[row] != row:
        parents[row] = parents[parents[row]]
        row = parents[row]
    return row


@_compiled()
def _join(parents: Ints, one: int, other: int) -> None:
    """Put two rows into one group; its root is the lowest row."""
    first, second = _root(parents, one), _root(parents, other)
    if first < second:
        parents[second] = first
    else:
        parents[first] = second


@_compiled()
def join_pairs(parents: Ints, pairs: Ints) -> None:
    """Put both rows of every pair (m, 2) into one group."""
    for at in range(pairs.shape[0]):
        _join(parents, pairs[at, 0], pairs[at, 1])


@_compiled()
def flatten(parents: Ints) -> None:
    """Let every row name its group's lowest row."""
    for row in range(parents.size):
        parents[row] = _root(parents, row)
