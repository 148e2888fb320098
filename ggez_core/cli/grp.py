"""`ggez grp`: Global-Regional Parity of two scores, each of one task or the mean of several."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import RegionError
from ._shared import JsonOption, print_json


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("grp")(grp)


def grp(
    global_scores: Annotated[
        list[float], typer.Option("--global", help="Score on the whole world; repeat it for the mean of several tasks.")
    ],
    regional_scores: Annotated[
        list[float], typer.Option("--regional", help="Score in the region, on the same scale; repeat it likewise.")
    ],
    alpha: Annotated[float | None, typer.Option(help="Globalization factor, 0 to 1; or give a region instead.")] = None,
    region: Annotated[
        str | None, typer.Option(help="Region whose globalization index gives α; or countries, with --index.")
    ] = None,
    year: Annotated[int | None, typer.Option(help="Year of the index; by default the last.")] = None,
    index: Annotated[Path | None, typer.Option(help="A CSV of the index by country, as for `ggez alpha`.")] = None,
    json: JsonOption = False,
) -> None:
    """Print GRP = α · global + (1 − α) · regional."""
    from .. import evaluation, regions

    if (alpha is None) == (region is None):
        raise RegionError(
            "give either --alpha, a number from 0 to 1, or --region with an optional --year, and not both"
        )
    if alpha is not None and (year is not None or index is not None):
        raise RegionError("--year and --index belong to --region; with --alpha leave them out")
    found = regions.alpha(region, year, index) if region is not None else None
    value = found.value if found else alpha
    assert value is not None
    q_global, q_regional = evaluation.mean_score(global_scores), evaluation.mean_score(regional_scores)
    score = evaluation.grp(q_global, q_regional, value)
    if json:
        print_json({
            "grp": score, "alpha": value, "global": q_global, "regional": q_regional,
            "region": found.region if found else None, "year": found.year if found else None,
        })  # fmt: skip
        return
    origin = f"{found.region} {found.year}" if found else "given"
    several = len(global_scores) + len(regional_scores) > 2
    means = f"global {q_global:.2f}, regional {q_regional:.2f}, " if several else ""
    typer.echo(f"GRP = {score:.2f}   ({means}α = {value:.2f}, {origin})")
