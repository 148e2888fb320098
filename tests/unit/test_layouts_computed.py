"""Tensors computed when they are read: any part of them has the bits it has in the whole, and the formula's value."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from ggez_core.checkpoints.computed import AdaptedTensor, GrownTensor, LowRank
from ggez_core.checkpoints.dtypes import DTYPES
from ggez_core.checkpoints.files import empty_bytes, opened
from ggez_core.checkpoints.header import TensorInfo, read_header


def stored(folder: Path, **tensors: torch.Tensor) -> dict[str, TensorInfo]:
    save_file(tensors, folder / "x.safetensors")
    return {info.name: info for info in read_header(folder / "x.safetensors")}


def part(info: TensorInfo, start: int, stop: int) -> bytes:
    buffer = empty_bytes((stop - start) * DTYPES[info.dtype].itemsize)
    with opened(info.files) as files:
        info.read_into(buffer, files, start)
    return buffer.tobytes()


@settings(deadline=None, max_examples=60)
@given(
    rows=st.integers(1, 9), columns=st.integers(1, 9), rank=st.integers(1, 5), seed=st.integers(0, 2**31),
    dtype=st.sampled_from([torch.float32, torch.bfloat16, torch.float16, torch.float64]),
    share=st.integers(0, 2), transposed=st.booleans(), cut=st.floats(0, 1),
)  # fmt: skip
def test_a_low_rank_update(
    rows: int, columns: int, rank: int, seed: int, dtype: torch.dtype, share: int, transposed: bool, cut: float,
    tmp_path_factory: object,
) -> None:  # fmt: skip
    folder: Path = tmp_path_factory.mktemp("x")  # type: ignore[attr-defined]
    generator = torch.Generator().manual_seed(seed)
    base = torch.randn(3 * rows, columns, generator=generator).to(dtype)
    left, right = torch.randn(rows, rank, generator=generator), torch.randn(rank, columns, generator=generator).half()
    if transposed:
        infos = stored(folder, base=base, left=left.T.contiguous(), right=right.T.contiguous())
    else:
        infos = stored(folder, base=base, left=left, right=right)
    update = LowRank(infos["left"], infos["right"], 0.75, share * rows, transposed)
    adapted = AdaptedTensor.of(infos["base"], (update,))
    whole = part(adapted, 0, base.numel())
    middle = int(cut * base.numel())
    assert part(adapted, 0, middle) + part(adapted, middle, base.numel()) == whole
    expected = base.double()
    expected[share * rows : (share + 1) * rows] += 0.75 * left.double() @ right.double()
    wide = np.float64 if dtype == torch.float64 else np.float32
    found = torch.from_numpy(np.frombuffer(whole, wide).copy()).view(base.shape)
    eps = torch.finfo(found.dtype).eps
    torch.testing.assert_close(found.double(), expected, rtol=4 * eps, atol=40 * rank * eps)


@settings(deadline=None, max_examples=30)
@given(rows=st.integers(0, 6), more=st.integers(1, 5), columns=st.integers(1, 5), cut=st.floats(0, 1))
def test_grown_rows(rows: int, more: int, columns: int, cut: float, tmp_path_factory: object) -> None:
    folder: Path = tmp_path_factory.mktemp("x")  # type: ignore[attr-defined]
    base, new = torch.randn(rows, columns).bfloat16(), torch.randn(rows + more, columns)
    infos = stored(folder, base=base, new=new)
    grown = GrownTensor.of(infos["base"], infos["new"])
    assert grown.shape == new.shape
    middle = int(cut * new.numel())
    found = part(grown, 0, middle) + part(grown, middle, new.numel())
    expected = torch.cat([base, new[rows:].bfloat16()])
    assert found == expected.view(torch.uint8).numpy().tobytes()
