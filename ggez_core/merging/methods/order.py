"""The largest elements of a tensor that is never held whole: exact, ties included, in a few passes over its blocks.

Floats sort as their bits do, so the threshold is found 16 bits at a time: a pass counts how often each value of the
next 16 bits occurs among the elements that begin with the bits known so far. As soon as few enough are left they are
collected, and the rest is a selection in memory. A tensor of one block is selected from at once.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .. import kernels
from .blocks import Block, Extent, Pass, Survey, together
from .elementwise import largest

_FEW = 1 << 22  # elements that are collected
_DIGIT = 16
Sizes = Callable[[Block], Tensor]
Mask = Callable[[int, Tensor], Tensor]
Keys = npt.NDArray[np.signedinteger]


@dataclass(frozen=True)
class Top:
    """The `k` largest elements of a tensor: those above `threshold`, and of those equal to it the first ones.

    `quotas` says for each block how many of the equal ones are in, and how many there are.
    """

    threshold: float
    quotas: Sequence[tuple[int, int]]

    def mask(self, number: int, sizes: Tensor) -> Tensor:
        """Which elements of a block are among them."""
        allowed, there = self.quotas[number]
        return largest(sizes, self.threshold, allowed if allowed < there else None)


def ranked(extent: Extent, sizes: Sizes, low: int, high: int) -> Survey[Mask]:
    """A mask of the elements with ranks `low` to `high` in ascending order; of equals, later ones come first."""
    upper, beyond = yield from together([_top(extent, sizes, extent.size - rank) for rank in (low, high)])

    def mask(number: int, sizes: Tensor) -> Tensor:
        return upper(number, sizes) & ~beyond(number, sizes)

    return mask


def thresholds(extent: Extent, sizes: Sizes, ranks: Sequence[int]) -> Survey[list[float]]:
    """The elements of the given ranks in ascending order, from 0."""
    tops = yield from together([_largest(extent, sizes, extent.size - rank) for rank in ranks])
    return [top.threshold for top in tops]


def _top(extent: Extent, sizes: Sizes, count: int) -> Survey[Mask]:
    if not 0 < count < extent.size:
        return lambda number, sizes: torch.full_like(sizes, count > 0, dtype=torch.bool)
    top = yield from _largest(extent, sizes, count)
    return top.mask


def _largest(extent: Extent, sizes: Sizes, count: int) -> Survey[Top]:
    """The `count` largest elements, 0 < count ≤ size."""
    if extent.count == 1:
        values = yield Pass(sizes, operator.or_)
        return _chosen([values.flatten()], count)
    shift, prefix, left, group = -1, None, count, extent.size
    bits = 0
    while group > _FEW or prefix is None:
        if prefix is not None and not shift:
            equal = yield _list(partial(_count_equal, sizes, prefix))
            return Top(_value(prefix, bits), _quotas(equal, left))
        found = yield Pass(_counting(sizes, shift, prefix), _plus)
        bits, counts = found
        shift = (bits if prefix is None else shift) - _DIGIT
        digit, left = _digit(counts, left)
        prefix = digit - (1 << 15) if prefix is None else (prefix << _DIGIT) | digit
        group = int(counts[digit])
    collected = _Collected(group)
    yield Pass(lambda block: _beginning(sizes(block), shift, prefix), collected.add)
    return _chosen(collected.parts(), left)


def _counting(sizes: Sizes, shift: int, prefix: int | None) -> Callable[[Block], tuple[int, Keys]]:
    """Measures how often the next 16 bits have each value, and says how many bits a key has."""

    def count(block: Block) -> tuple[int, Keys]:
        keys = _keys(sizes(block))
        bits = 8 * keys.element_size()
        place = (bits if prefix is None else shift) - _DIGIT
        if keys.device.type == "cpu":
            return bits, kernels.count_digits(keys.numpy(), place, prefix)
        digits = keys >> place
        digits = digits + (1 << 15) if prefix is None else digits[digits >> _DIGIT == prefix] & 0xFFFF
        return bits, torch.bincount(digits, minlength=1 << _DIGIT).cpu().numpy()

    return count


def _count_equal(sizes: Sizes, key: int, block: Block) -> int:
    return int((_keys(sizes(block)) == key).sum())


def _plus(one: tuple[int, Keys], other: tuple[int, Keys]) -> tuple[int, Keys]:
    np.add(one[1], other[1], out=one[1])
    return one


def _digit(counts: Keys, left: int) -> tuple[int, int]:
    """The bin that holds the `left`-th element from above, and which one it is within the bin."""
    above = np.cumsum(counts[::-1])
    place = int(np.searchsorted(above, left))
    return len(counts) - 1 - place, left - int(above[place - 1] if place else 0)


class _Collected:
    """Elements of many blocks in one piece of memory: scattered ones would keep the memory of whole blocks from use."""

    def __init__(self, room: int) -> None:
        self._room, self._held, self._counts = room, torch.empty(0), list[int]()

    def add(self, first: Tensor | None, part: Tensor) -> None:
        """Fold a block's elements in; the first fold brings two."""
        for each in (part,) if first is None else (first, part):
            if not self._counts:
                self._held = torch.empty(self._room, dtype=each.dtype)
            start = sum(self._counts[-1:]) if self._counts else 0
            self._held[start : start + each.numel()] = each
            self._counts.append(start + each.numel())

    def parts(self) -> list[Tensor]:
        """The elements of every block."""
        return [self._held[a:b] for a, b in zip([0, *self._counts], self._counts, strict=False)]


def _list(measure: Callable[[Block], object]) -> Pass:
    """A pass that keeps what it finds in each block."""
    return Pass(lambda block: [measure(block)], operator.iadd)


def _beginning(sizes: Tensor, shift: int, prefix: int) -> Tensor:
    """The elements whose bits begin with `prefix`, in memory's order."""
    return sizes.flatten()[_keys(sizes) >> shift == prefix].cpu()


def _chosen(parts: Sequence[Tensor], count: int) -> Top:
    """The `count` largest of a few elements, given block by block."""
    few = torch.cat(list(parts))
    threshold = float(few.kthvalue(few.numel() - count + 1).values)
    equal = [int((part == threshold).sum()) for part in parts]
    return Top(threshold, _quotas(equal, count - int((few > threshold).sum())))


def _quotas(equal: Sequence[int], allowed: int) -> list[tuple[int, int]]:
    """How many of each block's equal elements are in when only the first `allowed` of them all are."""
    quotas = []
    for there in equal:
        quotas.append((min(there, allowed), there))
        allowed -= min(there, allowed)
    return quotas


def _keys(sizes: Tensor) -> Tensor:
    """Signed integers in the order of the floats, flat."""
    bits = sizes.contiguous().flatten().view(torch.int64 if sizes.dtype == torch.float64 else torch.int32)
    sign = bits >> (8 * bits.element_size() - 1)  # all ones in a negative number
    return bits ^ (sign & torch.iinfo(bits.dtype).max)


def _value(key: int, bits: int) -> float:
    """The float of a key."""
    pattern = key if key >= 0 else key ^ ((1 << (bits - 1)) - 1)
    kind, holds = (np.int64, np.float64) if bits == 64 else (np.int32, np.float32)
    return float(np.array(pattern, kind).view(holds))
