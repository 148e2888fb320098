"""`ggez runs`: the runs there are, what one says, watching it, stopping it and going on with it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from ._shared import JsonOption, print_json, progress_bar

verbs = typer.Typer(help="The runs there are; watch, stop and resume them.", no_args_is_help=True)
RunArgument = Annotated[str, typer.Argument(help="A run's name, or its folder.")]
WithinOption = Annotated[Path | None, typer.Option("--within", help="Where the runs lie: else GGEZ_RUNS, or runs/.")]


def register(app: typer.Typer) -> None:
    """Add the verb and its sub-verbs."""
    app.add_typer(verbs, name="runs")


@verbs.command("list")
def list_(within: WithinOption = None, as_json: JsonOption = False) -> None:
    """List all runs, the newest first."""
    from ..runs import home, list_runs
    from ._following import document

    runs = list_runs(within)
    if as_json:
        print_json([document(run) for run in runs])
        return
    if not runs:
        typer.echo(f"no runs in {within or home()}; start one with: ggez finetune CONFIG.yaml")
    for run in runs:
        status = run.status
        line = f"{run.name:<36} {status.state:<9} {status.step:>7,} of {status.steps:<7,}"
        typer.echo(f"{line} {status.message}".rstrip())


@verbs.command("show")
def show(run: RunArgument, within: WithinOption = None, as_json: JsonOption = False) -> None:
    """Show where a run is, its last numbers, scores and models."""
    from ..runs import RunFolder
    from ._following import document

    found = RunFolder.find(run, within)
    if as_json:
        print_json({**document(found), "config": found.config, "events": found.events()})
        return
    _show(document(found))


@verbs.command("follow")
def follow(run: RunArgument, within: WithinOption = None, as_json: JsonOption = False) -> None:
    """Watch a run until it ends."""
    from ..runs import RunFolder
    from ._following import follow as watch

    watch(RunFolder.find(run, within), as_json)


@verbs.command("stop")
def stop(
    run: RunArgument,
    grace: Annotated[float, typer.Option(min=0, help="Seconds to save and end in, before it is ended.")] = 60.0,
    within: WithinOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask a run to save and end; end it where it doesn't."""
    from ..progress import Step
    from ..runs import RunFolder
    from ..runs import stop as end
    from ._following import told

    found = RunFolder.find(run, within)
    started = time.monotonic()
    with progress_bar(f"stopping {found.name}", quiet=as_json) as progress:
        end(found, grace=grace, waiting=lambda: progress(Step(int(time.monotonic() - started), int(grace), "s")))
    told(found, as_json)


@verbs.command("resume")
def resume(
    run: RunArgument,
    launch: Annotated[int | None, typer.Option("--launch", min=1, help="Processes that share the work.")] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Start it and return.")] = False,
    within: WithinOption = None,
    as_json: JsonOption = False,
) -> None:
    """Go on with a run from its last checkpoint."""
    from ..runs import RunFolder
    from ..runs import resume as go_on
    from ._following import follow as watch
    from ._following import told

    found = go_on(RunFolder.find(run, within), processes=launch)
    told(found, as_json) if detach else watch(found, as_json)


def _show(about: dict[str, Any]) -> None:
    typer.echo(f"{about['folder']}: {about['state']} at step {about['step']:,} of {about['steps']:,}")
    for name in ("message", "kind", "model"):
        if about[name]:
            typer.echo(f"{name:<9} {about[name]}")
    last = about["last"]
    if last is not None:
        rate = f"{last['examples_per_second']:.1f} examples/s, {last['memory'] / 1e9:.2f} GB"
        typer.echo(f"{'loss':<9} {last['loss']:.4g}, learning rate {last['learning_rate']:.3g}, {rate}")
    for one in about["scores"]:
        for point in one["curve"] or ():
            numbers = ", ".join(f"{n} {point[n]:.3f}" for n in ("q_global", "q_regional", "grp"))
            typer.echo(f"{'step':<5} {one['step']:>6,} β {point['beta']:<5g} {numbers}")
    for one in about["samples"][-1:]:
        typer.echo(f"samples of step {one['step']:,}")
        for item in one["items"]:
            typer.echo(f"  {item['asked']} → {_made_of(item)}")
    for name, path in about["models"].items():
        typer.echo(f"{name:<9} {path}")


def _made_of(item: dict[str, Any]) -> str:
    """What a model made of one thing asked, in a line."""
    found = [item["said"]] if item["said"] else [*item["lines"], *item["pictures"]]
    said = " · ".join(" ".join(one.split()) for one in found)
    return f"{said} (the right one is number {item['rank']})" if item["rank"] else said
