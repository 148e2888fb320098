"""Questions on images without options, for large vision-language models: right if the answer matches a right one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ...data import ImageAt
from ...errors import DataError
from ...families.family import BetaOf, FamilyModel, at_base
from ...families.kept import Kept
from ...families.visual_questions import VisualQuestion
from ..metrics_text import exact_match, normalised_match
from ..task import Answer, Asker, Problem
from .asking import ANSWER_TOKENS, BATCH, answered
from .placing import Place, answers, count, rows_done
from .rows import Gathered, digest, spread, unique

NORMALISED, EXACT, NOT_ASKED = "open_accuracy", "open_exact_accuracy", "open_not_asked"


@dataclass(frozen=True)
class OpenRow:
    """A question on an image and every right answer to it."""

    id: str
    image: ImageAt
    question: str
    right: tuple[str, ...]
    cluster: str
    where: Place

    def __post_init__(self) -> None:
        if not self.question:
            raise DataError("has no question")
        if not any(self.right):
            raise DataError("has no answer")


class OpenExamples:
    """Rows of one split, whose images open."""

    def __init__(self, rows: Sequence[OpenRow], gathered: Gathered, source: str, limit: int | None = None) -> None:
        picked = [rows[index] for index in spread(len(rows), limit)]
        self.rows, self.images, self.pictures, self._digests = gathered.shown(picked)
        self.problems: tuple[Problem, ...] = tuple(gathered.problems)
        self.source = source

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def content(self) -> str:
        """A digest of the questions, their answers and places, and the images' bytes."""
        told = [(r.id, r.question, r.right, r.cluster, r.where) for r in self.rows]
        return digest([*zip(told, self.images, strict=True), self._digests])

    def prepare(self, model: FamilyModel, kept: Kept) -> Asker:
        """The questions as they are: prompts and pixels are made a batch at a time."""
        return OpenAsker(self)


class OpenAsker:
    """The questions of one split."""

    def __init__(self, examples: OpenExamples) -> None:
        self._examples, self._names = examples, unique(row.id for row in examples.rows)

    def __len__(self) -> int:
        return count([row.where for row in self._examples.rows])

    def ask(self, model: Any, beta_of: BetaOf = at_base, *, start: int = 0) -> Iterator[list[Answer]]:
        """Every question in the data's order."""
        rows, pictures, images = self._examples.rows, self._examples.pictures, self._examples.images
        for low in range(rows_done([row.where for row in rows], start), len(rows), BATCH):
            some = range(low, min(low + BATCH, len(rows)))
            asked = [
                VisualQuestion(rows[i].question, image, (), rows[i].where.language or "en", ANSWER_TOKENS)
                for i, image in zip(some, pictures.some([images[i] for i in some]), strict=True)
            ]
            batch: list[Answer] = []
            for index, answer in zip(some, answered(model, [self._names[i] for i in some], asked), strict=True):
                row = rows[index]
                values = (
                    {NOT_ASKED: 1.0}
                    if answer is None
                    else {
                        NORMALISED: float(normalised_match(answer.text, row.right)),
                        EXACT: float(exact_match(answer.text, row.right)),
                    }
                )
                batch += answers(self._names[index], row.cluster, row.where, values)
            yield batch
