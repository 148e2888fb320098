"""`ggez inspect A [B]`: what a checkpoint holds, or how two differ and whether they can be merged."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ..checkpoints import Checkpoint, Comparison, compare, open_checkpoint
from ._shared import JsonOption, print_json, progress_bar


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("inspect")(inspect)


def inspect(
    a: Annotated[
        str, typer.Argument(help="A checkpoint: a folder, a Hub id owner/name[@revision], or demo:family/name.")
    ],
    b: Annotated[str | None, typer.Argument(help="A second one, to compare with the first.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show a checkpoint's components, or with a second one the preflight report of a merge."""
    first = open_checkpoint(a)
    if b is None:
        print_json(_described(first)) if as_json else _show(first)
        return
    second = open_checkpoint(b)
    with progress_bar("Comparing", quiet=as_json) as progress:
        comparison = compare(first, second, progress=progress)
    if as_json:
        print_json(comparison.as_dict())
    else:
        _show_comparison(comparison)


def _described(checkpoint: Checkpoint) -> dict[str, Any]:
    return {
        "source": checkpoint.source,
        "revision": checkpoint.revision,
        "layout": checkpoint.layout,
        "model_type": checkpoint.model_type,
        "bytes": checkpoint.nbytes,
        "components": {name: _totals(checkpoint, names) for name, names in checkpoint.components.items()},
        "tensors": [
            {
                "name": t.name,
                "component": checkpoint.component_of(t.name),
                "dtype": t.dtype,
                "shape": list(t.shape),
                "bytes": t.nbytes,
            }
            for t in checkpoint.tensors.values()
        ],
    }


def _totals(checkpoint: Checkpoint, names: tuple[str, ...]) -> dict[str, Any]:
    tensors = [checkpoint.tensors[name] for name in names]
    return {
        "tensors": len(tensors),
        "parameters": sum(t.size for t in tensors),
        "bytes": sum(t.nbytes for t in tensors),
        "dtypes": sorted({t.dtype for t in tensors}),
    }


def _show(checkpoint: Checkpoint) -> None:
    from rich.console import Console
    from rich.table import Table

    pinned = f" at {checkpoint.revision}" if checkpoint.revision else ""
    table = Table(
        "component",
        "tensors",
        "parameters",
        "MB",
        "dtypes",
        title=f"{checkpoint.source}{pinned}: {checkpoint.model_type}",
    )
    for column in table.columns[1:4]:
        column.justify = "right"
    for name, names in checkpoint.components.items():
        totals = _totals(checkpoint, names)
        table.add_row(
            name,
            f"{totals['tensors']:,}",
            f"{totals['parameters']:,}",
            f"{totals['bytes'] / 1e6:,.2f}",
            ", ".join(totals["dtypes"]),
        )
    Console().print(table)


def _show_comparison(comparison: Comparison) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table("component", "MB", "change", "tensors", title=f"{comparison.regional} against {comparison.base}")
    table.columns[1].justify = table.columns[2].justify = "right"
    for part in sorted(comparison.components.values(), key=lambda part: -(part.relative_change or 0)):
        counts = ", ".join(f"{count:,} {status.replace('_', ' ')}" for status, count in part.counts.items() if count)
        table.add_row(part.name, f"{part.nbytes / 1e6:,.2f}", _percent(part.relative_change), counts)
    console.print(table)
    if comparison.blocking:
        trouble = Table("tensor", "what is wrong")
        for tensor in comparison.blocking[:20]:
            trouble.add_row(tensor.name, tensor.detail)
        console.print(trouble)
    console.print(comparison.explain(), highlight=False)


def _percent(change: float | None) -> str:
    return "–" if change is None else f"{100 * change:.3g} %"
