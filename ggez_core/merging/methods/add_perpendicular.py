"""Add what one model learned that another one didn't."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from .parameters import Parameter
from .registry import Base, combination


@combination("add_perpendicular", source="sd-mecha", base=Base.REQUIRED, least=2, most=2)
def add_perpendicular(
    gram: Tensor, *, alpha: Annotated[float, Parameter("How much of the perpendicular part to add.")] = 1.0
) -> Tensor:
    """The first model plus the part of the second one's task vector at right angles to its own.

    With task vectors a and b from the base: `base + a + α (b − a (a·b) / (a·a))`. If a is zero, all of b is at right
    angles to it. `alpha` = 0 is the first model, bit for bit.
    """
    own, shared = gram[0, 0], gram[0, 1]
    along = torch.where(own > 0, shared / torch.where(own > 0, own, 1), 0)
    return torch.stack([1 - alpha * along, torch.full_like(along, alpha)])
