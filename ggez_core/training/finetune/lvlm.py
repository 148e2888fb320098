"""Fine-tuning of a vision-language model: the loss of the answers alone, captions before questions where asked."""

from __future__ import annotations

import inspect
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from PIL import Image
from torch.nn import functional as F

from ...checkpoints import Checkpoint
from ...errors import DataError
from ...families.lessons import IGNORED, Lessons
from ...families.vision_language import VisionLanguageModel
from ...families.visual_questions import VisualQuestion
from ...progress import Progress, Step
from ..examples import Examples, load_examples
from ..objective import Batch, Inputs
from ..order import Order, Shuffled, Stages, Subset
from ..plan import Plan
from ..samples import questions
from .settings import FinetuneSettings
from .trained import FinetuneObjective, check_tokens, loaded

_PLACE = Image.new("RGB", (1, 1))  # stands for an image where only the text counts
_LOOKED_AT = 8  # images by which the tokens of one are estimated


def plan(checkpoint: Checkpoint, settings: FinetuneSettings, work: Path, progress: Progress) -> Plan:
    """Rows of `image`, `question` and `answer`; before them, of `image` and `text`."""
    own, loop = settings.lvlm, settings.loop
    rows = Rows.of(load_examples(settings.data, ("question", "answer"), progress=progress), None)
    captions: Rows | None = None
    if own.pretraining:
        captions = Rows.of(load_examples(own.pretraining, ("text",), progress=progress), own.instruction)
    model = cast(VisionLanguageModel, loaded(checkpoint, settings))
    lessons = Lessons(model)
    stages = [part for part in (captions, rows) if part is not None]
    fit = [_fitting(checkpoint, part, lessons, own.max_length, progress) for part in stages]
    kept = [Shuffled(len(places), loop.batch, loop.seed) for places in fit]
    first = len(captions.questions) if captions is not None else 0
    order: Order = Subset(kept[-1], [first + place for place in fit[-1]])
    if captions is not None:
        steps = max(1, math.ceil(own.pretraining_epochs * kept[0].steps_per_epoch))
        order = Stages([(Subset(kept[0], fit[0]), steps), (order, loop.total(kept[1].steps_per_epoch))])
    objective = AnswerTuning(checkpoint, lessons, settings, stages)
    dropped = sum(len(part.questions) for part in stages) - sum(map(len, fit))
    facts = {"rows": len(fit[-1]), "captions": len(fit[0]) if captions else 0, "too_long": dropped, **objective.counts}
    asked = None
    if settings.sampled:
        asked = questions(rows.examples, rows.questions, rows.answers, rows.languages, settings.samples)
    return Plan(objective, order, facts, asked)


@dataclass(frozen=True)
class Rows:
    """What is asked of which image, and the answer."""

    examples: Examples
    questions: list[str]
    answers: list[str]
    languages: list[str]

    @classmethod
    def of(cls, examples: Examples, instruction: str | None) -> Rows:
        """Rows of questions; with an instruction, of captions that answer it."""
        asked = [instruction] * len(examples) if instruction is not None else examples.column("question")
        answers = examples.column("answer" if instruction is None else "text")
        return cls(examples, asked, answers, [language or "en" for language in examples.column("language")])

    def asked(self, row: int) -> VisualQuestion:
        """A row's question, without the image."""
        return VisualQuestion(self.questions[row], _PLACE, language=self.languages[row])


def _fitting(checkpoint: Checkpoint, rows: Rows, lessons: Lessons, most: int, progress: Progress) -> list[int]:
    """The rows that aren't too long. Raises DataError where none is left, or a row can't be taught."""
    some = range(0, len(rows.questions), max(1, len(rows.questions) // _LOOKED_AT))
    of_image = 0
    for row in list(some)[:_LOOKED_AT]:
        picture = rows.examples.pictures([row])[0]
        asked = VisualQuestion(rows.questions[row], picture, language=rows.languages[row])
        ids = lessons.prepare([asked], [rows.answers[row]])["input_ids"]
        check_tokens(checkpoint, ids)
        length = ids.shape[1]
        of_image = max(of_image, length - lessons.tokens(rows.asked(row), rows.answers[row])[0])
    fit = []
    for row in range(len(rows.questions)):
        if lessons.tokens(rows.asked(row), rows.answers[row])[0] + of_image <= most:
            fit.append(row)
        if row % 1000 == 999:
            progress(Step(row + 1, len(rows.questions), "rows", "counting tokens"))
    if not fit:
        raise DataError(f"all {len(rows.questions):,} rows have more than {most:,} tokens; raise lvlm.max_length")
    return fit


class AnswerTuning(FinetuneObjective):
    """Cross entropy of the tokens of answers, a mean over all tokens of a step."""

    def __init__(
        self, checkpoint: Checkpoint, lessons: Lessons, settings: FinetuneSettings, stages: Sequence[Rows]
    ) -> None:
        frozen = () if settings.lvlm.vision else lessons.vision_parts
        super().__init__(checkpoint, lessons.model, settings, lambda name: not name.startswith(frozen))
        self.weights = {"answers": 1.0}
        self._lessons, self._stages = lessons, tuple(stages)
        self._partial = "logits_to_keep" in inspect.signature(self.model.forward).parameters

    def batch(self, rows: Sequence[int], seeds: Sequence[int]) -> Batch:
        stage, places = self._found(rows)
        pictures = stage.examples.pictures(places)
        questions = [
            VisualQuestion(stage.questions[place], picture, language=stage.languages[place])
            for place, picture in zip(places, pictures, strict=True)
        ]
        inputs = self._lessons.prepare(questions, [stage.answers[place] for place in places])
        return Batch(inputs, float((inputs["labels"] != IGNORED).sum()))

    def forward(self, inputs: Inputs) -> dict[str, torch.Tensor]:
        given = {name: tensor for name, tensor in inputs.items() if name != "labels"}
        labels = inputs["labels"][:, 1:]
        learned = (labels != IGNORED).any(0)
        first = int(learned.int().argmax())  # logits of a large vocabulary are only had where they count
        if self._partial:
            given["logits_to_keep"] = torch.arange(first, labels.shape[1], device=labels.device)
        logits = self.model(**self._typed(given), use_cache=False).logits
        if not self._partial:
            logits = logits[:, first:-1]
        wanted = labels[:, first:]
        loss = F.cross_entropy(logits.reshape(-1, logits.shape[-1]).float(), wanted.reshape(-1), ignore_index=IGNORED)
        return {"answers": loss}

    def _typed(self, given: Inputs) -> dict[str, torch.Tensor]:
        dtype = next(p.dtype for p in self.model.parameters() if p.is_floating_point())
        return {name: t.to(dtype) if t.is_floating_point() else t for name, t in given.items()}

    def _found(self, rows: Sequence[int]) -> tuple[Rows, list[int]]:
        """The stage that rows are of, and their places there: rows of all stages are counted through."""
        first = 0
        for stage in self._stages:
            if rows[0] < first + len(stage.questions):
                return stage, [row - first for row in rows]
            first += len(stage.questions)
        raise IndexError(rows[0])
