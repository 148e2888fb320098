"""Which elements of a task vector stay: the masks of TIES, Breadcrumbs, DARE and DELLA.

Each is a survey of one model's task vector that ends in a function from a block's part of it to what is `Kept`. A
positive density keeps at least one element of a tensor, so that scalars such as a temperature aren't lost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ...errors import RecipeError
from .blocks import Block, Extent, Survey, at_once
from .draws import Draw
from .order import ranked
from .parameters import Parameter

Density = Annotated[
    float, Parameter("Share of each task vector's elements to keep.", minimum=0, maximum=1, per_model=True)
]
Gamma = Annotated[float, Parameter("Share of the largest elements to drop.", minimum=0, maximum=1, per_model=True)]
Epsilon = Annotated[
    float, Parameter("How far chances lie from the density, at most.", minimum=0, maximum=0.5, per_model=True)
]


class Kept(NamedTuple):
    """The mask, and the chance each element had of being in it."""

    mask: Tensor
    chance: Tensor | float


@dataclass(frozen=True)
class TaskVector:
    """One model's task vector, as the blocks come by."""

    extent: Extent
    model: int
    draw: Draw

    def sizes(self, block: Block) -> Tensor:
        """Magnitudes of a block's elements."""
        return block.delta(self.model).abs()

    def uniform(self, block: Block) -> Tensor:
        """A number in [0, 1) for each of a block's elements."""
        return self.draw.uniform(self.model, block.origin, block.start)


Select = Callable[[Block, Tensor], Kept]
Sparsify = Callable[..., Survey[Select]]


def trim(vector: TaskVector, *, density: Density = 1.0) -> Survey[Select]:
    """TIES: the `⌊density · n⌋` elements of largest magnitude."""
    n = vector.extent.size
    return (yield from _between(vector, density, n - _count(density, n), n))


def trim_both(vector: TaskVector, *, density: Density = 1.0, gamma: Gamma = 0.01) -> Survey[Select]:
    """Breadcrumbs: the next `⌊density · n⌋` after the `⌊gamma · n⌋` largest, which fill up if these are too few."""
    n = vector.extent.size
    count = _count(density, n)
    low = max(0, n - count - int(gamma * n))
    return (yield from _between(vector, density, low, low + count))


def drop(vector: TaskVector, *, density: Density = 1.0) -> Survey[Select]:
    """DARE: each element with the chance `density`."""
    return at_once(lambda block, delta: Kept(vector.uniform(block) < density, density))


def drop_by_magnitude(vector: TaskVector, *, density: Density = 1.0, epsilon: Epsilon = 0.15) -> Survey[Select]:
    """DELLA: chances rise with the rank of magnitude in a row from `density − epsilon` to `density + epsilon`.

    A row is what feeds one output: all but the first axis; a vector is one row. A row of one element has `density`.
    """
    if 0 < density < 1 and not epsilon < density < 1 - epsilon:
        raise RecipeError(
            f"density = {density:g} and epsilon = {epsilon:g}: their sum and difference must lie inside (0, 1); "
            "choose a smaller epsilon"
        )
    length = row(vector.extent.shape)

    def select(block: Block, delta: Tensor) -> Kept:
        rows = delta.abs().reshape(-1, length)
        chances = torch.full_like(rows, density)
        if length > 1 and density:
            places = torch.linspace(density - epsilon, density + epsilon, length, dtype=rows.dtype, device=rows.device)
            chances.scatter_(1, rows.argsort(dim=1, stable=True), places.expand_as(rows))
        chances = chances.reshape(delta.shape)
        return Kept(vector.uniform(block) < chances, chances)

    return at_once(select)


def row(shape: tuple[int, ...]) -> int:
    """How many elements feed one output."""
    size = int(np.prod(shape, dtype=np.int64))
    return size // max(1, shape[0]) if len(shape) > 1 else size


def remembered(select: Select, extent: Extent) -> Select:
    """The same choice, made once a block and kept as a bit an element; its chances are forgotten."""
    width = -(-extent.step // 8)
    bits = np.empty((extent.count, width), np.uint8)  # in one piece: see `order`
    known: set[int] = set()

    def again(block: Block, delta: Tensor) -> Kept:
        if block.number in known:
            mask = np.unpackbits(bits[block.number], count=delta.numel()).view(np.bool_).reshape(delta.shape)
            return Kept(torch.from_numpy(mask).to(delta.device), 1.0)
        kept = select(block, delta)
        packed = np.packbits(kept.mask.cpu().numpy(), axis=None)
        bits[block.number, : len(packed)] = packed
        known.add(block.number)
        return kept

    return again


def _between(vector: TaskVector, density: float, low: int, high: int) -> Survey[Select]:
    """The elements with ranks of magnitude from `low` to `high`."""
    mask = yield from ranked(vector.extent, vector.sizes, low, high)
    return lambda block, delta: Kept(mask(block.number, delta.abs()), density)


def _count(density: float, n: int) -> int:
    return min(n, max(1, int(density * n))) if density > 0 else 0
