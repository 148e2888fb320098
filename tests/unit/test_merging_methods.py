"""Every method out of core, bit for bit what its pure function makes of the tensors in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from ggez_core.checkpoints import open_checkpoint
from ggez_core.errors import Cancelled, CheckpointError, IncompatibleError, RecipeError
from ggez_core.merging import Recipe, merge, run_recipe
from ggez_core.merging.methods import Base, Draw, get, methods
from ggez_core.progress import Step
from tests.tiny import write_checkpoint

SPARSE = {"density": 0.4}
PARAMETERS: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("ties", "dare_linear", "dare_ties", "breadcrumbs", "breadcrumbs_ties", "della_linear"), SPARSE),
    "linear": {"weight": 0.7, "normalize": False},
    "della": {"density": 0.4, "rescale_by": "density", "lambda": 0.8},
    "task_arithmetic": {"lambda": 0.7},
    "sce": {"select_topk": 0.5},
    "nearswap": {"t": 0.1},
    "crossover": {"alpha": 0.4},
    "passthrough": {"scale": 0.3},
    "add_cosine_a": {"alpha": 0.2},
    "add_cosine_b": {"alpha": 0.2},
    "slerp": {"t": 0.3},
}
MORE = [("nuslerp", {"nuslerp_flatten": False}), ("nuslerp", {"nuslerp_flatten": False, "nuslerp_row_wise": True}),
        ("model_stock", {"filter_wise": True}), ("ties", {"density": 0.2, "rescale": True, "normalize": False}),
        ("slerp", {"t": 0.0}), ("task_arithmetic", {"lambda": 1.0}), ("sce", {})]  # fmt: skip
CASES = [(name, PARAMETERS.get(name, {})) for name in sorted(methods())] + MORE
SHAPES = {"scalar": (), "a.one": (1,), "a.few": (7,), "a.row": (1, 40), "b.matrix": (61, 33), "b.kernel": (6, 5, 3, 3),
          "b.tall": (300, 3), "c.empty": (0, 4), "c.long": (2000,), "c.same": (30, 4)}  # fmt: skip


@pytest.fixture(autouse=True)
def cut_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that small tensors take many blocks, parts and leaves."""
    monkeypatch.setattr("ggez_core.merging.methods.blocks.BLOCK", 128)
    monkeypatch.setattr("ggez_core.merging.methods.order._FEW", 50)
    monkeypatch.setattr("ggez_core.merging.plan.BATCH", 1500)
    for module in ("plan", "compute", "digests"):
        monkeypatch.setattr(f"ggez_core.merging.{module}.LEAF", 300)


def tensors(dtype: torch.dtype, like: dict[str, Tensor] | None = None) -> dict[str, Tensor]:
    """Random weights, or `like` fine-tuned: another value everywhere but in one tensor, and some values alike."""
    found = {}
    for name, shape in SHAPES.items():
        noise = torch.randn(shape)
        base = like[name].float() if like else 0
        found[name] = (base + (noise * 0.1 if like else noise)).to(dtype)
        if like and name == "c.same":
            found[name] = like[name]
    return found


def written(folder: Path, count: int, dtype: torch.dtype) -> tuple[list[Path], list[dict[str, Tensor]]]:
    """A base and `count` models, on disk and in memory, with ids that are no weights."""
    base = tensors(dtype)
    sides = [base, *(tensors(dtype, base) for _ in range(count))]
    ids = {"c.ids": torch.arange(5)}
    return [write_checkpoint(folder / str(i), side | ids) for i, side in enumerate(sides)], sides


def recipe_of(name: str, given: dict[str, Any], paths: list[Path], fishers: list[Path] | None = None) -> Recipe:
    based = get(name).base is Base.REQUIRED
    entries: list[dict[str, Any]] = [{"model": str(path)} for path in (paths[1:] if based else paths)]
    for entry, fisher in zip(entries, fishers or [], strict=False):
        entry["fisher"] = str(fisher)
    document = {"merge_method": name, "models": entries, "parameters": given, "seed": 3}
    return Recipe.make(document | ({"base_model": str(paths[0])} if based else {}))


