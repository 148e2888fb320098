"""What a live model holds besides the model itself, and weights that accelerate keeps off the model."""

from __future__ import annotations

import gc
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import psutil
import pytest
import torch
from accelerate import cpu_offload, disk_offload

from ggez_core.checkpoints import compare, open_checkpoint
from ggez_core.errors import CheckpointError, IncompatibleError, RecipeError
from ggez_core.merging import LiveModel, merge
from ggez_core.merging.needs import live_memory
from tests.tiny import siglip, siglip_pair, write_checkpoint


class Two(torch.nn.Module):
    """A tensor that fine-tuning changed, and one that it left."""

    def __init__(self, changed: torch.Tensor, same: torch.Tensor) -> None:
        super().__init__()
        self.changed, self.same = torch.nn.Parameter(changed), torch.nn.Parameter(same)


def two(folder: Path, size: int, dtype: torch.dtype = torch.bfloat16) -> tuple[Path, Path, Two]:
    """A pair on disk, and the base loaded."""
    changed, same = (torch.randn(size).to(dtype) for _ in range(2))
    base = write_checkpoint(folder / "a", {"changed": changed, "same": same})
    regional = write_checkpoint(folder / "b", {"changed": torch.randn(size).to(dtype), "same": same})
    return base, regional, Two(changed, same)


def anonymous_memory() -> int:
    """Bytes that this process alone needs memory for: a mapped file's pages can be given up at any time."""
    gc.collect()
    return sum(mapping.anonymous for mapping in psutil.Process().memory_maps())


def _side_by_side(folder: Path) -> None:
    """In a process of its own: what earlier tests left to be collected, or threads allocate, isn't counted."""
    warm, up, small = two(folder / "warm", 40_000)
    LiveModel(small, open_checkpoint(warm), open_checkpoint(up)).set_beta(0.5)  # what is compiled stays
    size = 32 << 20
    base, regional, model = two(folder, size)
    changed = 2 * size
    places = [parameter.data_ptr() for parameter in model.parameters()]
    before = anonymous_memory()
    live = LiveModel(model, open_checkpoint(base), open_checkpoint(regional))
    for beta in (0.0, 0.5, 1.0):
        live.set_beta(beta)
    assert live.held_bytes == changed
    assert anonymous_memory() - before < 1.15 * changed
    assert [parameter.data_ptr() for parameter in model.parameters()] == places
    pair = open_checkpoint(base), open_checkpoint(regional)
    counted = live_memory(*pair, compare(*pair))
    assert counted == pair[0].nbytes + live.held_bytes
    assert live_memory(*pair, compare(*pair), mapped=False) == counted + changed


