"""A sweep of β: one loaded model moves, tasks are asked at every β, and only what β changes is computed again.

β is chosen on validation and reported on test. A task of a single split is halved by its clusters: one half to choose
on, the other to report on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import regions
from ..checkpoints import Checkpoint, open_checkpoint
from ..families import Placement, family_of, load
from ..families.family import FamilyModel
from ..families.store import weights_of
from ..merging import LiveModel
from ..merging.cast import check_compatible
from ..merging.recipe import check_betas
from ..progress import Progress, silent
from .answers import written_alone
from .choices import Choices
from .curve import KeepBy, Watch, ignore
from .field import Field
from .folder import ROWS
from .loading import Loaded, data_by_task, for_region, load_tasks, named_tasks
from .parts import layer_groups, recipe_of
from .report import SweepReport
from .runner import Bench
from .search import Search
from .setting import Setting
from .task import Task

GRID = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)  # what the paper tries for its three families, and both ends
ANSWERS = "answers"
FEW = 1000  # numbers: a component of fewer (a scale, a bias) isn't given a β of its own
BY_COMPONENT, BY_LAYERS = "one β a component", "one β a group of layers"


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
    search: Search | None = None,
    output: Path | None = None,
    data: Mapping[str, Path] | None = None,
    limit: int | None = None,
    placement: Placement | None = None,
    cache: Path | None = None,
    watch: Watch = ignore,
    progress: Progress = silent,
) -> SweepReport:
    """Score the merges of two checkpoints at every β, choose β by GRP on validation, report the choice on test.

    region: where α is from, and the region of tasks that can be asked of any, unless they say another.
    betas: the grid; both ends are added. alpha: by default that of the region. keep_global, keep_by: also choose among
    the β that keep this share of the base's global score (see `choose_beta`). search: look beyond the grid too.
    output: a folder for rows and answers; a sweep that is started again there goes on where it stopped. The rest is as
    in `evaluate`. watch: is told every point of the curve as soon as it is measured.
    Raises RecipeError for a β outside [0, 1], IncompatibleError for checkpoints that don't belong together.
    """
    tasks, data = for_region(tasks, data, region)
    grid = sorted({0.0, 1.0, *map(float, betas)})
    for beta in grid:
        check_betas(beta, {}, extrapolate=False)
    known = None if alpha is not None else regions.alpha(region, year)
    factor = known.value if known else alpha
    assert factor is not None
    first, second = (end if isinstance(end, Checkpoint) else open_checkpoint(end) for end in (base, regional))
    check_compatible(first, second)
    place = placement or Placement()
    choosing, reporting = _both_splits(tasks, family_of(first).name, data, limit)
    weights = weights_of(first, second, place)
    movable = [name for name in weights.differing if _elements(first, name) >= FEW]
    groups = layer_groups(first, movable) if search and search.per_layer else {}

    def open_live() -> Moving:
        model = load(first, place)
        part_of = (lambda name: groups.get(name) or first.component_of(name)) if groups else None
        return Moving(model, LiveModel(model.model, first, second, part_of))

    answers, rows = (output / ANSWERS, output / ROWS) if output else (None, None)
    bench = Bench(weights, open_live, output=answers, cache=cache, progress=progress)
    field = Field(bench, f"{first.source} → {second.source}", factor, choosing, reporting, rows)
    choices = Choices(field, grid, keep_global, keep_by)
    with written_alone(answers):
        choices.measure_grid(watch)
        if search:
            parts = {BY_COMPONENT: movable} if search.per_component else {}
            if search.per_layer:
                parts[BY_LAYERS] = list(dict.fromkeys(groups.values()))
            choices.look_further(search, parts, watch)
        test, notes = choices.report()
    bench.finish()
    return SweepReport(
        base=first.source,
        regional=second.source,
        alpha=factor,
        alpha_source=f"{known.region} {known.year}" if known else "given",
        tasks=field.splits,
        keep_global=keep_global,
        keep_by=keep_by,
        curve=tuple(field.curve_point(beta) for beta in sorted(choices.betas)),
        best=choices.best,
        constrained=choices.constrained,
        test=test,
        notes=notes,
        rows=tuple(field.rows),
        problems={one.name: one.examples.problems for one in (*choosing, *reporting) if one.examples.problems},
        recipes={
            choice.name: recipe_of(first, second, groups, choice.setting)
            for choice in test
            if any("/" in part for part, _ in choice.setting.parts)
        },
    )


def _elements(checkpoint: Checkpoint, component: str) -> int:
    return sum(checkpoint.tensors[name].size for name in checkpoint.components[component])


def _both_splits(
    tasks: Sequence[str | Task], family: str, data: Mapping[str, Path] | None, limit: int | None
) -> tuple[list[Loaded], list[Loaded]]:
    """The tasks on their first and on their last split; those of a single split are the same in both."""
    folders = data_by_task(tasks, data)
    reporting = load_tasks(tasks, family, data=folders, limit=limit)
    choosing = []
    for task, last in zip(named_tasks(tasks), reporting, strict=True):
        first = task.info.splits[0]
        if first == last.split:
            choosing.append(last)
        else:
            own = {name: folder for name, folder in folders.items() if name == task.info.name}
            choosing += load_tasks([task], family, split=first, data=own, limit=limit)
    return choosing, reporting


@dataclass(frozen=True)
class Moving:
    """A live model as a bench moves it."""

    model: FamilyModel
    live: LiveModel

    def move(self, setting: Setting) -> None:
        """Put the weights there."""
        self.live.set_beta(setting.beta, {part: setting.of_part(part) for part in self.live.component_names})
