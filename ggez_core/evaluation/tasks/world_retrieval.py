"""Retrieval on the small world, both ways, for embedding models.

Two benchmarks in one, with candidates of their own, as published global and regional ones have: everything below
happens once among the global concepts and once among the regional ones.
Text → image: each caption, in whatever language, looks for a picture of its concept among all pictures of the side.
Image → text: each picture looks, language by language, for a caption of its concept among the side's captions of that
language. A side's score is the mean of the two recall@1, each the mean over its queries.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...demo.world.dataset import Caption, Picture, caption_rows, content_of, pictures
from ...demo.world.registry import Concept
from ...demo.world.templates import Split
from ...errors import DataError
from ...families.embedded import image_rows, text_rows
from ...families.family import BetaOf, FamilyModel, at_base
from ...families.kept import Floats, Kept
from ..metrics import first_positive_ranks
from ..task import SIDES, Answer, Asker, Examples, Problem, Side, TaskInfo

if TYPE_CHECKING:
    from ...families.embedding import EmbeddingModel

PICTURES_PER_CONCEPT = 3
REGION = "SEA"
KS = (1, 5, 10)
TEXT_TO_IMAGE, IMAGE_TO_TEXT = "text_to_image", "image_to_text"
SPLITS: tuple[Split, ...] = ("validation", "test")


class WorldRetrieval:
    """The task."""

    info = TaskInfo(
        name="world-retrieval",
        families=("embedding",),
        main_metrics=(f"{TEXT_TO_IMAGE}_recall@1", f"{IMAGE_TO_TEXT}_recall@1"),
        splits=SPLITS,
        sides=SIDES,
        doc="pictures and captions of the small world look for each other, in fifteen languages",
    )

    def load(self, split: str, *, data: Path | None = None, limit: int | None = None) -> Examples:
        """The split's captions and pictures; with a limit, of every so manieth concept, about that many captions.

        Raises DataError for an unknown split, or for `data`: this world is made by code.
        """
        if split not in SPLITS:
            raise DataError(f"world-retrieval has no split {split!r}; it has: {', '.join(SPLITS)}")
        if data is not None:
            raise DataError("world-retrieval is drawn by code and has no data to read; leave the folder out")
        captions, shown = caption_rows(split), pictures(split, PICTURES_PER_CONCEPT)
        if limit is not None and limit < len(captions):
            keys = list(dict.fromkeys(caption.concept.key for caption in captions))
            few = set(keys[:: -(-len(captions) // max(limit, 1))])
            captions = [caption for caption in captions if caption.concept.key in few]
            shown = [picture for picture in shown if picture.concept.key in few]
        return WorldExamples(tuple(captions), tuple(shown))


@dataclass(frozen=True)
class WorldExamples:
    """Captions and pictures of one split."""

    captions: tuple[Caption, ...]
    pictures: tuple[Picture, ...]
    problems: tuple[Problem, ...] = ()
    source: str = ""

    def __len__(self) -> int:
        return len(self.captions) + len(self.pictures)

    @property
    def content(self) -> str:
        """A digest of which rows there are and of the code that draws and words them."""
        return content_of([*(caption.id for caption in self.captions), *(picture.id for picture in self.pictures)])

    def prepare(self, model: FamilyModel, kept: Kept) -> Asker:
        """Lists of texts and images to embed."""
        return WorldAsker(self, cast("EmbeddingModel", model), kept)


class _Drawn(Sequence[Image.Image]):
    """Pictures, drawn when they are asked for."""

    def __init__(self, shown: Sequence[Picture]) -> None:
        self._shown = shown

    def __len__(self) -> int:
        return len(self._shown)

    def __getitem__(self, index: int | slice) -> Image.Image | list[Image.Image]:  # type: ignore[override]
        chosen = self._shown[index]
        return chosen.image if isinstance(chosen, Picture) else [picture.image for picture in chosen]


class WorldAsker:
    """The queries of one split, prepared for one model."""

    def __init__(self, examples: WorldExamples, model: EmbeddingModel, kept: Kept) -> None:
        self._captions, self._pictures = examples.captions, examples.pictures
        self._texts = text_rows(kept, model, [caption.text for caption in self._captions])
        self._images = image_rows(kept, model, _Drawn(self._pictures))

    def __len__(self) -> int:
        return len(self._captions) + sum(len(asked) for _, _, asked, _ in self._image_queries)

    def ask(self, model: FamilyModel, beta_of: BetaOf = at_base, *, start: int = 0) -> Iterator[list[Answer]]:
        """Side by side, every query of both directions."""
        texts, images = self._texts.at(beta_of), self._images.at(beta_of)
        skipped = 0
        for side in SIDES:
            for answers in (self._text_to_image(texts, images, side), *self._image_to_text(texts, images, side)):
                left = answers[max(start - skipped, 0) :]
                skipped += len(answers)
                if left:
                    yield left

    @cached_property
    def _groups(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        number = {key: i for i, key in enumerate(dict.fromkeys(p.concept.key for p in self._pictures))}
        return (
            np.array([number[c.concept.key] for c in self._captions]),
            np.array([number[p.concept.key] for p in self._pictures]),
        )

    @cached_property
    def _image_queries(self) -> list[tuple[Side, str, NDArray[np.int64], NDArray[np.bool_]]]:
        """For every side and language: the pictures that ask, and the captions that they ask for."""
        text_group, image_group = self._groups
        queries = []
        for side in SIDES:
            languages = np.array([c.language if c.side == side else "" for c in self._captions])
            for language in dict.fromkeys(languages[languages != ""].tolist()):
                candidates = languages == language
                asked = np.flatnonzero(np.isin(image_group, text_group[candidates]))
                queries.append((side, language, asked, candidates))
        return queries

    def _text_to_image(self, texts: Floats, images: Floats, side: Side) -> list[Answer]:
        text_group, image_group = self._groups
        asked = np.flatnonzero([c.side == side for c in self._captions])
        candidates = np.flatnonzero([p.side == side for p in self._pictures])
        if not len(asked):
            return []
        ranks = first_positive_ranks(texts[asked], images[candidates], text_group[asked], image_group[candidates])
        rows = [self._captions[i] for i in asked]
        return [
            _answer(row.id, TEXT_TO_IMAGE, row.concept, row.language, int(rank))
            for row, rank in zip(rows, ranks, strict=True)
        ]

    def _image_to_text(self, texts: Floats, images: Floats, side: Side) -> Iterator[list[Answer]]:
        text_group, image_group = self._groups
        for _, language, asked, candidates in (query for query in self._image_queries if query[0] == side):
            ranks = first_positive_ranks(images[asked], texts[candidates], image_group[asked], text_group[candidates])
            rows = [self._pictures[i] for i in asked]
            yield [
                _answer(f"{row.id}→{language}", IMAGE_TO_TEXT, row.concept, language, int(rank))
                for row, rank in zip(rows, ranks, strict=True)
            ]


def _answer(name: str, direction: str, concept: Concept, language: str, rank: int) -> Answer:
    values = {f"{direction}_recall@{k}": float(rank <= k) for k in KS}
    values[f"{direction}_mrr@{KS[-1]}"] = 1 / rank if rank <= KS[-1] else 0.0
    return Answer(
        id=name,
        side="regional" if concept.regional else "global",
        cluster=concept.key,
        values=values,
        language=language,
        country=concept.country,
        region=REGION if concept.regional else None,
        aspect=concept.aspect,
    )


TASKS = (WorldRetrieval(),)
