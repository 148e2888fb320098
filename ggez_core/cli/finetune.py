"""`ggez finetune`: train a global model on regional data, as a run that can be watched, stopped and resumed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ._following import CheckOption, DetachOption, LaunchOption, OutputOption, ResumeOption, begin
from ._shared import JsonOption


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("finetune")(finetune)


def finetune(
    config: Annotated[Path | None, typer.Argument(help="A config in YAML.")] = None,
    output: OutputOption = None,
    launch: LaunchOption = None,
    resume: ResumeOption = None,
    detach: DetachOption = False,
    check: CheckOption = False,
    as_json: JsonOption = False,
) -> None:
    """Fine-tune a model as a config says. Ctrl-C stops watching, not the run: ggez runs stop does that."""
    begin("finetune", config, output, launch, detach, check, resume, as_json)
