"""Select what varies, calculate weights from energy, erase minorities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from torch import Tensor

from .geometry import moved
from .parameters import Parameter
from .registry import Base, method
from .sparsify import ranked


@method("sce", source="Wan et al. 2024, arXiv 2408.07990", base=Base.REQUIRED, least=2, unused=("int8_mask",))
def sce(
    models: Sequence[Tensor],
    base: Tensor,
    *,
    select_topk: Annotated[float, Parameter("Share of the varying elements to keep.", minimum=0, maximum=1)] = 1.0,
) -> Tensor:
    """Task vectors merged where they vary most among models, weighted by their energy.

    Select: the `select_topk` share of the elements whose variance among the task vectors δᵢ isn't zero, the most
    varying first (at least one). Calculate: `wᵢ = mean(δᵢ²) / Σⱼ mean(δⱼ²)`. Erase: the elements whose sign differs
    from that of `Σ δᵢ` (a sum of zero counts as positive). `base + Σ wᵢeᵢδᵢ / Σ wᵢeᵢ`, eᵢ telling what was kept.
    """
    deltas = torch.stack(list(models)) - base
    if select_topk < 1:
        deltas = deltas * _selected(deltas, select_topk)
    energies = deltas.flatten(1).double().square().mean(dim=1)
    weights = (energies / energies.sum().where(energies.any(), 1)).to(base.dtype)
    weights = weights.reshape(-1, *(1,) * base.ndim)
    kept = torch.where(deltas.sum(dim=0) >= 0, deltas > 0, deltas < 0) * weights
    total = kept.sum(dim=0)
    return moved(base, (deltas * kept).sum(dim=0) / torch.where(total > 0, total, 1))


def _selected(deltas: Tensor, share: float) -> Tensor:
    variance = deltas.double().var(dim=0, unbiased=False)
    varying = int(variance.count_nonzero())
    count = min(varying, max(1, int(varying * share))) if share > 0 else 0
    return ranked(variance, variance.numel() - count, variance.numel())
