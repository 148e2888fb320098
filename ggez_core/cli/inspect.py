"""`ggez inspect A [B]`: what a checkpoint holds, or how two differ and whether they can be merged."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..checkpoints import Checkpoint, Comparison, compare, open_checkpoint
from ._shared import JsonOption, print_json, progress_bar

if TYPE_CHECKING:
    from ..merging.needs import Needs

_BAR = 12  # characters of the largest change


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("inspect")(inspect)


def inspect(
    a: Annotated[
        str, typer.Argument(help="A checkpoint: a folder, a Hub id owner/name[@revision], or demo:family/name.")
    ],
    b: Annotated[str | None, typer.Argument(help="A second one, to compare with the first.")] = None,
    layers: Annotated[
        bool, typer.Option("--layers", help="Show also how much every layer changed; --json always has it.")
    ] = False,
    method: Annotated[
        str, typer.Option(help="The method whose memory is estimated; `ggez merge --method help` lists all.")
    ] = "linear",
    as_json: JsonOption = False,
) -> None:
    """Show a checkpoint's components, or with a second one the preflight report of a merge.

    Changes are relative norms, ‖b − a‖ / ‖a‖.
    """
    first = open_checkpoint(a)
    if b is None:
        print_json(_described(first)) if as_json else _show(first)
        return
    second = open_checkpoint(b)
    with progress_bar("Comparing", quiet=as_json) as progress:
        comparison = compare(first, second, progress=progress)
    from ..merging.needs import needs

    needed = needs(first, second, comparison, method=method)
    if as_json:
        print_json(comparison.as_dict() | {"needs": asdict(needed) | {"lacking": list(needed.lacking)}})
        return
    _show_comparison(comparison)
    if layers:
        _show_layers(comparison)
    _show_verdict(comparison, needed, method)


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


def _show_layers(comparison: Comparison) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("layer", "MB", "tensors", "differ", "change", "")
    table.columns[0].no_wrap = True
    for column in table.columns[1:5]:
        column.justify = "right"
    largest = max((layer.relative_change or 0 for layer in comparison.layers), default=0) or 1
    for layer in comparison.layers:
        bar = "█" * round(_BAR * (layer.relative_change or 0) / largest)
        table.add_row(
            layer.name, f"{layer.nbytes / 1e6:,.2f}", str(layer.tensors), str(layer.changed),
            _percent(layer.relative_change), bar,
        )  # fmt: skip
    Console().print(table)


def _show_verdict(comparison: Comparison, needed: Needs, method: str) -> None:
    """Whether the two can be merged, and what that takes."""
    from rich.console import Console

    console = Console(soft_wrap=True, highlight=False)
    console.print(comparison.explain())
    by = "" if method == "linear" else f" by {method}"
    shared = f", and shares {_amount(needed.linked)} with the base" if needed.linked else ""
    console.print(
        f"a merge{by} writes {_amount(needed.disk)}{shared}, in {_amount(needed.merge_memory)} of memory; "
        f"comparing them live takes {_amount(needed.live_memory)} of memory"
    )
    for line in needed.lacking:
        console.print(line)


def _amount(nbytes: int) -> str:
    return f"{nbytes / 1e9:,.2f} GB" if nbytes >= 1e9 else f"{nbytes / 1e6:,.1f} MB"


def _percent(change: float | None) -> str:
    return "–" if change is None else f"{100 * change:.3g} %"
