"""What a study measures of a model: retrieval and questions by language, and whether translations are treated alike."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ..checkpoints import open_checkpoint
from ..demo.world.dataset import caption_rows, pictures
from ..evaluation.aggregate import Measured as Answered
from ..evaluation.consistency import meaning_v_measure, ranking_agreement, translation_cosine
from ..evaluation.runner import evaluate
from ..evaluation.tasks import task as task_named
from ..families.embedding import EmbeddingModel, load_embedding
from ..training.distillation.captions import ENGLISH, load_captions
from ..training.examples import DataSettings

RECALLS = ("recall@5", "recall@10", "mrr@10")
VQA = "accuracy"
CONSISTENCY = ("agreement", "cosine", "v_measure")
MEAN = "mean"

ByLanguage = dict[str, dict[str, float]]
"""Metric → language → value; the mean over languages under `MEAN`."""


@dataclass(frozen=True)
class Found:
    """The measures of one model on one split. retrieval: of `RECALLS`; questions: of `VQA`; consistency: of
    `CONSISTENCY`, each language against English."""

    retrieval: ByLanguage
    questions: ByLanguage
    consistency: ByLanguage

    def value(self, metric: str, language: str = MEAN) -> float:
        """One number; NaN where it wasn't measured."""
        for group in (self.retrieval, self.questions, self.consistency):
            if metric in group:
                return group[metric].get(language, float("nan"))
        return float("nan")

    def languages(self, metric: str) -> list[str]:
        """Those that a metric was measured in."""
        for group in (self.retrieval, self.questions, self.consistency):
            if metric in group:
                return [code for code in group[metric] if code != MEAN]
        return []


class Once:
    """A task whose examples are loaded once for all models of a study: the small world's pictures are drawn."""

    def __init__(self, name: str) -> None:
        self._task = task_named(name)
        self.info = self._task.info
        self.load = lru_cache(maxsize=4)(self._task.load)


def measure(
    model: Path | str, split: str, retrieval: Sequence[Once], others: Sequence[Once], parallel: Sequence[DataSettings],
    limit: int | None, kept: Path, *, languages: Sequence[str], sides: Sequence[str], choosing: bool,
) -> Found:  # fmt: skip
    """Measure a model; what was measured is read from `kept` (.json) the next time. languages, sides: those that
    count, all where none is named. choosing: retrieval alone."""
    if kept.is_file():
        return Found(**json.loads(kept.read_text("utf-8")))
    tasks = [*retrieval, *(() if choosing else others)]
    found = evaluate(model, tasks, split=split, output=kept.with_suffix(".rows.jsonl"), limit=limit)
    recalls = by_language(found.tasks[: len(retrieval)], RECALLS, languages, sides)
    questions = by_language(found.tasks[len(retrieval) :], (VQA,), languages, sides)
    alike: ByLanguage = {}
    if not choosing:
        alike = consistency(load_embedding(open_checkpoint(model)), split, parallel, languages)
    result = Found(recalls, questions, alike)
    partial = kept.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(result), ensure_ascii=False), encoding="utf-8")
    partial.rename(kept)
    return result


def by_language(
    tasks: Sequence[Answered], metrics: Sequence[str], languages: Sequence[str] = (), sides: Sequence[str] = ()
) -> ByLanguage:
    """Each metric's mean in every language: over both directions, the sides and all tasks that have it, each alike.

    A task's metrics count whose names end with the metric's. The mean over languages weighs each alike.
    """
    found: ByLanguage = {}
    for metric in metrics:
        parts: dict[str, list[float]] = {}
        for task in tasks:
            answers = task.answers
            language, side = answers.column("language"), answers.column("side")
            for name in (n for n in answers.values if n == metric or n.endswith(f"_{metric}")):
                if any(word in name for word in ("without_image", "chance", "not_asked", "written")):
                    continue
                values = answers.values[name]
                for spoken in sorted(
                    {code for code in language if code is not None and (not languages or code in languages)}
                ):
                    for where in sorted(set(side) & set(sides or side)):
                        mine = values[(language == spoken) & (side == where)]
                        if np.isfinite(mine).any():
                            parts.setdefault(spoken, []).append(float(np.nanmean(mine)))
        if parts:
            means = {spoken: float(np.mean(values)) for spoken, values in parts.items()}
            found[metric] = {MEAN: float(np.mean(list(means.values()))), **means}
    return found


@dataclass(frozen=True)
class _Parallel:
    text: list[str]
    english: list[str]
    language: list[str]
    meaning: list[str]
    images: list[Any]


def consistency(
    model: EmbeddingModel, split: str, parallel: Sequence[DataSettings], languages: Sequence[str] = ()
) -> ByLanguage:
    """Agreement of the first ten that a caption and its English find, cosine of both, and V-measure of the meanings.

    They look among the images, or where there are none among the English captions. The V-measure needs scikit-learn.
    """
    rows = _of_data(parallel) if parallel else _of_world(split, languages)
    texts, english = model.encode_texts(rows.text).numpy(), model.encode_texts(rows.english).numpy()
    lines = list(dict.fromkeys(rows.english))
    among = model.encode_images(rows.images).numpy() if rows.images else model.encode_texts(lines).numpy()
    values = {
        "agreement": ranking_agreement(texts @ among.T, english @ among.T),
        "cosine": translation_cosine(texts, english),
    }
    codes = np.array(rows.language)
    others = [code for code in dict.fromkeys(rows.language) if code not in ENGLISH]
    found: ByLanguage = {}
    for metric, each in values.items():
        means = {code: float(each[codes == code].mean()) for code in others}
        found[metric] = {MEAN: float(np.mean(list(means.values()))), **means}
    found["v_measure"] = {MEAN: meaning_v_measure(texts, rows.meaning)}
    return found


def _of_world(split: str, languages: Sequence[str]) -> _Parallel:
    """One caption of every global concept in each language, and a picture of each: what every teacher knows."""
    rows = [row for row in caption_rows(split) if row.side == "global" and row.id.endswith("/0")]  # type: ignore[arg-type]
    english = {row.concept.key: row.text for row in rows if row.language == "en"}
    rows = [row for row in rows if not languages or row.language in languages]
    return _Parallel(
        [row.text for row in rows], [english[row.concept.key] for row in rows], [row.language for row in rows],
        [row.concept.key for row in rows],
        [picture.image for picture in pictures(split) if picture.side == "global"],  # type: ignore[arg-type]
    )  # fmt: skip


def _of_data(parallel: Sequence[DataSettings]) -> _Parallel:
    found = load_captions(parallel, images=False)
    meaning = [str(number) for number in found.meaning.tolist()]
    return _Parallel(list(found.text), list(found.english), list(found.language), meaning, [])
