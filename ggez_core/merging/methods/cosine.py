"""Interpolation gated by similarity: what the models agree on stays the base's, what they don't becomes the model's."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from .geometry import cosines
from .parameters import Parameter
from .registry import Base, combination

Alpha = Annotated[
    float, Parameter("Similarity above which the base is kept; 1 gives the model.", minimum=-1, maximum=1)
]


def _gated(similarity: Tensor, alpha: float) -> Tensor:
    """Weights `(2, r)` of base and model at cosines `(r,)`."""
    model = 1 - (similarity - alpha).clamp(0, 1)
    return torch.stack([1 - model, model])


@combination(
    "add_cosine_a", source="sd-mecha; sd-webui-supermerger, cosineA", base=Base.REQUIRED, least=1, most=1,
    origin=False, axis=lambda parameters: 0,
)  # fmt: skip
def add_cosine_a(gram: Tensor, *, alpha: Alpha = 1.0) -> Tensor:
    """Base and model interpolated by the cosine between their columns.

    For every column (along the first axis): `base + k (model − base)` with `k = 1 − clamp(cos − α, 0, 1)`. A zero
    column has cosine 0.
    """
    return _gated(cosines(gram)[0, 1], alpha)


@combination(
    "add_cosine_b", source="sd-mecha; sd-webui-supermerger, cosineB", base=Base.REQUIRED, least=1, most=1,
    origin=False, axis=lambda parameters: 0,
)  # fmt: skip
def add_cosine_b(gram: Tensor, *, alpha: Alpha = 1.0) -> Tensor:
    """Base and model interpolated by the mean of their columns' cosine and the whole tensors'.

    As `add_cosine_a` with `(cos(columns) + cos(tensors)) / 2` for cos. A zero vector has cosine 0.
    """
    whole = cosines(gram.sum(dim=-1, keepdim=True))
    return _gated(((cosines(gram) + whole) / 2)[0, 1], alpha)
