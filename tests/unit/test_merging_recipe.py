"""Recipes: mergekit's YAML as it stands, what each tensor gets of it, and one clear line for what can't be meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from torch import Tensor

from ggez_core.checkpoints import open_checkpoint
from ggez_core.errors import GgezError, IncompatibleError, RecipeError
from ggez_core.merging import Recipe, run_recipe
from ggez_core.merging.methods import get
from ggez_core.merging.settings import Setting, depths
from ggez_core.merging.to_disk import planned
from tests.conftest import Ggez
from tests.tiny import write_checkpoint

LAYERS = 5
PAIR = {"weight": 2}
NAMES = ["text_model.embed_tokens.weight",
         *(f"text_model.layers.{i}.{part}" for i in range(LAYERS) for part in ("self_attn.q.weight", "mlp.up.weight")),
         "vision_model.layers.0.mlp.up.weight", "logit_scale"]  # fmt: skip


@pytest.fixture
def models(tmp_path: Path) -> list[str]:
    """Three checkpoints of one architecture: `A`, `B` and `C`."""
    for name in "ABC":
        write_checkpoint(tmp_path / name, {key: torch.randn(6, 4) for key in NAMES} | {"ids": torch.arange(3)})
    return [str(tmp_path / name) for name in "ABC"]


def read(text: str, models: list[str]) -> Recipe:
    """A recipe from YAML in which A, B and C stand for the checkpoints."""
    for letter, path in zip("ABC", models, strict=True):
        text = text.replace(f"{letter}\n", f"{path}\n").replace(f"{letter},", f"{path},")
    return Recipe.make(yaml.safe_load(text))


def resolved(recipe: Recipe) -> dict[str, dict[str, Any]]:
    """The parameters of every tensor."""
    plan = planned(recipe)
    return {name: plan.resolved.parameters(name) for name in NAMES}


def merged(recipe: Recipe, output: Path) -> dict[str, Tensor]:
    run_recipe(recipe, output)
    checkpoint = open_checkpoint(output)
    return {name: checkpoint.read(name) for name in checkpoint.tensors}


def weights(models: list[str], name: str) -> list[Tensor]:
    return [open_checkpoint(model).read(name) for model in models]


SLERP = """
slices:
  - sources:
      - model: A
        layer_range: [0, 5]
      - model: B
        layer_range: [0, 5]
merge_method: slerp
base_model: A
parameters:
  t:
    - filter: self_attn
      value: [0, 0.5, 0.3, 0.7, 1]
    - filter: mlp
      value: [1, 0]
    - value: 0.5 # fallback for rest of tensors
dtype: float16
"""
TIES = """
models:
  - model: A
    parameters:
      density: [1, 0.7, 0.1] # density gradient
      weight: 1.0
  - model: B
    parameters:
      density: 0.5
      weight: [0, 0.3, 0.7, 1]
  - model: C
    parameters:
      density: 0.33
      weight:
        - filter: mlp
          value: 0.5
        - value: 0
merge_method: ties
base_model: C
parameters:
  normalize: true
  int8_mask: true
"""
LINEAR = """
models:
  - model: A
    parameters: {weight: 1.0}
  - model: B
    parameters: {weight: 0.3}
  - model: C
    parameters: {weight: 0.5}
