"""Questions on the small world, open-ended and multiple choice, for large vision-language models.

An open-ended answer is right if it is one of the right answers once both are normalised. A multiple choice is read
twice: as the option whose letter is likeliest, and as the option that the model writes; and asked once more without
the image, since options alone give something away. A side's score is the mean of open-ended and multiple-choice (by
likelihood) accuracy, each the mean over its questions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ...demo.world.dataset import content_of
from ...demo.world.questions import Question, questions
from ...demo.world.templates import Split
from ...errors import DataError
from ...families.family import BetaOf, FamilyModel, at_base
from ...families.kept import Floats, Kept
from ...families.visual_questions import VisualAnswer, VisualQuestion
from ..metrics_text import normalised_match
from ..task import SIDES, Answer, Asker, Examples, Problem, TaskInfo

if TYPE_CHECKING:
    import torch

    from ...families.lvlm import Prepared, VisionLanguageModel

OPEN, CHOICE = "open_accuracy", "choice_accuracy"
WRITTEN, UNSEEN = "choice_written_accuracy", "choice_without_image_accuracy"
REGION = "SEA"
SPLITS: tuple[Split, ...] = ("validation", "test")
BATCH = 64
ANSWER_TOKENS = 24


class WorldQuestions:
    """The task."""

    info = TaskInfo(
        name="world-questions",
        families=("lvlm",),
        main_metrics=(OPEN, CHOICE),
        splits=SPLITS,
        sides=SIDES,
        doc="what, which country, which aspect, which colour and how many, on pictures of the small world",
    )

    def load(self, split: str, *, data: Path | None = None, limit: int | None = None) -> Examples:
        """The split's questions; with a limit, so many of them, spread evenly.

        Raises DataError for an unknown split, or for `data`: this world is made by code.
        """
        if split not in SPLITS:
            raise DataError(f"world-questions has no split {split!r}; it has: {', '.join(SPLITS)}")
        if data is not None:
            raise DataError("world-questions is drawn by code and has no data to read; leave the folder out")
        asked = sorted(questions(split), key=lambda question: bool(question.options))
        if limit is not None and limit < len(asked):
            asked = [asked[index * len(asked) // limit] for index in range(limit)]
        return WorldExamples(tuple(asked))


@dataclass(frozen=True)
class WorldExamples:
    """The questions of one split, open-ended ones first."""

    questions: tuple[Question, ...]
    problems: tuple[Problem, ...] = ()
    source: str = ""

    def __len__(self) -> int:
        return len(self.questions)

    @property
    def content(self) -> str:
        """A digest of which questions there are and of the code that draws and words them."""
        return content_of(question.id for question in self.questions)

    def prepare(self, model: FamilyModel, kept: Kept) -> Asker:
        """Prompts, and a list of pictures to look at."""
        return WorldAsker(self.questions, cast("VisionLanguageModel", model), kept)


class WorldAsker:
    """The questions of one split, prepared for one model: a batch is of one form, so that prompts are alike."""

    def __init__(self, asked: Sequence[Question], model: VisionLanguageModel, kept: Kept) -> None:
        self._questions = asked
        shown = {question.picture.id: question.picture for question in asked}
        self._pictures, self._number = list(shown.values()), {name: index for index, name in enumerate(shown)}
        self._shape: tuple[int, ...] = ()
        self._seen = None
        if components := model.image_components:
            self._seen = kept.rows("pictures", len(shown), components, lambda a, b: self._look(model, a, b))
        self._prompts: dict[tuple[int, int, bool], Prepared] = {}

    def __len__(self) -> int:
        return len(self._questions)

    def ask(self, model: FamilyModel, beta_of: BetaOf = at_base, *, start: int = 0) -> Iterator[list[Answer]]:
        """Open-ended questions, then multiple choice, each also without its image."""
        asked = cast("VisionLanguageModel", model)
        seen = None if self._seen is None else self._seen.at(beta_of)
        for first, last in self._batches(start):
            batch = self._questions[first:last]
            found = asked.answer(self._prepared(asked, first, last, unseen=False), self._of(asked, batch, seen))
            if batch[0].options:
                blind = asked.answer(self._prepared(asked, first, last, unseen=True))
                yield [_chosen(*row) for row in zip(batch, found, blind, strict=True)]
            else:
                yield [_answer(*row) for row in zip(batch, found, strict=True)]

    def _batches(self, start: int) -> Iterator[tuple[int, int]]:
        """Bounds of batches from `start` on; none holds both forms."""
        opens = sum(not question.options for question in self._questions)
        for low, high in ((0, opens), (opens, len(self._questions))):
            for first in range(max(low, start), high, BATCH):
                yield first, min(first + BATCH, high)

    def _prepared(self, model: VisionLanguageModel, first: int, last: int, *, unseen: bool) -> Prepared:
        key = (first, last, unseen)
        if key in self._prompts:
            return self._prompts[key]
        made = model.prepare([_asked(question, unseen) for question in self._questions[first:last]])
        if self._seen is None and not unseen:
            return made  # with its pixels, which are too many to keep
        return self._prompts.setdefault(key, made.without_pixels())

    def _look(self, model: VisionLanguageModel, first: int, last: int) -> Floats:
        seen = model.see([picture.image for picture in self._pictures[first:last]])
        return seen.flatten(1).float().cpu().numpy()

    def _of(self, model: VisionLanguageModel, batch: Sequence[Question], seen: Floats | None) -> torch.Tensor | None:
        """What the model sees of a batch's pictures: (n, tokens, width)."""
        if seen is None:
            return None
        import torch

        rows = torch.from_numpy(seen[[self._number[question.picture.id] for question in batch]])
        width = model.model.config.get_text_config().hidden_size
        return rows.reshape(len(rows), -1, width).to(model.device, model.model.dtype)


def _asked(question: Question, unseen: bool) -> VisualQuestion:
    image = None if unseen else question.picture.image
    return VisualQuestion(question.text, image, question.options, question.language, ANSWER_TOKENS)


def _answer(question: Question, answer: VisualAnswer) -> Answer:
    return _row(question, {OPEN: normalised_match(answer.text, question.answers)})


def _chosen(question: Question, answer: VisualAnswer, blind: VisualAnswer) -> Answer:
    right = question.options.index(question.answers[0])
    return _row(
        question,
        {CHOICE: answer.likeliest == right, WRITTEN: answer.written == right, UNSEEN: blind.likeliest == right},
    )


def _row(question: Question, right: dict[str, bool]) -> Answer:
    regional = question.side == "regional"
    return Answer(
        question.id, question.side, question.concept.key, {name: float(value) for name, value in right.items()},
        question.language, question.concept.country, REGION if regional else None, question.concept.aspect,
    )  # fmt: skip


TASKS = (WorldQuestions(),)
