"""`ggez app`: the workbench in a browser, as `python app.py`."""

from __future__ import annotations

from typing import Annotated

import typer

from ..errors import GgezError


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("app")(launch)


def launch(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 lets other machines in.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help="Port; by default the first free one from 7860 on.")] = None,
) -> None:
    """Open the workbench: a page in which two checkpoints are compared while a slider moves between them."""
    try:
        from workbench.build import launch as run
    except ModuleNotFoundError as error:
        raise GgezError(
            f"the page needs the package {error.name}; install it with: python -m pip install {error.name}"
        ) from error
    run(host=host, port=port)
