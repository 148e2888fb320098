"""A sweep of β: one loaded model moves, tasks are asked at every β, and only what β changes is computed again.

β is chosen on validation and reported on test. A task of a single split is halved by its clusters: one half to choose
on, the other to report on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import regions
from ..checkpoints import Checkpoint, open_checkpoint
from ..families import Placement, family_of, load
from ..families.family import FamilyModel
from ..merging import LiveModel
from ..merging.plan import check_compatible
from ..merging.recipe import check_betas
from ..progress import Progress, silent
from .field import Field
from .report import CurvePoint, KeepBy, SweepReport, choose_beta
from .runner import Bench, load_tasks, named_tasks, weights_of
from .setting import BASE, REGIONAL, Setting
from .task import Task

GRID = (0.0, 0.25, 0.5, 0.75, 1.0)  # what the paper tries for embedding models, and both ends
ROWS, ANSWERS = "rows.jsonl", "answers"

Watch = Callable[[CurvePoint], None]


def ignore(point: CurvePoint) -> None:
    """A watcher that looks away."""


def sweep(
    base: str | Path | Checkpoint,
    regional: str | Path | Checkpoint,
    betas: Iterable[float] = GRID,
    tasks: Sequence[str | Task] = (),
    *,
    alpha: float | None = None,
    region: str = "SEA",
    year: int | None = None,
    keep_global: float | None = None,
    keep_by: KeepBy = "interval",
    output: Path | None = None,
    data: Mapping[str, Path] | None = None,
    limit: int | None = None,
    placement: Placement | None = None,
    cache: Path | None = None,
    watch: Watch = ignore,
    progress: Progress = silent,
) -> SweepReport:
    """Score the merges of two checkpoints at every β, choose β by GRP on validation, report the choice on test.

    betas: the grid; both ends are added. alpha: by default that of the region. keep_global, keep_by: also choose among
    the β that keep this share of the base's global score (see `choose_beta`). output: a folder for rows and answers;
    a sweep that is started again there goes on where it stopped. watch: is told every point of the curve as soon as it
    is measured. The rest is as in `evaluate`.
    Raises RecipeError for a β outside [0, 1], IncompatibleError for checkpoints that don't belong together.
    """
    grid = sorted({0.0, 1.0, *map(float, betas)})
    for beta in grid:
        check_betas(beta, {}, extrapolate=False)
    known = None if alpha is not None else regions.alpha(region, year)
    factor = known.value if known else alpha
    assert factor is not None
    first, second = (end if isinstance(end, Checkpoint) else open_checkpoint(end) for end in (base, regional))
    check_compatible(first, second)
    place = placement or Placement()
    family = family_of(first).name
    reporting = load_tasks(tasks, family, data=data, limit=limit)
    choosing = [
        one
        if len(one.info.splits) == 1
        else load_tasks([task], family, split=one.info.splits[0], data=data, limit=limit)[0]
        for one, task in zip(reporting, named_tasks(tasks), strict=True)
    ]

    def open_live() -> _Moving:
        model = load(first, place)
        return _Moving(model, LiveModel(model.model, first, second))

    bench = Bench(
        weights_of(first, second, place),
        open_live,
        output=output / ANSWERS if output else None,
        cache=cache,
        progress=progress,
    )
    name = f"{first.source} → {second.source}"
    field = Field(bench, name, factor, choosing, reporting, output / ROWS if output else None)
    field.expect(choosing=len(grid), reporting=4 if keep_global is not None else 3)
    curve = tuple(_watched(field.curve_point(beta), watch) for beta in grid)
    best = choose_beta(curve, factor)
    constrained = choose_beta(curve, factor, keep_global, keep_by) if keep_global is not None else None
    choices = {"base": BASE}
    if constrained is not None:
        choices[f"keeps {keep_global:.0%} of global"] = Setting(constrained.beta)
    choices |= {"best GRP": Setting(best.beta), "regional": REGIONAL}
    test = tuple(field.reported(name, setting) for name, setting in choices.items())
    return SweepReport(
        base=first.source,
        regional=second.source,
        alpha=factor,
        alpha_source=f"{known.region} {known.year}" if known else "given",
        tasks=field.splits,
        keep_global=keep_global,
        keep_by=keep_by,
        curve=curve,
        best=best,
        constrained=constrained,
        test=test,
        rows=tuple(field.rows),
        problems={one.name: one.examples.problems for one in (*choosing, *reporting) if one.examples.problems},
    )


def _watched(point: CurvePoint, watch: Watch) -> CurvePoint:
    watch(point)
    return point


@dataclass(frozen=True)
class _Moving:
    """A live model as a bench moves it."""

    model: FamilyModel
    live: LiveModel

    def move(self, setting: Setting) -> None:
        """Put the weights there."""
        self.live.set_beta(setting.beta, dict(setting.parts))
