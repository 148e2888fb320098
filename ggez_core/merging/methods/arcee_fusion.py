"""Take over only the changes that stand out."""

from __future__ import annotations

import torch
from torch import Tensor

from .blocks import Apply, Block, Extent, Survey
from .elementwise import choose
from .order import thresholds
from .registry import Base, survey
from .sums import row_products


@survey(
    "arcee_fusion", source="Arcee AI; mergekit", base=Base.REQUIRED, least=1, most=1,
    grain=lambda shape: shape[-1] if shape else 1, searches=3,
)  # fmt: skip
def arcee_fusion(extent: Extent) -> Survey[Apply]:
    """The model's values where they changed most, the base's elsewhere.

    Importance of an element is `|model − base| · KL(softmax(model) ‖ softmax(base))`, the divergence taken over the
    last axis; elements of at least `median + 1.5 (q₃ − q₁)` are the model's. Quartiles are exact order statistics at
    `⌊q (n − 1)⌋`. A row of one element diverges by 0, so a tensor of such rows is the model's.
    """
    ranks = [(extent.size - 1) * i // 4 for i in (1, 2, 3)]
    lower, median, upper = yield from thresholds(extent, _importance, ranks)

    def apply(block: Block) -> Tensor:
        return choose(_importance(block) >= median + 1.5 * (upper - lower), block.models[0], block.origin)

    return apply


def _importance(block: Block) -> Tensor:
    """Float64, for the divergence of nearly equal distributions is a difference of nearly equal sums."""
    shape = block.origin.shape
    x, y = (tensor.double().reshape(-1, shape[-1]) for tensor in (block.models[0], block.origin))
    p, q = torch.softmax(x, dim=-1) + 1e-8, torch.softmax(y, dim=-1) + 1e-8
    divergence = row_products(p, torch.log(p / q))
    return ((x - y).abs() * divergence[:, None]).reshape(shape)
