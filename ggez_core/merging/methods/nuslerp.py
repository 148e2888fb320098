"""Spherical interpolation of two models with weights, of whole tensors or of their rows or columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from torch import Tensor

from .geometry import shares
from .parameters import ONE, Parameter, Value, Weights
from .registry import Base, combination
from .slerp import arc

_STRAIGHT = 1 - 1e-12


def _axis(parameters: Mapping[str, Value]) -> int | None:
    if parameters["nuslerp_flatten"]:
        return None
    return 0 if parameters["nuslerp_row_wise"] else -1


@combination(
    "nuslerp", source="mergekit (Goddard et al. 2024)", base=Base.OPTIONAL, least=2, most=2, axis=_axis
)  # fmt: skip
def nuslerp(
    gram: Tensor,
    *,
    weight: Weights = ONE,
    nuslerp_flatten: Annotated[bool, Parameter("Interpolate whole tensors as single vectors.")] = True,
    nuslerp_row_wise: Annotated[
        bool, Parameter("Unless flattened: vectors along the first axis, not the last.")
    ] = False,
) -> Tensor:
    """Spherical interpolation between two models, or with a base between their task vectors.

    Slerp at `t = w₂ / (w₁ + w₂)`, on the arc however near the vectors are. With a base:
    `base + slerp(model₁ − base, model₂ − base)`. Zero vectors are interpolated on the straight line.
    """
    return arc(gram, shares(weight)[1], _STRAIGHT)
