"""`ggez adapt`: the whole method for one base and one region, as one command that goes on where it stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ._following import CheckOption, show_config
from ._shared import JsonOption, print_json, progress_bar


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("adapt")(adapt)


def adapt(
    config: Annotated[Path, typer.Argument(help="A config in YAML.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A folder for all stages and the result.")],
    check: CheckOption = False,
    as_json: JsonOption = False,
) -> None:
    """Curate, translate, fine-tune, sweep, choose β by GRP, export with a card.

    A stage whose inputs and settings are unchanged is skipped; the same command goes on where it was killed.
    """
    from ..adapt.settings import adapt_from
    from ..runs.kinds import read_config

    settings = adapt_from(read_config(config))
    if check:
        show_config(settings.model_dump(mode="json"), as_json)
        return
    from ..adapt.run import adapt as run

    with progress_bar("Adapting", quiet=as_json) as progress:
        done = run(settings, output, progress=progress, tell=lambda line: typer.echo(line, err=True))
    if as_json:
        print_json(done.as_dict())
        return
    from ._scores import print_report

    print_report(done.report)
    typer.echo(f"{done.model}: the result, with its card")
