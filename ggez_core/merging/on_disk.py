"""Merge methods on tensors that are on disk: the blocks of a tensor, read when they are asked for. Imports torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..checkpoints import TensorInfo
from ..checkpoints.dtypes import DTYPES, DType
from ..checkpoints.files import Elements, OpenFiles, empty_bytes
from .fused import interpolate_on_device
from .methods import Draw
from .methods.blocks import Apply, Block, Extent, Run, settle
from .methods.method import block_of
from .plan import Operation, Part
from .resolve import Merger

_ON_DEVICE = 1 << 24  # elements of a block where a device is to be kept busy
_PIECE = 1 << 18


@dataclass(frozen=True)
class _Stored:
    """The blocks of one operation's inputs, on `device` and in the type that they are merged in."""

    operation: Operation
    merger: Merger
    files: OpenFiles
    device: str | None

    @property
    def extent(self) -> Extent:
        return self.merger.method.extent(self.merger.arguments, self.operation.shape, longest_on(self.device))

    def __getitem__(self, number: int) -> Block:
        extent, inputs = self.extent, self.operation.inputs
        start, stop = extent.bounds(number)
        shape = extent.block_shape(number)
        double = any(info.dtype == "F64" for info in inputs[: self.merger.models + self.merger.based])
        wide = torch.float64 if double else torch.float32
        parts = [self._read(info, start, stop).to(wide).view(shape) for info in inputs]
        return block_of(parts, self.merger.models, self.merger.based, number, start)

    def _read(self, info: TensorInfo, start: int, stop: int) -> Tensor:
        raw = empty_bytes((stop - start) * DTYPES[info.dtype].itemsize)
        info.read_into(raw, self.files, start)
        return _as_tensor(raw, DTYPES[info.dtype]).to(self.device or "cpu")


def longest_on(device: str | None) -> int | None:
    """The most elements of a block on a device; None leaves that to the method."""
    return None if device in (None, "cpu") else _ON_DEVICE


def settled(operation: Operation, merger: Merger, files: OpenFiles, device: str | None, run: Run) -> Apply:
    """The function that merges a block; after as many passes over the tensor as the method needs."""
    if merger.keeps_equals and _equal(operation.inputs, files):
        return lambda block: block.origin
    blocks = _Stored(operation, merger, files, device)
    draw = Draw(operation.name, merger.seed) if merger.method.random else None
    return settle(merger.method.survey(merger.arguments, blocks.extent, draw), blocks, run)


def merge_part(part: Part, merger: Merger, apply: Apply, files: OpenFiles, device: str | None, out: Elements) -> None:
    """Write a part's elements, whole blocks, to `out`, rounded once."""
    blocks = _Stored(part.operation, merger, files, device)
    written, step = _as_tensor(out.view(np.uint8), part.operation.dtype), blocks.extent.step
    for number in range(part.start // step, -(-part.stop // step)):
        start, stop = blocks.extent.bounds(number)
        written[start - part.start : stop - part.start] = apply(blocks[number]).flatten()


def interpolate_on(
    device: str, operation: Operation, first: Elements, second: Elements, weight: float, out: Elements
) -> None:
    """The kernels' interpolation by torch, on a device."""
    held = [(first, operation.inputs[0]), (second, operation.inputs[-1])]
    a, b = (_as_tensor(values.view(np.uint8), DTYPES[info.dtype]).to(device) for values, info in held)
    merged = torch.empty(len(a), dtype=getattr(torch, operation.dtype.name), device=device)
    interpolate_on_device(a, b, weight, merged)
    _as_tensor(out.view(np.uint8), operation.dtype)[:] = merged


def _as_tensor(raw: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], dtype: DType) -> Tensor:
    """Bytes as a flat tensor of the type they hold, without copying."""
    return torch.from_numpy(raw).view(getattr(torch, dtype.name))


def _equal(inputs: Sequence[TensorInfo], files: OpenFiles) -> bool:
    """Whether all inputs hold the same bytes; reads no further than the first difference."""
    first = inputs[0]
    if any(info.dtype != first.dtype for info in inputs):
        return False
    width = DTYPES[first.dtype].itemsize
    for start in range(0, first.size, _PIECE):
        count = min(_PIECE, first.size - start)
        one, other = empty_bytes(count * width), empty_bytes(count * width)
        first.read_into(one, files, start)
        for info in inputs[1:]:
            info.read_into(other, files, start)
            if not np.array_equal(one, other):
                return False
    return True
