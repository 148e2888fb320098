"""Element by element, as torch would with `where`, which on the CPU is slower than all the rest together.

On the CPU each is one compiled pass; on another device it is torch's. The results are the same to the bit.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .. import kernels

Array = npt.NDArray[np.generic]


def choose(mask: Tensor, yes: Tensor, no: Tensor) -> Tensor:
    """`yes` where `mask` is set, else `no`; all of one shape."""
    if _elsewhere(mask):
        return torch.where(mask, yes, no)
    return _like(yes, kernels.choose(_flat(mask), _flat(yes), _flat(no)))


def keep(mask: Tensor, values: Tensor) -> Tensor:
    """`values` where `mask` is set, else 0."""
    if _elsewhere(mask):
        return torch.where(mask, values, 0)
    return _like(values, kernels.keep(_flat(mask), _flat(values)))


def moved(start: Tensor, by: Tensor) -> Tensor:
    """`start + by`; where `by` is zero, `start` bit for bit (its zeros keep their sign)."""
    if _elsewhere(start):
        return torch.where(by == 0, start, start + by)
    return _like(start, kernels.move(_flat(start), _flat(by)))


def agreed(elected: Tensor, deltas: list[Tensor], shares: list[float]) -> tuple[Tensor, Tensor]:
    """Sums over the elements that have the sign of `elected` (0 counts as positive): of `deltas`, and of `shares`."""
    total, divisor = torch.zeros_like(elected), torch.zeros_like(elected)
    for delta, share in zip(deltas, shares, strict=True):
        if _elsewhere(elected):
            agrees = torch.where(elected >= 0, delta > 0, delta < 0)
            total += torch.where(agrees, delta, 0)
            divisor += agrees.to(delta) * share
        else:
            kernels.agree(_flat(elected), _flat(delta), share, total.view(-1).numpy(), divisor.view(-1).numpy())
    return total, divisor


def divided(total: Tensor, divisor: Tensor) -> Tensor:
    """`total / divisor`; where that is zero, `total`."""
    if _elsewhere(total):
        return total / torch.where(divisor == 0, 1, divisor)
    return _like(total, kernels.divide(_flat(total), _flat(divisor)))


def largest(sizes: Tensor, threshold: float, allowed: int | None) -> Tensor:
    """Which elements are above `threshold`, or are the first `allowed` (None: any) of those equal to it."""
    if not _elsewhere(sizes):
        return _like(sizes, kernels.largest(_flat(sizes), threshold, allowed))
    above, equal = sizes > threshold, sizes == threshold
    if allowed is not None:
        equal &= equal.flatten().cumsum(0).reshape(equal.shape) <= allowed
    return above | equal


def _elsewhere(tensor: Tensor) -> bool:
    return tensor.device.type != "cpu"


def _flat(tensor: Tensor) -> Array:
    flat: Array = tensor.contiguous().view(-1).numpy()
    return flat


def _like(shape: Tensor, flat: Array) -> Tensor:
    return torch.from_numpy(flat).view(shape.shape)
