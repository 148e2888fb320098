"""Select what varies, calculate weights from energy, erase minorities."""

from __future__ import annotations

import operator
from typing import Annotated

import torch
from torch import Tensor

from .blocks import Apply, Block, Extent, Pass, Survey
from .elementwise import moved
from .order import ranked
from .parameters import Parameter
from .registry import Base, survey
from .sums import energy


@survey(
    "sce", source="Wan et al. 2024, arXiv 2408.07990", base=Base.REQUIRED, least=2, searches=1, unused=("int8_mask",)
)
def sce(
    extent: Extent,
    *,
    select_topk: Annotated[float, Parameter("Share of the varying elements to keep.", minimum=0, maximum=1)] = 1.0,
) -> Survey[Apply]:
    """Task vectors merged where they vary most among models, weighted by their energy.

    Select: the `select_topk` share of the elements whose variance among the task vectors δᵢ isn't zero, the most
    varying first (at least one). Calculate: `wᵢ = mean(δᵢ²) / Σⱼ mean(δⱼ²)`. Erase: the elements whose sign differs
    from that of `Σ δᵢ` (a sum of zero counts as positive). `base + Σ wᵢeᵢδᵢ / Σ wᵢeᵢ`, eᵢ telling what was kept.
    """
    chosen = None
    if select_topk < 1:
        varying = yield Pass(lambda block: int(_variance(block).count_nonzero()), operator.add)
        count = min(varying, max(1, int(varying * select_topk))) if select_topk > 0 else 0
        chosen = yield from ranked(extent, _variance, extent.size - count, extent.size)

    def deltas(block: Block) -> Tensor:
        found = _deltas(block)
        return found if chosen is None else found * chosen(block.number, _variance(block))

    def energies(block: Block) -> Tensor:
        return torch.tensor([energy(delta) for delta in deltas(block)], dtype=torch.float64)

    found = yield Pass(energies, torch.add)
    shares = (found / found.sum().where(found.any(), 1)).reshape(-1, 1)

    def apply(block: Block) -> Tensor:
        flat = deltas(block).flatten(1)
        weights = shares.to(flat)
        kept = torch.where(flat.sum(dim=0) >= 0, flat > 0, flat < 0) * weights
        total = kept.sum(dim=0)
        by = (flat * kept).sum(dim=0) / torch.where(total > 0, total, 1)
        return moved(block.origin, by.reshape(block.origin.shape))

    return apply


def _deltas(block: Block) -> Tensor:
    return torch.stack(list(block.models)) - block.origin


def _variance(block: Block) -> Tensor:
    deltas = _deltas(block).double()
    mean = sum(deltas[1:], deltas[0]) / len(deltas)
    variance: Tensor = sum((delta - mean).square() for delta in deltas) / len(deltas)
    return variance
