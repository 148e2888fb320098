"""`ggez alpha`: the globalization factor of a region, with its source."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from ..errors import RegionError
from ._shared import JsonOption, print_json


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("alpha")(alpha)


def alpha(
    region: Annotated[
        str, typer.Argument(help="EAP, ECA, LAC, MENA, NA, SA, SEA, SSA or World; or countries, such as ID+TH.")
    ],
    year: Annotated[int | None, typer.Option(help="Year of the index, 1993 to 2023; by default the last.")] = None,
    all_years: Annotated[bool, typer.Option("--all-years", help="Every year of the table.")] = False,
    index: Annotated[
        Path | None,
        typer.Option(help="A CSV of the index by country (code, year, KOFIpGIdf): for countries of your own choice."),
    ] = None,
    countries: Annotated[
        bool, typer.Option("--countries", help="List the region's countries and languages too.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Print α of a region: its KOF interpersonal de facto globalization index divided by 100."""
    from .. import regions

    if all_years and (year is not None or index is not None):
        raise RegionError("--all-years prints the whole table; leave --year and --index out")
    asked = [*range(regions.years()[0], regions.years()[1] + 1)] if all_years else [year]
    found = [regions.alpha(region, one, index) for one in asked]
    listed = regions.region(region).countries if countries else ()
    if json:
        document = [dataclasses.asdict(one) for one in found]
        extra = {"countries": [dataclasses.asdict(c) for c in listed]} if countries else {}
        print_json({"region": found[0].region, "years": document} | extra if all_years else document[0] | extra)
        return
    for one in found:
        typer.echo(f"α = {one.value:.2f}   {one.region}, {one.year} (index {one.index:.2f})")
    typer.echo(f"source: {found[0].source}")
    for country in listed:
        typer.echo(f"  {country.code}  {country.name:<12} {', '.join(country.all_languages)}".rstrip())
