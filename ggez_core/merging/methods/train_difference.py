"""Add one model's training to another, most where the other differs from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from torch import Tensor

from .elementwise import moved
from .parameters import Parameter
from .registry import Base, method


@method(
    "train_difference",
    source="sd-webui-supermerger, trainDifference",
    base=Base.REQUIRED,
    least=2,
    most=2,
    piecewise=True,
)
def train_difference(
    models: Sequence[Tensor], base: Tensor, *, alpha: Annotated[float, Parameter("How much to add.")] = 1.0
) -> Tensor:
    """The first model plus the second one's training from the base, as if the first had been trained so.

    With models a, b and base c: `a + 1.8 α (b − c) |b − a| / (|b − a| + |b − c|)`, element by element, and a where
    b is equal to both. `alpha` = 0 is the first model, bit for bit.
    """
    a, b = models
    apart, trained = (b - a).abs(), b - base
    total = apart + trained.abs()
    return moved(a, trained * (apart / torch.where(total > 0, total, 1)) * (1.8 * alpha))
