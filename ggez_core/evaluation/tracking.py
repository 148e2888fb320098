"""A model that is being trained, asked again and again: its own scores, and those of its merges with the base.

Tasks are loaded once, on their splits for choosing; what was answered at the base is never asked again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from .. import regions
from ..checkpoints import Checkpoint, open_checkpoint
from ..families import Placement, family_of, load
from ..families.store import weights_of
from ..merging import LiveModel
from ..progress import Progress, silent
from .answers import written_alone
from .curve import CurvePoint
from .field import Field
from .loading import data_by_task, for_region, load_tasks, named_tasks
from .rows import Score
from .runner import Bench
from .sweep import Moving
from .task import Task


class Tracker:
    """A base and the tasks that whatever is trained from it is asked.

    work: a folder for answers and embeddings. The rest is as in `sweep`. Raises DataError for tasks that can't be
    asked, RegionError for an unknown region.
    """

    def __init__(
        self,
        base: str | Path | Checkpoint,
        tasks: Sequence[str | Task],
        work: Path,
        *,
        region: str = "SEA",
        alpha: float | None = None,
        data: Mapping[str, Path] | None = None,
        limit: int | None = None,
        placement: Placement | None = None,
    ) -> None:
        self.base = base if isinstance(base, Checkpoint) else open_checkpoint(base)
        self.alpha = regions.alpha(region).value if alpha is None else alpha
        self._work, self._place = work, placement or Placement()
        asked, folders = for_region(tasks, data, region)
        known = data_by_task(asked, folders)
        family = family_of(self.base).name
        self._tasks = []
        for task in named_tasks(asked):
            own = {name: folder for name, folder in known.items() if name == task.info.name}
            self._tasks += load_tasks([task], family, split=task.info.splits[0], data=own, limit=limit)

    @property
    def sides(self) -> set[str]:
        """The sides that the tasks score."""
        return {side for task in self._tasks for side in task.info.sides}

    def points(
        self, model: Path, betas: Sequence[float] = (), *, progress: Progress = silent
    ) -> tuple[list[CurvePoint], list[Score]]:
        """Base, merges and the model itself (β = 1), and their rows."""
        return self._asked(open_checkpoint(model), sorted({0.0, *betas, 1.0}), progress)

    def baseline(self, *, progress: Progress = silent) -> CurvePoint:
        """The base alone. Raises DataError where a side has no rows: better before a training than in it."""
        return self._asked(self.base, [0.0], progress)[0][0]

    def _asked(
        self, trained: Checkpoint, grid: Sequence[float], progress: Progress
    ) -> tuple[list[CurvePoint], list[Score]]:
        weights = weights_of(self.base, trained, self._place)

        def open_live() -> Moving:
            loaded = load(self.base, self._place)
            return Moving(loaded, LiveModel(loaded.model, self.base, trained))

        answers = self._work / "answers"
        bench = Bench(weights, open_live, output=answers, cache=self._work / "embeddings", progress=progress)
        field = Field(bench, trained.source, self.alpha, self._tasks, self._tasks)
        field.expect(choosing=len(grid))
        with written_alone(answers):
            points = [field.curve_point(beta) for beta in grid]
        bench.finish()
        return points, field.rows
