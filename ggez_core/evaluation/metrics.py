"""Retrieval metrics: pure functions of embeddings.

A query's rank is one plus the number of candidates that score strictly higher than its best positive, plus those that
tie with it and stand before it; so ties are decided by position, always the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

CHUNK = 1024  # queries at a time: bounds memory to CHUNK × candidates similarities


def _similarities(queries: Floats, candidates: Floats) -> Iterator[tuple[int, Floats]]:
    for start in range(0, len(queries), CHUNK):
        yield start, queries[start : start + CHUNK] @ candidates.T


def first_positive_ranks(queries: Floats, candidates: Floats, query_group: Ints, candidate_group: Ints) -> Ints:
    """Rank (from 1) of the best-scored positive of each query; a candidate is a positive if it has the query's group.

    queries: (n, d); candidates: (m, d); query_group: (n,); candidate_group: (m,). Returns (n,).
    Raises DataError for a query without any positive, or for embeddings that are not finite.
    """
    for name, values in (("query", queries), ("candidate", candidates)):
        if not np.isfinite(values).all():
            raise DataError(f"{name} embeddings hold NaN or infinity; check the checkpoint with `ggez inspect`")
    missing = ~np.isin(query_group, candidate_group)
    if missing.any():
        raise DataError(
            f"query {int(np.flatnonzero(missing)[0])} has no positive among the {len(candidates)} candidates"
        )
    ranks = np.empty(len(queries), np.int64)
    position = np.arange(len(candidates))
    for start, scores in _similarities(queries, candidates):
        positive = query_group[start : start + len(scores), None] == candidate_group[None, :]
        masked = np.where(positive, scores, -np.inf)
        best = masked.argmax(axis=1)
        top = masked[np.arange(len(scores)), best][:, None]
        before = (scores > top) | ((scores == top) & (position[None, :] < best[:, None]))
        ranks[start : start + len(scores)] = 1 + before.sum(axis=1)
    return ranks


def retrieval_metrics(
    image_embeddings: Floats, text_embeddings: Floats, text_to_image: Sequence[int], ks: Sequence[int] = (1, 5, 10)
) -> dict[str, float]:
    """recall@k and MRR@k both ways, where text j belongs to image `text_to_image[j]` (an image may have several).

    image_embeddings: (n_images, d) and text_embeddings: (n_texts, d), unit rows. A hit if any positive is in the top k.
    Returns `text_to_image_recall@k`, `text_to_image_mrr@k`, `image_to_text_recall@k`, `image_to_text_mrr@k` in [0, 1].
    """
    images, texts = np.asarray(image_embeddings, np.float32), np.asarray(text_embeddings, np.float32)
    owner, index = np.asarray(text_to_image, np.int64), np.arange(len(images))
    if not len(texts):
        raise DataError("there are no texts to retrieve with; give at least one text and its image")
    if images.shape[1:] != texts.shape[1:]:
        raise DataError(
            f"image embeddings have {images.shape[-1]} numbers each, text embeddings {texts.shape[-1]}; "
            "embed both with the same model"
        )
    if len(owner) != len(texts):
        raise DataError(f"text_to_image has {len(owner)} entries for {len(texts)} texts; give one image index a text")
    outside = owner[(owner < 0) | (owner >= len(images))]
    if len(outside):
        raise DataError(f"text_to_image names image {outside[0]}, but there are {len(images)} images")
    return {
        **_at_ks("text_to_image", first_positive_ranks(texts, images, owner, index), ks),
        **_at_ks("image_to_text", first_positive_ranks(images, texts, index, owner), ks),
    }


def _at_ks(name: str, ranks: Ints, ks: Sequence[int]) -> dict[str, float]:
    found = {}
    for k in ks:
        found[f"{name}_recall@{k}"] = float((ranks <= k).mean())
        found[f"{name}_mrr@{k}"] = float(np.where(ranks <= k, 1 / ranks, 0).mean())
    return found
