"""Spherical interpolation of any number of models, in closed form."""

from __future__ import annotations

from typing import Annotated

from torch import Tensor

from .geometry import column, cosines, norms, shares
from .parameters import ONE, Parameter, Weights
from .registry import Base, combination


@combination("multislerp", source="Goddard 2025, goddard.blog/posts/multislerp", base=Base.OPTIONAL, least=1)
def multislerp(
    gram: Tensor,
    *,
    weight: Weights = ONE,
    normalize_weights: Annotated[bool, Parameter("Divide the weights by their sum.")] = True,
    eps: Annotated[float, Parameter("Directions cancel where their mean is shorter than this.", minimum=0)] = 1e-8,
) -> Tensor:
    """Mean direction of the models (with a base: of their task vectors) at their mean length.

    With lengths nᵢ and directions uᵢ = xᵢ / nᵢ: `Σ wᵢnᵢ · Σ wᵢuᵢ / ‖Σ wᵢuᵢ‖`. The source goes on to a step in the
    tangent space at that mean; the step's length is zero by construction. Where the directions cancel there is
    no mean one, and the result is the weighted sum `Σ wᵢxᵢ`.
    """
    weights = column(shares(weight) if normalize_weights else weight, gram)
    lengths = norms(gram)
    mean = (weights.T @ cosines(gram)[..., 0] @ weights).clamp(min=0).sqrt()
    if float(mean) < max(eps, 1e-12):
        return weights
    scale = (weights * lengths).sum() / mean
    return (scale * weights / lengths.where(lengths > 0, 1)) * (lengths > 0)
