"""Asks tasks of a model and keeps every answer, so that what was answered once is never asked again.

`evaluate` scores one model; `Bench` is what a sweep asks at every setting of the weights. Answers are kept on disk by
batches; a killed evaluation that is started again goes on with the batch it was in.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ..checkpoints import Checkpoint, open_checkpoint
from ..errors import DataError
from ..families import Placement, family_of, load
from ..families.family import FamilyModel, at_base
from ..families.store import StoredKept, Weights, default_folder, weights_of
from ..progress import Progress, Step, silent
from .aggregate import Estimate, Measured, quality, score_rows
from .answers import Answers, AnswersFile, written_alone
from .loading import Loaded, load_tasks
from .rows import Score, append_rows
from .setting import BASE, Setting
from .task import SIDES, Answer, Asker, Problem, Task


@dataclass(frozen=True)
class Evaluation:
    """A model's scores: rows, the answers they come from, Q of each side that has any, and rows of data left out.

    sources: where each task's data is from, with its commit; none for what code makes.
    """

    model: str
    rows: tuple[Score, ...]
    tasks: tuple[Measured, ...]
    quality: Mapping[str, Estimate]
    problems: Mapping[str, tuple[Problem, ...]] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)


class Mover(Protocol):
    """A loaded model whose weights can be put to a setting."""

    @property
    def model(self) -> FamilyModel:
        """The model."""

    def move(self, setting: Setting) -> None:
        """Put the weights there."""


@dataclass(frozen=True)
class Still:
    """A model that stays as it is."""

    model: FamilyModel

    def move(self, setting: Setting) -> None:
        """Only the base's setting is allowed."""
        assert setting == BASE


def evaluate(
    model: str | Path | Checkpoint,
    tasks: Sequence[str | Task],
    *,
    split: str | None = None,
    output: Path | None = None,
    data: Mapping[str, Path] | None = None,
    limit: int | None = None,
    placement: Placement | None = None,
    cache: Path | None = None,
    progress: Progress = silent,
) -> Evaluation:
    """Score a model on tasks.

    split: by default each task's last, which is for reporting. output: a file of rows (.jsonl) to append to, beside
    which the answers are kept. data: local copies by task. limit: at most so many rows a task. cache: where embeddings
    are kept, by default GGEZ_CACHE or the user's cache folder.
    Raises DataError for an unknown task or split, one that the model's family can't be asked, or unusable data.
    """
    checkpoint = model if isinstance(model, Checkpoint) else open_checkpoint(model)
    place = placement or Placement()
    asked = load_tasks(tasks, family_of(checkpoint).name, split=split, data=data, limit=limit)
    weights = weights_of(checkpoint, None, place)
    folder = output.with_suffix(".answers") if output else None
    bench = Bench(weights, lambda: Still(load(checkpoint, place)), output=folder, cache=cache, progress=progress)
    bench.expect(asked)
    rows: list[Score] = []
    measured = []
    with written_alone(folder):
        for one in asked:
            measured.append(bench.ask(one, BASE))
            new = score_rows(
                measured[-1],
                model=checkpoint.source,
                setting=BASE,
                split=one.split,
                weights=weights.key(weights.base, at_base),
            )
            rows += new
            if output:
                append_rows(output, new)
    bench.finish()
    sides = [side for side in SIDES if any(side in one.answers.column("side") for one in measured)]
    problems = {one.name: one.examples.problems for one in asked if one.examples.problems}
    sources = {one.name: one.examples.source for one in asked if one.examples.source}
    found: dict[str, Estimate] = {side: quality(measured, side).estimate for side in sides}
    return Evaluation(checkpoint.source, tuple(rows), tuple(measured), found, problems, sources)


