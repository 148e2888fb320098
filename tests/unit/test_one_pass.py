"""Interpolation on a graphics card: Triton's kernel has the CPU's bits, in its interpreter and on a real card."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from ggez_core.checkpoints import open_checkpoint
from ggez_core.checkpoints.kernels import interpolate
from ggez_core.merging import LiveModel, fused, one_pass
from tests.tiny import siglip, siglip_pair

from .test_merging_arithmetic import FLOATS, any_finite, bits, formula

F64, F32, F16, BF16 = FLOATS
pytestmark = pytest.mark.filterwarnings("ignore:.* encountered in:RuntimeWarning")  # numpy, which interprets


@pytest.fixture
def interpreted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The kernel as Triton's interpreter runs it on the CPU, in blocks so small that there are several."""
    pytest.importorskip("triton")
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    monkeypatch.setattr(one_pass, "BLOCK", 256)
    one_pass.kernel.cache_clear()
    yield
    one_pass.kernel.cache_clear()


@pytest.mark.parametrize(
    "types",
    [(F64, F64, F64), (F32, F32, F32), (F16, F16, F16), (BF16, BF16, BF16), (F32, BF16, F16), (BF16, F16, BF16),
     (F16, F32, F64), (F64, BF16, F16), (BF16, F64, BF16), (BF16, BF16, F32)],
    ids=lambda types: "-".join(str(dtype).removeprefix("torch.") for dtype in types),
)  # fmt: skip
@pytest.mark.usefixtures("interpreted")
def test_the_kernel_has_the_bits_of_the_formula(types: tuple[torch.dtype, torch.dtype, torch.dtype], seed: int) -> None:
    first, second, written = types
    size = int(np.random.default_rng(seed).integers(1, 1200))
    a, b = any_finite(first, size, seed), any_finite(second, size, seed + 1)
    b[::5] = a[::5].to(second)
    for beta in (0.3, -0.5):
        out = torch.empty(size, dtype=written)
        one_pass.interpolate_in_one_pass(a, b, beta, out)
        assert torch.equal(bits(out), bits(formula(a, b, beta, written)))


@pytest.mark.usefixtures("interpreted")
def test_every_bfloat16_is_rounded_as_the_cpus_kernel_rounds() -> None:
    a = torch.arange(1 << 16, dtype=torch.int32).to(torch.int16).view(BF16)[::7].contiguous()  # infinity and NaN too
    b = torch.full_like(a, -3e38)
    out = torch.empty_like(a)
    one_pass.interpolate_in_one_pass(a, b, -0.5, out)
    expected = torch.empty_like(a)
    interpolate(*(tensor.view(torch.uint16).numpy() for tensor in (a, b)), -0.5, expected.view(torch.uint16).numpy())
    assert torch.equal(bits(out), bits(expected))
    assert out.isnan().any()
    assert out.isinf().any()


def test_a_card_is_given_code_that_fuses_no_operations() -> None:
    triton = pytest.importorskip("triton")
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    one_pass.kernel.cache_clear()
    kernel, tl = one_pass.kernel(), triton.language
    constants = {
        "WIDE": tl.float32,
        "BASE_BF16": True,
        "REGIONAL_BF16": True,
        "OUT_BF16": True,
        "BLOCK": one_pass.BLOCK,
    }
    types = {"base": "*u16", "regional": "*u16", "weight": "*fp32", "out": "*u16", "size": "i64"}
    source = ASTSource(
        kernel,
        types | dict.fromkeys(constants, "constexpr"),
        constexprs=constants,
        attrs={(number,): [["tt.divisibility", 16]] for number in range(len(types))},
    )
    code = triton.compile(source, target=GPUTarget("cuda", 90, 32), options=one_pass.OPTIONS).asm["ptx"]
    assert "fma" not in code
    assert ".v4.b32" in code  # 16 bytes at a time
    fused_code = triton.compile(source, target=GPUTarget("cuda", 90, 32)).asm["ptx"]
    assert "fma" in fused_code


def test_without_triton_torch_does_the_same(caplog: pytest.LogCaptureFixture, seed: int) -> None:
    with caplog.at_level(logging.WARNING):
        assert not fused._in_one_pass.__wrapped__(torch.device("cpu"))  # Triton compiles for no CPU
    assert "move by several passes over memory: Triton can't be used (" in caplog.text
    a, b = any_finite(BF16, 3000, seed), any_finite(BF16, 3000, seed + 1)
    out = torch.empty_like(a)
    fused.interpolate_on_device(a, b, 0.3, out)
    assert torch.equal(bits(out), bits(formula(a, b, 0.3, BF16)))


@pytest.mark.usefixtures("interpreted")
def test_one_pass_is_taken_where_it_works() -> None:
    assert fused._in_one_pass.__wrapped__(torch.device("cpu"))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("dtype", [F32, F16, BF16])
def test_a_model_on_a_card_moves_to_the_cpus_bits(tmp_path: Path, dtype: torch.dtype) -> None:
    assert fused._in_one_pass(torch.device("cuda", 0))
    base, regional = (open_checkpoint(path) for path in siglip_pair(tmp_path, dtype))
    here, there = siglip(1, dtype), siglip(1, dtype).to("cuda:0")
    lives = [LiveModel(model, base, regional) for model in (here, there)]
    for beta in (0.3, 1.0, 0.7, 0.0):
        for live in lives:
            live.set_beta(beta)
        for (name, one), other in zip(here.named_parameters(), there.parameters(), strict=True):
            assert torch.equal(one, other.cpu()), (beta, name)
