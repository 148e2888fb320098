"""Spherical interpolation between the base and one model."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from .geometry import cosines
from .parameters import Parameter
from .registry import Base, combination

_STRAIGHT = 0.9995  # beyond this cosine arc and chord are one, to the precision of weights


def arc(gram: Tensor, t: float, straight: float) -> Tensor:
    """Weights `(2, r)` of two vectors at the share `t` of the arc between them, from their Gram matrix `(2, 2, r)`.

    `sin((1 − t)θ) / sin θ` and `sin(tθ) / sin θ`; where |cos θ| exceeds `straight` or a vector has no length, and so no
    direction, `1 − t` and `t`.
    """
    cosine = cosines(gram)[0, 1]
    line = (cosine.abs() > straight) | (gram.diagonal() == 0).any(dim=1)
    angle = torch.acos(torch.where(line, 0, cosine))
    first = torch.where(line, 1 - t, torch.sin((1 - t) * angle) / torch.sin(angle))
    second = torch.where(line, t, torch.sin(t * angle) / torch.sin(angle))
    return torch.stack([first, second])


@combination("slerp", source="Shoemake, SIGGRAPH 1985", base=Base.REQUIRED, least=1, most=1, origin=False, beta="t")
def slerp(
    gram: Tensor,
    *,
    t: Annotated[float, Parameter("Share of the way from the base to the model.", minimum=0, maximum=1)] = 0.5,
) -> Tensor:
    """Spherical interpolation from the base to a model.

    `(sin((1 − t)θ) base + sin(tθ) model) / sin θ` with θ the angle between the tensors, taken as vectors. Nearly
    parallel (|cos θ| > 0.9995) or zero vectors are interpolated on the straight line. `t` = 0 is the base and `t` = 1
    the model, bit for bit.
    """
    return arc(gram, t, _STRAIGHT)
