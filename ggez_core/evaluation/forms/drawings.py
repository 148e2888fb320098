"""Prompts that text-to-image models draw, and a judge that answers yes-or-no questions about each picture.

A picture of a prompt has a fixed seed, so that every model and every β draws from the same noise.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from PIL import Image

from ...errors import DataError
from ...families.drawing import Drawing
from ...families.family import BetaOf, FamilyModel, at_base
from ...families.kept import Kept
from ...families.visual_questions import VisualQuestion
from ..metrics_graph import graph_score, graph_yes
from ..task import Answer, Asker, Problem
from .placing import Place, answers, count, rows_done
from .rows import digest, spread

if TYPE_CHECKING:
    from ...families.lvlm import VisionLanguageModel

SCORE = "graph_score"
YES_OR_NO = ("yes", "no")
JUDGED = 16  # questions that the judge answers at a time


class Judge(Protocol):
    """Answers yes-or-no questions about pictures."""

    @property
    def name(self) -> str:
        """What it is, for the record: numbers of two judges aren't comparable."""

    def yes(self, pictures: Sequence[Image.Image], questions: Sequence[str]) -> list[bool]:
        """Whether the answer to each question about its picture is yes; pictures and questions go together."""


class LvlmJudge:
    """Any vision-language model as a judge: yes where the letter of "yes" is likelier than that of "no"."""

    def __init__(self, name: str, model: VisionLanguageModel) -> None:
        self.name, self._model = name, model

    def yes(self, pictures: Sequence[Image.Image], questions: Sequence[str]) -> list[bool]:
        """Asked a few at a time."""
        found: list[bool] = []
        for low in range(0, len(questions), JUDGED):
            pairs = zip(pictures[low : low + JUDGED], questions[low : low + JUDGED], strict=True)
            asked = [VisualQuestion(question, picture, YES_OR_NO, max_new_tokens=1) for picture, question in pairs]
            found += [answer.likeliest == 0 for answer in self._model.answer(self._model.prepare(asked))]
        return found


def lvlm_judge(source: str) -> Judge:
    """A vision-language model loaded as a judge, on the GPU where there is one. Raises DataError for another family."""
    import torch

    from ...checkpoints import open_checkpoint
    from ...families import Placement, family_of, load

    checkpoint = open_checkpoint(source)
    if (family := family_of(checkpoint)).does != "answers":
        raise DataError(f"{source} is of the family {family.name}; a judge is a vision-language model")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    loaded: Any = load(checkpoint, Placement(device=device))
    return LvlmJudge(checkpoint.source, loaded)


@dataclass(frozen=True)
class Question:
    """A yes-or-no question about a picture, the questions it depends on, and its category."""

    text: str
    parents: tuple[int, ...]
    category: str


@dataclass(frozen=True)
class PromptRow:
    """A prompt and the questions about its pictures, by number."""

    id: str
    prompt: str
    questions: Mapping[int, Question]
    where: Place


class DrawingExamples:
    """Prompts of one split, their judge, and how many pictures are drawn of each."""

    def __init__(
        self, rows: Sequence[PromptRow], problems: Sequence[Problem], judge: Judge, pictures: int, source: str,
        limit: int | None = None,
    ) -> None:  # fmt: skip
        self.rows = [rows[index] for index in spread(len(rows), limit)]
        self.problems: tuple[Problem, ...] = tuple(problems)
        self.judge, self.pictures, self.source = judge, pictures, source

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def content(self) -> str:
        """A digest of the prompts and their questions, the judge and the number of pictures."""
        told = [(r.id, r.prompt, sorted(r.questions.items()), r.where) for r in self.rows]
        return digest([*told, self.judge.name, self.pictures])

    def prepare(self, model: FamilyModel, kept: Kept) -> Asker:
        """The prompts as they are."""
        return DrawingAsker(self)


def fitting(model: Any, prompt: str) -> str:
    """As much of a prompt as the model reads, cut between words; the libraries cut longer ones between tokens."""

    def fits(words: int) -> bool:
        try:
            model.complete(Drawing(" ".join(parts[:words])))
        except DataError:
            return False
        return True

    parts = prompt.split()
    if fits(len(parts)):
        return prompt
    low, high = 1, len(parts)  # the first word is taken to fit
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return " ".join(parts[:low])


class DrawingAsker:
    """Draws every prompt and has the pictures judged: one prompt at a time, its pictures in one batch."""

    def __init__(self, examples: DrawingExamples) -> None:
        self._examples = examples

    def __len__(self) -> int:
        return count([row.where for row in self._examples.rows])

    def ask(self, model: Any, beta_of: BetaOf = at_base, *, start: int = 0) -> Iterator[list[Answer]]:
        """Prompt by prompt."""
        rows = self._examples.rows
        for row in rows[rows_done([row.where for row in rows], start) :]:
            first, prompt = zlib.crc32(row.id.encode()), fitting(model, row.prompt)
            drawings = [Drawing(prompt, seed=first + number) for number in range(self._examples.pictures)]
            pictures = model.draw(drawings, beta_of=beta_of)
            yield answers(row.id, row.id, row.where, self._judged(row, pictures))

    def _judged(self, row: PromptRow, pictures: Sequence[Image.Image]) -> dict[str, float]:
        """The prompt's score and its share of yes by category, means over its pictures."""
        parents = {number: question.parents for number, question in row.questions.items()}
        asked = [(picture, question.text) for picture in pictures for question in row.questions.values()]
        said = iter(self._examples.judge.yes([p for p, _ in asked], [q for _, q in asked]))
        totals: dict[str, list[float]] = {SCORE: []}
        for _ in pictures:
            yes = {number: next(said) for number in row.questions}
            totals[SCORE].append(graph_score(yes, parents))
            for number, counted in graph_yes(yes, parents).items():
                if category := row.questions[number].category:
                    totals.setdefault(f"{SCORE} {category}", []).append(float(counted))
        return {metric: sum(values) / len(values) for metric, values in totals.items()}
