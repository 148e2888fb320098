"""The loops over elements that merge methods need beyond torch's: sums in a fixed order, and counts of bit patterns.

A sum of floats depends on the order it is taken in. Here that is fixed: each row by itself, element i on lane i mod 32,
the lanes one after the other at the end. So a sum doesn't depend on threads, on vector width or on the machine.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..checkpoints.kernels import _compiled as compiled

Array = npt.NDArray[Any]
_LANES = 32


@compiled()
def _row_products(x: Array, y: Array, origin: Array, seen_from: bool, out: Array) -> None:
    lanes = np.empty(_LANES, np.float64)
    length = x.shape[1]
    whole = length - length % _LANES
    for row in range(x.shape[0]):
        lanes[:] = 0
        for start in range(0, whole, _LANES):
            for lane in range(_LANES):
                a, b = np.float64(x[row, start + lane]), np.float64(y[row, start + lane])
                if seen_from:
                    zero = np.float64(origin[row, start + lane])
                    a, b = a - zero, b - zero
                lanes[lane] += a * b
        for i in range(whole, length):
            a, b = np.float64(x[row, i]), np.float64(y[row, i])
            if seen_from:
                a, b = a - np.float64(origin[row, i]), b - np.float64(origin[row, i])
            lanes[i - whole] += a * b
        total = 0.0
        for lane in range(_LANES):
            total += lanes[lane]
        out[row] = total


@compiled()
def _column_products(x: Array, y: Array, origin: Array, seen_from: bool, out: Array) -> None:
    out[:] = 0
    for row in range(x.shape[0]):
        for column in range(x.shape[1]):
            a, b = np.float64(x[row, column]), np.float64(y[row, column])
            if seen_from:
                zero = np.float64(origin[row, column])
                a, b = a - zero, b - zero
            out[column] += a * b


@compiled()
def _magnitude(x: Array) -> float:
    lanes = np.zeros(_LANES, np.float64)
    whole = x.size - x.size % _LANES
    for start in range(0, whole, _LANES):
        for lane in range(_LANES):
            lanes[lane] += abs(np.float64(x[start + lane]))
    for i in range(whole, x.size):
        lanes[i - whole] += abs(np.float64(x[i]))
    total = 0.0
    for lane in range(_LANES):
        total += lanes[lane]
    return total


@compiled()
def _count_leading(keys: Array, shift: int, counts: Array) -> None:
    for i in range(keys.size):
        counts[(keys[i] >> shift) + (1 << 15)] += 1


@compiled()
def _count_within(keys: Array, shift: int, prefix: int, counts: Array) -> None:
    for i in range(keys.size):
        digits = keys[i] >> shift
        if digits >> 16 == prefix:
            counts[digits & 0xFFFF] += 1


def row_products(x: Array, y: Array, origin: Array | None) -> Array:
    """Inner products of the rows of two matrices, as seen from `origin`: (rows,), float64."""
    out = np.empty(x.shape[0], np.float64)
    _row_products(x, y, x if origin is None else origin, origin is not None, out)
    return out


def column_products(x: Array, y: Array, origin: Array | None) -> Array:
    """Inner products of the columns of two matrices, as seen from `origin`: (columns,), float64."""
    out = np.empty(x.shape[1], np.float64)
    _column_products(x, y, x if origin is None else origin, origin is not None, out)
    return out


def magnitude(x: Array) -> float:
    """The sum of the absolute values of a flat array, float64."""
    return float(_magnitude(x))


def count_digits(keys: Array, shift: int, prefix: int | None) -> npt.NDArray[np.int64]:
    """How many signed integers have each value of the 16 bits from `shift` on, in ascending order.

    With a `prefix`, of those that begin with it; without, the 16 bits are the leading ones.
    """
    counts = np.zeros(1 << 16, np.int64)
    if prefix is None:
        _count_leading(keys, shift, counts)
    else:
        _count_within(keys, shift, prefix, counts)
    return counts
