"""The Riemannian mean on the sphere: the direction with the least squared angle to all models."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from .geometry import column, cosines, norms, shares
from .parameters import ONE, Parameter, Weights
from .registry import Base, combination


@combination("karcher", source="Karcher 1977; arXiv 2603.04972", base=Base.NONE, least=1)
def karcher(
    gram: Tensor,
    *,
    weight: Weights = ONE,
    max_iter: Annotated[int, Parameter("Most steps of the iteration.", minimum=1)] = 10,
    tol: Annotated[float, Parameter("Stop at steps shorter than this angle, in radians.", minimum=0)] = 1e-5,
) -> Tensor:
    """Karcher mean of the models' directions, at their mean length.

    Iterates `m ← exp_m(Σ wᵢ log_m(uᵢ))` from the normalised weighted mean; m is kept as its weights on the directions
    uᵢ, so no tensor is touched. Zero tensors have no direction, but count in the mean length `Σ wᵢ‖xᵢ‖`. Where the
    directions cancel their mean isn't unique, and the result is the weighted mean `Σ wᵢxᵢ`.
    """
    shared = column(shares(weight), gram)
    lengths, angles = norms(gram), cosines(gram)[..., 0]
    directed = lengths > 0
    pull = shared * directed
    pull = pull / pull.sum() if float(pull.sum()) else pull
    size = float(_size(pull, angles))
    if size <= max(tol, 1e-12):
        return shared
    mean = pull / size
    for _ in range(max_iter):
        cosine = (angles @ mean).clamp(-1, 1)
        angle = torch.acos(cosine)
        reachable = (angle >= tol) & (torch.sin(angle) >= 1e-12)
        steps = torch.where(reachable, pull * angle / torch.where(reachable, torch.sin(angle), 1), 0)
        tangent = steps - (steps * cosine).sum() * mean
        length = _size(tangent, angles)
        if float(length) < max(tol, 1e-12):
            break
        mean = torch.cos(length) * mean + torch.sin(length) * tangent / length
        mean = mean / _size(mean, angles)
    return torch.where(directed, (shared * lengths).sum() * mean / torch.where(directed, lengths, 1), 0)


def _size(coefficients: Tensor, angles: Tensor) -> Tensor:
    """Length of `Σ cᵢuᵢ`, from the cosines between the uᵢ."""
    return (coefficients.T @ angles @ coefficients).clamp(min=0).sqrt()[0, 0]
