"""Take over only the changes that stand out."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .registry import Base, method

_PIECE = 1 << 20  # elements that are widened to float64 at a time


@method("arcee_fusion", source="Arcee AI; mergekit", base=Base.REQUIRED, least=1, most=1)
def arcee_fusion(models: Sequence[Tensor], base: Tensor) -> Tensor:
    """The model's values where they changed most, the base's elsewhere.

    Importance of an element is `|model − base| · KL(softmax(model) ‖ softmax(base))`, the divergence taken over the
    last axis; elements of at least `median + 1.5 (q₃ − q₁)` are the model's. Quartiles are exact order statistics at
    `⌊q (n − 1)⌋`. A row of one element diverges by 0, so a tensor of such rows is the model's.
    """
    importance = _importance(models[0], base)
    n = importance.numel()
    lower, median, upper = (importance.flatten().kthvalue((n - 1) * i // 4 + 1).values for i in (1, 2, 3))
    return torch.where(importance >= median + 1.5 * (upper - lower), models[0], base)


def _importance(model: Tensor, base: Tensor) -> Tensor:
    """Float64, for the divergence of nearly equal distributions is a difference of nearly equal sums."""
    x, y = (tensor.reshape(-1, tensor.shape[-1]) for tensor in (model, base))
    step = max(1, _PIECE // model.shape[-1])
    pieces = zip(torch.split(x, step), torch.split(y, step), strict=True)
    return torch.cat([_row_importance(x.double(), y.double()) for x, y in pieces]).reshape(model.shape)


def _row_importance(x: Tensor, y: Tensor) -> Tensor:
    p, q = torch.softmax(x, dim=-1) + 1e-8, torch.softmax(y, dim=-1) + 1e-8
    return (x - y).abs() * (p * torch.log(p / q)).sum(dim=-1, keepdim=True)
