"""The `ggez` command: one file a verb, each a thin layer over the engine.

`main` is the entry point. A verb raises `GgezError` for unusable input; that becomes one line and exit status 2.
"""

from __future__ import annotations

import importlib
import os

import typer

from ._shared import guard

VERBS = (
    "inspect", "merge", "eval", "sweep", "curate", "adapt", "finetune", "distill", "runs", "alpha", "grp", "card",
    "push", "ratings", "demo", "app",
)  # fmt: skip

ggez = typer.Typer(  # not `app`: that name is the verb's module
    name="ggez",
    help="Adapt vision-language models to a region of the world without losing the rest.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)
for _verb in VERBS:
    importlib.import_module(f"{__name__}.{_verb}").register(ggez)


def main() -> None:
    """Run the command line."""
    os.environ["PYTHONSAFEPATH"] = "1"  # processes started from here import nothing from where the data lies
    guard(lambda: ggez(prog_name="ggez", standalone_mode=False))  # `guard` reports wrong options too
