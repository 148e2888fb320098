"""`ggez curate`: the part of image-text data that belongs to a region and is good; `threshold` moves what is kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from ..errors import DataError
from ._shared import JsonOption, print_json, progress_bar

if TYPE_CHECKING:
    from ..curation.curate import Curation
    from ..curation.cut import Cut

RegionOption = Annotated[
    str | None, typer.Option(help="A region such as SEA, or countries such as ID+TH; any keeps all regions.")
]
ConfidenceOption = Annotated[
    float | None, typer.Option(min=0, max=1, help="The least belief that a row is of the region; 0.5 if none.")
]
RewardOption = Annotated[
    float | None, typer.Option(help="The least reward, which is kept; models that score from 1 to 5 want 3.")
]
AtLeastOption = Annotated[
    list[str] | None, typer.Option(help="COLUMN=NUMBER: a column must be that at least; repeatable.")
]
AtMostOption = Annotated[
    list[str] | None, typer.Option(help="COLUMN=NUMBER: a column must be that at most; repeatable.")
]
WithoutOption = Annotated[
    list[str] | None, typer.Option(help='A limit to leave out, by its reason or column: "blurred picture"; repeatable.')
]
NearOption = Annotated[
    int | None, typer.Option(min=-1, max=16, help="Bits in which hashes of near-duplicates differ; -1 keeps them.")
]
NearCosineOption = Annotated[
    float | None,
    typer.Option(min=0, max=1, help="Cosine of near-duplicates' embeddings, .9 or more; 0 keeps them."),
]
TrustOption = Annotated[
    list[str] | None, typer.Option(help="SIGNAL=NUMBER: its evidence times that; 0 ignores it; repeatable.")
]


class _RunsByDefault(TyperGroup):
    """`ggez curate INPUT` is `ggez curate run INPUT`: inputs come first, and verbs are few."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put in the verb where none is named."""
        if args and args[0] not in self.commands and args[0] not in ("--help", "--install-completion"):
            args = ["run", *args]
        return super().parse_args(ctx, args)


curation = typer.Typer(
    cls=_RunsByDefault, no_args_is_help=True,
    help="Keep what belongs to a region and is good: ggez curate INPUT… -o DIR --region SEA.",
)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the verb."""
    from . import _curated

    _curated.register(curation)
    app.add_typer(curation, name="curate")


@curation.command("run")
def run(
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT…", help="Parquet, JSONL, TSV, CSV, tars, folders of them, Hub ids.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="A folder for what is measured and kept.")],
    region: RegionOption = "SEA",
    confidence: ConfidenceOption = None,
    min_reward: RewardOption = None,
    reward: Annotated[
        str | None, typer.Option(help="The reward model with its options: by=lvlm,model=NAME; see docs/verbs.md.")
    ] = None,
    references: Annotated[
        str | None,
        typer.Option(help="Pictures by country (columns image, country) to compare with; adds visual similarity."),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="The embedding model of visual similarity and of the usual reward.")
    ] = None,
    signal: Annotated[
        list[str] | None, typer.Option(help="A further signal with its options: NAME:key=value; repeatable.")
    ] = None,
    map: Annotated[list[str] | None, typer.Option(help="OURS=THEIRS: a column has another name; repeatable.")] = None,
    at_least: AtLeastOption = None,
    at_most: AtMostOption = None,
    without: WithoutOption = None,
    near: NearOption = None,
    near_cosine: NearCosineOption = None,
    trust: TrustOption = None,
    runner: Annotated[str, typer.Option(help="native: processes of this machine; ray: a cluster.")] = "native",
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; as many as processors if none.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure what isn't measured yet, then keep what belongs and is good. A stopped one goes on with the same -o."""
    from ..curation.curate import QUALITY, REGIONAL, curate, default_cut

    signals = [*REGIONAL, *QUALITY]
    if references is not None:
        signals.append(f"similarity:references={references}" + (f",model={model}" if model else ""))
    if min_reward is not None or reward is not None:
        options = reward or (f"model={model}" if model else "")
        signals.append(f"reward:{options}" if options else "reward")
    cut = _moved(default_cut(), region, confidence, min_reward, at_least, at_most, without, near, near_cosine, trust)
    if near_cosine and not any(text.partition(":")[0] == "embedding" for text in signal or ()):
        signals.append(f"embedding:model={model}" if model else "embedding")
    names = dict(_pair(f"--map {text}", text, "image=picture") for text in map or ())
    with progress_bar("Curating", quiet=as_json) as progress:
        found = curate(
            inputs, output, signals=[*signals, *(signal or ())], cut=cut, names=names, runner=runner, workers=workers,
            progress=progress,
        )  # fmt: skip
    _show(found, as_json)


