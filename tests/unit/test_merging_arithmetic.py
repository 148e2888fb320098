"""The arithmetic of linear merging, on disk and live, against numpy's separately rounded operations and float64."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ggez_core.checkpoints import open_checkpoint
from ggez_core.checkpoints.kernels import interpolate_on_all_cores
from ggez_core.errors import RecipeError
from ggez_core.merging import LiveModel, merge
from tests.tiny import write_checkpoint

FLOATS = [torch.float64, torch.float32, torch.float16, torch.bfloat16]
BITS = {8: torch.int64, 4: torch.int32, 2: torch.int16}


def bits(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor's bits, so that comparing tells −0 from 0."""
    return tensor.contiguous().view(BITS[tensor.element_size()])


def formula(a: torch.Tensor, b: torch.Tensor, beta: float, dtype: torch.dtype) -> torch.Tensor:
    """a + β·(b − a), each operation rounded by numpy, then once by torch; what doesn't move is copied."""
    if beta in (0, 1):
        return (b if beta else a).to(dtype)
    wide = np.float64 if torch.float64 in (a.dtype, b.dtype, dtype) else np.float32
    x, y = (t.to(torch.float64 if wide is np.float64 else torch.float32).numpy() for t in (a, b))
    by = wide(beta) * (y - x)
    return torch.from_numpy(np.where((x == y) | (by == 0), x, x + by).reshape(a.shape)).to(dtype)


def any_finite(dtype: torch.dtype, count: int, seed: int) -> torch.Tensor:
    """Any bit patterns that are finite and not so large that a difference overflows, ±0 and subnormals included."""
    raw = np.random.default_rng(seed).integers(0, 256, (count + 1) * dtype.itemsize, dtype=np.uint8)
    values = torch.from_numpy(raw).view(dtype)[:count]
    limit = torch.finfo(dtype).max / 8
    values = torch.where(values.isfinite() & (values.abs() < limit), values, torch.tensor(-0.0, dtype=dtype))
    values[::7] = 0.0
    return values


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    stored=st.tuples(st.sampled_from(FLOATS), st.sampled_from(FLOATS)),
    shape=st.lists(st.integers(0, 40), max_size=3).map(tuple),
    beta=st.sampled_from([0.0, 1.0, 0.5]) | st.floats(0, 1, width=32),
    seed=st.integers(0, 2**32),
)
def test_any_values_shapes_and_types(
    tmp_path_factory: pytest.TempPathFactory,
    stored: tuple[torch.dtype, torch.dtype],
    shape: tuple[int, ...],
    beta: float,
    seed: int,
) -> None:
    folder = tmp_path_factory.mktemp("merge")
    count = int(np.prod(shape, dtype=int))
    a, b = any_finite(stored[0], count, seed).reshape(shape), any_finite(stored[1], count, seed + 1).reshape(shape)
    if stored[0].itemsize > stored[1].itemsize:
        a = a.to(stored[1]).to(stored[0])  # so that nothing overflows on the way to the narrower type
        a[~a.isfinite()] = 0
    b[b.double().abs() > torch.finfo(stored[0]).max / 8] = 0
    a, b = a.contiguous(), b.contiguous()
    base = write_checkpoint(folder / "a", {"m.w": a, "m.same": a, "m.ids": torch.arange(3)})
    regional = write_checkpoint(folder / "b", {"m.w": b, "m.same": a, "m.ids": torch.arange(3) + 5})
    merge(base, regional, beta, folder / "out")
    merged = open_checkpoint(folder / "out")
    assert torch.equal(bits(merged.read("m.w")), bits(formula(a, b, beta, stored[0])))
    assert torch.equal(bits(merged.read("m.same")), bits(a))
    assert torch.equal(merged.read("m.ids"), torch.arange(3))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("beta", [0.1, 0.37, 0.75, 1.0])
def test_within_one_rounding_of_the_exact_value(tmp_path: Path, dtype: torch.dtype, beta: float) -> None:
    a, b = torch.randn(64, 1031).to(dtype), torch.randn(64, 1031).to(dtype)
    base, regional = (write_checkpoint(tmp_path / n, {"m.w": t}) for n, t in (("a", a), ("b", b)))
    merge(base, regional, beta, tmp_path / "out")
    exact = a.double() + beta * (b.double() - a.double())
    scale = torch.maximum(a.double().abs(), b.double().abs())
    step = (  # below the smallest normal number the steps don't shrink any more
        torch.finfo(dtype).eps * exact.abs().clamp(min=torch.finfo(dtype).smallest_normal) / 2
        + 3 * torch.finfo(torch.promote_types(dtype, torch.float32)).eps * scale
    )
    assert (open_checkpoint(tmp_path / "out").read("m.w").double() - exact).abs().le(step).all()


