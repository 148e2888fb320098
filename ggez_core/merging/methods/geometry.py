"""Merges as geometry: most methods only weigh their inputs, by weights that depend on lengths and angles.

All lengths and angles of n tensors are in their Gram matrix, n × n sums of products. So such a method needs two passes
over memory, whatever its formula: `gram` (sums, which add up over blocks) and `combine` (element by element). The
sums are float64, because angles between a model and its fine-tuned self lie where float32 sees none.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ...errors import RecipeError
from .elementwise import moved
from .sums import column_products, row_products


def gram(vectors: Sequence[Tensor], origin: Tensor | None = None, axis: int | None = None) -> Tensor:
    """Inner products of n tensors of one shape, as seen from `origin`: `(n, n, r)`, float64.

    With `axis` (0 or −1) each tensor is r vectors that run along that axis; without, it is one (r = 1). A tensor's
    result is the sum of the results for its blocks, except along the last axis, whose vectors aren't cut.
    """
    products = column_products if axis == 0 else row_products
    matrices = [_matrix(tensor, axis) for tensor in vectors]
    seen_from = None if origin is None else _matrix(origin, axis)
    rows: list[list[Tensor]] = []
    for i, one in enumerate(matrices):
        found = [products(one, other, seen_from) for other in matrices[i:]]
        rows.append([*(rows[k][i] for k in range(i)), *found])
    return torch.stack([torch.stack(row) for row in rows])


def cosines(gram: Tensor) -> Tensor:
    """Cosines between all pairs, `(n, n, r)`, from their Gram matrix; 0 where a vector has no length."""
    lengths = norms(gram)
    products = lengths[:, None] * lengths[None, :]
    return torch.where(products > 0, gram / torch.where(products > 0, products, 1), 0).clamp(-1, 1)


def norms(gram: Tensor) -> Tensor:
    """Lengths `(n, r)` of the vectors of a Gram matrix."""
    return gram.diagonal().T.clamp(min=0).sqrt()


def combine(inputs: Sequence[Tensor], coefficients: Tensor, axis: int | None = None) -> Tensor:
    """`Σ cᵢ xᵢ` for n tensors and coefficients `(n, r)`, r as in `gram`.

    Taken as `S·xₖ + Σ cᵢ (xᵢ − xₖ)` with S = Σ cᵢ and k the weightiest input, so that an input of weight 1 among zeros
    comes out untouched, and so do equal inputs when S = 1.
    """
    total = coefficients.sum(dim=0)
    anchor = int(coefficients.abs().sum(dim=1).argmax())
    start = inputs[anchor]
    merged = start if bool(((total - 1).abs() < 1e-12).all()) else start * _along(total, start, axis)
    for i, tensor in enumerate(inputs):
        if i != anchor and bool(coefficients[i].any()):
            merged = moved(merged, (tensor - start) * _along(coefficients[i], start, axis))
    return merged


def shares(weights: Sequence[float]) -> list[float]:
    """`weights` divided by their sum. Raises `RecipeError` if that is zero."""
    total = sum(weights)
    if abs(total) <= 1e-8 * sum(map(abs, weights)):
        said = ", ".join(f"{weight:g}" for weight in weights)
        raise RecipeError(f"weight: {said} sum to zero, so they can't be normalised; change one of them")
    return [weight / total for weight in weights]


def column(weights: Sequence[float], like: Tensor) -> Tensor:
    """Weights as coefficients `(n, 1)`, float64, where `like` lives."""
    return torch.tensor(weights, dtype=torch.float64, device=like.device)[:, None]


def _matrix(tensor: Tensor, axis: int | None) -> Tensor:
    """Two axes: vectors along the last one, or with `axis` = 0 along the first."""
    if axis is None:
        return tensor.reshape(1, -1)
    if axis == 0:
        return tensor.reshape(tensor.shape[0], -1)
    return tensor.reshape(-1, tensor.shape[-1])


def _along(coefficient: Tensor, like: Tensor, axis: int | None) -> Tensor:
    """Coefficients `(r,)` in the type of `like` and in a shape that multiplies it."""
    shape: Sequence[int] = ()
    if axis is not None:
        kept = list(like.shape)
        kept[axis] = 1
        shape = kept
    return coefficient.to(like.dtype).reshape(shape)
