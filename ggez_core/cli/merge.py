"""`ggez merge`: checkpoints into a new one, from options or from a recipe."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import RecipeError
from ..merging import MergeResult, Recipe, run_recipe
from ..merging.memory import peak_memory
from ..merging.stream import How
from ..merging.to_disk import default_threads, planned
from ._shared import JsonOption, print_json, progress_bar


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("merge")(merge)


def merge(
    recipe_file: Annotated[
        Path | None, typer.Argument(metavar="RECIPE.yaml", help="A recipe, ours or mergekit's, instead of the options.")
    ] = None,
    base: Annotated[str | None, typer.Option(help="The base: a folder, a Hub id, or demo:family/name.")] = None,
    regional: Annotated[str | None, typer.Option(help="The regional checkpoint, of the same architecture.")] = None,
    beta: Annotated[float | None, typer.Option(help="How far to go from the base (0) to the regional one (1).")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The folder to make.")] = None,
    component: Annotated[
        list[str] | None, typer.Option(help="A component's own β: text_model=0.3; repeatable.")
    ] = None,
    method: Annotated[
        str | None, typer.Option(help="linear (the default), slerp, ties, dare_ties, …: `--method help` lists all.")
    ] = None,
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", help="The method's: density=0.5; repeatable.")
    ] = None,
    dtype: Annotated[
        str | None, typer.Option(help="The type to write: float32, bfloat16, float16; else the base's.")
    ] = None,
    shard_size: Annotated[str | None, typer.Option(help="The largest file of weights; else 5GB.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Workers that read and compute ahead.")] = None,
    device: Annotated[
        str | None, typer.Option(help="Where torch computes: cuda, cuda:1, mps; else on the CPU.")
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read the output back and compare before publishing it.")
    ] = False,
    resume: Annotated[bool, typer.Option(help="Go on where a killed merge stopped.")] = True,
    extrapolate: Annotated[bool, typer.Option("--extrapolate", help="Allow β outside [0, 1].")] = False,
    keep_new_rows: Annotated[
        bool, typer.Option("--keep-new-rows", help="Keep what a larger regional vocabulary has more.")
    ] = False,
    print_recipe: Annotated[bool, typer.Option("--print-recipe", help="Show what would run, and stop.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Merge a regional checkpoint into its base: θ = base + β·(regional − base), or by another method."""
    if method == "help":
        print_json(_methods()) if as_json else sys.stdout.writelines(_listed())
        return
    given = {"base_model": base, "regional_model": regional, "beta": beta, "dtype": dtype, "merge_method": method}
    lists = {"components": _components(component or []), "parameters": _parameters(parameter or [])}
    flags = {"extrapolate": extrapolate, "keep_new_rows": keep_new_rows}
    if recipe_file is None:
        said = {key: value for key, value in {**given, **lists, **flags}.items() if value not in (None, "")}
        recipe = _from_options(said)
    elif any(value is not None for value in given.values()) or any(lists.values()) or any(flags.values()):
        raise RecipeError(
            f"{recipe_file} is a recipe and says what to merge; drop --base, --regional, --beta and the like"
        )
    else:
        recipe = Recipe.read(recipe_file)
    if print_recipe:
        _print_recipe(recipe, shard_size, How(threads or default_threads(), device), as_json)
        return
    if output is None:
        raise RecipeError("no output folder is named; add -o FOLDER")
    with progress_bar("Merging", quiet=as_json) as progress:
        result = run_recipe(
            recipe, output,
            shard_size=shard_size, threads=threads, device=device, verify=verify, resume=resume, progress=progress,
        )  # fmt: skip
    from ..publishing.cost import record

    record(result.output, result.seconds, device)
    print_json(result.as_dict()) if as_json else _show(result)


def _from_options(given: dict[str, Any]) -> Recipe:
    needed = {"--base": "base_model", "--regional": "regional_model"}
    if given.get("merge_method", "linear") == "linear":
        needed["--beta"] = "beta"
    missing = [option for option, key in needed.items() if key not in given]
    if missing:
        raise RecipeError(f"no recipe and no {', '.join(missing)}; give a RECIPE.yaml or --base, --regional and --beta")
    return Recipe.make(given, "ggez merge")


def _components(options: list[str]) -> dict[str, float]:
    betas = {}
    for option in options:
        name, equals, value = option.partition("=")
        try:
            betas[name] = float(value) if equals and name else float("")
        except ValueError:
            raise RecipeError(
                f"--component {option}: not a component and its β; write it like text_model=0.3"
            ) from None
    return betas


def _parameters(options: list[str]) -> dict[str, Any]:
    """Parameters by name, their values read as YAML: numbers, true, gradients like [0, 1]."""
    import yaml

    from ..written import load_yaml

    found = {}
    for option in options:
        name, equals, value = option.partition("=")
        try:
            found[name] = load_yaml(value) if equals and name and value else load_yaml("[")
        except yaml.YAMLError:
            raise RecipeError(f"--parameter {option}: not a name and its value; write it like density=0.5") from None
    return found


def _print_recipe(recipe: Recipe, shard_size: str | None, how: How, as_json: bool) -> None:
    """The recipe with its defaults, what it comes to in each component, and what it takes."""
    plan = planned(recipe, shard_size=shard_size)
    filled = plan.recipe.model_copy(update={"inputs": recipe.inputs}).filled()
    described = plan.resolved.describe()
    memory = peak_memory(plan, how.threads, how.device)
    if as_json:
        needs = {"disk": plan.nbytes, "memory": memory.process, "device_memory": memory.device}
        print_json({"recipe": filled.document(), "resolved": described, "needs": needs})
        return
    sys.stdout.write(filled.as_yaml())
    for component, entries in described.items():
        for entry in entries:
            said = ", ".join(f"{name} {json.dumps(value)}" for name, value in entry["parameters"].items())
            sys.stdout.write(f"# {component}: {entry['tensors']:,} tensors{': ' if said else ''}{said}\n")
    there = f", and {memory.device / 1e6:,.0f} MB on {how.device}" if memory.device else ""
    sys.stdout.write(
        f"# writes {plan.nbytes / 1e6:,.1f} MB, in about {memory.process / 1e6:,.0f} MB of memory{there} "
        f"with {how.threads} threads\n"
    )


def _methods() -> dict[str, Any]:
    from ..merging.methods import methods

    return {
        name: {
            "about": method.doc.partition("\n")[0],
            "source": method.source,
            "beta": method.beta,
            "parameters": {each.name: {"default": each.default, "about": each.doc} for each in method.parameters},
        }
        for name, method in sorted(methods().items())
    }


def _listed() -> Iterator[str]:
    for name, method in _methods().items():
        yield f"{name}: {method['about']} ({method['source']})\n"
        for parameter, said in method["parameters"].items():
            beta = ", β" if parameter == method["beta"] else ""
            yield f"    {parameter} = {json.dumps(said['default'])}{beta}: {said['about']}\n"


def _show(result: MergeResult) -> None:
    from rich.console import Console

    speed = result.nbytes / 1e6 / max(result.seconds, 1e-9)
    Console().print(
        f"{result.output}: {result.merged:,} tensors merged, {result.copied:,} copied, "
        f"{result.nbytes / 1e6:,.1f} MB in {result.seconds:.1f} s ({speed:,.0f} MB/s)",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
