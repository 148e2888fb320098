"""Retrieval on the small world, both ways, for embedding models.

Two benchmarks in one, with candidates of their own, as published global and regional ones have: everything below
happens once among the global concepts and once among the regional ones.
Text → image: each caption, in whatever language, looks for a picture of its concept among all pictures of the side.
Image → text: each picture looks, language by language, for a caption of its concept among the side's captions of that
language. The two directions are two tasks: a side's score Q is the mean of the two recall@1, each the mean over its
queries.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...demo.world.dataset import Caption, Picture, Side, caption_rows, pictures
from ...demo.world.registry import Concept
from ...demo.world.templates import Split
from ...families.embedding import EmbeddingModel, Prepared
from ..intervals import cluster_mean_interval
from ..metrics import first_positive_ranks
from ..rows import Score

PICTURES_PER_CONCEPT = 3
SIDES: tuple[Side, ...] = ("global", "regional")
Floats = NDArray[np.float32]
TEXT_TO_IMAGE = "world text→image"
IMAGE_TO_TEXT = "world image→text"


@dataclass(frozen=True)
class Query:
    """One answered query: `rank` is that of its best positive, from 1."""

    task: str
    concept: Concept
    language: str
    rank: int

    @property
    def side(self) -> Side:
        """Which score the query counts for."""
        return "regional" if self.concept.regional else "global"


@dataclass(frozen=True)
class WorldRetrieval:
    """The task on one split, prepared once for a model's processor and asked of its weights as often as they move."""

    split: Split
    captions: tuple[Caption, ...]
    pictures: tuple[Picture, ...]
    texts: Prepared
    images: Prepared

    @classmethod
    def prepare(cls, model: EmbeddingModel, split: Split) -> WorldRetrieval:
        """Draw the split's pictures and prepare them and its captions for the model."""
        captions, shown = tuple(caption_rows(split)), tuple(pictures(split, PICTURES_PER_CONCEPT))
        return cls(
            split,
            captions,
            shown,
            model.prepare_texts([c.text for c in captions]),
            model.prepare_images([p.image for p in shown]),
        )

    @cached_property
    def _groups(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        number = {key: i for i, key in enumerate(dict.fromkeys(p.concept.key for p in self.pictures))}
        return (
            np.array([number[c.concept.key] for c in self.captions]),
            np.array([number[p.concept.key] for p in self.pictures]),
        )

    def ask(self, model: EmbeddingModel) -> list[Query]:
        """Every query of both directions, in a fixed order, with the rank of its best positive."""
        texts, images = model.embed_texts(self.texts).numpy(), model.embed_images(self.images).numpy()
        queries = []
        for side in SIDES:
            queries += self._text_to_image(texts, images, side)
            queries += self._image_to_text(texts, images, side)
        return queries

    def _text_to_image(self, texts: Floats, images: Floats, side: Side) -> list[Query]:
        text_group, image_group = self._groups
        asked = np.flatnonzero([c.side == side for c in self.captions])
        candidates = np.flatnonzero([p.side == side for p in self.pictures])
        ranks = first_positive_ranks(texts[asked], images[candidates], text_group[asked], image_group[candidates])
        return [
            Query(TEXT_TO_IMAGE, self.captions[i].concept, self.captions[i].language, int(rank))
            for i, rank in zip(asked, ranks, strict=True)
        ]

    def _image_to_text(self, texts: Floats, images: Floats, side: Side) -> list[Query]:
        text_group, image_group = self._groups
        languages = np.array([c.language if c.side == side else "" for c in self.captions])
        queries = []
        for language in dict.fromkeys(languages[languages != ""].tolist()):
            candidates = languages == language
            asked = np.flatnonzero(np.isin(image_group, text_group[candidates]))
            ranks = first_positive_ranks(images[asked], texts[candidates], image_group[asked], text_group[candidates])
            queries += [
                Query(IMAGE_TO_TEXT, self.pictures[i].concept, language, int(rank))
                for i, rank in zip(asked, ranks, strict=True)
            ]
        return queries


def hits(queries: list[Query], k: int = 1) -> NDArray[np.float64]:
    """1.0 where a positive is in the top k, else 0.0, with tasks weighted to count equally: (n,)."""
    return np.array([q.rank <= k for q in queries], np.float64)


def task_weights(queries: list[Query]) -> NDArray[np.float64]:
    """Weights (n,) of mean 1 that make a plain mean over queries the mean of the two tasks' means."""
    tasks = np.array([q.task for q in queries])
    weights = np.empty(len(queries))
    for task in set(tasks.tolist()):
        chosen = tasks == task
        weights[chosen] = len(queries) / (len(set(tasks.tolist())) * chosen.sum())
    return weights


def side_hits(queries: list[Query], side: Side) -> tuple[NDArray[np.float64], list[str]]:
    """Weighted recall@1 hits of one side, whose plain mean is the side's Q, and the concept (cluster) of each."""
    chosen = [q for q in queries if q.side == side]
    return hits(chosen) * task_weights(chosen), [q.concept.key for q in chosen]


def score(queries: list[Query], side: Side) -> float:
    """Q of a side: recall@1, the mean of the two directions."""
    return float(side_hits(queries, side)[0].mean())


def rows(queries: list[Query], model: str, beta: float, split: Split) -> list[Score]:
    """Score rows: recall@1 of every task and side, overall, and by language and by country, with 95 % intervals."""
    found = []
    for task in (TEXT_TO_IMAGE, IMAGE_TO_TEXT):
        for side in SIDES:
            mine = [q for q in queries if q.task == task and q.side == side]
            slices: list[tuple[str | None, str | None, list[Query]]] = [(None, None, mine)]
            slices += [
                (lang, None, [q for q in mine if q.language == lang]) for lang in sorted({q.language for q in mine})
            ]
            if side == "regional":
                by_country = sorted({q.concept.countries[0] for q in mine})
                slices += [(None, code, [q for q in mine if q.concept.countries[0] == code]) for code in by_country]
            for language, country, part in slices:
                values = hits(part)
                low, high = cluster_mean_interval(values, [q.concept.key for q in part])
                found.append(
                    Score(
                        model,
                        beta,
                        task,
                        split,
                        side,
                        "recall@1",
                        float(values.mean()),
                        len(part),
                        low,
                        high,
                        language,
                        country,
                    )
                )
    return found
