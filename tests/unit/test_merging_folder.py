"""What `merge` writes beside the weights, how it splits them, and what it refuses without writing anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from ggez_core.checkpoints import open_checkpoint
from ggez_core.errors import CheckpointError, GgezError, IncompatibleError, OutputError, RecipeError
from ggez_core.merging import Recipe, merge, parse_size, run_recipe
from tests.tiny import siglip_pair, write_checkpoint


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_one_file_with_its_side_files_and_recipe(tmp_path: Path) -> None:
    base, regional = siglip_pair(tmp_path)
    (base / "tokenizer.json").write_text('{"ü": 1}')
    (regional / "tokenizer.json").write_text("{}")
    result = merge(base, regional, 0.25, tmp_path / "out", components={"text_model": 0.5})
    assert {path.name for path in result.files} == {
        "config.json",
        "ggez_recipe.yaml",
        "model.safetensors",
        "tokenizer.json",
    }
    assert (tmp_path / "out/tokenizer.json").read_bytes() == (base / "tokenizer.json").read_bytes()
    assert (tmp_path / "out/config.json").read_bytes() == (base / "config.json").read_bytes()
    recipe = Recipe.read(tmp_path / "out/ggez_recipe.yaml")
    assert recipe == result.recipe
    assert recipe.components == {"text_model": 0.5}
    with safe_open(tmp_path / "out/model.safetensors", "pt") as file:
        assert file.metadata()["format"] == "pt"
        assert Recipe.make(json.loads(file.metadata()["ggez_recipe"])) == recipe
    assert not list(tmp_path.glob(".out*"))


def test_the_recipe_of_an_output_makes_the_same_bytes_again(tmp_path: Path) -> None:
    base, regional = siglip_pair(tmp_path, torch.bfloat16)
    merge(base, regional, 0.3, tmp_path / "out", dtype="float32", shard_size="50KB")
    recipe = Recipe.read(tmp_path / "out/ggez_recipe.yaml")
    run_recipe(recipe, tmp_path / "again", threads=1, verify=True)
    assert contents(tmp_path / "out") == contents(tmp_path / "again")


def test_shards_hold_the_same_tensors_and_the_index_is_true(tmp_path: Path) -> None:
    base, regional = siglip_pair(tmp_path, shard_size="60KB")
    merge(base, regional, 0.3, tmp_path / "whole")
    merge(base, regional, 0.3, tmp_path / "sharded", shard_size="33KB")
    whole = load_file(tmp_path / "whole/model.safetensors")
    index = json.loads((tmp_path / "sharded/model.safetensors.index.json").read_text())
    shards = {name: load_file(tmp_path / "sharded" / name) for name in set(index["weight_map"].values())}
    assert len(shards) > 5
    assert index["metadata"]["total_size"] == sum(tensor.nbytes for tensor in whole.values())
    assert index["weight_map"].keys() == whole.keys()
    assert all(torch.equal(shards[shard][name], whole[name]) for name, shard in index["weight_map"].items())
    for shard in shards.values():
        assert len(shard) == 1 or sum(tensor.nbytes for tensor in shard.values()) <= 33_000


def test_dtype_is_written_and_the_config_says_so(tmp_path: Path) -> None:
    base, regional = siglip_pair(tmp_path)
    merge(base, regional, 0.5, tmp_path / "out", dtype="bfloat16")
    merged = load_file(tmp_path / "out/model.safetensors")
    assert {tensor.dtype for tensor in merged.values()} == {torch.bfloat16}
    assert json.loads((tmp_path / "out/config.json").read_text())["dtype"] == "bfloat16"
    precise = merge(base, regional, 0.5, tmp_path / "precise").output
    for name, tensor in load_file(precise / "model.safetensors").items():
        assert torch.equal(merged[name], tensor.bfloat16())


def test_a_file_of_empty_tensors_only(tmp_path: Path) -> None:
    tensors = {"m.a": torch.zeros(0, 4), "m.b": torch.zeros(3)}
    base, regional = (write_checkpoint(tmp_path / name, tensors) for name in "ab")
    merge(base, regional, 0.5, tmp_path / "out", shard_size=1)
    merged = open_checkpoint(tmp_path / "out")
    assert {name: info.shape for name, info in merged.tensors.items()} == {"m.a": (0, 4), "m.b": (3,)}
    nothing = write_checkpoint(tmp_path / "none", {"m.a": torch.zeros(0)})
    merge(nothing, nothing, 0.5, tmp_path / "nothing", verify=True)
    assert load_file(tmp_path / "nothing/model.safetensors")["m.a"].shape == (0,)


def test_extrapolation_has_to_be_asked_for(tmp_path: Path) -> None:
    base, regional = (write_checkpoint(tmp_path / n, {"m.w": torch.tensor([v])}) for n, v in (("a", 1.0), ("b", 2.0)))
    with pytest.raises(RecipeError, match=r"β = 1\.5 lies outside \[0, 1\]"):
        merge(base, regional, 1.5, tmp_path / "out")
    merge(base, regional, 1.5, tmp_path / "out", extrapolate=True)
    assert load_file(tmp_path / "out/model.safetensors")["m.w"].item() == 2.5


def bad_pairs() -> dict[str, tuple[dict[str, torch.Tensor], dict[str, object], str]]:
    """By name: what is changed in the regional tensors, arguments of `merge`, and what the error says."""
    nan, inf = torch.tensor([1.0, float("nan"), 2.0]), torch.tensor([1.0, float("-inf"), 2.0])
    return {
        "shape": ({"t.w": torch.ones(3, 2)}, {}, r"t\.w has the shape \[2, 3\] in the base and \[3, 2\]"),
        "extra": ({"t.new": torch.ones(1)}, {}, r"t\.new is only in the regional checkpoint"),
        "kind": ({"t.b": torch.ones(3, dtype=torch.int32)}, {}, r"t\.b is F32 in the base and I32 in the regional"),
        "nan": ({"t.b": nan}, {}, r"t\.b holds NaN or infinity in .*/b "),
        "inf": ({"t.b": inf}, {"beta": 1.0}, r"t\.b holds NaN or infinity"),
        "overflow": (
            {"t.b": torch.full((3,), 1e6)},
            {"dtype": "float16"},
            r"t\.b is too large for float16 at β = 0\.5",
        ),
        "component": ({}, {"components": {"zz": 0.5}}, r"unknown component 'zz'; known are t, other"),
        "not a number": ({}, {"beta": float("nan")}, "it must be a number"),
        "component's β": ({}, {"components": {"t": -0.1}}, r"β of t = -0\.1 lies outside"),
        "dtype": ({}, {"dtype": "int8"}, "dtype 'int8' is none"),
        "shard size": ({}, {"shard_size": "many"}, "shard size 'many' is no size"),
    }


@pytest.mark.parametrize("name", bad_pairs())
def test_a_bad_pair_is_one_clear_line_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    changed, arguments, says = bad_pairs()[name]
    tensors = {"t.w": torch.ones(2, 3), "t.b": torch.ones(3), "scale": torch.tensor(1.0)}
    base = write_checkpoint(tmp_path / "a", tensors)
    regional = write_checkpoint(tmp_path / "b", {**tensors, **changed})
    with pytest.raises(GgezError, match=says) as caught:
        merge(base, regional, output=tmp_path / "deep/out", **{"beta": 0.5, **arguments})  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "deep") == ["a", "b"]
    assert not (tmp_path / "deep").exists() or not list((tmp_path / "deep").iterdir())


def test_nan_in_the_base_is_the_bases_fault(tmp_path: Path) -> None:
    base = write_checkpoint(tmp_path / "a", {"t.b": torch.tensor([float("nan")])})
    regional = write_checkpoint(tmp_path / "b", {"t.b": torch.tensor([1.0])})
    with pytest.raises(IncompatibleError, match=r"t\.b holds NaN or infinity in .*/a "):
        merge(base, regional, 0.5, tmp_path / "out")


def test_another_architecture_and_missing_tensors(tmp_path: Path) -> None:
    base = write_checkpoint(tmp_path / "a", {"t.w": torch.ones(2), "t.v": torch.ones(2)})
    with pytest.raises(IncompatibleError, match="different architectures"):
        merge(base, write_checkpoint(tmp_path / "b", {"t.w": torch.ones(2)}, "other"), 0.5, tmp_path / "out")
    with pytest.raises(IncompatibleError, match=r"t\.v is missing in the regional checkpoint"):
        merge(base, write_checkpoint(tmp_path / "c", {"t.w": torch.ones(2)}), 0.5, tmp_path / "out")


@pytest.mark.parametrize("kind", ["folder", "file", "dangling link"])
def test_an_output_that_exists_is_left_alone(tmp_path: Path, kind: str) -> None:
    base, regional = siglip_pair(tmp_path)
    out = tmp_path / "out"
    if kind == "folder":
        out.mkdir()
    elif kind == "file":
        out.write_text("mine")
    else:
        out.symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputError, match="already exists"):
        merge(base, regional, 0.5, out)
    assert kind != "file" or out.read_text() == "mine"


def test_an_input_cut_short_after_opening(tmp_path: Path) -> None:
    base, regional = siglip_pair(tmp_path)
    a, b = open_checkpoint(base), open_checkpoint(regional)
    weights = regional / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    with pytest.raises(CheckpointError, match="ends at byte"):
        merge(a, b, 0.5, tmp_path / "out")
    weights.unlink()
    with pytest.raises(CheckpointError, match="is it still there"):
        merge(a, b, 0.5, tmp_path / "out")
    assert not list(tmp_path.glob("*out*"))


def test_unknown_keys_name_the_nearest(tmp_path: Path) -> None:
    document = {"base_model": "a", "regional_model": "b", "betta": 0.5}
    with pytest.raises(RecipeError, match="unknown key 'betta'; did you mean 'beta'"):
        Recipe.make(document)
    with pytest.raises(RecipeError, match="beta: says how far to go"):
        Recipe.make({"base_model": "a", "regional_model": "b"})
    (tmp_path / "r.yaml").write_text("a: [")
    with pytest.raises(RecipeError, match=r"r\.yaml: can't be read as YAML") as caught:
        Recipe.read(tmp_path / "r.yaml")
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(("text", "size"), [("5GB", 5 * 10**9), ("1.5 KiB", 1536), (77, 77), ("2mb", 2 * 10**6)])
def test_sizes(text: str | int, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "0", "-5GB", "5 XB", "GB", "1e400GB"])
def test_sizes_that_are_none(text: str) -> None:
    with pytest.raises(RecipeError, match="is no size"):
        parse_size(text)
