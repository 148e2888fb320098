"""Fine-tuning of a vision-language model: the loss of the answers alone, captions before questions where asked."""

from __future__ import annotations

import inspect
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from PIL import Image
from torch.nn import functional as F

from ...checkpoints import Checkpoint
from ...data.values import as_list
from ...errors import DataError
from ...families.lessons import IGNORED, Lessons
from ...families.prompts import LETTERS
from ...families.vision_language import VisionLanguageModel
from ...families.visual_questions import VisualQuestion
from ...progress import Progress, Step
from ..augment import Augment
from ..examples import DataSettings, Examples, load_examples
from ..objective import Batch, Inputs
from ..order import Order, Shuffled, Stages, Subset
from ..plan import Plan
from ..samples import questions
from .settings import FinetuneSettings, Instruction, as_tuple
from .trained import FinetuneObjective, check_tokens, loaded

_PLACE = Image.new("RGB", (1, 1))  # stands for an image where only the text counts
_LOOKED_AT = 8  # images by which the tokens of one are estimated


def plan(checkpoint: Checkpoint, settings: FinetuneSettings, work: Path, progress: Progress) -> Plan:
    """Rows of `image`, `question` and `answer`, or of `image` and `text` where captions are asked for; before them,
    rows of `image` and `text`."""
    own, loop = settings.lvlm, settings.loop

    def loaded_rows(sources: Sequence[DataSettings], captions: bool) -> Rows:
        needed = ("text",) if captions else ("question", "answer")
        examples = load_examples(sources, needed, progress=progress)
        return Rows.of(examples, own.instruction if captions else None, own.choices)

    rows = loaded_rows(settings.data, own.captions)
    captions = loaded_rows(own.pretraining, True) if own.pretraining else None
    model = cast(VisionLanguageModel, loaded(checkpoint, settings))
    lessons = Lessons(model)
    stages = [part for part in (captions, rows) if part is not None]
    fit = [_fitting(checkpoint, part, lessons, own.max_length, progress) for part in stages]
    kept = [Shuffled(len(places), loop.batch, loop.seed) for places in fit]
    first = len(captions) if captions is not None else 0
    order: Order = Subset(kept[-1], [first + place for place in fit[-1]])
    if captions is not None:
        steps = max(1, math.ceil(own.pretraining_epochs * kept[0].steps_per_epoch))
        order = Stages([(Subset(kept[0], fit[0]), steps), (order, loop.total(kept[1].steps_per_epoch))])
    objective = AnswerTuning(checkpoint, lessons, settings, stages)
    dropped = sum(map(len, stages)) - sum(map(len, fit))
    facts = {"rows": len(fit[-1]), "captions": len(fit[0]) if captions else 0, "too_long": dropped, **objective.counts}
    asked = None
    if settings.sampled:
        worded = [several[0] for several in rows.questions]
        asked = questions(rows.examples, worded, rows.answers, rows.languages, settings.samples)
    return Plan(objective, order, facts, asked)


@dataclass(frozen=True)
class Rows:
    """What may be asked of which image, and the answer: questions as they are worded, options where there are any.

    choices: the share of times that a row with options is asked with them.
    """

    examples: Examples
    questions: list[tuple[str, ...]]
    answers: list[str]
    languages: list[str]
    options: list[tuple[str, ...]]
    choices: float = 0.0

    def __len__(self) -> int:
        return len(self.answers)

    @classmethod
    def of(cls, examples: Examples, instruction: Instruction | None, choices: float = 0.0) -> Rows:
        """Rows of questions; with an instruction, of captions that answer it.

        Raises DataError where an answer is none of its options, if those are asked for.
        """
        languages = [language or "en" for language in examples.column("language")]
        if instruction is not None:
            asked = instruction if isinstance(instruction, dict) else {"en": instruction}
            questions = [as_tuple(asked.get(language, asked["en"])) for language in languages]
            return cls(examples, questions, examples.column("text"), languages, [()] * len(examples))
        questions, answers = [(question,) for question in examples.column("question")], examples.column("answer")
        options = [tuple(as_list(row.get("options") if choices else None) or ()) for row in examples.rows]
        for place, (answer, some) in enumerate(zip(answers, options, strict=True)):
            if some and answer not in some:
                where = examples.images.places[place].name
                raise DataError(f"{where}: its answer {answer!r} is none of its options; correct it, or say choices: 0")
        if choices and not any(options):
            raise DataError("lvlm.choices: no row has `options`; add the column (lists of texts), or leave it out")
        return cls(examples, questions, answers, languages, options, choices)

    def asked(self, row: int, picture: Image.Image = _PLACE, seed: int | None = None) -> tuple[VisualQuestion, str]:
        """A row's question and its answer, as this seed draws them; without one, in the longest form."""
        worded, options, answer = self.questions[row], self.options[row], self.answers[row]
        question = max(worded, key=len)
        if seed is not None:
            draw = random.Random(f"{seed}/asked")
            question = draw.choice(worded)
            options = tuple(draw.sample(options, len(options))) if draw.random() < self.choices else ()
        if options:
            answer = LETTERS[options.index(answer)]
        return VisualQuestion(question, picture, options, language=self.languages[row]), answer


