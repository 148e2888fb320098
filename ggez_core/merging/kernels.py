"""The loops over elements that merge methods need beyond torch's: sums in a fixed order, counts of bits, and choices.

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


@compiled()
def _choose(mask: Array, yes: Array, no: Array, out: Array) -> None:
    for i in range(out.size):
        out[i] = yes[i] if mask[i] else no[i]


@compiled()
def _keep(mask: Array, values: Array, out: Array) -> None:
    zero = out.dtype.type(0)
    for i in range(out.size):
        out[i] = values[i] if mask[i] else zero


@compiled()
def _move(start: Array, by: Array, out: Array) -> None:
    for i in range(out.size):
        out[i] = start[i] if by[i] == 0 else start[i] + by[i]


@compiled()
def _agree(elected: Array, delta: Array, share: Any, total: Array, divisor: Array) -> None:
    zero = total.dtype.type(0)
    for i in range(total.size):
        agrees = delta[i] > 0 if elected[i] >= 0 else delta[i] < 0
        total[i] += delta[i] if agrees else zero
        divisor[i] += share if agrees else zero


@compiled()
def _divide(total: Array, divisor: Array, out: Array) -> None:
    one = out.dtype.type(1)
    for i in range(out.size):
        out[i] = total[i] / (one if divisor[i] == 0 else divisor[i])


@compiled()
def _largest(sizes: Array, threshold: Any, allowed: int, out: Array) -> None:
    if allowed < 0:
        for i in range(out.size):
            out[i] = sizes[i] >= threshold
        return
    left = allowed
    for i in range(out.size):
        equal = sizes[i] == threshold
        out[i] = sizes[i] > threshold or (equal and left > 0)
        left -= equal


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


def choose(mask: Array, yes: Array, no: Array) -> Array:
    """`yes` where `mask` is set, else `no`: flat arrays."""
    out = np.empty_like(yes)
    _choose(mask, yes, no, out)
    return out


def keep(mask: Array, values: Array) -> Array:
    """`values` where `mask` is set, else 0."""
    out = np.empty_like(values)
    _keep(mask, values, out)
    return out


def move(start: Array, by: Array) -> Array:
    """`start + by`; where `by` is zero, `start` bit for bit."""
    out = np.empty_like(start)
    _move(start, by, out)
    return out


def agree(elected: Array, delta: Array, share: float, total: Array, divisor: Array) -> None:
    """Add to `total` what of `delta` has the sign of `elected` (0 is positive), and to `divisor` `share` there."""
    _agree(elected, delta, total.dtype.type(share), total, divisor)


def divide(total: Array, divisor: Array) -> Array:
    """`total / divisor`; where that is zero, `total`."""
    out = np.empty_like(total)
    _divide(total, divisor, out)
    return out


def largest(sizes: Array, threshold: float, allowed: int | None) -> npt.NDArray[np.bool_]:
    """Which elements are above `threshold`, or are the first `allowed` (None: any) of those equal to it."""
    out = np.empty(sizes.shape, np.bool_)
    _largest(sizes, sizes.dtype.type(threshold), -1 if allowed is None else allowed, out)
    return out
