"""What is done with a finished curation: `ggez curate report`, `translate` and `publish`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ._shared import JsonOption, print_json, progress_bar

FolderArgument = Annotated[Path, typer.Argument(help="The folder of a curation.")]


def register(curation: typer.Typer) -> None:
    """Add the verbs to `ggez curate`."""
    curation.command("translate")(translate)
    curation.command("publish")(publish)
    curation.command("report")(report)


def translate(
    folder: FolderArgument,
    config: Annotated[
        Path, typer.Argument(help="YAML: which model translates into which language; see docs/verbs.md.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Translate the kept English captions into the languages of a config; what fails is listed beside them."""
    from ..curation.translation import read_config
    from ..curation.translation.kept import translate_kept

    asked = read_config(config)
    with progress_bar("Translating", quiet=as_json) as progress:
        done = translate_kept(folder, asked, progress=progress)
    counts = {code: {"good": good, "failed": failed} for code, (good, failed) in done.found.counts.items()}
    if as_json:
        print_json({
            "originals": done.originals, "others": done.others, "languages": counts, "computed": done.found.computed,
            "good": str(done.good), "failed": str(done.failed),
        })  # fmt: skip
        return
    typer.echo(f"{done.originals:,} captions are in {asked.source}; {done.others:,} aren't, and stay as they are")
    for code, count in counts.items():
        typer.echo(f"{code}: {count['good']:,} translated, {count['failed']:,} failed")
    for one in done.found.failed[:3]:
        typer.echo(f"  {one.language}: {one.why}" + (f" (“{one.said[:60]}”)" if one.said else ""))
    typer.echo(f"{done.good} and {done.failed.name}")


def publish(
    folder: FolderArgument,
    output: Annotated[Path, typer.Option("--output", "-o", help="A folder for the data set, which isn't there yet.")],
    name: Annotated[str, typer.Option(help="What the data card calls it.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Write the kept rows with their pictures and translations, and a data card, as the Hub takes them."""
    from ..curation.publish import publish_curation

    with progress_bar("Writing", quiet=as_json) as progress:
        done = publish_curation(folder, output, name=name, progress=progress)
    if as_json:
        print_json({"folder": str(done.folder), "rows": done.rows, "translated": done.translated,
                    "lost": list(done.lost)})  # fmt: skip
        return
    typer.echo(f"{done.folder}: {done.rows:,} rows, {done.translated:,} of them translations, and README.md")
    if done.lost:
        typer.echo(f"{len(done.lost):,} kept rows are left out, their pictures are gone: the first is {done.lost[0]}")


def report(
    folder: FolderArgument,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A folder for the report; by default `report` in it.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Draw what was kept and dropped: figures with tables, rows with their evidence, near-duplicates, a data card."""
    from ..curation.curated import Curated
    from ..curation.report.written import write_report

    target = output or folder / "report"
    write_report(Curated(folder), target)
    if as_json:
        print_json({"report": str(target)})
        return
    typer.echo(f"{target}: index.html with figures and rows, tables as CSV, README.md")
