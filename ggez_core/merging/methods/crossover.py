"""Low spatial frequencies of one tensor, high ones of another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

import torch
from torch import Tensor

from .elementwise import moved
from .parameters import Parameter
from .registry import Base, method


@method("crossover", source="sd-mecha", base=Base.REQUIRED, least=1, most=1, beta="alpha")
def crossover(
    models: Sequence[Tensor],
    base: Tensor,
    *,
    alpha: Annotated[float, Parameter("Share of the spectrum that is the model's.", minimum=0, maximum=1)] = 0.5,
    tilt: Annotated[
        float,
        Parameter("0: the model's high frequencies; 1: all alike (linear); 2: its low ones.", minimum=0, maximum=2),
    ] = 0.0,
) -> Tensor:
    """The base with a band of frequencies from the model.

    `base + F⁻¹(h · F(model − base))`, F the Fourier transform over all axes. At radius ρ ∈ [0, 1] (0 constant, 1 the
    highest on every axis) h steps from 0 to 1 at ρ = 1 − α; a `tilt` up to 1 flattens the step to a slope around
    that point and to the constant α, beyond 1 it rises to the opposite step at ρ = α. `alpha` 0 and 1 are base and
    model bit for bit. A tensor of one element has no frequencies: its h is α.
    """
    model = models[0]
    if alpha in (0, 1):
        return model if alpha else base
    difference = model - base
    if tilt == 1 or base.numel() == 1:
        return moved(base, difference * alpha)
    spectrum = torch.fft.rfftn(difference)
    passed = _filter(_radius(base), alpha, tilt)
    return moved(base, torch.fft.irfftn(spectrum * passed, s=base.shape))


def _radius(like: Tensor) -> Tensor:
    """Distance from frequency zero of every coefficient of `rfftn(like)`, as a share of the largest."""
    squares = torch.zeros((), dtype=like.dtype, device=like.device)
    for i, length in enumerate(like.shape):
        last = i == like.ndim - 1
        frequency = torch.arange(length // 2 + 1 if last else length, device=like.device, dtype=like.dtype)
        frequency = torch.minimum(frequency, length - frequency) / max(1, length // 2)
        squares = squares + frequency.square().reshape([-1 if k == i else 1 for k in range(like.ndim)])
    return (squares / like.ndim).sqrt()


def _filter(radius: Tensor, alpha: float, tilt: float) -> Tensor:
    if tilt == 0:
        return (radius > 1 - alpha).to(radius.dtype)
    if tilt == 2:
        return (radius < alpha).to(radius.dtype)
    pivot = 1 - alpha if tilt < 1 else alpha
    return (alpha + (radius - pivot) / math.tan(math.pi * tilt / 2)).clamp(0, 1)
