"""All pairs of 64-bit hashes within a Hamming distance, exactly: multi-index hashing (Norouzi, Punjani, Fleet 2012).

A hash is cut into four bands of 16 bits with radii r whose Σ(r + 1) is d + 1. Two hashes that differ in at most d bits
differ in at most r bits in one of the bands at least (or the differences would add up to d + 1), so it is enough to
look up every hash in every band's table under all flips of at most r bits, and to compare those few in full. SEA-VL
sorts hashes and stops at the first that differs, which misses pairs.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import DataError
from . import kernels

LARGEST_DISTANCE = 16  # beyond a quarter of the bits, pictures with equal hashes have nothing in common
_BANDS, _BAND_BITS = 4, 16


def hamming_pairs(hashes: ArrayLike, distance: int = 8) -> NDArray[np.int64]:
    """Every pair of rows whose hashes differ in at most `distance` bits: (m, 2), i < j, in ascending order.

    hashes: (n,) uint64. A thousand equal hashes are half a million pairs: for groups, `hamming_groups` needs no pairs.
    Raises DataError for a distance outside 0 to 16.
    """
    words = _checked(hashes, distance)
    radii = _radii(distance)
    found = np.empty((max(1024, 4 * words.size), 2), np.int64)
    while True:
        count = 0
        for band in range(_BANDS):
            if radii[band] >= 0:
                table = _table(words, band)
                count = kernels.probe_pairs(*table, _masks(radii[band]), band, radii, distance, found, count)
        if count <= len(found):
            pairs = found[:count]
            return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
        found = np.empty((count, 2), np.int64)


def hamming_groups(hashes: ArrayLike, distance: int = 8) -> NDArray[np.int64]:
    """The near-duplicate group of every row, named by its lowest row: (n,) int64.

    hashes: (n,) uint64. Rows are in one group where a chain of pairs within the distance joins them. Equal hashes are
    compared once, so that a picture which is there a million times costs no more than one. Raises DataError for a
    distance outside 0 to 16.
    """
    words, first, which = np.unique(_checked(hashes, distance), return_index=True, return_inverse=True)
    parents = np.arange(words.size)
    radii = _radii(distance)
    for band in range(_BANDS):
        if radii[band] >= 0 and distance:
            kernels.probe_union(*_table(words, band), _masks(radii[band]), distance, parents)
    kernels.flatten(parents)
    lowest = np.full(words.size, np.iinfo(np.int64).max)
    np.minimum.at(lowest, parents, first)
    named: NDArray[np.int64] = lowest[parents][which]
    return named


def _checked(hashes: ArrayLike, distance: int) -> NDArray[np.uint64]:
    if not 0 <= distance <= LARGEST_DISTANCE:
        raise DataError(
            f"near-duplicates within a Hamming distance of {distance}: give 0 to {LARGEST_DISTANCE}; of 64 bits, 8 is "
            "usual"
        )
    return np.ascontiguousarray(hashes, np.uint64)


def _radii(distance: int) -> NDArray[np.int64]:
    """How many bits of each band may be flipped, −1 for a band that isn't needed; their sum of r + 1 is d + 1."""
    return np.array([(distance + 1 + _BANDS - 1 - band) // _BANDS - 1 for band in range(_BANDS)])


def _masks(radius: int) -> NDArray[np.int64]:
    """Every 16-bit word with at most `radius` bits set."""
    flips = (bits for count in range(radius + 1) for bits in combinations(range(_BAND_BITS), count))
    return np.array([sum(1 << bit for bit in bits) for bits in flips])


def _table(words: NDArray[np.uint64], band: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint64]]:
    starts, members = np.empty((1 << _BAND_BITS) + 1, np.int64), np.empty(words.size, np.int64)
    ordered = np.empty_like(words)
    kernels.bucket(words, band, starts, members, ordered)
    return starts, members, ordered
