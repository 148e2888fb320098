"""`ggez ratings`: human ratings summed up, exported and imported."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import DataError
from ._shared import JsonOption, print_json

if TYPE_CHECKING:
    from ..evaluation.ratings import Mean, Rating

StoreArgument = Annotated[
    Path,
    typer.Argument(metavar="FILE", help="A file of ratings (the page keeps ratings.sqlite in its storage), or a CSV."),
]
verbs = typer.Typer(no_args_is_help=True, help="Human ratings from the Rate tab: summary, export, import.")


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.add_typer(verbs, name="ratings")


@verbs.command("summary")
def summary(
    file: StoreArgument,
    alpha: Annotated[
        float | None, typer.Option(min=0, max=1, help="α of the human GRP; else that of the region.")
    ] = None,
    region: Annotated[str, typer.Option(help="Where α is from.")] = "SEA",
    as_json: JsonOption = False,
) -> None:
    """Average ranks and marks by language and model, agreement of the raters, and the human GRP."""
    from ..evaluation.ratings import agreements, human_parity, means
    from ..regions import alpha as alpha_of

    found = _read(file)
    factor = alpha_of(region).value if alpha is None else alpha
    averages, agreed = means(found), agreements(found)
    parities = [
        parity for measure in dict.fromkeys(m.measure for m in averages) for parity in human_parity(found, measure)
    ]
    if as_json:
        print_json({
            "ratings": len(found),
            "alpha": factor,
            "means": [_flat(mean) for mean in averages],
            "agreement": [
                {**dataclasses.asdict(one), "alpha": None if one.alpha != one.alpha else one.alpha} for one in agreed
            ],
            "human_grp": [
                {"model": dataclasses.asdict(one.model), "measure": one.measure, "q_global": one.q_global.value,
                 "q_regional": one.q_regional.value, "grp": one.grp(factor)}
                for one in parities
            ],
        })  # fmt: skip
        return
    _show(averages, [(one.measure, one.language, one.alpha, one.units, one.raters) for one in agreed],
          [(p.measure, _name(p.model), p.q_global.value, p.q_regional.value, p.grp(factor)) for p in parities],
          factor)  # fmt: skip


@verbs.command("export")
def export(
    file: StoreArgument,
    output: Annotated[Path, typer.Option("--output", "-o", help="The CSV file to write.")],
    as_json: JsonOption = False,
) -> None:
    """Write all ratings as CSV, a row for every mark."""
    from ..checkpoints.output import write_file
    from ..errors import OutputError
    from ..evaluation.ratings import export_csv

    if output.exists():
        raise OutputError(f"{output}: already exists; choose another name or remove it first")
    found = _read(file)
    write_file(output, export_csv(found).encode())
    if as_json:
        print_json({"file": str(output), "ratings": len(found)})
    else:
        typer.echo(f"{output}: {len(found):,} ratings")


@verbs.command("import")
def import_(
    table: Annotated[Path, typer.Argument(metavar="CSV", help="A file that `ggez ratings export` or the page wrote.")],
    into: Annotated[Path, typer.Option("--into", help="The file of ratings to add them to; made if there is none.")],
    as_json: JsonOption = False,
) -> None:
    """Add the ratings of a CSV file; those that are there already count once."""
    from ..evaluation.ratings import RatingStore, import_csv

    store = RatingStore(into)
    try:
        held, new = import_csv(table, store)
    finally:
        store.close()
    if as_json:
        print_json({"file": str(into), "ratings": held, "new": new})
    else:
        typer.echo(f"{into}: {new:,} new ratings of {held:,}")


def _read(file: Path) -> list[Rating]:
    from ..evaluation.ratings import RatingStore, read_csv

    if not file.is_file():
        raise DataError(f"{file}: no such file of ratings; the page's Rate tab makes one")
    if file.suffix == ".csv":
        return read_csv(file.read_text(encoding="utf-8-sig", errors="replace"), file.name)
    store = RatingStore(file)
    try:
        return store.ratings()
    finally:
        store.close()


def _flat(mean: Mean) -> dict[str, Any]:
    return {**dataclasses.asdict(mean), "model": {**dataclasses.asdict(mean.model), "parts": dict(mean.model.parts)}}


def _name(model: Any) -> str:
    return f"{model.model}, β = {model.beta:g}" + "".join(f", {name} {beta:g}" for name, beta in model.parts)


def _show(averages: list[Mean], agreed: list[tuple[Any, ...]], parities: list[tuple[Any, ...]], alpha: float) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(title="Means, with 95 % intervals over whole raters or whole items, whichever is wider")
    for head in ("measure", "language", "model", "mean", "marks", "raters", "items", "over"):
        table.add_column(head)
    for mean in averages:
        value = f"{mean.value:.2f} [{mean.low:.2f}, {mean.high:.2f}]"
        counts = (str(mean.n), str(mean.raters), str(mean.items))
        table.add_row(mean.measure, mean.language, _name(mean.model), value, *counts, mean.clustered)
    console.print(table)
    for title, heads, rows in (
        ("Agreement of raters", ("measure", "language", "Krippendorff's α", "units", "raters"), agreed),
        (f"Human GRP, α = {alpha:.2f}", ("measure", "model", "global", "regional", "GRP"), parities),
    ):
        table = Table(title=title)
        for head in heads:
            table.add_column(head)
        for row in rows:
            table.add_row(*(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row))
        console.print(table)