def expected(name: str, given: dict[str, Any], sides: list[Tensor], tensor: str, diagonals: list[Tensor]) -> Tensor:
    method = get(name)
    based = method.base is Base.REQUIRED
    extra: dict[str, Any] = {"draw": Draw(tensor, 3)} if method.random else {}
    if method.diagonals:
        extra["diagonals"] = diagonals
    return method(sides[1:] if based else sides, sides[0] if based else None, **extra, **given).to(sides[0].dtype)


def bits(tensor: Tensor) -> Tensor:
    return tensor.contiguous().view({8: torch.int64, 4: torch.int32, 2: torch.int16}[tensor.element_size()])


TYPED = [(*case, torch.bfloat16) for case in CASES] + [
    (name, PARAMETERS.get(name, {}), dtype)
    for name in ("ties", "slerp", "sce", "task_arithmetic", "dare_linear")
    for dtype in (torch.float32, torch.float16, torch.float64)
]


@pytest.mark.parametrize(("name", "given", "dtype"), TYPED)
def test_on_disk_is_what_the_pure_function_makes(
    tmp_path: Path, name: str, given: dict[str, Any], dtype: torch.dtype
) -> None:
    method = get(name)
    count = (method.most or method.least + 1) - (method.base is not Base.REQUIRED)
    paths, sides = written(tmp_path, count, dtype)
    diagonals = [{key: value.float().square() for key, value in side.items()} for side in sides]
    fishers = []
    for i, diagonal in enumerate(diagonals if method.diagonals else []):
        fishers.append(tmp_path / f"fisher{i}.safetensors")
        save_file(diagonal, fishers[-1])
    recipe = recipe_of(name, given, paths, fishers)
    run_recipe(recipe, tmp_path / "out", threads=2, verify=True)
    merged = open_checkpoint(tmp_path / "out")
    for tensor in SHAPES:
        of_all, diagonal = [side[tensor] for side in sides], [each[tensor] for each in diagonals]
        wanted = expected(name, given, of_all, tensor, diagonal)
        assert torch.equal(bits(merged.read(tensor)), bits(wanted)), tensor
    assert torch.equal(merged.read("c.ids"), torch.arange(5))
    run_recipe(Recipe.read(tmp_path / "out/ggez_recipe.yaml"), tmp_path / "again", threads=1, device="cpu")
    for file in (tmp_path / "out").iterdir():
        assert file.read_bytes() == (tmp_path / "again" / file.name).read_bytes()


def test_the_order_of_tensors_shards_and_threads_change_no_random_choice(tmp_path: Path) -> None:
    paths, sides = written(tmp_path, 2, torch.float32)
    recipe = recipe_of("dare_ties", {"density": 0.5}, paths)
    turned = [write_checkpoint(tmp_path / f"turned{i}", dict(reversed(side.items()))) for i, side in enumerate(sides)]
    run_recipe(recipe, tmp_path / "whole", threads=1)
    run_recipe(recipe_of("dare_ties", {"density": 0.5}, turned), tmp_path / "parts", threads=4, shard_size=900)
    whole, parts = (open_checkpoint(tmp_path / name) for name in ("whole", "parts"))
    assert all(torch.equal(whole.read(name), parts.read(name)) for name in SHAPES)
    other = recipe.model_copy(update={"seed": 4})
    run_recipe(other, tmp_path / "other")
    assert not torch.equal(open_checkpoint(tmp_path / "other").read("c.long"), whole.read("c.long"))


