"""`ggez merge`: two checkpoints into a new one, from options or from a recipe."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ..checkpoints import open_checkpoint
from ..errors import RecipeError
from ..merging import MergeResult, Recipe, run
from ..merging.to_disk import SHARD_SIZE
from ._shared import JsonOption, print_json, progress_bar


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("merge")(merge)


def merge(
    recipe_file: Annotated[
        Path | None, typer.Argument(metavar="RECIPE.yaml", help="A recipe, instead of the options.")
    ] = None,
    base: Annotated[str | None, typer.Option(help="The base: a folder, a Hub id, or demo:family/name.")] = None,
    regional: Annotated[str | None, typer.Option(help="The regional checkpoint, of the same architecture.")] = None,
    beta: Annotated[float | None, typer.Option(help="How far to go from the base (0) to the regional one (1).")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The folder to make.")] = None,
    component: Annotated[
        list[str] | None, typer.Option(help="A component's own β: text_model=0.3; repeatable.")
    ] = None,
    dtype: Annotated[
        str | None, typer.Option(help="The type to write: float32, bfloat16, float16; else the base's.")
    ] = None,
    shard_size: Annotated[str, typer.Option(help="The largest file of weights.")] = SHARD_SIZE,
    threads: Annotated[int | None, typer.Option(min=1, help="Workers that read and compute ahead.")] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read the output back and compare before publishing it.")
    ] = False,
    resume: Annotated[bool, typer.Option(help="Go on where a killed merge stopped.")] = True,
    extrapolate: Annotated[bool, typer.Option("--extrapolate", help="Allow β outside [0, 1].")] = False,
    keep_new_rows: Annotated[
        bool, typer.Option("--keep-new-rows", help="Keep what a larger regional vocabulary has more.")
    ] = False,
    print_recipe: Annotated[bool, typer.Option("--print-recipe", help="Show the recipe and stop.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Merge a regional checkpoint into its base: θ = base + β·(regional − base)."""
    given = {"base_model": base, "regional_model": regional, "beta": beta, "dtype": dtype}
    if recipe_file is None:
        flags = {"extrapolate": extrapolate, "keep_new_rows": keep_new_rows}
        recipe = _from_options({**given, **flags, "components": _components(component or [])})
    elif any(value is not None for value in given.values()) or component or extrapolate or keep_new_rows:
        raise RecipeError(
            f"{recipe_file} is a recipe and says what to merge; drop --base, --regional, --beta and the like"
        )
    else:
        recipe = Recipe.read(recipe_file)
    if print_recipe:
        print_json(recipe.document()) if as_json else sys.stdout.write(recipe.as_yaml())
        return
    if output is None:
        raise RecipeError("no output folder is named; add -o FOLDER")
    first, second = open_checkpoint(recipe.base_model), open_checkpoint(recipe.regional_model)
    with progress_bar("Merging", quiet=as_json) as progress:
        result = run(
            recipe, first, second, output,
            shard_size=shard_size, threads=threads, verify=verify, resume=resume, progress=progress,
        )  # fmt: skip
    print_json(result.as_dict()) if as_json else _show(result)


def _from_options(given: dict[str, object]) -> Recipe:
    needed = {"--base": "base_model", "--regional": "regional_model", "--beta": "beta"}
    missing = [option for option, key in needed.items() if given[key] is None]
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


def _show(result: MergeResult) -> None:
    from rich.console import Console

    speed = result.nbytes / 1e6 / max(result.seconds, 1e-9)
    Console().print(
        f"{result.output}: {result.merged:,} tensors merged, {result.copied:,} copied, "
        f"{result.nbytes / 1e6:,.1f} MB in {result.seconds:.1f} s ({speed:,.0f} MB/s)",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
