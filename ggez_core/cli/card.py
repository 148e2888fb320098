"""`ggez card`: the model card of a merge's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ._shared import JsonOption, print_json


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("card")(card)


def card(
    output: Annotated[Path, typer.Argument(metavar="OUT", help="A folder that `ggez merge` or the page wrote.")],
    sweep: Annotated[
        Path | None, typer.Option(help="The folder of a `ggez sweep` of the same pair: scores, α, β*, curves.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The model's name; else the folder's.")] = None,
    license: Annotated[
        str | None,
        typer.Option(help="The licence you choose, as the Hub spells it; else the one that all parents have."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a README.md that isn't of this verb.")
    ] = False,
    watts: Annotated[
        float | None,
        typer.Option(help="What the machine drew, in W, to estimate energy; else 65, and 400 a graphics card."),
    ] = None,
    carbon: Annotated[
        float | None, typer.Option(help="g of CO₂eq a kWh where it was computed; else 480, the world's mean.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write OUT/README.md: recipe, lineage and licences, and from a sweep α, β*, scores, the curve, countries, cost."""
    from ..publishing import Power, write_card

    power = Power(watts) if carbon is None else Power(watts, carbon)
    done = write_card(output, sweep=sweep, name=name, license=license, overwrite=overwrite, power=power)
    if as_json:
        print_json(done.as_dict())
        return
    typer.echo(f"{done.path}: licence {done.license or 'not named'}, {done.scores:,} results")
    for warning in done.warnings:
        typer.echo(f"warning: {warning}", err=True)
