"""Sums over a block's elements in float64, in an order that is fixed on the CPU; another device has its own."""

from __future__ import annotations

import torch
from torch import Tensor

from .. import kernels


def row_products(x: Tensor, y: Tensor, origin: Tensor | None = None) -> Tensor:
    """Inner products of rows, `(rows, length)` in and `(rows,)` out, float64, as seen from `origin`."""
    if x.device.type == "cpu":
        a, b = x.contiguous().numpy(), y.contiguous().numpy()
        return torch.from_numpy(kernels.row_products(a, b, None if origin is None else origin.contiguous().numpy()))
    return (_seen(x, origin) * _seen(y, origin)).sum(dim=1)


def column_products(x: Tensor, y: Tensor, origin: Tensor | None = None) -> Tensor:
    """Inner products of columns, `(length, columns)` in and `(columns,)` out, float64, as seen from `origin`."""
    if x.device.type == "cpu":
        a, b = x.contiguous().numpy(), y.contiguous().numpy()
        return torch.from_numpy(kernels.column_products(a, b, None if origin is None else origin.contiguous().numpy()))
    return (_seen(x, origin) * _seen(y, origin)).sum(dim=0)


def magnitude(x: Tensor) -> float:
    """The sum of absolute values."""
    if x.device.type == "cpu":
        return kernels.magnitude(x.contiguous().reshape(-1).numpy())
    return float(x.abs().sum(dtype=torch.float64))


def energy(x: Tensor) -> float:
    """The sum of squares."""
    flat = x.reshape(1, -1)
    return float(row_products(flat, flat)[0])


def _seen(x: Tensor, origin: Tensor | None) -> Tensor:
    return x.double() if origin is None else x.double() - origin.double()
