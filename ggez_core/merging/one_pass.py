"""Interpolation on a graphics card in one pass over memory: each end read once, the result written once, by Triton.

At 2.6 billion bfloat16 weights that is 15.6 GB, where torch's operations go over five times as much. Triton comes with
torch on Linux and is imported only when something on a card is moved; `fused` falls back to torch without it. 16-bit
elements are widened and rounded by integer arithmetic, as in the kernels for the CPU, so that the result has their bits
on every card. Multiply and add aren't fused: that would round once where `merging` rounds twice.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor

DTYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16)
OPTIONS = {"enable_fp_fusion": False}
BLOCK = 4096  # elements of one program: 32 a thread, loaded 16 bytes at a time


@cache
def kernel() -> Any:
    """The compiled kernel: one launch moves any number of elements. Raises `ImportError` where Triton isn't."""
    import triton
    import triton.language as tl

    @triton.jit  # type: ignore[untyped-decorator]
    def interpolate(  # type: ignore[no-untyped-def]  # Triton reads annotations
        base, regional, weight, out, size,
        WIDE: tl.constexpr, BASE_BF16: tl.constexpr, REGIONAL_BF16: tl.constexpr, OUT_BF16: tl.constexpr,
        BLOCK: tl.constexpr,
    ):  # fmt: skip
        at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)  # a model has more elements than int32 counts
        inside = at < size
        x = tl.load(base + at, mask=inside)
        y = tl.load(regional + at, mask=inside)
        if BASE_BF16:
            x = (x.to(tl.uint32) << 16).to(tl.float32, bitcast=True)
        if REGIONAL_BF16:
            y = (y.to(tl.uint32) << 16).to(tl.float32, bitcast=True)
        x, y = x.to(WIDE), y.to(WIDE)
        by = tl.load(weight) * (y - x)
        moved = tl.where((x == y) | (by == 0), x, x + by)
        if OUT_BF16:
            single = moved.to(tl.float32)
            bits = single.to(tl.uint32, bitcast=True)
            rounded = (bits + (((bits >> 16) & 1) + 0x7FFF)) >> 16
            tl.store(out + at, tl.where(single == single, rounded, 0x7FC0).to(tl.uint16), mask=inside)
        else:
            if out.dtype.element_ty == tl.float16:
                moved = moved.to(tl.float32)  # as the CPU's kernel and torch go from float64
            tl.store(out + at, moved.to(out.dtype.element_ty), mask=inside)

    return interpolate


def interpolate_in_one_pass(base: Tensor, regional: Tensor, weight: float, out: Tensor) -> None:
    """Write `base + weight·(regional − base)` to `out`: flat contiguous tensors of `DTYPES`, on one card."""
    import triton.language as tl

    if not out.numel():
        return
    tensors = (base, regional, out)
    double = torch.float64 in (tensor.dtype for tensor in tensors)
    factor = torch.full((1,), weight, dtype=torch.float64 if double else torch.float32, device=out.device)
    is_bf16 = [tensor.dtype == torch.bfloat16 for tensor in tensors]
    first, second, written = (
        tensor.view(torch.uint16) if bf16 else tensor for tensor, bf16 in zip(tensors, is_bf16, strict=True)
    )
    programs = (-(-out.numel() // BLOCK),)
    wide = tl.float64 if double else tl.float32
    with torch.cuda.device_of(out):  # type: ignore[no-untyped-call]  # Triton launches on the current card
        kernel()[programs](first, second, factor, written, out.numel(), wide, *is_bf16, BLOCK, **OPTIONS)