@curation.command("threshold")
def threshold(
    folder: Annotated[Path, typer.Argument(help="The folder of a curation.")],
    region: RegionOption = None,
    confidence: ConfidenceOption = None,
    min_reward: RewardOption = None,
    at_least: AtLeastOption = None,
    at_most: AtMostOption = None,
    without: WithoutOption = None,
    near: NearOption = None,
    near_cosine: NearCosineOption = None,
    trust: TrustOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep other rows of what was measured, in seconds. What isn't said stays as it was."""
    from ..curation.curate import read_plan, recut
    from ..curation.cut import Cut

    before = Cut.from_dict(read_plan(folder)["cut"])
    _show(
        recut(
            folder, _moved(before, region, confidence, min_reward, at_least, at_most, without, near, near_cosine, trust)
        ),
        as_json,
    )


def _moved(
    cut: Cut,
    region: str | None,
    confidence: float | None,
    min_reward: float | None,
    at_least: list[str] | None,
    at_most: list[str] | None,
    without: list[str] | None,
    near: int | None,
    near_cosine: float | None,
    trust: list[str] | None,
) -> Cut:
    """A cut with what the options say changed."""
    from dataclasses import replace

    from .. import regions
    from ..curation.limits import Limit

    if region is not None:
        cut = replace(cut, region=None if region.lower() == "any" else regions.region(region).code)
    if confidence is not None:
        cut = replace(cut, confidence=confidence)
    limits = list(cut.limits)
    for text in without or ():
        if not any(text in (limit.name, limit.column) for limit in limits):
            raise DataError(f"--without {text}: no such limit; there is {', '.join(limit.name for limit in limits)}")
        limits = [limit for limit in limits if text not in (limit.name, limit.column)]
    bounds = [("at_least", *_number("--at-least", text)) for text in at_least or ()]
    bounds += [("at_most", *_number("--at-most", text)) for text in at_most or ()]
    bounds += [("at_least", "reward", min_reward)] if min_reward is not None else []
    for side, column, bound in bounds:
        at = next((i for i, x in enumerate(limits) if x.column == column and getattr(x, side) is not None), None)
        if at is not None:
            moved: dict[str, Any] = {side: bound}
            limits[at] = replace(limits[at], **moved)
        else:
            name = "low reward" if column == "reward" else f"{column} too {'low' if side == 'at_least' else 'high'}"
            limits.append(Limit(name, column, **{side: bound}))  # type: ignore[arg-type]
    if near is not None:
        cut = replace(cut, distance=None if near < 0 else near)
    if near_cosine is not None:
        cut = replace(cut, cosine=near_cosine or None)
    trusted = {**cut.trust, **dict(_number("--trust", text) for text in trust or ())}
    return replace(cut, limits=tuple(limits), trust=trusted)


def _pair(where: str, text: str, example: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals or not value:
        raise DataError(f"{where}: write it like {example}")
    return name.strip(), value.strip()


def _number(option: str, text: str) -> tuple[str, float]:
    name, value = _pair(f"{option} {text}", text, "reward=3")
    try:
        return name, float(value)
    except ValueError:
        raise DataError(f"{option} {text}: {value!r} is no number") from None


def _show(found: Curation, as_json: bool) -> None:
    if as_json:
        measuring, cutting = found.seconds
        print_json({
            "folder": str(found.folder), **found.summary.as_dict(), "measured": found.measured,
            "seconds": {"measuring": round(measuring, 3), "cutting": round(cutting, 3)},
        })  # fmt: skip
        return
    from rich.console import Console
    from rich.table import Table

    console = Console()
    told = found.summary
    table = Table(title=f"{told.kept:,} of {told.rows:,} rows are kept")
    for column in ("dropped because", "first reason", "any reason"):
        table.add_column(column, justify="left" if column == "dropped because" else "right")
    for name, count in told.dropped.items():
        if told.broken[name]:
            table.add_row(name, f"{count:,}", f"{told.broken[name]:,}")
    console.print(table)
    shown = ", ".join(
        f"{code or 'no country'} {count:,}" for code, count in sorted(told.countries.items(), key=_second)
    )
    console.print(f"kept by country: {shown or 'none'}", highlight=False, soft_wrap=True)
    for problem, count in told.problems.items():
        console.print(f"{count:,} rows: {problem}", highlight=False, soft_wrap=True)
    if told.duplicate_ids:
        console.print(f"{told.duplicate_ids:,} rows have an id that another has; their place tells them apart")
    console.print(
        f"{found.folder}: kept/ and dropped.parquet; {found.measured:,} rows measured in {found.seconds[0]:.1f} s, "
        f"cut in {found.seconds[1]:.1f} s", highlight=False, soft_wrap=True,
    )  # fmt: skip


def _second(pair: tuple[str, int]) -> tuple[int, str]:
    return -pair[1], pair[0]
