"""Runs a study's grid: every distillation trained and measured once, however often the study is stopped."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import Cancelled
from ..progress import Progress, Step, silent
from ..training.distillation import KIND
from ..training.distillation.settings import DistillSettings
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
        settings = study.distillation(cell)
        asked = settings.model_dump(mode="json")
        made_from(place, asked)
        if not (place / "model").is_dir():
            student = {**asked["student"], "start": "teacher"}
            made_from(own / "prepared", {"model": cell.teacher, "data": asked["data"], "student": student})
            title = f"{cell.objective}, seed {cell.seed}"
            _train(settings, title, own / "prepared", place, number, len(cells), progress)
        progress(Step(number, len(cells), "distillations", f"measuring {cell.objective}"))
        result = Result(cell, *measured(place / "model", place / "measured"))
        sizes.setdefault(cell.teacher, json.loads((own / "prepared" / "student.json").read_text("utf-8")))
        results.append(result)
        kept = result.reported.value("recall@5") / teachers[cell.teacher][1].value("recall@5")
        tell(f"{cell.teacher}, {cell.objective}, seed {cell.seed}: keeps {kept:.1%} of the teacher's mean R@5")
    progress(Step(len(cells), len(cells), "distillations", "done"))
    return Results(tuple(results), teachers, sizes)


def made_from(folder: Path, settings: Mapping[str, Any]) -> None:
    """Empty a folder whose content was made from other settings, and note what it is made from now."""
    note, text = folder / "made-from.json", json.dumps(settings, sort_keys=True, default=str)
    if note.is_file() and note.read_text("utf-8") == text:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    note.write_text(text, encoding="utf-8")


def _train(
    settings: DistillSettings, title: str, prepared: Path, place: Path, number: int, count: int, progress: Progress
) -> None:
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
        study = self._study
        asked = {"retrieval", "out_of_domain", "parallel", "sides", "limit", "choose", "report"}
        made_from(kept, {**study.model_dump(mode="json", include=asked), "languages": study.languages})
        first, last = (
            measure(
                model, split, self._retrieval, self._others, study.parallel, study.limit, kept / f"{split}.json",
                languages=study.languages, sides=study.sides, choosing=choosing,
            )
            for split, choosing in ((study.choose, True), (study.report, False))
        )  # fmt: skip
        return first, last


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9@.]+", "-", text.lower()).strip("-")
