"""`ggez sweep`: the merges of two checkpoints scored over β, and the β to take."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import RecipeError, RegionError
from ._shared import JsonOption, print_json, progress_bar
from .eval import DataOption, DeviceOption, DtypeOption, LimitOption, TaskOption, local_data, placement, show_problems

if TYPE_CHECKING:
    from ..evaluation.search import Search

MOST = 1000  # values of β that a grid may have


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("sweep")(sweep)


def sweep(
    base: Annotated[str, typer.Option(help="The base: a folder, a Hub id, or demo:family/name.")],
    regional: Annotated[str, typer.Option(help="The regional checkpoint, of the same architecture.")],
    task: TaskOption = None,
    betas: Annotated[
        str, typer.Option(help="The grid, from 0 to 1; … (or ...) goes on in the same steps: 0,0.1,…,1")
    ] = "0,0.1,0.25,0.5,0.75,1",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A folder for rows, answers, report and figures.")
    ] = None,
    keep_global: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Choose among the β that keep this share of the base's global score."),
    ] = None,
    keep_by: Annotated[
        str, typer.Option(help="interval: the share's 95 % interval must lie above it; score: the share itself.")
    ] = "interval",
    search: Annotated[bool, typer.Option("--search", help="Refine β beyond the grid.")] = False,
    per_component: Annotated[
        bool, typer.Option("--per-component", help="Search one β a component (with --search).")
    ] = False,
    per_layer: Annotated[
        bool, typer.Option("--per-layer", help="Search one β a group of layers (with --search).")
    ] = False,
    budget: Annotated[int, typer.Option(min=1, help="How many settings each search may measure.")] = 60,
    alpha: Annotated[float | None, typer.Option(help="α, 0 to 1; by default that of the region.")] = None,
    region: Annotated[
        str | None, typer.Option(help="Where α is from and by which benchmarks are split: SEA if none.")
    ] = None,
    year: Annotated[int | None, typer.Option(help="Year of the index; by default the last.")] = None,
    data: DataOption = None,
    limit: LimitOption = None,
    device: DeviceOption = "auto",
    dtype: DtypeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Score every β, choose by GRP on validation, report on test. One that was stopped goes on with the same -o."""
    grid = parse_betas(betas)
    if keep_by not in ("interval", "score"):
        raise RecipeError(f"--keep-by {keep_by}: is neither interval nor score")
    if alpha is not None and (region is not None or year is not None):
        raise RegionError("--alpha says it all; leave --region and --year out")
    from ..evaluation.folder import write_report
    from ..evaluation.sweep import sweep as run

    names = task or []
    with progress_bar("Sweeping", quiet=as_json) as progress:
        report = run(
            base, regional, grid, names, alpha=alpha, region=region or "SEA", year=year, keep_global=keep_global,
            keep_by="score" if keep_by == "score" else "interval",
            search=_search(search, per_component, per_layer, budget), output=output, data=local_data(data, names),
            limit=limit, placement=placement(device, dtype), progress=progress,
        )  # fmt: skip
    if output is not None:
        write_report(report, output)
    if as_json:
        print_json(report.as_dict())
        return
    from ._scores import print_report

    print_report(report)
    show_problems(report.problems)
    if output is not None:
        typer.echo(f"{output}: rows, answers, report.md, and figures/index.html")


def parse_betas(text: str) -> list[float]:
    """`0,0.1,…,1` as numbers. Raises RecipeError for what isn't such a list."""
    parts = [part.strip() for part in text.replace("...", "…").split(",") if part.strip()]
    grid: list[float] = []
    for index, part in enumerate(parts):
        if part == "…":
            following = _number(parts[index + 1], text) if index + 1 < len(parts) else None
            if len(grid) < 2 or following is None or not (following - grid[-1]) / (grid[-1] - grid[-2] or math.inf) > 0:
                raise RecipeError(f"--betas {text}: … needs two numbers before it and one beyond them, as in 0,0.1,…,1")
            start, step = grid[-1], grid[-1] - grid[-2]
            count = math.ceil((following - start) / step - 1e-9) - 1
            if count > MOST:
                raise RecipeError(f"--betas {text}: {count:,} values are too many; take larger steps")
            grid += [round(start + step * i, 10) for i in range(1, count + 1)]
        else:
            grid.append(_number(part, text))
    if not grid:
        raise RecipeError("--betas: names no β; write it like 0,0.25,0.5,0.75,1")
    return grid


def _number(part: str, text: str) -> float:
    try:
        return float(part)
    except ValueError:
        raise RecipeError(f"--betas {text}: {part!r} is no number; write it like 0,0.1,…,1") from None


def _search(refine: bool, per_component: bool, per_layer: bool, budget: int) -> Search | None:
    from ..evaluation.search import Search

    if not (refine or per_component or per_layer):
        return None
    return Search(refine, per_component, per_layer, budget)
