"""`ggez eval`: a model's scores on benchmarks, as rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import DataError
from ._shared import JsonOption, print_json, progress_bar

if TYPE_CHECKING:
    from ..evaluation.runner import Evaluation
    from ..evaluation.task import TaskInfo
    from ..families import Placement

TaskOption = Annotated[
    list[str] | None, typer.Option("--task", help="A benchmark; repeatable. All are listed by: ggez eval --list")
]
DataOption = Annotated[
    list[str] | None,
    typer.Option("--data", help="A local copy of a benchmark's data: TASK=FOLDER, or FOLDER where one task is named."),
]
LimitOption = Annotated[int | None, typer.Option(min=1, help="At most so many rows of each benchmark.")]
DeviceOption = Annotated[
    str,
    typer.Option(help="cpu, cuda, cuda:1, mps; auto takes a GPU where there is one; spread shares several and RAM."),
]
DtypeOption = Annotated[str | None, typer.Option(help="float32, bfloat16 or float16; else the checkpoint's own.")]
DTYPES = ("float32", "bfloat16", "float16")


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("eval")(evaluate)


def evaluate(
    model: Annotated[str | None, typer.Argument(help="A folder, a Hub id, or demo:family/name.")] = None,
    task: TaskOption = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file of rows to append to (.jsonl); answers go beside it.")
    ] = None,
    split: Annotated[str | None, typer.Option(help="By default each benchmark's last, which is for reporting.")] = None,
    data: DataOption = None,
    limit: LimitOption = None,
    device: DeviceOption = "auto",
    dtype: DtypeOption = None,
    list_tasks: Annotated[bool, typer.Option("--list", help="List the benchmarks and stop.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Score a model. One that was stopped goes on where it was when the same is asked again with -o."""
    if list_tasks:
        from ..evaluation.tasks import tasks

        infos = [found.info for found in tasks()]
        print_json([described(info) for info in infos]) if as_json else _show_tasks(infos)
        return
    if model is None:
        raise DataError("no model is named; add one, or list the benchmarks with: ggez eval --list")
    from ..evaluation.runner import evaluate as run

    names = task or []
    with progress_bar("Evaluating", quiet=as_json) as progress:
        found = run(
            model, names, split=split, output=output, data=local_data(data, names), limit=limit,
            placement=placement(device, dtype), progress=progress,
        )  # fmt: skip
    print_json(_document(found)) if as_json else _show(found)


def local_data(options: list[str] | None, tasks: list[str]) -> dict[str, Path]:
    """Folders by task, which may be named without its options where one is of that name.

    Raises DataError for a folder that can be of several tasks, or that isn't there.
    """
    folders = {}
    for option in options or []:
        named = next((task for task in tasks if option.startswith(f"{task}=")), None)
        path = Path(option.removeprefix(f"{named}="))
        if named is None:
            name, _, rest = option.partition("=")
            alike = [task for task in tasks if task.partition(":")[0] == name]
            named, path = (alike[0], Path(rest)) if len(alike) == 1 and rest else (None, path)
        if named is None and len(tasks) != 1:
            raise DataError(f"--data {option}: whose data is it? write TASK={option}, with one of the tasks asked for")
        if not path.exists():
            raise DataError(f"--data {option}: there is no {path}")
        folders[named or tasks[0]] = path
    return folders


def placement(device: str, dtype: str | None) -> Placement:
    """Where a model goes. Raises DataError for a device that isn't there, or an unknown type."""
    import torch

    from ..families import Placement

    if dtype is not None and dtype not in DTYPES:
        raise DataError(f"--dtype {dtype}: is none of {', '.join(DTYPES)}")
    kind = getattr(torch, dtype) if dtype else None
    if device == "spread":
        return Placement(dtype=kind, device_map="auto")
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        why = str(error).splitlines()[0][:120]
        raise DataError(f"--device {device}: can't be used here ({why}); say cpu, or auto") from None
    return Placement(device=device, dtype=kind)


def described(info: TaskInfo) -> dict[str, Any]:
    """A task, ready for JSON."""
    return {
        "name": info.name, "doc": info.doc, "families": list(info.families), "sides": list(info.sides),
        "splits": list(info.splits), "main_metrics": list(info.main_metrics), "hub_id": info.hub_id,
        "revision": info.revision, "options": dict(info.options),
    }  # fmt: skip


def _document(found: Evaluation) -> dict[str, Any]:
    return {
        "model": found.model,
        "quality": {
            side: {"value": e.value, "low": e.low, "high": e.high} for side, e in found.quality.items()
        },
        "rows": [row.as_dict() for row in found.rows],
        "data": dict(found.sources),
        "problems": {
            name: [{"row": p.row, "why": p.why} for p in problems] for name, problems in found.problems.items()
        },
    }  # fmt: skip


def _show_tasks(infos: list[TaskInfo]) -> None:
    for info in infos:
        facts = ("/".join(info.families), " + ".join(info.sides), ", ".join(info.splits), info.hub_id or "")
        typer.echo(f"{info.name:<16} {' · '.join(filter(None, facts))}")
        typer.echo(f"{'':<16} {info.doc}")
        for option, doc in info.options.items():
            typer.echo(f"{'':<16}   :{option}=… {doc}")


def _show(found: Evaluation) -> None:
    from rich.console import Console
    from rich.table import Table

    from ._scores import WIDTH, bounded

    console = Console()
    console.width = max(console.width, WIDTH)
    table = Table(title=f"{found.model}: means with 95 % intervals")
    for column in ("task", "split", "side", "metric", "value", "n"):
        table.add_column(column, justify="right" if column in ("value", "n") else "left", no_wrap=True)
    for row in found.rows:
        if row.whole:
            metric = f"{row.metric} *" if row.main else row.metric
            table.add_row(row.task, row.split, row.side, metric, bounded(".3f", row), f"{row.n:,}")
    console.print(table)
    scores = ", ".join(f"{side} {bounded('.3f', estimate)}" for side, estimate in found.quality.items())
    console.print(f"Q (mean of *): {scores}", highlight=False)
    for name, source in found.sources.items():
        console.print(f"{name}: data from {source}", highlight=False, soft_wrap=True)
    show_problems(found.problems)


def show_problems(problems: Any) -> None:
    """Tell which rows couldn't be used."""
    for name, found in problems.items():
        first = found[0]
        typer.echo(f"{name}: {len(found):,} rows can't be used; the first: {first.row}: {first.why}", err=True)
