"""Interpolation by torch, for tensors that aren't in the CPU's memory: the kernels' arithmetic, to the bit."""

from __future__ import annotations

import torch
from torch import Tensor

_PIECE = 16 << 20  # elements moved at a time where the work needs float32 copies


def interpolate_on_device(base: Tensor, regional: Tensor, weight: float, out: Tensor) -> None:
    """Write `base + weight·(regional − base)` to `out`, rounded as `kernels.interpolate` does: flat tensors."""
    wide = torch.float64 if torch.float64 in (base.dtype, regional.dtype, out.dtype) else torch.float32
    factor = torch.tensor(weight, dtype=wide, device=out.device)
    for start in range(0, out.numel(), _PIECE):
        piece = slice(start, start + _PIECE)
        x, y = base[piece].to(wide), regional[piece].to(wide)
        by = (y - x).mul_(factor)
        out[piece].copy_(torch.where((x == y) | (by == 0), x, by.add_(x)))
