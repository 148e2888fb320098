"""`ggez alpha`: the globalization factor of a region, with its source."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

from ._shared import JsonOption, print_json


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("alpha")(alpha)


def alpha(
    region: Annotated[str, typer.Argument(help="Region code: EAP, ECA, LAC, MENA, NA, SA, SEA, SSA or World.")],
    year: Annotated[int | None, typer.Option(help="Year of the index, 1993 to 2023; by default the last.")] = None,
    countries: Annotated[
        bool, typer.Option("--countries", help="List the region's countries and languages too.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Print α of a region: its KOF interpersonal de facto globalization index divided by 100."""
    from .. import regions

    found = regions.alpha(region, year)
    listed = regions.region(region).countries
    if json:
        document = dataclasses.asdict(found)
        print_json(document | {"countries": [dataclasses.asdict(c) for c in listed]} if countries else document)
        return
    typer.echo(f"α = {found.value:.2f}   {found.region}, {found.year} (index {found.index:.2f})")
    typer.echo(f"source: {found.source}")
    if countries:
        for country in listed:
            spoken = ", ".join((*country.languages, *country.local_languages))
            typer.echo(f"  {country.code}  {country.name:<12} {spoken}")
        if not listed:
            typer.echo("  the countries of this region aren't described yet; its index covers them all")
