"""`ggez demo build` and `ggez demo show`: make the shipped checkpoints again; show where and how good they are."""

from __future__ import annotations

import importlib
import shutil
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from ..assets import DEMO_PREFIX, demo_names, demo_root
from ..errors import OutputError, SourceError
from ._shared import JsonOption, print_json, progress_bar

FAMILIES = {  # files of `demo.build` (`build(output, progress, scale)`), and the task that their pairs are taught for
    "siglip": "world-retrieval", "clip": "world-retrieval", "open_clip": "world-retrieval", "sdxl": "world-drawing",
    "gemma3": "world-questions",
}  # fmt: skip
KEEP_GLOBAL = 0.98  # the share that the paper's merges keep

verbs = typer.Typer(
    help="The small world's checkpoints: make them again, show where they are and how they score.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add the verb and its two sub-verbs."""
    app.add_typer(verbs, name="demo")


def _known(family: str) -> str:
    if family not in FAMILIES:
        raise SourceError(f"no demo family {family!r}; there is: {', '.join(FAMILIES)}")
    return family


@verbs.command("build")
def build(
    family: Annotated[str, typer.Option(help="Which family's pair to train.")] = "siglip",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder for the pair; by default where it ships.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the folder if it exists.")] = False,
    json: JsonOption = False,
) -> None:
    """Make the base and the regional checkpoint again from the small world: under an hour on two cores."""
    default = demo_root() / _known(family)
    target = output or default
    if target.exists() and not overwrite:
        raise OutputError(f"{target} exists; choose another folder with -o, or say --overwrite")
    module = importlib.import_module(f"ggez_core.demo.build.{family}")
    start = time.monotonic()
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}.partial-", dir=target.parent))
    try:
        with progress_bar(f"demo {family}", quiet=json) as progress:
            module.build(work / "pair", progress=progress)
        if target.exists():
            target.rename(work / "replaced")
        (work / "pair").rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    seconds = time.monotonic() - start
    if json:
        print_json({"family": family, "folder": str(target), "seconds": seconds})
    else:
        typer.echo(f"{target}: base and sea, made in {seconds / 60:.1f} minutes")


@verbs.command("data")
def data(
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for train.parquet.")],
    sides: Annotated[str, typer.Option(help="regional, global or both.")] = "regional",
    pictures: Annotated[int, typer.Option(min=1, help="Pictures of every thing.")] = 64,
    each: Annotated[
        int, typer.Option(min=1, help="Rows of every picture, each with another caption and question.")
    ] = 2,
    drawn: Annotated[
        bool, typer.Option("--drawn", help="Only the things that text-to-image models are asked for (world-drawing).")
    ] = False,
    mixed: Annotated[
        int | None, typer.Option(min=1, help="Instead so many rows as the web holds them, raw, to be curated.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Write the small world's training split as Parquet: pictures with captions and questions, to fine-tune on."""
    from ..demo.world.export import export
    from ..demo.world.mixture import write_mixture

    if sides not in ("regional", "global", "both"):
        raise SourceError(f"--sides {sides}: is none of regional, global, both")
    if mixed is not None:
        target = write_mixture(output / "mixed.parquet", mixed, regional=0.3, questions=True)
    else:
        from ..evaluation.tasks.world_drawing import drawn_concepts

        things = drawn_concepts() if drawn else None
        with progress_bar("small world", quiet=json) as progress:
            target = export(
                output, sides=sides, things=things, pictures=pictures, captions_each=each, progress=progress  # type: ignore[arg-type]
            )  # fmt: skip
    if json:
        print_json({"file": str(target), "bytes": target.stat().st_size})
    else:
        typer.echo(f"{target}: {target.stat().st_size / 1e6:.1f} MB")


@verbs.command("show")
def show(
    family: Annotated[str | None, typer.Argument(help="A family, to see only its checkpoints.")] = None,
    scores: Annotated[
        bool, typer.Option("--scores", help="Sweep β on validation, choose it, and score it on test.")
    ] = False,
    sheet: Annotated[
        Path | None, typer.Option("--sheet", help="Write a contact sheet of all drawings to this PNG file.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show where the shipped checkpoints are; with --scores, how good they and their merges are on held-out data."""
    if family is not None:
        _known(family)
    if sheet is not None:
        from ..demo.world.registry import concepts
        from ..demo.world.scene import contact_sheet

        try:
            contact_sheet(concepts()).save(sheet)
        except (OSError, ValueError) as error:
            raise OutputError(f"{sheet} can't be written ({error}); name a .png file in an existing folder") from error
    listed = [_describe(n) for n in demo_names() if family is None or n.startswith(f"{DEMO_PREFIX}{family}/")]
    document: dict[str, Any] = {"checkpoints": listed}
    if not json:
        if not listed:
            typer.echo("no checkpoints are shipped here; make them with: ggez demo build")
        for item in listed:
            typer.echo(f"{item['name']:<20} {item['bytes'] / 1e6:6.1f} MB  {item['folder']}")
    if scores:
        shipped = dict.fromkeys(item["name"].removeprefix(DEMO_PREFIX).partition("/")[0] for item in listed)
        document["scores"] = {name: _scores(name, json) for name in ((family,) if family else shipped)}
    if json:
        print_json(document)


def _describe(name: str) -> dict[str, Any]:
    folder = demo_root() / name.removeprefix(DEMO_PREFIX)
    return {
        "name": name,
        "folder": str(folder),
        "bytes": sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()),
    }


def _scores(family: str, quiet: bool) -> dict[str, Any]:
    from ..evaluation.sweep import sweep
    from ._scores import print_report

    base, regional = (f"{DEMO_PREFIX}{family}/{end}" for end in ("base", "sea"))
    with progress_bar("scores", quiet=quiet) as progress:
        report = sweep(base, regional, tasks=[FAMILIES[family]], keep_global=KEEP_GLOBAL, progress=progress)
    if not quiet:
        print_report(report)
    return report.as_dict()
