"""Average of models in which every weight counts as much as it mattered to the model's predictions."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ...errors import RecipeError
from .elementwise import moved
from .geometry import shares
from .parameters import ONE, Weights
from .registry import Base, method


@method("fisher", source="Matena & Raffel 2022, arXiv 2111.09832", base=Base.NONE, least=1, piecewise=True)
def fisher(models: Sequence[Tensor], *, diagonals: Sequence[Tensor], weight: Weights = ONE) -> Tensor:
    """Mean of the models weighted by the diagonals of their Fisher information matrices.

    `Σ wᵢ Fᵢ xᵢ / Σ wᵢ Fᵢ`, element by element; where every wᵢFᵢ is zero, `Σ wᵢ xᵢ / Σ wᵢ`. The Fᵢ have the models'
    shape and aren't negative. Raises `RecipeError` for a negative diagonal or weight.
    """
    if min(weight) < 0 or any(bool((diagonal < 0).any()) for diagonal in diagonals):
        raise RecipeError(
            "merge_method fisher: a weight or diagonal is negative; give squared gradients, weights from 0"
        )
    shared = shares(weight)
    largest = torch.stack(list(diagonals)).amax(dim=0)  # only ratios matter, and squared gradients underflow
    informed = largest > 0
    scale = torch.where(informed, largest, 1)
    pulls = [
        torch.where(informed, diagonal / scale, 1) * share for diagonal, share in zip(diagonals, shared, strict=True)
    ]
    total = sum(pulls[1:], pulls[0])
    pulls = [torch.where(total > 0, pull, share) for pull, share in zip(pulls, shared, strict=True)]
    total = torch.where(total > 0, total, 1)
    merged = models[0]
    for model, pull in zip(models[1:], pulls[1:], strict=True):
        merged = moved(merged, (model - models[0]) * (pull / total))
    return merged
