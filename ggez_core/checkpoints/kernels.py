"""The loops over memory: interpolate, look for non-finite values, measure a difference.

Each is one pass, compiled by numba without `fastmath` for anything that is written: every operation is rounded as
IEEE 754 says, so a result depends neither on chunking nor on threads nor on the machine. All of it lives in this one
file because numba's cache on disk notices a change of the kernel's own file only.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from typing import Any

if "numba" not in sys.modules and (_asked := os.environ.get("OMP_NUM_THREADS", "")).isdigit() and int(_asked):
    os.environ.setdefault("NUMBA_NUM_THREADS", _asked)  # who limits OpenMP means numba too; once it runs it refuses

import numba
import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

Array = npt.NDArray[Any]
_PROCESS = os.getpid()
_WORTH_SHARING = 1 << 15  # elements; fewer are done before another core is awake
_ONE_AT_A_TIME = threading.Lock()
_HALF, _I8, _I16, _I32, _F32 = ir.HalfType(), ir.IntType(8), ir.IntType(16), ir.IntType(32), ir.FloatType()


def _compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """`numba.njit`, cached on disk where there is a writable place for it."""

    def decorate(function: Callable[..., Any]) -> Any:
        try:
            return numba.njit(nogil=True, error_model="numpy", cache=True, **options)(function)
        except RuntimeError:  # neither the sources' folder nor the user's cache can be written
            return numba.njit(nogil=True, error_model="numpy", **options)(function)

    return decorate


@intrinsic  # type: ignore[untyped-decorator]
def _widen(context: Any, value: Any) -> Any:
    """A stored element as float32 (float64 stays): uint16 is bfloat16, int16 float16, uint8 E4M3, int8 E5M2; exact."""

    def bfloat16(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        wide = builder.shl(builder.zext(arguments[0], _I32), ir.Constant(_I32, 16))
        return builder.bitcast(wide, _F32)

    def float16(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fpext(builder.bitcast(arguments[0], _HALF), _F32)

    def e5m2(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        half = builder.shl(builder.zext(arguments[0], _I16), ir.Constant(_I16, 8))  # the upper half of a float16
        return builder.fpext(builder.bitcast(half, _HALF), _F32)

    def e4m3(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        bits = builder.zext(arguments[0], _I16)
        size = builder.and_(bits, ir.Constant(_I16, 0x7F))
        sign = builder.shl(builder.and_(bits, ir.Constant(_I16, 0x80)), ir.Constant(_I16, 8))
        half = builder.or_(sign, builder.shl(size, ir.Constant(_I16, 7)))  # as a float16 it is 2⁸ too small
        wide = builder.fmul(builder.fpext(builder.bitcast(half, _HALF), _F32), ir.Constant(_F32, 256.0))
        is_nan = builder.icmp_unsigned("==", size, ir.Constant(_I16, 0x7F))
        return builder.select(is_nan, ir.Constant(_F32, float("nan")), wide)

    def as_is(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return arguments[0]

    bodies = {types.uint16: bfloat16, types.int16: float16, types.uint8: e4m3, types.int8: e5m2}
    return (types.float32 if value in bodies else value)(value), bodies.get(value, as_is)


@intrinsic  # type: ignore[untyped-decorator]
def _narrow(context: Any, value: Any, array: Any) -> Any:
    """A float32 or float64 as an element of `array`, rounded to nearest even; NaN stays NaN.

    What is too large becomes infinity, or NaN in E4M3, which has no infinity: nothing is clipped silently.
    """

    def bfloat16(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        single = context.cast(builder, arguments[0], value, types.float32)
        bits = builder.bitcast(single, _I32)
        odd = builder.and_(builder.lshr(bits, ir.Constant(_I32, 16)), ir.Constant(_I32, 1))
        rounded = builder.lshr(builder.add(bits, builder.add(odd, ir.Constant(_I32, 0x7FFF))), ir.Constant(_I32, 16))
        is_nan = builder.fcmp_unordered("uno", single, single)
        return builder.trunc(builder.select(is_nan, ir.Constant(_I32, 0x7FC0), rounded), _I16)

    def float16(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        single = context.cast(builder, arguments[0], value, types.float32)  # from float64 it'd be a call to a C library
        return builder.bitcast(builder.fptrunc(single, _HALF), _I16)

    def float8(mantissa: int, bias: int, too_large: int) -> Callable[..., Any]:
        def number(value: int) -> Any:
            return ir.Constant(_I32, value)

        cut = 23 - mantissa
        magic = number((151 - bias - mantissa) << 23)  # a float32 whose last bit is the smallest subnormal number

        def body(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            single = context.cast(builder, arguments[0], value, types.float32)
            bits = builder.bitcast(single, _I32)
            size = builder.and_(bits, number(0x7FFFFFFF))
            odd = builder.and_(builder.lshr(size, number(cut)), number(1))
            rounded = builder.lshr(builder.add(size, builder.add(odd, number((1 << (cut - 1)) - 1))), number(cut))
            normal = builder.sub(rounded, number((127 - bias) << mantissa))
            fits = builder.icmp_unsigned("<", normal, number(too_large))
            shifted = builder.fadd(builder.bitcast(size, _F32), builder.bitcast(magic, _F32))
            subnormal = builder.sub(builder.bitcast(shifted, _I32), magic)
            is_small = builder.icmp_unsigned("<", size, number((128 - bias) << 23))
            code = builder.select(is_small, subnormal, builder.select(fits, normal, number(too_large)))
            code = builder.select(builder.fcmp_unordered("uno", single, single), number(0x7F), code)
            sign = builder.and_(builder.lshr(bits, number(24)), number(0x80))
            return builder.trunc(builder.or_(code, sign), _I8)

        return body

    def cast(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.cast(builder, arguments[0], value, array.dtype)

    bodies = {
        types.uint16: bfloat16, types.int16: float16,
        types.uint8: float8(mantissa=3, bias=7, too_large=0x7F),
        types.int8: float8(mantissa=2, bias=15, too_large=0x7C),
    }  # fmt: skip
    return array.dtype(value, array), bodies.get(array.dtype, cast)


@_compiled()
def _interpolate(a: Array, b: Array, weight: Any, out: Array) -> None:
    for i in range(out.size):
        x, y = _widen(a[i]), _widen(b[i])
        by = weight * (y - x)
        out[i] = _narrow(x if x == y or by == 0 else x + by, out)


@_compiled(parallel=True)
def _interpolate_on_all_cores(a: Array, b: Array, weight: Any, out: Array) -> None:
    for i in numba.prange(out.size):
        x, y = _widen(a[i]), _widen(b[i])
        by = weight * (y - x)
        out[i] = _narrow(x if x == y or by == 0 else x + by, out)


@_compiled()
def _all_finite(array: Array) -> bool:
    bad = 0
    for i in range(array.size):
        x = _widen(array[i])
        bad |= x - x != 0
    return bad == 0


@_compiled(fastmath={"reassoc", "nsz"})  # sums for a report, never written into weights
def _difference(a: Array, b: Array) -> tuple[float, float]:
    moved, size = 0.0, 0.0
    for i in range(a.size):
        x, y = np.float64(_widen(a[i])), np.float64(_widen(b[i]))
        moved += (y - x) * (y - x)
        size += x * x
    return moved, size


def interpolate(a: Array, b: Array, beta: float, out: Array) -> None:
    """Write `a + β·(b − a)` to `out`, for flat arrays of one length in any floating types that `dtypes` holds.

    The three operations are rounded separately in float32 (float64 if any of the three arrays is), then once to the
    type of `out`. Where `a` equals `b` or is so near that β·(b − a) is zero, `a` is kept as it is, its zero's sign and
    its infinities included.
    """
    _interpolate(a, b, _weight(a, b, beta, out), out)


def interpolate_on_all_cores(a: Array, b: Array, beta: float, out: Array) -> None:
    """The same, to the bit, by all cores at once; for callers whose other threads have nothing to do.

    Threads of one process take turns, since not every threading layer bears two callers. A forked child works alone:
    OpenMP's threads don't live on in it.
    """
    if out.size < _WORTH_SHARING or os.getpid() != _PROCESS:
        interpolate(a, b, beta, out)
        return
    with _ONE_AT_A_TIME:
        on_all_cores(_interpolate_on_all_cores, a, b, _weight(a, b, beta, out), out)


def on_all_cores(kernel: Callable[..., None], *arguments: Any) -> None:
    """Call a parallel kernel, after which torch has as many threads as before.

    Numba, when it starts its own, sets OpenMP's number, which is torch's too.
    """
    torch = sys.modules.get("torch")
    before = torch.get_num_threads() if torch else None
    kernel(*arguments)
    if torch and torch.get_num_threads() != before:
        torch.set_num_threads(before)


def _weight(a: Array, b: Array, beta: float, out: Array) -> Any:
    double = np.dtype(np.float64) in (a.dtype, b.dtype, out.dtype)
    return np.float64(beta) if double else np.float32(beta)


def all_finite(array: Array) -> bool:
    """Whether an array of a floating type holds neither NaN nor infinity."""
    return bool(_all_finite(array))


def difference(a: Array, b: Array) -> tuple[float, float]:
    """The sums of squares of `b − a` and of `a`; NaN or infinite if an input is, or holds one."""
    moved, size = _difference(a, b)
    return float(moved), float(size)


@_compiled()
def _add_low_rank(left: Array, right: Array, scale: Any, out: Array, start: int) -> None:
    columns = right.shape[1]
    row_sum = np.empty(columns, out.dtype)
    i, end = max(0, -start), min(out.size, left.shape[0] * columns - start)
    while i < end:
        row, column = (start + i) // columns, (start + i) % columns
        count = min(columns - column, end - i)
        row_sum[:count] = 0
        for k in range(right.shape[0]):
            weight = left[row, k]
            for j in range(count):
                row_sum[j] += weight * right[k, column + j]
        for j in range(count):
            out[i + j] += scale * row_sum[j]
        i += count


def add_low_rank(left: Array, right: Array, scale: float, out: Array, start: int) -> None:
    """Add `scale · left @ right` to `out`, which holds the flat product's elements from `start` on, and maybe others.

    All arrays are of one wide floating type. Every element is summed in the order of the rank, so it doesn't depend on
    how the product is cut into pieces.
    """
    _add_low_rank(left, right, out.dtype.type(scale), out, start)
