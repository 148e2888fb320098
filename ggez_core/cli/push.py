"""`ggez push`: a merge's folder to the Hub."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ._shared import JsonOption, print_json


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("push")(push)


def push(
    output: Annotated[Path, typer.Argument(metavar="OUT", help="A folder that `ggez merge` or the page wrote.")],
    repo: Annotated[str, typer.Argument(metavar="REPO", help="Where to: owner/name on the Hub.")],
    public: Annotated[bool, typer.Option("--public", help="For everybody to see; private without it.")] = False,
    update: Annotated[
        bool, typer.Option("--update", help="Allow a repository that holds something; its older commits stay.")
    ] = False,
    message: Annotated[str | None, typer.Option("--message", "-m", help="What the commit is called.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and stop.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Upload OUT to the Hub by your login (`hf auth login`, or HF_TOKEN): private unless asked, in one commit."""
    from ..publishing.upload import planned_upload, upload

    planned = planned_upload(output, repo, public=public, update=update)
    kind = ("private" if planned.private else "public") + ("" if planned.exists else ", new")
    typer.echo(f"{output} → {repo} ({kind}): {len(planned.files):,} files, {planned.nbytes / 1e6:,.1f} MB", err=True)
    for what, names in (("overwrites", planned.overwritten), ("deletes", planned.deleted)):
        if names:
            typer.echo(f"{what}: {', '.join(names)}", err=True)
    for note in planned.notes:
        typer.echo(f"warning: {note}", err=True)
    if dry_run:
        if as_json:
            print_json(planned.as_dict())
        return
    if as_json:
        from huggingface_hub.utils.tqdm import disable_progress_bars

        disable_progress_bars()
    done = upload(planned, message)  # the Hub's client draws its own bars, byte by byte
    if as_json:
        print_json(done.as_dict())
    else:
        typer.echo(f"{done.url}: " + (f"commit {done.commit}" if done.commit else "nothing had changed"))
