"""Watching a run from a terminal: its progress until it ends, and how it ended, for every verb that starts one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import TrainingError
from ..progress import Step
from ..runs import RunFolder, Status, start
from ..runs.events import Event
from ..runs.kinds import complete, read_config
from ..runs.samples import samples_of
from ._shared import print_json, progress_bar

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOK = 0.3  # seconds between two looks at a run
LaunchOption = Annotated[
    int | None,
    typer.Option("--launch", min=1, help="Processes that share the work, one a GPU; else the config's."),
]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", help="The run's folder; by default a new one in runs/ (or GGEZ_RUNS).")
]
DetachOption = Annotated[bool, typer.Option("--detach", help="Start it and return; it goes on by itself.")]
CheckOption = Annotated[bool, typer.Option("--check", help="Say what the config means, every setting, and stop.")]
ResumeOption = Annotated[
    str | None, typer.Option("--resume", help="Go on with a run that was stopped or failed: its name or folder.")
]


def begin(
    kind: str, config: Path | None, output: Path | None, launch: int | None, detach: bool, check: bool,
    resume: str | None, as_json: bool,
) -> None:  # fmt: skip
    """What a verb that trains does: start or resume a run, and follow it unless `detach` says not to."""
    if (config is None) == (resume is None):
        raise TrainingError("name a config (YAML), or a run with --resume; one of the two")
    if resume is not None:
        from ..runs import resume as go_on

        run = go_on(RunFolder.find(resume), processes=launch)
    else:
        assert config is not None
        found = read_config(config)
        if found.setdefault("kind", kind) != kind:
            raise TrainingError(f"{config}: is of the kind {found['kind']}; say: ggez {found['kind']} {config}")
        if launch is not None:
            found["processes"] = launch
        if check:
            show_config(complete(found), as_json)
            return
        run = start(found, output)
    if detach:
        told(run, as_json)
    else:
        follow(run, as_json)


def show_config(config: Mapping[str, Any], as_json: bool) -> None:
    """The config with every setting said."""
    import yaml

    if as_json:
        print_json(config)
    else:
        typer.echo(yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True), nl=False)


def told(run: RunFolder, as_json: bool) -> None:
    """Where a run is, and what can be done with it."""
    if as_json:
        print_json(document(run))
        return
    status = run.status
    typer.echo(f"{run.path}: {status.state} at step {status.step:,} of {status.steps:,}")
    if status.alive:
        typer.echo(f"ggez runs follow {run.name}   # watch it;   ggez runs stop {run.name}   # save and end")
    elif status.state != "finished":
        typer.echo(f"ggez runs resume {run.name}   # go on from there")


def follow(run: RunFolder, as_json: bool) -> None:
    """Show a run's progress until it ends. Ctrl-C ends the watching alone.

    Raises TrainingError where the run failed for its input, RuntimeError where it was a fault of ours.
    """
    try:
        with progress_bar(run.name, quiet=as_json) as progress:
            while (status := run.status).alive:
                progress(Step(status.step, max(status.steps, 1), "steps", status.message or status.state))
                time.sleep(LOOK)
    except KeyboardInterrupt:
        told(run, as_json)
        return
    if status.state == "failed":
        if status.ours:
            raise RuntimeError(f"{run.name}: {status.message}; its log is {run.path / 'log.txt'}")
        raise TrainingError(f"{run.name}: {status.message}")
    if as_json:
        print_json(document(run))
        return
    last = last_step(run.events())
    loss = f", loss {last['loss']:.4g}" if last is not None and last.get("loss") is not None else ""
    typer.echo(f"{run.path}: {status.state} at step {status.step:,} of {status.steps:,}{loss}")
    for name, path in run.models.items():
        typer.echo(f"{name:<8} {path}")
    if status.state == "stopped":
        typer.echo(f"ggez runs resume {run.name}   # go on from there")


def document(run: RunFolder) -> dict[str, Any]:
    """A run, ready for JSON."""
    status: Status = run.status
    events = run.events()
    return {
        "name": run.name, "folder": str(run.path), "state": status.state, "step": status.step, "steps": status.steps,
        "message": status.message, "kind": run.config.get("kind"), "model": run.config.get("model"),
        "last": last_step(events), "models": {name: str(path) for name, path in run.models.items()},
        "scores": [
            {"step": e["step"], "score": e.get("score"), "curve": e.get("curve")}
            for e in events if e["kind"] == "evaluation"
        ],
        "samples": [one.as_dict() for one in samples_of(run, events)],
    }  # fmt: skip


def last_step(events: list[Event]) -> Event | None:
    """The newest logged step."""
    return next((event for event in reversed(events) if event["kind"] == "step"), None)
