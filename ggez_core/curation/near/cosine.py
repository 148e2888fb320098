"""All pairs of embeddings whose cosine reaches a threshold, exactly.

Rows are sorted into blocks of neighbours; two blocks whose bounding balls are farther apart than the threshold allows
are passed over. Of the others only a few directions are multiplied first, those in which the vectors are large: with h
the part of a vector in them and r the length of the rest, x·y ≤ h·h' + r·r' (Cauchy and Schwarz), and where that stays
below the threshold the pair is done with. What is left is multiplied in full. Nothing is approximate; on data without
any structure it is a product of all with all. Pairs above a floor are worth keeping: raising the threshold is then a
comparison (`MatchesByCosine.at`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import DataError

BLOCK = 512
_SLACK = 1e-4  # so that rounding in float32 never passes over a pair
_FEW = 32  # directions multiplied first, or a multiple of it
_REST = 0.3  # what they leave of a vector's square, on average, at most
_SAMPLE = 8192  # rows that the directions are found from


@dataclass(frozen=True)
class MatchesByCosine:
    """Pairs of rows (m, 2), i < j, with their cosines (m,); every pair of at least `floor` is among them."""

    pairs: NDArray[np.int64]
    cosines: NDArray[np.float32]
    floor: float

    def at(self, threshold: float) -> NDArray[np.int64]:
        """The pairs of at least this cosine. Raises DataError below the floor, where not all pairs are known."""
        if threshold < self.floor:
            raise DataError(
                f"near-duplicates of cosine {threshold:g}: only pairs from {self.floor:g} on were computed; choose a "
                "higher threshold, or compute them again with a lower floor"
            )
        return self.pairs[self.cosines >= threshold]


def cosine_pairs(vectors: ArrayLike, threshold: float = 0.96) -> MatchesByCosine:
    """Every pair of rows with a cosine ≥ `threshold`, in ascending order.

    vectors: (n, d) floats of any length; rows that are zero or not finite (no embedding) have no pairs. Products are
    taken in float32, so a cosine within 1e-6 of the threshold may fall on either side. Memory: `BLOCK`² floats beside
    one copy of the vectors. Raises DataError for a threshold outside 0 to 1.
    """
    if not 0 < threshold <= 1:
        raise DataError(f"near-duplicates of cosine {threshold:g}: give a number above 0 and at most 1; .96 is usual")
    given = np.asarray(vectors)
    lengths = np.linalg.norm(given.astype(np.float32), axis=1)
    usable = np.flatnonzero(np.isfinite(lengths) & (lengths > 0))
    unit = given[usable].astype(np.float32) / lengths[usable, None]
    order = _sorted_by_neighbourhood(unit)
    unit, rows = np.ascontiguousarray(unit[order]), usable[order]
    pairs, cosines = [np.empty((0, 2), np.int64)], [np.empty(0, np.float32)]
    for found, values in _matches(unit, threshold):
        pairs.append(np.sort(rows[found], axis=1))
        cosines.append(values)
    all_pairs, all_cosines = np.concatenate(pairs), np.concatenate(cosines)
    ascending = np.lexsort((all_pairs[:, 1], all_pairs[:, 0]))
    return MatchesByCosine(all_pairs[ascending], all_cosines[ascending], threshold)


def _matches(unit: NDArray[np.float32], threshold: float) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Pairs of places (m, 2) in `unit` and their cosines, block by block."""
    starts = np.arange(0, len(unit), BLOCK)
    if not starts.size:
        return
    centres = np.stack([unit[start : start + BLOCK].mean(axis=0) for start in starts])
    spreads = [np.linalg.norm(unit[s : s + BLOCK] - c, axis=1).max() for s, c in zip(starts, centres, strict=True)]
    radii = np.array(spreads, np.float32)
    reach = np.sqrt(max(2 - 2 * threshold, 0.0)) + _SLACK  # the distance of unit vectors of that cosine
    short = _shortened(unit)
    for number, start in enumerate(starts.tolist()):
        gaps = np.linalg.norm(centres[number:] - centres[number], axis=1) - radii[number:] - radii[number]
        block = slice(start, start + BLOCK)
        for other in (starts[number:][gaps <= reach]).tolist():
            most = short[block] @ short[other : other + BLOCK].T
            if other == start:
                most[np.tril_indices(len(most))] = -np.inf
            left, right = np.nonzero(most >= threshold - _SLACK)
            if left.size:
                left, right = left + start, right + other
                cosines = np.einsum("ij,ij->i", unit[left], unit[right])
                good = cosines >= threshold
                yield np.column_stack([left[good], right[good]]), cosines[good]


def _shortened(unit: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors (n, k + 1) whose products are no less than those of `unit` (n, d): k directions and the rest's length."""
    width = unit.shape[1]
    if width <= _FEW:
        return unit
    sample = unit[:: max(1, len(unit) // _SAMPLE)].astype(np.float64)
    energies, directions = np.linalg.eigh(sample.T @ sample / len(sample))
    rest = 1 - np.cumsum(energies[::-1])
    k = min(_FEW * int(np.searchsorted(-rest[_FEW - 1 :: _FEW], -_REST) + 1), width)
    if k > width // 2:
        return unit
    head = unit @ directions[:, ::-1][:, :k].astype(np.float32)
    tail = np.sqrt(np.maximum(1 - np.einsum("ij,ij->i", head, head), 0) + 1e-6)
    return np.column_stack([head, tail]).astype(np.float32)


def _sorted_by_neighbourhood(unit: NDArray[np.float32]) -> NDArray[np.int64]:
    """An order in which near rows tend to share a block: halved again and again across the widest direction."""
    parts, done = [np.arange(len(unit))], []
    while parts:
        part = parts.pop()
        if len(part) <= BLOCK:
            done.append(part)
            continue
        along = unit[part] @ _widest(unit[part[:: max(1, len(part) // 1024)]])
        middle = BLOCK * max(1, round(len(part) / BLOCK / 2))  # whole blocks, so that none straddles two halves
        nearer = np.argpartition(along, middle - 1)
        parts += [part[nearer[middle:]], part[nearer[:middle]]]
    return np.concatenate(done) if done else np.empty(0, np.int64)


def _widest(sample: NDArray[np.float32]) -> NDArray[np.float32]:
    """The first principal component (d,) of some rows, nearly: a few steps of power iteration from a fixed start."""
    centred = sample - sample.mean(axis=0)
    direction = np.abs(centred).max(axis=0) + 1e-6
    for _ in range(8):
        direction = centred.T @ (centred @ direction)
        direction /= np.linalg.norm(direction) or 1.0
    return np.asarray(direction, np.float32)