def test_three_models_side_by_side_cost_one_set_of_changed_weights_more(tmp_path: Path) -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as elsewhere:
        elsewhere.submit(_side_by_side, tmp_path).result()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_large_tensors_move_in_place_to_what_merge_writes(
    tmp_path: Path, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ggez_core.merging.live.LARGE", 1000)
    base, regional = siglip_pair(tmp_path, dtype)
    model = siglip(1, dtype)
    live = LiveModel(model, open_checkpoint(base), open_checkpoint(regional))
    assert live.held_bytes < 1.6 * live.changed_bytes
    for number, beta in enumerate((0.3, 0.0, 1.0)):
        live.set_beta(beta)
        merged = open_checkpoint(merge(base, regional, beta, tmp_path / f"out{number}").output)
        assert all(torch.equal(tensor, merged.read(name)) for name, tensor in model.named_parameters())
    by_ties = LiveModel(siglip(1, dtype), open_checkpoint(base), open_checkpoint(regional), method="ties")
    by_ties.set_beta(0.5)
    merged = open_checkpoint(merge(base, regional, 0.5, tmp_path / "ties", method="ties").output)
    assert all(torch.equal(tensor, merged.read(name)) for name, tensor in by_ties.model.named_parameters())


def test_a_file_that_changes_under_a_live_model_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ggez_core.merging.live.LARGE", 1000)
    base, regional, model = two(tmp_path, 2000)
    live = LiveModel(model, open_checkpoint(base), open_checkpoint(regional))
    raw = (base / "model.safetensors").read_bytes()
    (base / "model.safetensors").write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    with pytest.raises(CheckpointError, match="changed since the model was loaded from it"):
        live.set_beta(0.5)


def net() -> torch.nn.Module:
    """Layers that hooks can fill one after the other, in a stack within a stack."""
    layers = [torch.nn.Linear(16, 16), torch.nn.LayerNorm(16), torch.nn.Linear(16, 16, bias=False)]
    return torch.nn.Sequential(torch.nn.Sequential(*layers), torch.nn.Linear(16, 3))


@pytest.mark.parametrize("kind", ["memory", "disk"])
def test_offloaded_weights_move(tmp_path: Path, kind: str) -> None:
    plain, offloaded = net(), net()
    first = {name: torch.randn_like(tensor) for name, tensor in plain.state_dict().items()}
    second = {name: torch.randn_like(tensor) if "0.0" in name else tensor for name, tensor in first.items()}
    base, regional = (write_checkpoint(tmp_path / name, side) for name, side in (("a", first), ("b", second)))
    for model in (plain, offloaded):
        model.load_state_dict(first)
    if kind == "memory":
        cpu_offload(offloaded, execution_device=torch.device("cpu"))
    else:
        disk_offload(offloaded, tmp_path / "offload", execution_device=torch.device("cpu"))
    assert all(parameter.is_meta for parameter in offloaded.parameters())
    lives = [LiveModel(model, open_checkpoint(base), open_checkpoint(regional)) for model in (plain, offloaded)]
    given = torch.randn(5, 16)
    for beta in (0.0, 0.4, 1.0, 0.0):
        for live in lives:
            live.set_beta(beta)
        assert torch.equal(plain(given), offloaded(given))
    assert all(parameter.is_meta for parameter in offloaded.parameters())


def test_weights_that_are_nowhere_are_told(tmp_path: Path) -> None:
    base, regional, _ = two(tmp_path, 50)
    with torch.device("meta"):
        empty = Two(torch.empty(50, dtype=torch.bfloat16), torch.empty(50, dtype=torch.bfloat16))
    with pytest.raises(IncompatibleError, match="changed is offloaded to where it can't be moved"):
        LiveModel(empty, open_checkpoint(base), open_checkpoint(regional))


def test_a_part_of_a_model_moves_if_the_rest_is_the_same(tmp_path: Path) -> None:
    first = {"unet.w": torch.randn(9), "vae.w": torch.randn(9), "text.w": torch.randn(9)}
    base = open_checkpoint(write_checkpoint(tmp_path / "a", first))
    one = open_checkpoint(write_checkpoint(tmp_path / "b", first | {"unet.w": torch.randn(9)}))
    two = open_checkpoint(write_checkpoint(tmp_path / "c", first | {"unet.w": torch.randn(9), "vae.w": torch.randn(9)}))
    model = torch.nn.ModuleDict({"unet": torch.nn.Module()})
    model["unet"].w = torch.nn.Parameter(first["unet.w"].clone())
    LiveModel(model, base, one, only=["unet"]).set_beta(1.0)
    assert torch.equal(model["unet"].w, one.read("unet.w"))
    with pytest.raises(IncompatibleError, match=r"vae isn't loaded, but .* differ there \(in vae\.w\); load it too"):
        LiveModel(model, base, two, only=["unet"])
    with pytest.raises(IncompatibleError, match=r"its tensor 'vae\.w' isn't in the loaded"):
        LiveModel(model, base, one, only=["unet", "vae"])
    with pytest.raises(RecipeError, match="did you mean 'unet'"):
        LiveModel(model, base, one, only=["unnet"])
