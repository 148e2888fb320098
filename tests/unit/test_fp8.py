"""The two 8-bit floats: read exactly, written with one rounding, as torch has them; too large is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from ggez_core.checkpoints import compare, open_checkpoint
from ggez_core.checkpoints.dtypes import dtype_named
from ggez_core.checkpoints.kernels import all_finite, interpolate
from ggez_core.errors import IncompatibleError
from ggez_core.merging import LiveModel, merge
from tests.tiny import write_checkpoint

FP8 = [torch.float8_e4m3fn, torch.float8_e5m2]
LARGEST = {torch.float8_e4m3fn: 464.0, torch.float8_e5m2: float("inf")}  # from here on torch's versions differ


def holds(dtype: torch.dtype) -> np.dtype:
    return dtype_named(str(dtype)).holds


def converted(values: np.ndarray, holds_in: np.dtype, holds_out: np.dtype) -> np.ndarray:
    """The values through the kernels, from one held type to another."""
    out = np.empty(values.size, holds_out)
    interpolate(values.view(holds_in), values.view(holds_in), 0.0, out)
    return out


@pytest.mark.parametrize("dtype", FP8)
def test_all_256_codes_are_read_as_torch_reads_them(dtype: torch.dtype) -> None:
    codes = np.arange(256, dtype=np.uint8)
    found = converted(codes, holds(dtype), np.dtype(np.float32))
    expected = torch.from_numpy(codes).view(dtype).float().numpy()
    assert np.array_equal(found, expected, equal_nan=True)
    assert np.array_equal(np.signbit(found[::128]), [False, True])  # ±0
    finite = torch.from_numpy(expected).isfinite().numpy()
    assert [all_finite(codes[i : i + 1].view(holds(dtype))) for i in range(256)] == finite.tolist()


@pytest.mark.parametrize("dtype", FP8)
def test_rounding_is_torchs_bit_for_bit(dtype: torch.dtype, seed: int) -> None:
    """Random bit patterns, and every code, every midpoint of two codes and the floats next to both."""
    drawn = np.random.default_rng(seed).integers(0, 1 << 32, 500_000, dtype=np.uint32).view(np.float32)
    codes = torch.arange(256, dtype=torch.uint8).view(dtype).float().numpy()
    codes = np.sort(codes[np.isfinite(codes)])
    edges = np.concatenate([codes, (codes[1:] + codes[:-1]) / 2])
    edges = np.concatenate([edges, np.nextafter(edges, np.float32(np.inf)), np.nextafter(edges, np.float32(-np.inf))])
    with np.errstate(invalid="ignore"):
        values = np.concatenate([drawn, drawn * np.float32(2.0**-100), edges])
    values = values[~(np.abs(values) > LARGEST[dtype])]
    found = converted(values, np.dtype(np.float32), holds(dtype)).view(np.uint8)
    assert np.array_equal(found, torch.from_numpy(values).to(dtype).view(torch.uint8).numpy())


def test_too_large_is_never_clipped() -> None:
    large = np.array([464.00003, 480, 1e9, -1e9, np.inf, np.nan], np.float32)
    assert not any(all_finite(converted(large[i : i + 1], large.dtype, np.dtype(np.uint8))) for i in range(6))
    large = np.array([61440, 65504, -1e9, np.inf, np.nan], np.float32)
    assert not any(all_finite(converted(large[i : i + 1], large.dtype, np.dtype(np.int8))) for i in range(5))


def pair(folder: Path, first: torch.dtype, second: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    a, b = torch.randn(37, 53).to(first), torch.randn(37, 53).to(second)
    for name, tensor in (("a", a), ("b", b)):
        write_checkpoint(folder / name, {"m.w": tensor, "m.scale": torch.tensor(0.5), "m.none": tensor[:0]})
    return a, b


@pytest.mark.parametrize(
    ("first", "second", "written"),
    [(fp8, other, None) for fp8 in FP8 for other in (fp8, torch.bfloat16, torch.float32, torch.float64)]
    + [(other, fp8, None) for fp8 in FP8 for other in (torch.bfloat16, torch.float16, torch.float32)]
    + [
        (*FP8, None),
        (torch.float8_e4m3fn, torch.float8_e4m3fn, torch.bfloat16),
        (torch.float32, torch.float32, FP8[1]),
    ],
)
def test_merging(tmp_path: Path, first: torch.dtype, second: torch.dtype, written: torch.dtype | None) -> None:
    """In float32 (float64 where one is), rounded once to the base's type or the one that is asked for."""
    a, b = pair(tmp_path, first, second)
    wide = torch.float64 if torch.float64 in (first, second) else torch.float32
    x, y = a.to(wide), b.to(wide)
    beta = 0.3 if wide == torch.float64 else np.float32(0.3).item()
    moved = torch.where(x == y, x, x + torch.tensor(beta, dtype=wide) * (y - x))
    expected = moved.float().to(written or first)
    out = merge(tmp_path / "a", tmp_path / "b", 0.3, tmp_path / "out", dtype=str(written) if written else None).output
    found = load_file(out / "model.safetensors")
    assert found["m.w"].dtype == expected.dtype
    assert torch.equal(found["m.w"].view(torch.uint8), expected.view(torch.uint8))
    assert found["m.none"].shape == (0, 53)
    for beta, end in ((0.0, a), (1.0, b)):
        out = merge(tmp_path / "a", tmp_path / "b", beta, tmp_path / f"end-{beta}").output
        whole = load_file(out / "model.safetensors")["m.w"]
        assert torch.equal(whole.view(torch.uint8), end.to(first).view(torch.uint8))


