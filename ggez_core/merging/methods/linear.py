"""Weighted mean of any number of models ("model soup")."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from .geometry import column, combine, shares
from .parameters import ONE, Normalize, Weights
from .registry import Base, method


@method("linear", source="Wortsman et al. 2022, arXiv 2203.05482", base=Base.NONE, least=1, piecewise=True)
def linear(models: Sequence[Tensor], *, weight: Weights = ONE, normalize: Normalize = True) -> Tensor:
    """Weighted mean of the models.

    `Σ wᵢ xᵢ / Σ wᵢ`, or without `normalize` `Σ wᵢ xᵢ`. A model that alone has weight comes out bit for bit.
    """
    return combine(models, column(shares(weight) if normalize else weight, models[0]))
