"""The config of a study: the grid, and what all its distillations share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from ..errors import TrainingError
from ..training.distillation.settings import DistillSettings, settings_from
from ..training.examples import DataSettings
from ..training.finetune.settings import first_problem
from ..training.losses import QUEUE, parsed, title
from ..training.settings import Count, LoopSettings, Positive, Settings
from ..training.students import StudentSettings

UNDISTILLED = "undistilled"
_CONTRASTIVE = "MCL@image"  # what an undistilled student is trained with: its captions against frozen images


class StudySettings(Settings):
    """A study. teachers × objectives × seeds are distilled, all with the same data, student and loop.

    undistilled: adds a student of the same shape that begins at random and is trained, for as many steps, on pairs of
    captions and images alone; undistilled_loop: what its loop has otherwise, since a start at random may want another
    rate. retrieval: tasks whose languages are compared; out_of_domain: tasks unlike the training.
    choose, report: their splits. parallel: held-out parallel captions for consistency; by default the small world's.
    sides: of the tasks' answers, those that count, by default both: of a region that a teacher doesn't know, a student
    that learns from images may know more than it. limit: rows of each task at most.
    """

    teachers: Annotated[tuple[str, ...], Field(min_length=1)]
    objectives: Annotated[tuple[str, ...], Field(min_length=1)] = (
        "FD", "ED", "SD", "MCL", "DR", "DR + FD", "DR + ED", "MCL + ED",
    )  # fmt: skip
    seeds: Annotated[tuple[int, ...], Field(min_length=1)] = (0, 1, 2)
    undistilled: bool = True
    undistilled_loop: dict[str, Any] = Field(default_factory=dict)
    data: Annotated[tuple[DataSettings, ...], Field(min_length=1)]
    student: StudentSettings = StudentSettings()
    temperature: Positive = 1.0
    queue: Count = QUEUE
    loop: LoopSettings
    retrieval: Annotated[tuple[str, ...], Field(min_length=1)] = ("world-retrieval",)
    out_of_domain: tuple[str, ...] = ("world-choices",)
    sides: tuple[Literal["global", "regional"], ...] = ()
    choose: str = "validation"
    report: str = "test"
    parallel: tuple[DataSettings, ...] = ()
    limit: Count | None = None

    @property
    def languages(self) -> tuple[str, ...]:
        """Those that students are kept for, which alone are compared; none where the data's are all."""
        named = [source.languages for source in self.data]
        return tuple(dict.fromkeys(code for each in named for code in each)) if all(named) else ()

    def cells(self) -> list[Cell]:
        """Every distillation of the grid, seed by seed, so that a study that is stopped has all objectives' first."""
        names = [title(parsed(text)) for text in self.objectives] + ([UNDISTILLED] if self.undistilled else [])
        return [Cell(teacher, name, seed) for seed in self.seeds for teacher in self.teachers for name in names]

    def distillation(self, cell: Cell) -> DistillSettings:
        """The config of one of them."""
        student: dict[str, Any] = self.student.model_dump()
        objective, loop = cell.objective, {**self.loop.model_dump(), "seed": cell.seed}
        if objective == UNDISTILLED:
            objective, student["start"] = _CONTRASTIVE, "random"
            loop |= self.undistilled_loop
        return settings_from({
            "model": cell.teacher, "objective": objective, "student": student, "temperature": self.temperature,
            "data": [source.model_dump() for source in self.data], "queue": self.queue,
            "loop": loop,
        })  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """One distillation: of whom, by which sum of losses (or undistilled), with which seed."""

    teacher: str
    objective: str
    seed: int


def study_from(config: Mapping[str, Any]) -> StudySettings:
    """A config as a study. Raises TrainingError in one line."""
    try:
        found = StudySettings.model_validate(dict(config))
    except ValidationError as error:
        raise TrainingError(first_problem(error, StudySettings)) from None
    cells = found.cells()
    if len(set(cells)) != len(cells):
        raise TrainingError("objectives: one is named twice; name each once")
    if strange := sorted(found.undistilled_loop.keys() & {"steps", "epochs", "batch", "seed"}):
        raise TrainingError(f"undistilled_loop.{strange[0]}: has to be as in all others, or they couldn't be compared")
    for cell in {cell.objective: cell for cell in cells}.values():
        found.distillation(cell)
    return found
