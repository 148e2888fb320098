"""How languages fare with the loaded pair: recall by language, agreement of languages, and a map of embeddings.

Measured on the small world's test captions and pictures at base, at the slider's β and at the regional end, with what
Compare has embedded already. Used by the Cross-lingual tab; imports numpy and the engine's metrics.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ggez_core.evaluation.consistency import ranking_agreement, translation_cosine
from ggez_core.evaluation.intervals import cluster_mean_interval
from ggez_core.evaluation.metrics import first_positive_ranks
from ggez_core.evaluation.rows import Score
from ggez_core.progress import Progress, Step

from . import world
from .live import LivePair
from .views.embedding.embedder import Embedder
from .weights import BASE, REGIONAL, Weights

KS = (1, 5, 10)
Sides = Mapping[str, tuple[Embedder, Weights]]  # models by name, each with where its weights stand
TASK = "small world, text to image"
Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """rows: model → language → score. agreement, cosine: (n, n) of the languages at the merged weights.

    points: two principal components of captions and pictures (m, 2), with the language, country, words and picture of
    each ("pictures" is the language of a picture). shown: the model whose agreement, cosine and points these are.
    """

    weights: Weights
    languages: tuple[str, ...]
    rows: Mapping[str, Mapping[str, Score]]
    agreement: Doubles
    cosine: Doubles
    points: Doubles
    spoken: tuple[str, ...]
    countries: tuple[str, ...]
    labels: tuple[str, ...]
    pictures: tuple[int, ...]
    shown: str = "merged"


def measure(live: LivePair, weights: Weights, k: int, progress: Progress) -> Measured:
    """Everything the tab shows of a pair, at recall@k. `progress` may raise Cancelled between two languages."""
    embedder = live.helper(Embedder)
    sides = {"base": (embedder, BASE), "merged": (embedder, weights), "regional": (embedder, REGIONAL)}
    return _measured(sides, "merged", k, progress)


def measure_two(before: LivePair, after: LivePair, k: int, progress: Progress) -> Measured:
    """The same of two models as they are, such as a teacher and its student, which nobody could merge."""
    sides = {"before": (before.helper(Embedder), BASE), "after": (after.helper(Embedder), BASE)}
    return _measured(sides, "after", k, progress)


def _measured(sides: Sides, shown: str, k: int, progress: Progress) -> Measured:
    languages = world.languages()
    steps = _Steps(progress, len(sides) * len(languages))
    rows: dict[str, dict[str, Score]] = {}
    for model, (embedder, at) in sides.items():
        images = embedder.gallery(at)
        rows[model] = {}
        for language in languages:
            next(steps)
            rows[model][language] = _row(model, at, language, embedder.captions(language, at), images, k)
    embedder, weights = sides[shown]
    texts = {language: embedder.captions(language, weights) for language in languages}
    images = embedder.gallery(weights)
    agreement, cosine = _between(texts, images)
    spoken, countries, labels, pictures, vectors = _placed(texts, images)
    return Measured(
        weights, languages, rows, agreement, cosine, principal_components(vectors), spoken, countries, labels, pictures,
        shown,
    )  # fmt: skip


def principal_components(vectors: NDArray[np.float32]) -> Doubles:
    """The first two principal components of vectors (n, d): (n, 2), each with its largest value positive."""
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    _, axes = np.linalg.eigh(centred.T @ centred)
    found: Doubles = centred @ axes[:, -1:-3:-1]
    return found * np.sign(found[np.abs(found).argmax(axis=0), [0, 1]])


class _Steps(Iterator[None]):
    """Tells `progress` of every language that is done."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def __next__(self) -> None:
        self._progress(Step(self._done, self._total, "languages", "embedding captions"))
        self._done += 1


def _row(
    model: str, at: Weights, language: str, texts: NDArray[np.float32], images: NDArray[np.float32], k: int
) -> Score:
    """recall@k of a language's captions among all pictures."""
    asked = _concepts(language)
    ranks = first_positive_ranks(texts, images, asked, np.arange(len(images)))
    hits = (ranks <= k).astype(np.float64)
    low, high = cluster_mean_interval(hits, [int(c) for c in asked])
    return Score(
        model=model, beta=at.beta, task=TASK, split=world.SPLIT, side="global", metric=f"recall@{k}",
        value=float(hits.mean()), n=len(hits), low=low, high=high, language=language, parts=at.components,
    )  # fmt: skip


@cache
def _concepts(language: str) -> NDArray[np.int64]:
    """Which gallery picture each of a language's captions belongs to."""
    number = {picture.concept.key: index for index, picture in enumerate(world.gallery())}
    return np.array([number[caption.concept.key] for caption in world.captions(language)], np.int64)


def _between(texts: Mapping[str, NDArray[np.float32]], images: NDArray[np.float32]) -> tuple[Doubles, Doubles]:
    """For every two languages, over the concepts that both name: agreement of rankings, and cosine of translations.

    NaN for two languages that share none (Tetun has names for its own country's things only).
    """
    languages = list(texts)
    agreement, cosine = np.eye(len(languages)), np.eye(len(languages))
    for i, one in enumerate(languages):
        for j, other in enumerate(languages[:i]):
            _, a, b = np.intersect1d(_concepts(one), _concepts(other), return_indices=True)
            if not len(a):
                agreement[i, j] = agreement[j, i] = cosine[i, j] = cosine[j, i] = np.nan
                continue
            first, second = texts[one][a], texts[other][b]
            agreement[i, j] = agreement[j, i] = ranking_agreement(first @ images.T, second @ images.T).mean()
            cosine[i, j] = cosine[j, i] = translation_cosine(first, second).mean()
    return agreement, cosine


def _placed(
    texts: Mapping[str, NDArray[np.float32]], images: NDArray[np.float32]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[int, ...], NDArray[np.float32]]:
    """Language, country, words, picture and vector of every caption and picture."""
    gallery = world.gallery()
    spoken, countries, labels, pictures, vectors = [], [], [], [], []
    for language, found in texts.items():
        for caption, index, vector in zip(world.captions(language), _concepts(language), found, strict=True):
            spoken.append(language)
            countries.append(world.country_name(caption.country) or "everywhere")
            labels.append(caption.text)
            pictures.append(int(index))
            vectors.append(vector)
    for index, vector in enumerate(images):
        spoken.append("pictures")
        countries.append(world.country_name(gallery[index].country) or "everywhere")
        labels.append(gallery[index].concept.names["en"])
        pictures.append(index)
        vectors.append(vector)
    return tuple(spoken), tuple(countries), tuple(labels), tuple(pictures), np.array(vectors)
