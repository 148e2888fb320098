"""The element types of tensors on disk: safetensors codes, torch's names, and how their bits are held in numpy.

numpy has no bfloat16 and numba no half precision, so both are held as 16-bit integers, and the integer's sign tells
them apart: `uint16` holds bfloat16, `int16` holds float16. The two 8-bit floats (OCP's specification, revision 1.0) are
held alike: `uint8` holds E4M3, which has NaN but no infinity, and `int8` holds E5M2. `kernels` relies on that; nothing
else needs to know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import RecipeError


@dataclass(frozen=True)
class DType:
    """One element type: its safetensors `code`, torch's `name`, and the numpy type that `holds` its bits.

    `merges` says whether weights of this type are averaged; all others are copied from the base.
    """

    code: str
    name: str
    holds: np.dtype[Any]
    merges: bool = False

    @property
    def itemsize(self) -> int:
        """Bytes an element."""
        return self.holds.itemsize


DTYPES: dict[str, DType] = {
    dtype.code: dtype
    for dtype in (
        DType("F64", "float64", np.dtype(np.float64), merges=True),
        DType("F32", "float32", np.dtype(np.float32), merges=True),
        DType("F16", "float16", np.dtype(np.int16), merges=True),
        DType("BF16", "bfloat16", np.dtype(np.uint16), merges=True),
        DType("F8_E4M3", "float8_e4m3fn", np.dtype(np.uint8), merges=True),
        DType("F8_E5M2", "float8_e5m2", np.dtype(np.int8), merges=True),
        DType("C64", "complex64", np.dtype(np.complex64)),
        DType("I64", "int64", np.dtype(np.int64)),
        DType("I32", "int32", np.dtype(np.int32)),
        DType("I16", "int16", np.dtype(np.int16)),
        DType("I8", "int8", np.dtype(np.int8)),
        DType("U64", "uint64", np.dtype(np.uint64)),
        DType("U32", "uint32", np.dtype(np.uint32)),
        DType("U16", "uint16", np.dtype(np.uint16)),
        DType("U8", "uint8", np.dtype(np.uint8)),
        DType("BOOL", "bool", np.dtype(np.uint8)),
    )
}


def dtype_named(name: str) -> DType:
    """The floating type a user means by `bfloat16`, `BF16` or `torch.bfloat16`. Raises `RecipeError` for any other."""
    wanted = name.removeprefix("torch.").lower()
    for dtype in DTYPES.values():
        if dtype.merges and wanted in (dtype.code.lower(), dtype.name):
            return dtype
    known = ", ".join(dtype.name for dtype in DTYPES.values() if dtype.merges)
    raise RecipeError(f"dtype {name!r} is none that weights are written in; choose one of {known}")
