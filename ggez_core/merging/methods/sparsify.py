"""Which elements of a task vector stay: the masks of TIES, Breadcrumbs, DARE and DELLA.

Each takes the task vector (and numbers in [0, 1) of its shape, if it is random) and gives a `Kept`. A positive density
keeps at least one element of a tensor, so that scalars such as a temperature aren't lost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, NamedTuple

import torch
from torch import Tensor

from ...errors import RecipeError
from .parameters import Parameter

_PIECE = 1 << 22  # elements whose ranks are held at a time
Density = Annotated[
    float, Parameter("Share of each task vector's elements to keep.", minimum=0, maximum=1, per_model=True)
]
Gamma = Annotated[float, Parameter("Share of the largest elements to drop.", minimum=0, maximum=1, per_model=True)]
Epsilon = Annotated[
    float, Parameter("How far chances lie from the density, at most.", minimum=0, maximum=0.5, per_model=True)
]
Uniform = Callable[[], Tensor]


class Kept(NamedTuple):
    """The mask, and the chance each element had of being in it."""

    mask: Tensor
    chance: Tensor | float


Sparsify = Callable[..., Kept]


def trim(delta: Tensor, uniform: Uniform, *, density: Density = 1.0) -> Kept:
    """TIES: the `⌊density · n⌋` elements of largest magnitude."""
    n = delta.numel()
    return Kept(ranked(delta.abs(), n - _count(density, n), n), density)


def trim_both(delta: Tensor, uniform: Uniform, *, density: Density = 1.0, gamma: Gamma = 0.01) -> Kept:
    """Breadcrumbs: the next `⌊density · n⌋` after the `⌊gamma · n⌋` largest, which fill up if these are too few."""
    n = delta.numel()
    count = _count(density, n)
    low = max(0, n - count - int(gamma * n))
    return Kept(ranked(delta.abs(), low, low + count), density)


def drop(delta: Tensor, uniform: Uniform, *, density: Density = 1.0) -> Kept:
    """DARE: each element with the chance `density`."""
    return Kept(uniform() < density, density)


def drop_by_magnitude(delta: Tensor, uniform: Uniform, *, density: Density = 1.0, epsilon: Epsilon = 0.15) -> Kept:
    """DELLA: chances rise with the rank of magnitude in a row from `density − epsilon` to `density + epsilon`.

    A row is what feeds one output: all but the first axis; a vector is one row. A row of one element has `density`.
    """
    if 0 < density < 1 and not epsilon < density < 1 - epsilon:
        raise RecipeError(
            f"density = {density:g} and epsilon = {epsilon:g}: their sum and difference must lie inside (0, 1); "
            "choose a smaller epsilon"
        )
    rows = delta.abs().reshape(delta.shape[0] if delta.ndim > 1 else 1, -1)
    length = rows.shape[1]
    chances = torch.full_like(rows, density)
    if length > 1 and density:
        places = torch.linspace(density - epsilon, density + epsilon, length, dtype=rows.dtype, device=rows.device)
        step = max(1, _PIECE // length)
        for part, chance in zip(torch.split(rows, step), torch.split(chances, step), strict=True):
            chance.scatter_(1, part.argsort(dim=1, stable=True), places.expand_as(part))
    chances = chances.reshape(delta.shape)
    return Kept(uniform() < chances, chances)


def ranked(sizes: Tensor, low: int, high: int) -> Tensor:
    """A mask of the elements with ranks `low` to `high` in ascending order; of equals, later ones come first."""
    return _top(sizes, sizes.numel() - low) & ~_top(sizes, sizes.numel() - high)


def _top(sizes: Tensor, count: int) -> Tensor:
    """The `count` largest; of equals, the first ones in memory's order. Without sorting."""
    if count <= 0 or count >= sizes.numel():
        return torch.full_like(sizes, count > 0, dtype=torch.bool)
    threshold = sizes.flatten().kthvalue(sizes.numel() - count + 1).values
    above, equal = sizes > threshold, sizes == threshold
    missing = count - int(above.sum())
    if missing < int(equal.sum()):
        equal &= equal.flatten().cumsum(0).reshape(equal.shape) <= missing
    return above | equal


def _count(density: float, n: int) -> int:
    return min(n, max(1, int(density * n))) if density > 0 else 0