@pytest.mark.parametrize("dtype", FLOATS)
def test_tensors_of_many_pieces_and_of_few_elements_are_merged_alike(
    tmp_path: Path, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = torch.randn(3, 50_021).to(dtype), torch.randn(3, 50_021).to(dtype)
    tensors = [{f"m.{i}": row[: 10**i].clone() for i, row in enumerate(t.reshape(3, -1).repeat(2, 1))} for t in (a, b)]
    base, regional = (write_checkpoint(tmp_path / n, t) for n, t in zip("ab", tensors, strict=True))
    merge(base, regional, 0.3, tmp_path / "whole", threads=1)
    monkeypatch.setattr("ggez_core.merging.plan.BATCH", 4096)
    merge(base, regional, 0.3, tmp_path / "pieces", threads=5)
    whole, pieces = (tmp_path / name / "model.safetensors" for name in ("whole", "pieces"))
    assert whole.read_bytes() == pieces.read_bytes()


class Weights(torch.nn.Module):
    """A module whose state is what a test says, two of its tensors tied."""

    def __init__(self, tensors: dict[str, torch.Tensor]) -> None:
        super().__init__()
        self.text_model, self.vision_model = torch.nn.Module(), torch.nn.Module()
        for name, tensor in tensors.items():
            component, _, leaf = name.rpartition(".")
            owner = self.get_submodule(component)
            value = tensor.clone()
            if tensor.is_floating_point():
                owner.register_parameter(leaf, torch.nn.Parameter(value))
            else:
                owner.register_buffer(leaf, value)


def live_pair(folder: Path, dtype: torch.dtype) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Weights in two components and beside them, one tensor the same, one not floating."""
    first = {
        "text_model.w": torch.randn(301, 77).to(dtype), "text_model.same": torch.randn(9).to(dtype),
        "text_model.ids": torch.arange(4), "vision_model.w": torch.randn(1000, 700).to(dtype),
        "vision_model.b": torch.randn(1).to(dtype), "logit_scale": torch.randn(()).to(dtype),
    }  # fmt: skip
    second = {name: torch.randn_like(t) if t.is_floating_point() else t + 1 for name, t in first.items()}
    second["text_model.same"] = first["text_model.same"]
    write_checkpoint(folder / "a", first)
    write_checkpoint(folder / "b", second)
    return first, second


@pytest.mark.parametrize("dtype", FLOATS)
def test_live_is_what_merge_writes(tmp_path: Path, dtype: torch.dtype) -> None:
    first, second = live_pair(tmp_path, dtype)
    base, regional = open_checkpoint(tmp_path / "a"), open_checkpoint(tmp_path / "b")
    model = Weights(first)
    live = LiveModel(model, base, regional)
    assert live.component_names == ("other", "text_model", "vision_model")
    for number, (beta, components) in enumerate(
        [(0.3, {}), (0.0, {}), (0.7, {"text_model": 0.1}), (1.0, {}), (0.25, {"vision_model": 1.0, "text_model": 0.0})]
    ):
        assert live.set_beta(beta, components) >= 0
        assert (live.beta, live.components) == (beta, components)
        merge(base, regional, beta, tmp_path / f"out{number}", components=components)
        merged = open_checkpoint(tmp_path / f"out{number}")
        for name, tensor in model.state_dict().items():
            read = merged.read(name)
            same = torch.equal(bits(tensor), bits(read)) if tensor.is_floating_point() else torch.equal(tensor, read)
            assert same, (beta, name)
        for end, ends in ((0.0, first), (1.0, second)):
            if beta == end and not components:
                assert all(torch.equal(bits(v), bits(ends[n])) for n, v in model.named_parameters())


def test_live_in_another_type_is_what_merge_writes_in_that_type(tmp_path: Path) -> None:
    first, _ = live_pair(tmp_path, torch.bfloat16)
    model = Weights({name: t.float() if t.is_floating_point() else t for name, t in first.items()})
    LiveModel(model, open_checkpoint(tmp_path / "a"), open_checkpoint(tmp_path / "b")).set_beta(0.6)
    merge(tmp_path / "a", tmp_path / "b", 0.6, tmp_path / "out", dtype="float32")
    merged = open_checkpoint(tmp_path / "out")
    assert all(torch.equal(parameter, merged.read(name)) for name, parameter in model.named_parameters())


def test_live_touches_only_what_differs_and_keeps_ties(tmp_path: Path) -> None:
    first, _ = live_pair(tmp_path, torch.float32)
    model = Weights(first)
    model.vision_model.tied = model.text_model.w  # type: ignore[assignment]
    same = model.text_model.same.data_ptr()
    live = LiveModel(model, open_checkpoint(tmp_path / "a"), open_checkpoint(tmp_path / "b"))
    live.set_beta(0.5)
    assert model.text_model.same.data_ptr() == same
    assert model.vision_model.tied is model.text_model.w
    assert live.changed_bytes < sum(parameter.nbytes for parameter in model.parameters()) + 5 * 64 * 4


def test_torch_on_a_device_has_the_kernels_bits() -> None:
    from ggez_core.merging.fused import interpolate_on_device

    for dtype in FLOATS:
        a, b = any_finite(dtype, 10_000, 1), any_finite(dtype, 10_000, 2)
        out = torch.empty_like(a)
        interpolate_on_device(a, b, 0.3, out)
        assert torch.equal(bits(out), bits(formula(a, b, 0.3, dtype)))


def test_all_cores_write_the_same_bits_from_any_thread_and_after_a_fork() -> None:
    size = 300_007
    a, b = (np.random.default_rng(seed).standard_normal(size, np.float32) for seed in (1, 2))
    expected = a + np.float32(0.3) * (b - a)
    outs = [np.empty_like(a) for _ in range(8)]
    threads = [threading.Thread(target=interpolate_on_all_cores, args=(a, b, 0.3, out)) for out in outs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(out, expected) for out in outs)
    child = os.fork()
    if child == 0:
        out = np.empty_like(a)
        interpolate_on_all_cores(a, b, 0.3, out)
        os._exit(0 if np.array_equal(out, expected) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize(
    ("method", "parameters"),
    [("slerp", {}), ("nearswap", {}), ("crossover", {}), ("task_arithmetic", {}), ("ties", {"density": 0.3}),
     ("dare_ties", {"density": 0.6}), ("della", {"density": 0.5}), ("breadcrumbs", {"density": 0.5})],
)  # fmt: skip
def test_live_takes_every_method_that_has_a_beta(tmp_path: Path, method: str, parameters: dict[str, float]) -> None:
    first, _ = live_pair(tmp_path, torch.bfloat16)
    base, regional = open_checkpoint(tmp_path / "a"), open_checkpoint(tmp_path / "b")
    model = Weights(first)
    live = LiveModel(model, base, regional, method=method, parameters=parameters)
    for number, (beta, components) in enumerate([(0.3, {}), (0.0, {}), (0.6, {"text_model": 0.1}), (1.0, {})]):
        assert live.set_beta(beta, components) >= 0
        given = {"method": method, "parameters": parameters, "components": components}
        merge(base, regional, beta, tmp_path / f"out{number}", **given)  # type: ignore[arg-type]
        merged = open_checkpoint(tmp_path / f"out{number}")
        for name, tensor in model.named_parameters():
            assert torch.equal(bits(tensor.data), bits(merged.read(name))), (beta, name)
    assert live.beta_of("text_model") == 1


def test_beta_of_a_component(tmp_path: Path) -> None:
    first, second = live_pair(tmp_path, torch.float32)
    same = {name: first[name] if name.startswith("vision") else tensor for name, tensor in second.items()}
    write_checkpoint(tmp_path / "c", same)
    live = LiveModel(Weights(first), open_checkpoint(tmp_path / "a"), open_checkpoint(tmp_path / "c"))
    live.set_beta(0.4, {"text_model": 0.7})
    assert [live.beta_of(name) for name in ("text_model", "vision_model", "other")] == [0.7, 0.0, 0.4]


@pytest.mark.parametrize(
    ("method", "parameters", "says"),
    [("model_stock", {}, "has no β"), ("ties", {"density": [0, 1]}, "density must be one value for all tensors"),
     ("ties", {"lambda": 1.0}, "say the same thing"), ("tie", {}, "did you mean 'ties'")],
)  # fmt: skip
def test_a_method_that_cant_move_a_model(tmp_path: Path, method: str, parameters: dict[str, Any], says: str) -> None:
    first, _ = live_pair(tmp_path, torch.float32)
    ends = open_checkpoint(tmp_path / "a"), open_checkpoint(tmp_path / "b")
    with pytest.raises(RecipeError, match=says):
        LiveModel(Weights(first), *ends, method=method, parameters=parameters)


THREADS = """
import sys
import torch
torch.set_num_threads(int(sys.argv[1]))
import numpy as np
from ggez_core.checkpoints.kernels import interpolate_on_all_cores
from ggez_core.evaluation.intervals import resampled_sums
import numba
a = np.ones(300_000, np.float32)
interpolate_on_all_cores(a, a, 0.5, a.copy())
resampled_sums(np.ones((600, 1)))
print(torch.get_num_threads(), numba.config.NUMBA_NUM_THREADS)
"""


@pytest.mark.parametrize(
    ("given", "torchs", "numbas"), [({"NUMBA_NUM_THREADS": "2"}, 1, 2), ({"OMP_NUM_THREADS": "1"}, 3, 1)]
)
def test_kernels_on_all_cores_leave_torch_its_threads(given: dict[str, str], torchs: int, numbas: int) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS")} | given
    command = [sys.executable, "-c", THREADS, str(torchs)]
    said = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    assert said.split() == [str(torchs), str(numbas)]
