"""Take the model's value where it is near the base's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from torch import Tensor

from .parameters import Parameter
from .registry import Base, method


@method(
    "nearswap",
    source="alchemonaut, QuartetAnemoi-70B-t0.0001",
    base=Base.REQUIRED,
    least=1,
    most=1,
    piecewise=True,
    beta="t",
)
def nearswap(
    models: Sequence[Tensor],
    base: Tensor,
    *,
    t: Annotated[float, Parameter("The farthest a value moves.", minimum=0)] = 1e-4,
) -> Tensor:
    """Every value moves from the base towards the model by at most `t`.

    `base + min(1, t / |model − base|) (model − base)`: within `t` of the base, the model's value bit for bit.
    """
    difference = models[0] - base
    moved = base + torch.copysign(torch.full_like(base, t), difference)
    return torch.where(difference.abs() <= t, models[0], moved) if t else base
