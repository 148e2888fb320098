"""Evaluation while a run trains: the model's own scores on both sides, and what merging with the base would give."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Cancelled, TrainingError
from ..evaluation.curve import CurvePoint
from ..evaluation.tracking import Tracker
from ..progress import Step
from ..training.loop import Evaluated
from ..training.plan import EvaluationSettings

if TYPE_CHECKING:
    from .work import Reporter


class Evaluator:
    """Asks a run's tasks of the model at a step; a checkpoint is chosen by its GRP, or that of its best merge.

    Asks them of the base when it is made, so that what can't be asked is said before the first step. Raises
    TrainingError where the tasks score one side alone, DataError where a side has no rows.
    """

    def __init__(self, tracker: Tracker, betas: Sequence[float], reporter: Reporter) -> None:
        self._tracker, self._betas, self._reporter = tracker, betas, reporter
        if len(tracker.sides) < 2:
            raise TrainingError(
                f"evaluation.tasks: they score the {' '.join(tracker.sides)} side alone; name tasks of both sides, "
                "since GRP is of both"
            )
        tracker.baseline(progress=self._tell)

    @classmethod
    def of(cls, base: str, settings: EvaluationSettings, work: Path, reporter: Reporter) -> Evaluator:
        """As a config says; answers and embeddings are kept in `work`."""
        tracker = Tracker(
            base, settings.tasks, work / "asked", region=settings.region, alpha=settings.alpha, data=settings.data,
            limit=settings.limit,
        )  # fmt: skip
        return cls(tracker, settings.betas, reporter)

    def __call__(self, model: Path, step: int) -> Evaluated:
        """Rows of every β, Q of both sides and GRP at each, and the highest GRP of those that were trained."""
        points, rows = self._tracker.points(model, self._betas, progress=self._tell)
        best = max(self._grp(point) for point in points if point.beta > 0)
        return Evaluated([row.as_dict() for row in rows], best, self._curve(points))

    def _grp(self, point: CurvePoint) -> float:
        return point.point.grp(self._tracker.alpha)

    def _curve(self, points: list[CurvePoint]) -> list[dict[str, Any]]:
        return [point.as_dict(self._tracker.alpha) for point in points]

    def _tell(self, step: Step) -> None:
        self._reporter.evaluating(step)
        if self._reporter.asked_to_stop():
            raise Cancelled
