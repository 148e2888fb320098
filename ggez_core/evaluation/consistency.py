"""Cross-lingual consistency: does a model treat translations alike? Pure functions of embeddings and scores.

Three views of it: do translations rank the same pictures (`ranking_agreement`, `rank_correlation`), do their vectors
coincide (`translation_cosine`), and do captions sort by meaning rather than by language (`meaning_v_measure`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, GgezError

Floats = NDArray[np.floating]
Doubles = NDArray[np.float64]
DEPTH = 10


def ranking_agreement(scores: Floats, others: Floats, depth: int = DEPTH) -> Doubles:
    """Share of the first `depth` candidates that two languages' rankings have in common, for each query: (n,).

    scores, others: (n, m), a row a query in one language and its translation in the other, higher is nearer. Of equal
    scores the candidate that stands first is nearer. With fewer candidates than `depth` all count.
    """
    _check(scores, others)
    depth = min(depth, scores.shape[1])
    one, other = (np.argsort(-rows, axis=1, kind="stable")[:, :depth] for rows in (scores, others))
    seen = np.zeros(scores.shape, bool)
    np.put_along_axis(seen, one, True, axis=1)
    shared: Doubles = np.take_along_axis(seen, other, axis=1).mean(axis=1, dtype=np.float64)
    return shared


def rank_correlation(scores: Floats, others: Floats) -> Doubles:
    """Spearman's ρ of two languages' rankings of all candidates, for each query: (n,), equal scores sharing a rank.

    scores, others: as in `ranking_agreement`. NaN for a query that scores all candidates alike.
    """
    _check(scores, others)
    one, other = _centred(_ranks(scores)), _centred(_ranks(others))
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Doubles = (one * other).sum(axis=1) / np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
    return found


def translation_cosine(texts: Floats, translations: Floats) -> Doubles:
    """Cosine of each text with its translation, (n,), from their embeddings (n, d); they needn't be unit vectors."""
    _check(texts, translations)
    one, other = np.asarray(texts, np.float64), np.asarray(translations, np.float64)
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    if not lengths.all():
        raise DataError(
            f"embedding {int(np.flatnonzero(lengths == 0)[0])} is zero and has no direction; embed it again"
        )
    found: Doubles = (one * other).sum(axis=1) / lengths
    return found


def meaning_v_measure(embeddings: Floats, meanings: Sequence[str], seed: int = 0) -> float:
    """How well clusters of captions in many languages are their meanings, in [0, 1] (V-measure).

    embeddings: (n, d); meanings: what each caption is about, whatever its language. As many clusters as meanings, by
    k-means from ten starts. V-measure is the harmonic mean of homogeneity and completeness (Rosenberg & Hirschberg
    2007). Uses scikit-learn (extra `evaluation`).
    """
    if len(embeddings) != len(meanings):
        raise DataError(f"{len(embeddings)} embeddings for {len(meanings)} meanings; give one a caption")
    try:
        from sklearn.cluster import KMeans
        from sklearn.metrics import v_measure_score
    except ImportError:
        raise GgezError(
            "the V-measure needs scikit-learn, which isn't installed; run: pip install 'ggez-workbench[evaluation]'"
        ) from None
    found = KMeans(len(set(meanings)), n_init=10, random_state=seed).fit_predict(np.asarray(embeddings, np.float64))
    return float(v_measure_score(list(meanings), found))


def _check(one: Floats, other: Floats) -> None:
    if one.shape != other.shape or one.ndim != 2:
        raise DataError(f"arrays of the shapes {one.shape} and {other.shape} can't be compared row by row; align them")
    for values in (one, other):
        if not np.isfinite(values).all():
            raise DataError("a score or embedding is NaN or infinite; check the checkpoint with `ggez inspect`")


def _ranks(scores: Floats) -> Doubles:
    """Ranks from 0 of every row's values, (n, m); equal values share the mean of their ranks."""
    ranks = np.empty(scores.shape)
    for row, values in enumerate(scores):
        _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
        ranks[row] = (np.cumsum(counts) - (counts + 1) / 2)[group]
    return ranks


def _centred(ranks: Doubles) -> Doubles:
    centred: Doubles = ranks - ranks.mean(axis=1, keepdims=True)
    return centred
