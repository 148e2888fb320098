"""Rows of all processes as one, with gradients."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist


def gathered(rows: torch.Tensor) -> torch.Tensor:
    """(n, …) of every process, one after the other: (processes · n, …); as it is where there is one process.

    The gradient of a process's own rows is the sum over what all processes made of them. Each computing the same loss
    of all rows, and DDP then averaging, gives the gradient of that loss.
    """
    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        return rows
    found: torch.Tensor = _Gather.apply(rows)
    return found


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: torch.Tensor) -> torch.Tensor:
        ctx.count = len(rows)
        parts = [torch.empty_like(rows) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, rows.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> torch.Tensor:
        summed = gradients[0].contiguous().clone()
        dist.all_reduce(summed)
        first = dist.get_rank() * ctx.count
        return summed[first : first + ctx.count]
