"""Tensors that no file holds: computed from others when they are read, a part at a time, always to the same bits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .dtypes import DTYPES
from .files import Bytes, OpenFiles, elements, empty_bytes, opened
from .header import TensorInfo

Matrix = npt.NDArray[Any]


@dataclass(frozen=True)
class LowRank:
    """An update of some rows of a matrix, from `row` on: `scale · left @ right`.

    `left` is (rows, rank) and `right` (rank, columns), both with any further axes flattened into the last one; for a
    transposed update, `left` is (rank, rows) and `right` (columns, rank), as an embedding's adapter stores them.
    """

    left: TensorInfo
    right: TensorInfo
    scale: float
    row: int = 0
    transposed: bool = False

    @property
    def rank(self) -> int:
        """The rank of the update."""
        return self.left.shape[0] if self.transposed else self.right.shape[0]

    @property
    def rows(self) -> int:
        """How many rows it changes."""
        return self.left.size // self.rank

    @property
    def columns(self) -> int:
        """How many columns it changes."""
        return self.right.size // self.rank

    def factors(self, files: OpenFiles, dtype: str) -> tuple[Matrix, Matrix]:
        """(rows, rank) and (rank, columns), in a wide type, the scale left out."""
        left, right = _wide(self.left, files, dtype), _wide(self.right, files, dtype)
        if self.transposed:
            left, right = left.reshape(self.rank, -1).T, right.reshape(-1, self.rank).T
        return np.ascontiguousarray(left.reshape(-1, self.rank)), np.ascontiguousarray(right.reshape(self.rank, -1))


@dataclass(frozen=True)
class AdaptedTensor(TensorInfo):
    """`base + scale · left @ right`, in float32 (float64 for a float64 base), for each of `updates`."""

    base: TensorInfo
    updates: tuple[LowRank, ...]

    @classmethod
    def of(cls, base: TensorInfo, updates: tuple[LowRank, ...]) -> AdaptedTensor:
        """`base` with the updates on it."""
        wide = "F64" if base.dtype == "F64" else "F32"
        size = base.size * DTYPES[wide].itemsize
        return cls(base.name, wide, base.shape, base.file, base.offset, size, base, updates)

    @property
    def files(self) -> tuple[Path, ...]:
        return (*self.base.files, *(path for u in self.updates for info in (u.left, u.right) for path in info.files))

    @property
    def computed(self) -> bool:
        return True

    def read_into(self, buffer: Bytes, files: OpenFiles, start: int = 0) -> None:
        from .kernels import add_low_rank

        out = elements(buffer, DTYPES[self.dtype].holds)
        _convert(self.base, out, files, start)
        for update in self.updates:
            left, right = update.factors(files, self.dtype)
            add_low_rank(left, right, update.scale, out, start - update.row * update.columns)


@dataclass(frozen=True)
class GrownTensor(TensorInfo):
    """`base`, and after its rows the `new` tensor's further ones, in the base's type."""

    base: TensorInfo
    new: TensorInfo

    @classmethod
    def of(cls, base: TensorInfo, new: TensorInfo) -> GrownTensor:
        """`base` grown to the rows of `new`."""
        size = new.size * DTYPES[base.dtype].itemsize
        return cls(base.name, base.dtype, new.shape, base.file, base.offset, size, base, new)

    @property
    def files(self) -> tuple[Path, ...]:
        return self.base.files + self.new.files

    @property
    def computed(self) -> bool:
        return True

    def read_into(self, buffer: Bytes, files: OpenFiles, start: int = 0) -> None:
        out = elements(buffer, DTYPES[self.dtype].holds)
        kept = min(max(self.base.size - start, 0), len(out))
        if kept:
            self.base.read_into(out[:kept].view(np.uint8), files, start)
        if kept < len(out):
            _convert(self.new, out[kept:], files, start + kept)


def values(info: TensorInfo) -> Matrix:
    """A small tensor's elements, flat; floating ones in float32."""
    dtype = DTYPES[info.dtype]
    with opened(info.files) as files:
        if dtype.merges:
            return _wide(info, files, "F32")
        buffer = empty_bytes(info.nbytes)
        info.read_into(buffer, files)
        return elements(buffer, dtype.holds)


def _wide(info: TensorInfo, files: OpenFiles, dtype: str) -> Matrix:
    """A whole tensor, flat, in a wide type."""
    out = np.empty(info.size, DTYPES[dtype].holds)
    _convert(info, out, files, 0)
    return out


def _convert(info: TensorInfo, out: Matrix, files: OpenFiles, start: int) -> None:
    """Fill `out` with elements of a tensor in another floating type."""
    from .kernels import interpolate

    stored = DTYPES[info.dtype].holds
    if stored == out.dtype:
        info.read_into(out.view(np.uint8), files, start)
        return
    buffer = empty_bytes(len(out) * stored.itemsize)
    info.read_into(buffer, files, start)
    interpolate(elements(buffer, stored), elements(buffer, stored), 0.0, out)
