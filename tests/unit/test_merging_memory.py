"""The estimate of a merge's memory against what a process really takes, for methods of every kind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from ggez_core.checkpoints import compare, open_checkpoint
from ggez_core.errors import RecipeError
from ggez_core.merging import Recipe, merge, to_disk
from ggez_core.merging.memory import Memory, peak_memory
from ggez_core.merging.needs import needs
from ggez_core.merging.to_disk import planned
from tests.conftest import Ggez
from tests.tiny import siglip_pair

PEAK = """
import json, sys
from pathlib import Path
from ggez_core.merging import Recipe, run_recipe

def kilobytes(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1])

small, large, folder, threads = json.loads(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3], int(sys.argv[4])
run_recipe(Recipe.make(small, "small"), folder + "/small", threads=threads)  # libraries are loaded, loops compiled
before = kilobytes("VmRSS")
Path("/proc/self/clear_refs").write_text("5")  # the peak is counted anew
run_recipe(Recipe.make(large, "large"), folder + "/large", threads=threads)
print(1024 * (kilobytes("VmHWM") - before))
"""
ROWS, WIDTH = 1 << 15, 1 << 10


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three models with one large tensor each, a few smaller ones, and three small models."""
    root = tmp_path_factory.mktemp("memory")
    for seed, name in enumerate("abc"):
        noise = torch.randn(ROWS, WIDTH, generator=torch.Generator().manual_seed(seed)).bfloat16()
        layers = {f"layer{i}": noise[i : i + 1000].clone() for i in range(4)}
        for size, tensors in (("large", {"table": noise, **layers}), ("small", {"table": noise[:300].clone()})):
            (root / size / name).mkdir(parents=True)
            (root / size / name / "config.json").write_text('{"model_type": "tiny"}')
            save_file(tensors, root / size / name / "model.safetensors")
    return root


def recipe(folder: Path, method: str, models: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """A recipe as a document."""
    entries = [{"model": str(folder / name)} for name in models]
    found = {"merge_method": method, "base_model": str(folder / "a"), "models": entries, "parameters": parameters}
    return found | ({"beta": 0.5} if method == "linear" else {})


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux to tell a peak")
@pytest.mark.parametrize(
    ("method", "models", "threads", "parameters"),
    [("linear", "b", 4, {}), ("slerp", "b", 2, {}), ("ties", "bc", 2, {"density": 0.4}),
     ("dare_ties", "b", 4, {"density": 0.5}), ("arcee_fusion", "b", 2, {}), ("crossover", "b", 2, {})],
)  # fmt: skip
def test_a_merge_takes_about_what_is_estimated(
    folder: Path, tmp_path: Path, method: str, models: str, threads: int, parameters: dict[str, Any]
) -> None:
    small, large = (recipe(folder / size, method, models, parameters) for size in ("small", "large"))
    if method == "linear":
        for document in (small, large):
            document["regional_model"] = document.pop("models")[0]["model"]
    command = [sys.executable, "-c", PEAK, json.dumps(small), json.dumps(large), str(tmp_path), str(threads)]
    taken = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    estimate = peak_memory(planned(Recipe.make(large, "test")), threads).working
    print(f"{method}: {taken / 1e6:.0f} MB taken, {estimate / 1e6:.0f} MB estimated")  # noqa: T201
    assert 0.4 * estimate < taken < 1.1 * estimate


def test_a_device_takes_blocks_and_the_process_doesnt_grow_with_the_model(folder: Path) -> None:
    large = planned(Recipe.make(recipe(folder / "large", "slerp", "b", {}), "test"))
    here, there = peak_memory(large, 2), peak_memory(large, 2, "cuda")
    assert (here.device, peak_memory(large, 2, "cpu").device) == (0, 0)
    assert there.device >= 2 * (1 << 24) * (2 * (2 + 4) + 4)  # two blocks in both types and one result
    assert peak_memory(large, 8).working > 1.5 * here.working
    linear = planned(Recipe.make({"base_model": str(folder / "large/a"), "regional_model": str(folder / "large/b"),
                                  "beta": 0.5}, "test"))  # fmt: skip
    assert peak_memory(linear, 2).process < 250_000_000


def test_the_preflight_report_knows_the_method(tmp_path: Path, ggez: Ggez) -> None:
    a, b = siglip_pair(tmp_path)
    one, other = open_checkpoint(a), open_checkpoint(b)
    report = compare(one, other)
    linear, ties = (needs(one, other, report, method=method).merge_memory for method in ("linear", "ties"))
    assert ties > linear + 150_000_000  # torch
    with pytest.raises(RecipeError, match="it takes 2 or more"):
        needs(one, other, report, method="sce")
    _, out, _ = ggez("inspect", a, b, "--method", "ties")
    assert "a merge by ties writes" in out
    assert f"in {ties / 1e6:,.1f} MB of memory" in out
    _, out, _ = ggez("inspect", a, b, "--method", "ties", "--json")
    assert json.loads(out)["needs"]["merge_memory"] == ties
    options = ["--base", a, "--regional", b, "--beta", "0.5", "--method", "ties", "--threads", "2", "--print-recipe"]
    _, out, _ = ggez("merge", *options)
    assert "MB of memory with 2 threads" in out
    _, out, _ = ggez("merge", *options, "--json")
    assert json.loads(out)["needs"]["memory"] > 300_000_000


def test_too_little_memory_is_told_before_anything_is_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = siglip_pair(tmp_path)
    merge(a, b, 0.5, tmp_path / "fits")
    assert "memory" not in caplog.text
    monkeypatch.setattr(to_disk, "peak_memory", lambda *_: Memory(0, 1 << 60))
    merge(a, b, 0.5, tmp_path / "out")
    assert "GB of memory, and" in caplog.text
    assert "fewer --threads take less" in caplog.text
