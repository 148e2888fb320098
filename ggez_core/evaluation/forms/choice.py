"""Multiple-choice questions on images, for embedding models and for large vision-language models.

An embedding model chooses the option whose text, after the question, is nearest to the image. A vision-language model
is read twice: the option whose letter is likeliest (the score), and the option that it writes. Both are asked once more
without the image, since options alone give something away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from PIL import Image

from ...data import ImageAt, Pictures
from ...errors import DataError
from ...families.embedded import image_rows, text_rows
from ...families.family import BetaOf, FamilyModel, at_base
from ...families.kept import Kept
from ...families.visual_questions import VisualAnswer, VisualQuestion
from ..metrics_choice import chance, chosen, option_scores, padded, text_only_scores
from ..task import Answer, Asker, Problem
from .asking import ANSWER_TOKENS, BATCH, answered
from .placing import Place, answers, count, rows_done
from .rows import Gathered, digest, spread, unique

if TYPE_CHECKING:
    from ...families.embedding import EmbeddingModel

ACCURACY = "choice_accuracy"
WRITTEN = "choice_written_accuracy"
UNSEEN = "choice_without_image_accuracy"
CHANCE = "choice_chance"
NOT_ASKED = "choice_not_asked"
AT_ONCE = 4096  # rows that an embedding model's vectors answer at a time
MOST_OPTIONS = 26


@dataclass(frozen=True)
class ChoiceRow:
    """A question on an image with options, of which `right` (from 0) is the right one. cluster: see `Answer`."""

    id: str
    image: ImageAt
    question: str
    options: tuple[str, ...]
    right: int
    cluster: str
    where: Place

    def __post_init__(self) -> None:
        if not self.question:
            raise DataError("has no question")
        if not 2 <= len(self.options) <= MOST_OPTIONS:
            raise DataError(f"has {len(self.options)} options; 2 to {MOST_OPTIONS} can be asked")
        if "" in self.options:
            raise DataError(f"its option {self.options.index('') + 1} is empty")
        if not 0 <= self.right < len(self.options):
            raise DataError(f"its right answer is option {self.right + 1} of {len(self.options)}")


class ChoiceExamples:
    """Rows of one split, whose images open."""

    def __init__(self, rows: Sequence[ChoiceRow], gathered: Gathered, source: str, limit: int | None = None) -> None:
        picked = [rows[index] for index in spread(len(rows), limit)]
        self.rows, self.images, self.pictures, self._digests = gathered.shown(picked)
        self.problems: tuple[Problem, ...] = tuple(gathered.problems)
        self.source = source

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def content(self) -> str:
        """A digest of the questions, their options and places, and the images' bytes."""
        told = [(r.id, r.question, r.options, r.right, r.cluster, r.where) for r in self.rows]
        return digest([*zip(told, self.images, strict=True), self._digests])

    def prepare(self, model: FamilyModel, kept: Kept) -> Asker:
        """Texts and images to embed, or questions to ask."""
        names = unique(row.id for row in self.rows)
        if model.does == "embeds":
            embedding = cast("EmbeddingModel", model)
            return EmbeddingChoice(self.rows, names, self.images, self.pictures, embedding, kept)
        return SpokenChoice(self.rows, names, self.images, self.pictures)


class EmbeddingChoice:
    """The questions, for one embedding model."""

    def __init__(
        self, rows: Sequence[ChoiceRow], names: Sequence[str], images: Sequence[int], pictures: Pictures,
        model: EmbeddingModel, kept: Kept,
    ) -> None:  # fmt: skip
        self._rows, self._names, self._images = rows, names, np.array(images, np.int64)
        number: dict[str, int] = {}
        texts = [[number.setdefault(f"{r.question} {option}", len(number)) for option in r.options] for r in rows]
        self._options = padded(texts)
        self._texts = text_rows(kept, model, list(number))
        self._pictures = image_rows(kept, model, pictures)

    def __len__(self) -> int:
        return count([row.where for row in self._rows])

    def ask(self, model: FamilyModel, beta_of: BetaOf = at_base, *, start: int = 0) -> Iterator[list[Answer]]:
        """Every question in the data's order."""
        texts, images = self._texts.at(beta_of), self._pictures.at(beta_of)
        right = np.array([row.right for row in self._rows])
        values = {
            ACCURACY: chosen(option_scores(images[self._images], texts, self._options)) == right,
            UNSEEN: chosen(text_only_scores(images, texts, self._options)) == right,
            CHANCE: chance(self._options),
        }
        first = rows_done([row.where for row in self._rows], start)
        for low in range(first, len(self._rows), AT_ONCE):
            batch: list[Answer] = []
            for index in range(low, min(low + AT_ONCE, len(self._rows))):
                row = self._rows[index]
                of_row = {metric: float(column[index]) for metric, column in values.items()}
                batch += answers(self._names[index], row.cluster, row.where, of_row)
            yield batch


class SpokenChoice:
    """The questions, for a large vision-language model: `prepare` and `answer` of its family, a few at a time."""

    def __init__(
        self, rows: Sequence[ChoiceRow], names: Sequence[str], images: Sequence[int], pictures: Pictures
    ) -> None:
        self._rows, self._names, self._images, self._pictures = rows, names, images, pictures

    def __len__(self) -> int:
        return count([row.where for row in self._rows])

    def ask(self, model: Any, beta_of: BetaOf = at_base, *, start: int = 0) -> Iterator[list[Answer]]:
        """Every question in the data's order, with its image and without."""
        first = rows_done([row.where for row in self._rows], start)
        for low in range(first, len(self._rows), BATCH):
            some = range(low, min(low + BATCH, len(self._rows)))
            images = self._pictures.some([self._images[index] for index in some])
            names = [self._names[index] for index in some]
            seen = answered(model, names, [self._asked(*pair) for pair in zip(some, images, strict=True)])
            blind = answered(model, names, [self._asked(index, None) for index in some])
            batch: list[Answer] = []
            for index, answer, unseen in zip(some, seen, blind, strict=True):
                row = self._rows[index]
                batch += answers(self._names[index], row.cluster, row.where, _values(row, answer, unseen))
            yield batch

    def _asked(self, index: int, image: Image.Image | None) -> VisualQuestion:
        row = self._rows[index]
        return VisualQuestion(row.question, image, row.options, row.where.language or "en", ANSWER_TOKENS)


def _values(row: ChoiceRow, seen: VisualAnswer | None, blind: VisualAnswer | None) -> Mapping[str, float]:
    """A row's metrics; one that couldn't be asked has no accuracy, and is counted."""
    if seen is None or blind is None:
        return {NOT_ASKED: 1.0}
    return {
        ACCURACY: float(seen.likeliest == row.right),
        WRITTEN: float(seen.written == row.right),
        UNSEEN: float(blind.likeliest == row.right),
        CHANCE: 1 / len(row.options),
    }