@pytest.mark.parametrize("dtype", FP8)
def test_the_report_reads_them(tmp_path: Path, dtype: torch.dtype) -> None:
    a, b = pair(tmp_path, dtype, dtype)
    report = compare(open_checkpoint(tmp_path / "a"), open_checkpoint(tmp_path / "b"))
    change = {tensor.name: tensor.relative_change for tensor in report.tensors}
    assert change["m.w"] == pytest.approx(((b.double() - a.double()).norm() / a.double().norm()).item(), rel=1e-6)
    assert report.compatible


@pytest.mark.parametrize("dtype", FP8)
def test_not_a_number_and_too_large_are_refused(tmp_path: Path, dtype: torch.dtype) -> None:
    pair(tmp_path, dtype, torch.float32)
    nan = {
        "m.w": torch.full((37, 53), float("nan")).to(dtype),
        "m.scale": torch.tensor(1.0),
        "m.none": torch.ones(0, 53),
    }
    write_checkpoint(tmp_path / "nan", nan)
    a, sick = open_checkpoint(tmp_path / "a"), open_checkpoint(tmp_path / "nan")
    assert [tensor.name for tensor in compare(a, sick).blocking] == ["m.w"]
    with pytest.raises(IncompatibleError, match=r"m\.w holds NaN or infinity in .*/nan "):
        merge(a, sick, 0.5, tmp_path / "out")
    with pytest.raises(IncompatibleError, match=rf"m\.w is too large for {dtype_named(str(dtype)).name} at β = 1e"):
        merge(a, tmp_path / "b", 1e6, tmp_path / "out", extrapolate=True)


def test_a_live_model_of_another_type_moves_between_them(tmp_path: Path) -> None:
    pair(tmp_path, *FP8)
    model = torch.nn.Module()
    model.m = torch.nn.Module()
    for name, shape in (("w", (37, 53)), ("scale", ()), ("none", (0, 53))):
        model.m.register_parameter(name, torch.nn.Parameter(torch.zeros(shape, dtype=torch.bfloat16)))
    LiveModel(model, open_checkpoint(tmp_path / "a"), open_checkpoint(tmp_path / "b")).set_beta(0.7)
    out = merge(tmp_path / "a", tmp_path / "b", 0.7, tmp_path / "out", dtype="bfloat16").output
    assert torch.equal(model.m.w, load_file(out / "model.safetensors")["m.w"])


SCALES = ["m.w_scale", "m.weight_scale_inv", "m.scale_weight", "scaled_fp8", "m.weight.absmax", "m.qweight", "m.SCB"]


@pytest.mark.parametrize("name", SCALES)
def test_quantized_weights_are_refused_and_plain_ones_not(tmp_path: Path, name: str) -> None:
    weights = {"m.weight": torch.randn(4, 4).to(torch.float8_e4m3fn), name: torch.ones(1)}
    a, b = (open_checkpoint(write_checkpoint(tmp_path / side, weights)) for side in "ab")
    if name == "m.w_scale":
        assert compare(a, b).compatible
        return
    assert not compare(a, b).compatible
    with pytest.raises(IncompatibleError, match=f"weights are quantized .*{name}.*dequantize"):
        merge(a, b, 0.5, tmp_path / "out")


def test_a_config_that_says_quantized(tmp_path: Path) -> None:
    for side in "ab":
        folder = write_checkpoint(tmp_path / side, {"m.weight": torch.ones(2)})
        (folder / "config.json").write_text('{"text_config": {"quantization_config": {"quant_method": "gptq"}}}')
    with pytest.raises(IncompatibleError, match=r"quantized .*gptq"):
        merge(tmp_path / "a", tmp_path / "b", 0.5, tmp_path / "out")
