"""Captions and images that look for each other, language by language, for embedding models.

Within a language the candidates are the images that have a caption in it, and those captions, as in CLIP_benchmark's
sets of one language each. Text → image: every caption looks for its image. Image → text: every image looks for any of
its captions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from ...data import ImageAt
from ...errors import DataError
from ...families.embedded import image_rows, text_rows
from ...families.family import BetaOf, FamilyModel, at_base
from ...families.kept import Floats, Kept
from ..metrics import first_positive_ranks
from ..task import Answer, Asker, Problem
from .placing import Place, answers
from .rows import Gathered, digest, spread, unique

if TYPE_CHECKING:
    from ...families.embedding import EmbeddingModel

TEXT_TO_IMAGE, IMAGE_TO_TEXT = "text_to_image", "image_to_text"
KS = (1, 5, 10)
MAIN = (f"{TEXT_TO_IMAGE}_recall@1", f"{IMAGE_TO_TEXT}_recall@1")
AT_ONCE = 4096  # answers that are given at a time
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class CaptionRow:
    """A caption of an image. picture: the image's name in the data, and the cluster of all that is asked about it."""

    id: str
    image: ImageAt
    picture: str
    text: str
    where: Place

    def __post_init__(self) -> None:
        if not self.text:
            raise DataError("has no caption")
        if self.where.language is None:
            raise DataError("has no language")


class RetrievalExamples:
    """Captions of one split, whose images open. limit: at most so many images, with all of their captions."""

    def __init__(self, rows: Sequence[CaptionRow], gathered: Gathered, source: str, limit: int | None = None) -> None:
        pictures = list(dict.fromkeys(row.picture for row in rows))
        few = {pictures[index] for index in spread(len(pictures), limit)}
        found, self.images, self.pictures, self._digests = gathered.shown([row for row in rows if row.picture in few])
        self.rows = [replace(r, id=name) for r, name in zip(found, unique(r.id for r in found), strict=True)]
        self.problems: tuple[Problem, ...] = tuple(gathered.problems)
        self.source = source

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def content(self) -> str:
        """A digest of the captions, their places, and the images' bytes."""
        told = [(r.id, r.picture, r.text, r.where) for r in self.rows]
        return digest([*zip(told, self.images, strict=True), self._digests])

    def prepare(self, model: FamilyModel, kept: Kept) -> Asker:
        """Texts and images to embed."""
        if model.does != "embeds":
            raise DataError("retrieval can be asked of embedding models alone")
        return RetrievalAsker(self, cast("EmbeddingModel", model), kept)


@dataclass(frozen=True)
class _Asked:
    """One direction in one language: who asks (rows, or one row of each image), and what to rank for them."""

    direction: str
    askers: Ints
    captions: Ints
    images: Ints


class RetrievalAsker:
    """The queries of one split, for one model."""

    def __init__(self, examples: RetrievalExamples, model: EmbeddingModel, kept: Kept) -> None:
        self._rows = examples.rows
        self._image_of = np.array(examples.images, np.int64)
        self._texts = text_rows(kept, model, [row.text for row in self._rows])
        self._images = image_rows(kept, model, examples.pictures)

    def __len__(self) -> int:
        return sum(len(self._rows[row].where.sides) for asked in self._queries for row in asked.askers)

    def ask(self, model: FamilyModel, beta_of: BetaOf = at_base, *, start: int = 0) -> Iterator[list[Answer]]:
        """Language by language, first every caption, then every image."""
        texts, images = self._texts.at(beta_of), self._images.at(beta_of)
        skipped = 0
        for asked in self._queries:
            due = sum(len(self._rows[row].where.sides) for row in asked.askers)
            if skipped + due > start:
                left = self._answered(asked, texts, images)[max(start - skipped, 0) :]
                for low in range(0, len(left), AT_ONCE):
                    yield left[low : low + AT_ONCE]
            skipped += due

    @cached_property
    def _queries(self) -> list[_Asked]:
        languages = np.array([row.where.language for row in self._rows])
        found = []
        for language in dict.fromkeys(languages.tolist()):
            captions = np.flatnonzero(languages == language)
            images, first = np.unique(self._image_of[captions], return_index=True)
            found.append(_Asked(TEXT_TO_IMAGE, captions, captions, images))
            found.append(_Asked(IMAGE_TO_TEXT, captions[first], captions, images))
        return found

    def _answered(self, asked: _Asked, texts: Floats, images: Floats) -> list[Answer]:
        own = self._image_of[asked.captions]
        if asked.direction == TEXT_TO_IMAGE:
            ranks = first_positive_ranks(texts[asked.captions], images[asked.images], own, asked.images)
        else:
            ranks = first_positive_ranks(images[asked.images], texts[asked.captions], asked.images, own)
        found = []
        for row, rank in zip((self._rows[i] for i in asked.askers), ranks.tolist(), strict=True):
            values = {f"{asked.direction}_recall@{k}": float(rank <= k) for k in KS}
            values[f"{asked.direction}_mrr@{KS[-1]}"] = 1 / rank if rank <= KS[-1] else 0.0
            name = row.id if asked.direction == TEXT_TO_IMAGE else f"{row.picture}→{row.where.language}"
            found += answers(name, row.picture, row.where, values)
        return found
