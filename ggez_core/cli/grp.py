"""`ggez grp`: Global-Regional Parity of two scores."""

from __future__ import annotations

from typing import Annotated

import typer

from ..errors import RegionError
from ._shared import JsonOption, print_json


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("grp")(grp)


def grp(
    global_score: Annotated[float, typer.Option("--global", help="Score on the whole world.")],
    regional_score: Annotated[float, typer.Option("--regional", help="Score in the region, on the same scale.")],
    alpha: Annotated[float | None, typer.Option(help="Globalization factor, 0 to 1; or give a region instead.")] = None,
    region: Annotated[str | None, typer.Option(help="Region whose globalization index gives α.")] = None,
    year: Annotated[int | None, typer.Option(help="Year of the index; by default the last.")] = None,
    json: JsonOption = False,
) -> None:
    """Print GRP = α · global + (1 − α) · regional."""
    from .. import evaluation, regions

    if (alpha is None) == (region is None):
        raise RegionError(
            "give either --alpha, a number from 0 to 1, or --region with an optional --year, and not both"
        )
    if alpha is not None and year is not None:
        raise RegionError("--year belongs to --region; with --alpha leave it out")
    found = regions.alpha(region, year) if region is not None else None
    value = found.value if found else alpha
    assert value is not None
    score = evaluation.grp(global_score, regional_score, value)
    if json:
        print_json({
            "grp": score, "alpha": value, "global": global_score, "regional": regional_score,
            "region": found.region if found else None, "year": found.year if found else None,
        })  # fmt: skip
        return
    origin = f"{found.region} {found.year}" if found else "given"
    typer.echo(f"GRP = {score:.2f}   (α = {value:.2f}, {origin})")