def test_an_adapter_is_a_model_of_any_method(tmp_path: Path) -> None:
    base = {"m.w.weight": torch.randn(40, 30)}
    left, right = torch.randn(40, 4), torch.randn(4, 30)
    write_checkpoint(tmp_path / "base", base)
    (tmp_path / "adapter").mkdir()
    save_file(
        {"base_model.model.m.w.lora_A.weight": right, "base_model.model.m.w.lora_B.weight": left},
        tmp_path / "adapter/adapter_model.safetensors",
    )
    (tmp_path / "adapter/adapter_config.json").write_text('{"peft_type": "LORA", "lora_alpha": 4, "r": 4}')
    merge(tmp_path / "base", tmp_path / "adapter", 0.5, tmp_path / "out", method="ties", parameters={"density": 0.2})
    adapted = torch.zeros(40, 30)
    for k in range(4):  # in the order of the rank, as it is summed on disk
        adapted += left[:, k : k + 1] * right[k]
    model = base["m.w.weight"] + adapted
    wanted = get("ties")([model], base["m.w.weight"], density=0.2, **{"lambda": 0.5})
    torch.testing.assert_close(open_checkpoint(tmp_path / "out").read("m.w.weight"), wanted, rtol=1e-6, atol=1e-6)
    both = Recipe.make({"merge_method": "linear", "models": [{"model": str(tmp_path / "base")},
                        {"model": f"{tmp_path / 'base'}+{tmp_path / 'adapter'}"}]})  # fmt: skip
    run_recipe(both, tmp_path / "both")
    halfway = (base["m.w.weight"] + model) / 2
    torch.testing.assert_close(open_checkpoint(tmp_path / "both").read("m.w.weight"), halfway, rtol=1e-6, atol=1e-6)


def test_a_killed_merge_of_a_method_that_looks_first_can_be_cancelled_while_it_looks(tmp_path: Path) -> None:
    paths, _ = written(tmp_path, 1, torch.float32)

    def stop(step: Step) -> None:
        if step.what.startswith("looking at c.long"):
            raise Cancelled

    with pytest.raises(Cancelled):
        run_recipe(recipe_of("ties", {"density": 0.3}, paths), tmp_path / "out", progress=stop)
    assert not list(tmp_path.glob("*out*"))


@pytest.mark.parametrize("side", [0, 1])
def test_inputs_that_changed_are_refused_before_anything_is_written(tmp_path: Path, side: int) -> None:
    paths, _ = written(tmp_path, 1, torch.bfloat16)
    merge(*paths, 0.4, tmp_path / "out")
    recipe = Recipe.read(tmp_path / "out/ggez_recipe.yaml")
    assert set(recipe.inputs) == set(map(str, paths))
    weights = paths[side] / "model.safetensors"
    raw = bytearray(weights.read_bytes())
    raw[-3] ^= 1
    weights.write_bytes(raw)
    with pytest.raises(CheckpointError, match=rf"/{side}: isn't what it was when the recipe was recorded"):
        run_recipe(recipe, tmp_path / "again")
    assert not list(tmp_path.glob("*again*"))
    run_recipe(recipe.model_copy(update={"inputs": {}}), tmp_path / "again")


def test_hashes_are_of_what_is_read_whatever_the_method_and_the_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths, _ = written(tmp_path, 1, torch.float32)
    found = []
    for i, (method, parameters, batch) in enumerate((("linear", {}, 1500), ("slerp", {}, 7000), ("ties", SPARSE, 999))):
        monkeypatch.setattr("ggez_core.merging.plan.BATCH", batch)
        found.append(merge(*paths, 0.4, tmp_path / f"out{i}", method=method, parameters=parameters).recipe.inputs)
    assert found[0] == found[1] == found[2]
    assert set(merge(*paths, 0.0, tmp_path / "base").recipe.inputs) == {str(paths[0])}


def test_a_fisher_diagonal_that_lacks_a_tensor_is_told(tmp_path: Path) -> None:
    paths, sides = written(tmp_path, 1, torch.float32)
    save_file({name: value for name, value in sides[0].items() if name != "a.few"}, tmp_path / "f.safetensors")
    recipe = recipe_of("fisher", {}, paths, [tmp_path / "f.safetensors"] * 2)
    with pytest.raises(
        IncompatibleError, match=r"no Fisher diagonal of .*: a\.few is \[7\] there, and this file lacks"
    ):
        run_recipe(recipe, tmp_path / "out")
    with pytest.raises(RecipeError, match="has no `fisher`"):
        run_recipe(recipe_of("fisher", {}, paths), tmp_path / "out")


def test_a_device_that_is_none_is_told(tmp_path: Path) -> None:
    paths, _ = written(tmp_path, 1, torch.float32)
    with pytest.raises(RecipeError, match="device 'abacus' can't be used here"):
        merge(*paths, 0.5, tmp_path / "out", device="abacus")
