"""Interpolation on a device, for tensors that aren't in the CPU's memory: the CPU kernels' arithmetic, to the bit.

On a graphics card it is one pass over memory where Triton runs, else and on other devices torch's operations.
"""

from __future__ import annotations

import logging
from functools import cache

import torch
from torch import Tensor

log = logging.getLogger(__name__)
_PIECE = 16 << 20  # elements moved at a time where the work needs float32 copies


def interpolate_on_device(base: Tensor, regional: Tensor, weight: float, out: Tensor) -> None:
    """Write `base + weight·(regional − base)` to `out`, rounded as `kernels.interpolate` does: flat tensors."""
    if out.device.type == "cuda" and _in_one_pass(out.device):
        from .one_pass import DTYPES, interpolate_in_one_pass

        if all(tensor.dtype in DTYPES for tensor in (base, regional, out)):
            interpolate_in_one_pass(base, regional, weight, out)
            return
    interpolate_by_torch(base, regional, weight, out)


def interpolate_by_torch(base: Tensor, regional: Tensor, weight: float, out: Tensor) -> None:
    """The same by torch's operations, with wide copies of a piece at a time: on any device, in any of its types."""
    wide = torch.float64 if torch.float64 in (base.dtype, regional.dtype, out.dtype) else torch.float32
    factor = torch.tensor(weight, dtype=wide, device=out.device)
    for start in range(0, out.numel(), _PIECE):
        piece = slice(start, start + _PIECE)
        x, y = base[piece].to(wide), regional[piece].to(wide)
        by = (y - x).mul_(factor)
        out[piece].copy_(torch.where((x == y) | (by == 0), x, by.add_(x)))


@cache
def _in_one_pass(device: torch.device) -> bool:
    """Whether Triton is here, and what it takes to compile for a card (a C compiler among it)."""
    try:
        from .one_pass import interpolate_in_one_pass

        probe = torch.zeros(1, device=device)
        interpolate_in_one_pass(probe, probe, 0.5, torch.empty_like(probe))
    except Exception as error:  # a compiler that isn't there is told in many ways; torch can do the same, only slower
        log.warning("weights on %s move by several passes over memory: Triton can't be used (%s)", device, error)
        return False
    return True