merge_method: linear
"""


def test_mergekits_gradient_of_slerp(models: list[str], tmp_path: Path) -> None:
    recipe = read(SLERP, models)
    found = {name: parameters["t"] for name, parameters in resolved(recipe).items()}
    assert [found[f"text_model.layers.{i}.self_attn.q.weight"] for i in range(5)] == [0, 0.5, 0.3, 0.7, 1]
    assert [found[f"text_model.layers.{i}.mlp.up.weight"] for i in range(5)] == [1, 0.75, 0.5, 0.25, 0]
    assert found["vision_model.layers.0.mlp.up.weight"] == 0  # the only layer is the last one
    assert found["text_model.embed_tokens.weight"] == found["logit_scale"] == 0.5
    out = merged(recipe, tmp_path / "out")
    for name in NAMES:
        a, b, _ = weights(models, name)
        assert torch.equal(out[name], get("slerp")([b], a, t=found[name]).half())
    assert torch.equal(out["ids"], torch.arange(3))
    assert yaml.safe_load((tmp_path / "out/ggez_recipe.yaml").read_text())["models"][1]["layer_range"] == [0, 5]


def test_mergekits_ties_takes_the_base_out_of_the_models(models: list[str], tmp_path: Path) -> None:
    recipe = read(TIES, models)
    found = resolved(recipe)
    assert found["text_model.layers.1.mlp.up.weight"] == {
        "weight": [1.0, pytest.approx(0.225)], "density": [pytest.approx(0.85), 0.5],
        "normalize": True, "rescale": False, "rescale_by": "l1", "lambda": 1.0,
    }  # fmt: skip
    out = merged(recipe, tmp_path / "out")
    for name in NAMES:
        a, b, c = weights(models, name)
        wanted = get("ties")([a, b], c, weight=found[name]["weight"], density=found[name]["density"])
        assert torch.equal(out[name], wanted)


def test_mergekits_linear(models: list[str], tmp_path: Path) -> None:
    out = merged(read(LINEAR, models), tmp_path / "out")
    a, b, c = weights(models, "logit_scale")
    torch.testing.assert_close(out["logit_scale"], (a + 0.3 * b + 0.5 * c) / 1.8)


def test_our_short_form_and_beta_of_any_method(models: list[str], tmp_path: Path) -> None:
    short = {"base_model": models[0], "regional_model": models[1], "beta": 0.25, "components": {"text_model": 0.75}}
    one = merged(Recipe.make(short), tmp_path / "one")
    listed = {
        "base_model": models[0],
        "models": [{"model": models[1]}],
        "beta": 0.25,
        "components": {"text_model": 0.75},
    }
    other = merged(Recipe.make(listed | {"merge_method": "task_arithmetic"}), tmp_path / "other")
    assert all(torch.equal(one[name], other[name]) for name in NAMES)
    for method, parameter in (("slerp", "t"), ("ties", "lambda"), ("nearswap", "t"), ("crossover", "alpha")):
        found = resolved(Recipe.make(short | {"merge_method": method}))
        assert found["logit_scale"][parameter] == 0.25
        assert found["text_model.layers.0.mlp.up.weight"][parameter] == 0.75


def test_a_recipe_says_itself_again() -> None:
    zero = Recipe.make({"base_model": "a", "regional_model": "b", "beta": 0})
    assert zero.document() == {"merge_method": "linear", "base_model": "a", "regional_model": "b", "beta": 0.0}
    for document in (zero.document(), yaml.safe_load(LINEAR), yaml.safe_load(TIES), yaml.safe_load(SLERP)):
        recipe = Recipe.make(document)
        assert Recipe.make(yaml.safe_load(recipe.as_yaml())) == recipe


def test_models_and_base_are_told_apart_as_mergekit_does(models: list[str], tmp_path: Path) -> None:
    a, b, c = weights(models, "logit_scale")
    for number, (document, wanted) in enumerate((
        ({"merge_method": "nuslerp", "models": [0, 1]}, get("nuslerp")([a, b])),
        ({"merge_method": "nuslerp", "models": [0, 1], "base_model": 2}, get("nuslerp")([a, b], c)),
        ({"merge_method": "multislerp", "models": [0, 1, 2], "base_model": 2}, get("multislerp")([a, b], c)),
        ({"merge_method": "karcher", "models": [0, 1], "base_model": 2}, get("karcher")([a, b, c])),
        ({"merge_method": "model_stock", "models": [0, 1], "base_model": 2}, get("model_stock")([a, b], c)),
        ({"merge_method": "linear", "models": [0], "base_model": 1, "parameters": PAIR}, get("linear")([a, b])),
        ({"merge_method": "passthrough", "models": [1]}, b),
    )):  # fmt: skip
        given = dict(document)
        given["models"] = [{"model": models[i]} for i in document["models"]]
        if "base_model" in given:
            given["base_model"] = models[document["base_model"]]
        out = merged(Recipe.make(given), tmp_path / f"out{number}")
        assert torch.equal(out["logit_scale"], wanted), document


def bad() -> dict[str, tuple[dict[str, Any], str]]:
    """By name: a recipe of A, B and C, and what its refusal says."""
    pair = {"base_model": "A", "regional_model": "B", "beta": 0.5}
    two = {"models": [{"model": "A"}, {"model": "B"}]}
    cancel = [{"model": "A", "parameters": {"weight": [1, -1]}}, {"model": "B", "parameters": {"weight": 1}}]
    ties = {"merge_method": "ties", "base_model": "A", "models": [{"model": "B"}]}
    slices = {"merge_method": "slerp", "base_model": "A", "parameters": {"t": 0.5}}

    def ranges(first: list[int], second: list[int]) -> dict[str, Any]:
        sources = [{"model": "A", "layer_range": first}, {"model": "B", "layer_range": second}]
        return slices | {"slices": [{"sources": sources}]}

    def filtered(*entries: Any) -> dict[str, Any]:
        return ties | {"parameters": {"density": list(entries)}}

    return {
        "key": ({**pair, "merge_methd": "ties"}, "unknown key 'merge_methd'; did you mean 'merge_method'"),
        "method": ({**pair, "merge_method": "tys"}, "unknown method 'tys'; did you mean 'ties'"),
        "model key": ({"models": [{"model": "A", "parametres": {}}]}, "unknown key 'parametres'; did you mean"),
        "parameter": (ties | {"parameters": {"densty": 1}}, "unknown parameter 'densty'; did you mean 'density'"),
        "model's parameter": (
            ties | {"models": [{"model": "B", "parameters": {"wieght": 1}}]}, "'wieght'; did you mean 'weight'"),
        "one for all": (
            ties | {"models": [{"model": "B", "parameters": {"lambda": 1}}]}, "move it to the recipe's parameters"),
        "value": (ties | {"parameters": {"density": 2}}, "density = 2.0 is out of range"),
        "gradient": (ties | {"parameters": {"density": [0, 2]}}, "density = 2.0 is out of range"),
        "text": (ties | {"parameters": {"density": "half"}}, "density is 'half'; it must be a number"),
        "nothing": (ties | {"parameters": {"density": []}}, "it must be a value, a list of them, or conditions"),
        "condition": (filtered({"filter": "mlp"}), "a condition needs a `value`"),
        "condition's key": (filtered({"fliter": "mlp", "value": 1}), "unknown key 'fliter'; did you mean 'filter'"),
        "mixed": (filtered({"filter": "mlp", "value": 1}, 0.5), "mixes conditions and values"),
        "filter": (
            filtered({"filter": "self_atn", "value": 1}, {"value": 0.5}), "'self_atn'; did you mean 'self_attn'"),
        "long filter": (filtered({"filter": "layers.9.mlp", "value": 1}), "did you mean 'layers."),
        "filter too late": (filtered({"value": 0.5}, {"filter": "mlp", "value": 1}), "comes after conditions that"),
        "weights": (two | {"parameters": {"weight": 0}}, "sum to zero, so they can't be normalised"),
        "some weights": (
            {"models": cancel},
            "sum to zero, so they can't be normalised; change one of them (for text_model.layers.4"),
        "no models": ({"merge_method": "ties", "base_model": "A"}, "needs either regional_model or models"),
        "no base": ({"merge_method": "ties", **two}, "needs a base; name one as base_model"),
        "too many": (slices | {"models": [{"model": "B"}, {"model": "C"}]}, "got 2 models besides the base; it"),
        "base without weight": ({"base_model": "C", "models": cancel}, "has no weight of its own"),
        "no β": ({**pair, "merge_method": "model_stock"}, "merge_method model_stock has no β"),
        "β twice": ({**pair, "merge_method": "slerp", "parameters": {"t": 1}}, "say the same thing"),
        "component": ({**pair, "components": {"txt_model": 1}}, "unknown component 'txt_model'; did you mean"),
        "cut": (ranges([0, 3], [0, 3]), "isn't all of"),
        "shifted": (ranges([1, 5], [1, 5]), "isn't all of"),
        "two slices": (slices | {"slices": [{"sources": []}, {"sources": []}]}, "only one slice of whole models"),
        "slice's key": (slices | {"slices": [{"sorces": []}]}, "unknown key 'sorces'; did you mean 'sources'"),
        "modules": ({"modules": {}}, "modules isn't supported: list the models"),
        "tokenizer": ({**two, "tokenizer_source": "union"}, "tokenizer_source: input should be 'base'"),
        "fisher": ({**ties, "models": [{"model": "B", "fisher": "C"}]}, "ties takes no fisher"),
        "new rows": (
            {**ties, "models": [{"model": "B"}, {"model": "C"}], "keep_new_rows": True}, "works with one model"),
        "shard size": ({**pair, "shard_size": "tiny"}, "is no size"),
    }  # fmt: skip


@pytest.mark.parametrize("name", bad())
def test_what_cant_be_meant_is_one_clear_line(models: list[str], tmp_path: Path, name: str) -> None:
    document, says = bad()[name]
    text = yaml.safe_dump(document)
    with pytest.raises(RecipeError) as caught:
        run_recipe(read(text, models), tmp_path / "out")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["A", "B", "C"]


def test_a_third_model_of_another_shape_is_told(models: list[str], tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "D", {key: torch.randn(6, 5) for key in NAMES})
    recipe = Recipe.make({"models": [{"model": model} for model in (*models, str(tmp_path / "D"))]})
    with pytest.raises(
        IncompatibleError, match=r"D can't be merged into .*A: .*shape \[6, 4\] in the base and \[6, 5\]"
    ):
        run_recipe(recipe, tmp_path / "out")


def test_depths_of_layers() -> None:
    names = ["a.layers.0.w", "a.layers.3.w", "a.layers.1.blocks.7.w", "b.h.0.w", "c.w", "w"]
    assert list(depths(names).values()) == [0, 1, 1 / 3, 1, 0, 0]


@pytest.mark.parametrize(
    ("value", "depth", "wanted"),
    [(0.5, 0.3, 0.5), ([0, 1], 0.25, 0.25), ([0, 1, 0], 0.75, 0.5), ([3], 1.0, 3), ([True, False], 0.99, True),
     (["a", "b", "c"], 0.5, "b"), ([0, 0.3, 0.7, 1], 1.0, 1), ({"filter": "x", "value": 1}, 0, None)],
)  # fmt: skip
def test_settings(value: Any, depth: float, wanted: Any) -> None:
    assert Setting.read(value, "p").at("name", depth) == wanted


def test_print_recipe_shows_what_will_run(models: list[str], tmp_path: Path, ggez: Ggez) -> None:
    options = (
        "--base",
        models[0],
        "--regional",
        models[1],
        "--method",
        "ties",
        "--beta",
        0.5,
        "-p",
        "density=[0.2, 1]",
    )
    status, out, err = ggez("merge", *options, "--component", "logit=1", "--print-recipe")
    assert (status, out) == (2, "")
    assert "no component of that name" in err
    status, out, _ = ggez("merge", *options, "--component", "text_model=0.25", "--print-recipe")
    assert status == 0
    said = yaml.safe_load(out)
    assert said["parameters"] == {
        "density": [0.2, 1], "weight": 1.0, "normalize": True, "rescale": False, "rescale_by": "l1",
    }  # fmt: skip
    assert "# other: 1 tensors: weight [1.0], normalize true" in out
    assert out.count("# text_model:") == LAYERS  # one line for each density
    status, out, _ = ggez("merge", *options, "--print-recipe", "--json")
    assert status == 0
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(yaml.safe_load(out)["recipe"]))
    assert ggez("merge", tmp_path / "recipe.yaml", "-o", tmp_path / "out")[0] == 0
    assert ggez("merge", *options, "-o", tmp_path / "again")[0] == 0
    read = [open_checkpoint(tmp_path / name) for name in ("out", "again")]
    assert all(torch.equal(read[0].read(name), read[1].read(name)) for name in NAMES)


def test_the_command_line_refuses_what_the_method_doesnt_declare(models: list[str], ggez: Ggez) -> None:
    pair = ("--base", models[0], "--regional", models[1], "-o", "out")
    for options, says in (
        (("--method", "ties", "-p", "density"), "not a name and its value; write it like density=0.5"),
        (("--method", "ties", "-p", "dnsity=1"), "unknown parameter 'dnsity'; did you mean 'density'"),
        (("--method", "tie"), "unknown method 'tie'; did you mean 'ties'"),
        (("--method", "slerp", "--beta", 2), "β = 2 lies outside [0, 1]"),
    ):
        status, out, err = ggez("merge", *pair, *options)
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert says in err
    status, out, _ = ggez("merge", "--method", "help")
    assert status == 0
    assert "slerp: Spherical interpolation from the base to a model. (Shoemake, SIGGRAPH 1985)" in out
    assert "    t = 0.5, β: Share of the way" in out


def test_everything_raised_is_ours(models: list[str]) -> None:
    for document in (None, [], "x", {"models": 3}, {"models": [3]}, {"models": [{"model": 3}]}, {"base_model": []},
                     {"slices": 3}, {"slices": [{"sources": [3]}]},
                     {"beta": "x", "base_model": "a", "regional_model": "b"},
                     {"models": [{"model": "A", "layer_range": [0]}]},
                     {"parameters": 3, "models": [{"model": "A"}]}):  # fmt: skip
        with pytest.raises(GgezError):
            Recipe.make(document)
