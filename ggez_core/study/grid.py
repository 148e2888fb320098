"""Runs a study's grid: every distillation trained and measured once, however often the study is stopped."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import Cancelled
from ..progress import Progress, Step, silent
from ..training.distillation import KIND
from ..training.loop import Hooks, train
from ..training.plan import Plan
from .measures import Found, Once, measure
from .settings import Cell, StudySettings


@dataclass(frozen=True)
class Result:
    """A distillation's measures on the split for choosing and the one for reporting."""

    cell: Cell
    chosen_on: Found
    reported: Found


@dataclass(frozen=True)
class Results:
    """All of a study. teachers: measures of each, by name, on both splits. sizes: of each one's student."""

    cells: tuple[Result, ...]
    teachers: dict[str, tuple[Found, Found]]
    sizes: dict[str, dict[str, Any]]


def run_grid(
    study: StudySettings, folder: Path, *, progress: Progress = silent, tell: Callable[[str], None] = lambda line: None
) -> Results:
    """Train and measure what isn't yet in `folder`. tell: is told in a line what was finished.

    Raises what training and evaluation raise; what was done before is kept.
    """
    cells, measured = study.cells(), _Measuring(study)
    teachers: dict[str, tuple[Found, Found]] = {}
    sizes: dict[str, dict[str, Any]] = {}
    for teacher in study.teachers:
        own = folder / _slug(teacher)
        own.mkdir(parents=True, exist_ok=True)
        teachers[teacher] = measured(teacher, own / "teacher")
    results = []
    for number, cell in enumerate(cells):
        own = folder / _slug(cell.teacher)
        place = own / _slug(cell.objective) / f"seed-{cell.seed}"
        if not (place / "model").is_dir():
            _train(study, cell, own / "prepared", place, number, len(cells), progress)
        progress(Step(number, len(cells), "distillations", f"measuring {cell.objective}"))
        result = Result(cell, *measured(place / "model", place / "measured"))
        sizes.setdefault(cell.teacher, json.loads((own / "prepared" / "student.json").read_text("utf-8")))
        results.append(result)
        kept = result.reported.value("recall@5") / teachers[cell.teacher][1].value("recall@5")
        tell(f"{cell.teacher}, {cell.objective}, seed {cell.seed}: keeps {kept:.1%} of the teacher's mean R@5")
    progress(Step(len(cells), len(cells), "distillations", "done"))
    return Results(tuple(results), teachers, sizes)


def _train(
    study: StudySettings, cell: Cell, prepared: Path, place: Path, number: int, count: int, progress: Progress
) -> None:
    settings = study.distillation(cell)
    title = f"{cell.objective}, seed {cell.seed}"

    def telling(step: Step) -> None:
        progress(Step(number, count, "distillations", f"{title}: {step.what}"))

    made: Plan = KIND.plan(settings, prepared, telling)
    hooks = Hooks(
        logged=lambda one: telling(Step(one.step, one.steps, "steps", f"step {one.step}, loss {one.loss:.3g}"))
    )
    train(made.objective, made.order, settings.loop, place, hooks)
    if not (place / "model").is_dir():
        raise Cancelled


class _Measuring:
    """Measures models on the split for choosing and the one for reporting."""

    def __init__(self, study: StudySettings) -> None:
        self._study = study
        self._retrieval, self._others = (
            [Once(name) for name in names] for names in (study.retrieval, study.out_of_domain)
        )

    def __call__(self, model: Path | str, kept: Path) -> tuple[Found, Found]:
        kept.mkdir(parents=True, exist_ok=True)
        study = self._study
        first, last = (
            measure(
                model, split, self._retrieval, self._others, study.parallel, study.limit, kept / f"{split}.json",
                languages=study.languages, choosing=choosing,
            )
            for split, choosing in ((study.choose, True), (study.report, False))
        )  # fmt: skip
        return first, last


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9@.]+", "-", text.lower()).strip("-")