def _fitting(checkpoint: Checkpoint, rows: Rows, lessons: Lessons, most: int, progress: Progress) -> list[int]:
    """The rows that aren't too long. Raises DataError where none is left, or a row can't be taught."""
    some = range(0, len(rows), max(1, len(rows) // _LOOKED_AT))
    of_image = 0
    for row in list(some)[:_LOOKED_AT]:
        asked, answer = rows.asked(row, rows.examples.pictures([row])[0])
        ids = lessons.prepare([asked], [answer])["input_ids"]
        check_tokens(checkpoint, ids)
        of_image = max(of_image, ids.shape[1] - lessons.tokens(*rows.asked(row))[0])
    fit = []
    for row in range(len(rows)):
        if lessons.tokens(*rows.asked(row))[0] + of_image <= most:
            fit.append(row)
        if row % 1000 == 999:
            progress(Step(row + 1, len(rows), "rows", "counting tokens"))
    if not fit:
        raise DataError(f"all {len(rows):,} rows have more than {most:,} tokens; raise lvlm.max_length")
    return fit


class AnswerTuning(FinetuneObjective):
    """Cross entropy of the tokens of answers, a mean over all tokens of a step, or over answers of each one's mean."""

    def __init__(
        self, checkpoint: Checkpoint, lessons: Lessons, settings: FinetuneSettings, stages: Sequence[Rows]
    ) -> None:
        frozen = () if settings.lvlm.vision else lessons.vision_parts
        super().__init__(checkpoint, lessons.model, settings, lambda name: not name.startswith(frozen))
        self.weights = {"answers": 1.0}
        self._lessons, self._stages = lessons, tuple(stages)
        self._augment, self._by_answer = Augment(settings.augment), settings.lvlm.weigh == "answers"
        self._partial = "logits_to_keep" in inspect.signature(self.model.forward).parameters

    def batch(self, rows: Sequence[int], seeds: Sequence[int]) -> Batch:
        stage, places = self._found(rows)
        pictures = self._augment.pictures(stage.examples.pictures(places), seeds)
        asked = [stage.asked(*one) for one in zip(places, pictures, seeds, strict=True)]
        inputs = self._lessons.prepare([question for question, _ in asked], [answer for _, answer in asked])
        return Batch(inputs, float(len(rows) if self._by_answer else (inputs["labels"] != IGNORED).sum()))

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
        logs = logits.reshape(-1, logits.shape[-1]).float()
        if not self._by_answer:
            return {"answers": F.cross_entropy(logs, wanted.reshape(-1), ignore_index=IGNORED)}
        each = F.cross_entropy(logs, wanted.reshape(-1), ignore_index=IGNORED, reduction="none").view_as(wanted)
        return {"answers": (each.sum(1) / (wanted != IGNORED).sum(1)).mean()}

    def _typed(self, given: Inputs) -> dict[str, torch.Tensor]:
        dtype = next(p.dtype for p in self.model.parameters() if p.is_floating_point())
        return {name: t.to(dtype) if t.is_floating_point() else t for name, t in given.items()}

    def _found(self, rows: Sequence[int]) -> tuple[Rows, list[int]]:
        """The stage that rows are of, and their places there: rows of all stages are counted through."""
        first = 0
        for stage in self._stages:
            if rows[0] < first + len(stage):
                return stage, [row - first for row in rows]
            first += len(stage)
        raise IndexError(rows[0])