class Bench:
    """Tasks asked of one model at any setting; answers kept in `output`, embeddings in `cache`.

    open: loads the model, called only when something isn't answered yet. As many examples as `expect` was told make
    the whole of the progress.
    """

    def __init__(
        self,
        weights: Weights,
        open: Callable[[], Mover],
        *,
        output: Path | None = None,
        cache: Path | None = None,
        progress: Progress = silent,
    ) -> None:
        self._weights, self._open, self._output = weights, open, output
        self._cache = cache or default_folder() / "embeddings"
        self._mover: Mover | None = None
        self._at: Setting | None = None
        self._askers: dict[str, tuple[Asker, _Meter]] = {}
        self._known: dict[tuple[str, Setting], Measured] = {}
        self._progress = progress
        self._total = self._done = 0

    def expect(self, tasks: Sequence[Loaded], times: int = 1) -> None:
        """Say that these will be asked, so many times more; or fewer, where `times` is negative."""
        self._total += times * sum(len(one.examples) for one in tasks)

    def ask(self, task: Loaded, setting: Setting) -> Measured:
        """All answers of a task at a setting, from disk where they are there."""
        key = (task.name, setting)
        if key not in self._known:
            self._total = max(self._total, self._done + len(task.examples))
            file = self._file(task, setting)
            answers = file.read() if file is not None and file.complete else self._answered(task, setting, file)
            self._known[key] = Measured(task.info.name, task.info.main_metrics, answers)
            self._done += len(task.examples)
        return self._known[key]

    def finish(self) -> None:
        """Report that all is done: settings that turned out to be the same are asked once."""
        self._done = self._total
        self._step(0, "done")

    def _answered(self, task: Loaded, setting: Setting, file: AnswersFile | None) -> Answers:
        what = f"{task.name} at {setting}" if self._weights.regional else task.name
        mover = self._moved(setting, what)
        asker, meter = self._asker(task, mover, what)
        meter.begin(lambda share: self._step(round(share * len(task.examples)), what), len(asker))
        fresh: list[Answer] = []
        start = len(file) if file is not None else 0
        for batch in asker.ask(mover.model, self._weights.beta_of(setting.beta_of), start=start):
            if file is not None and batch:
                file.append(batch)
            fresh += batch
            meter.answered(start + len(fresh))
        if start + len(fresh) != len(asker):
            raise DataError(f"{task.name}: {start + len(fresh)} answers where {len(asker)} were due; report this")
        if file is not None:
            file.finish()
            return file.read()
        return Answers.of(fresh)

    def _moved(self, setting: Setting, what: str) -> Mover:
        if self._mover is None:
            self._step(0, f"{what}: loading")
            self._mover = self._open()
        if self._at != setting:
            self._mover.move(setting)
            self._at = setting
        return self._mover

    def _asker(self, task: Loaded, mover: Mover, what: str) -> tuple[Asker, _Meter]:
        if task.name not in self._askers:
            self._step(0, f"{what}: preparing")
            meter = _Meter()
            content = f"{task.name} {task.examples.content}"
            kept = StoredKept(self._cache, self._weights, content, meter)
            self._askers[task.name] = (task.examples.prepare(mover.model, kept), meter)
        return self._askers[task.name]

    def _file(self, task: Loaded, setting: Setting) -> AnswersFile | None:
        if self._output is None:
            return None
        content = hashlib.blake2b(task.examples.content.encode(), digest_size=4).hexdigest()
        stem = f"{re.sub(r'[^a-z0-9.+-]', '_', task.name)}.{content}"
        key = self._weights.key(self._weights.base, setting.beta_of)
        values = self._output / stem / f"beta-{setting.beta:g}{'-parts' if setting.parts else ''}.{key[:12]}.jsonl"
        return AnswersFile(self._output / f"{stem}.jsonl", values)

    def _step(self, share: int, what: str) -> None:
        self._progress(Step(self._done + share, max(self._total, 1), "examples", what))


class _Meter:
    """How much of one asking is done: rows of the arrays that it needs, then its answers."""

    def __init__(self) -> None:
        self._arrays: dict[str, tuple[int, int]] = {}
        self._answers = (0, 1)
        self._show: Callable[[float], None] = lambda share: None

    def begin(self, show: Callable[[float], None], answers: int) -> None:
        """Start anew, with so many answers due."""
        self._show = show
        self._arrays = {name: (0, count) for name, (_, count) in self._arrays.items()}
        self._answers = (0, answers)

    def __call__(self, name: str, done: int, count: int) -> None:
        self._arrays[name] = (done, count)
        self._update()

    def answered(self, done: int) -> None:
        """So many answers are there."""
        self._answers = (done, self._answers[1])
        self._update()

    def _update(self) -> None:
        parts = [*self._arrays.values(), self._answers]
        self._show(sum(done for done, _ in parts) / max(sum(count for _, count in parts), 1))
