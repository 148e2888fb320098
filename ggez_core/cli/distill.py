"""`ggez distill`: a multilingual text encoder into a smaller one, as a run; `ggez distill study`: many, compared."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import TrainingError
from ._following import CheckOption, DetachOption, LaunchOption, OutputOption, ResumeOption, begin, show_config
from ._shared import JsonOption, print_json, progress_bar


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("distill")(distill)


def distill(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[study] CONFIG", help="A config in YAML; after `study`, of a study.")
    ] = None,
    output: OutputOption = None,
    launch: LaunchOption = None,
    resume: ResumeOption = None,
    detach: DetachOption = False,
    check: CheckOption = False,
    as_json: JsonOption = False,
) -> None:
    """Distil a teacher's text encoder as a config says, or compare many distillations.

    A run goes on when the terminal closes; a study ends with it, and goes on there with the same -o.
    """
    given = list(words or ())
    if given[:1] == ["study"]:
        if len(given) != 2 or resume is not None or detach or launch is not None:
            raise TrainingError("ggez distill study CONFIG -o DIR: takes a config and a folder; it goes on by itself")
        _study(Path(given[1]), output, check, as_json)
        return
    if len(given) > 1:
        raise TrainingError(f"{' '.join(given)}: name one config (YAML), or study and a config")
    begin("distill", Path(given[0]) if given else None, output, launch, detach, check, resume, as_json)


def _study(config: Path, output: Path | None, check: bool, as_json: bool) -> None:
    from ..runs.kinds import read_config
    from ..study.settings import study_from

    study = study_from(read_config(config))
    if check:
        show_config(study.model_dump(mode="json"), as_json)
        return
    if output is None:
        raise TrainingError("ggez distill study: say with -o where its models and report go")
    from ..study.compare import compare
    from ..study.grid import run_grid
    from ..study.report import as_document, readable, write_study

    with progress_bar("Study", quiet=as_json) as progress:
        results = run_grid(study, output, progress=progress, tell=lambda line: typer.echo(line, err=True))
    comparison = compare(study, results)
    write_study(study, results, comparison, output)
    if as_json:
        print_json(as_document(study, results, comparison))
        return
    typer.echo(readable(study, results, comparison))
    typer.echo(f"{output}: models, report.md, report.json, and figures/index.html")
