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
    as_json: JsonOption = False,
) -> None:
    """Write OUT/README.md: recipe, lineage and licences, and from a sweep α, β*, scores, the curve and countries."""
    from ..publishing import write_card

    done = write_card(output, sweep=sweep, name=name, license=license, overwrite=overwrite)
    if as_json:
        print_json(done.as_dict())
        return
    typer.echo(f"{done.path}: licence {done.license or 'not named'}, {done.scores:,} results")
    for warning in done.warnings:
        typer.echo(f"warning: {warning}", err=True)
