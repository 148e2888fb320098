"""Average of fine-tuned models, pulled back to the base as far as they disagree."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from .geometry import cosines
from .parameters import Parameter
from .registry import Base, combination


@combination(
    "model_stock",
    source="Jang et al. 2024, arXiv 2403.19522",
    base=Base.REQUIRED,
    least=2,
    axis=lambda parameters: -1 if parameters["filter_wise"] else None,
)
def model_stock(
    gram: Tensor,
    *,
    filter_wise: Annotated[bool, Parameter("One ratio for each row (filter) instead of one a tensor.")] = False,
) -> Tensor:
    """Between the base and the models' average, at a ratio given by the angle between their task vectors.

    `base + t (mean − base)` with `t = N cos θ / (1 + (N − 1) cos θ)`, cos θ the mean cosine over all pairs. The ratio
    is an interpolation and is kept in [0, 1]: task vectors that point away from one another give the base. A zero task
    vector is at right angles to all others.
    """
    count = gram.shape[0]
    upper = torch.triu_indices(count, count, offset=1, device=gram.device)
    cosine = cosines(gram)[upper[0], upper[1]].mean(dim=0)
    agreeing = cosine > 0
    ratio = torch.where(agreeing, count * cosine / torch.where(agreeing, 1 + (count - 1) * cosine, 1), 0).clamp(max=1)
    return (ratio / count).expand(count, -1)
