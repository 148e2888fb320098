"""Retrieval metrics: pure functions of embeddings or scores.

A query's rank is one plus the number of candidates that score strictly higher than its best positive, plus those that
tie with it and stand before it; so ties are decided by position, always the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

CHUNK_BYTES = 8 << 20  # similarities at a time: they stay in the cache between the product and the comparison


def ranks_of_scores(scores: Floats, query_group: Ints, candidate_group: Ints) -> Ints:
    """Rank (from 1) of the best-scored positive of each query; a candidate is a positive if it has the query's group.

    scores: (n, m) of n queries and m candidates; query_group: (n,); candidate_group: (m,). Returns (n,).
    Raises DataError for a query without any positive, or for scores that are not finite.
    """

    def some(start: int, stop: int) -> Floats:
        found = np.asarray(scores[start:stop], np.float32)
        if not np.isfinite(found).all():
            raise DataError("scores hold NaN or infinity; check the checkpoint with `ggez inspect`")
        return found

    return _Positives(query_group, candidate_group).ranks(some)


def first_positive_ranks(queries: Floats, candidates: Floats, query_group: Ints, candidate_group: Ints) -> Ints:
    """The same from embeddings, whose products are the scores; never more than CHUNK_BYTES of them are held.

    queries: (n, d); candidates: (m, d); query_group: (n,); candidate_group: (m,). Returns (n,).
    Raises DataError for a query without any positive, or for embeddings that are not finite.
    """
    for name, values in (("query", queries), ("candidate", candidates)):
        if not np.isfinite(values).all():
            raise DataError(f"{name} embeddings hold NaN or infinity; check the checkpoint with `ggez inspect`")
    across = candidates.T
    return _Positives(query_group, candidate_group).ranks(lambda start, stop: queries[start:stop] @ across)


class _Positives:
    """Which candidates are each query's positives: `members[starts[g]:starts[g + 1]]` for the queries of group g."""

    def __init__(self, query_group: Ints, candidate_group: Ints) -> None:
        candidate_group = np.asarray(candidate_group, np.int64)
        known, code = np.unique(candidate_group, return_inverse=True)
        self.candidates = len(candidate_group)
        self.members = np.argsort(code, kind="stable").astype(np.int64)
        self.starts = np.concatenate([[0], np.cumsum(np.bincount(code, minlength=len(known)))]).astype(np.int64)
        asked = np.asarray(query_group, np.int64)
        place = np.searchsorted(known, asked)
        found = place < len(known)
        found[found] = known[place[found]] == asked[found]
        if not found.all():
            raise DataError(
                f"query {int(np.flatnonzero(~found)[0])} has no positive among the {self.candidates} candidates"
            )
        self.group = place.astype(np.int64)

    def ranks(self, scores_of: Callable[[int, int], Floats]) -> Ints:
        from .kernels import ranks_by_comparison  # numba takes half a second to load

        ranks = np.empty(len(self.group), np.int64)
        step = max(1, CHUNK_BYTES // (4 * max(self.candidates, 1)))
        for start in range(0, len(ranks), step):
            stop = min(start + step, len(ranks))
            scores = np.ascontiguousarray(scores_of(start, stop), np.float32)
            ranks_by_comparison(scores, self.group[start:stop], self.starts, self.members, ranks[start:stop])
        return ranks


def retrieval_metrics(
    image_embeddings: ArrayLike, text_embeddings: ArrayLike, text_to_image: ArrayLike, ks: Sequence[int] = (1, 5, 10)
) -> dict[str, float]:
    """recall@k and MRR@k both ways, where text j belongs to image `text_to_image[j]` (an image may have several).

    image_embeddings: (n_images, d) and text_embeddings: (n_texts, d), unit rows, arrays or tensors on the CPU;
    text_to_image: (n_texts,). A hit if any positive is in the top k; MRR@k is the mean of 1/rank of the best positive,
    0 beyond k. Returns `text_to_image_recall@k`, `text_to_image_mrr@k`, `image_to_text_recall@k` and
    `image_to_text_mrr@k` in [0, 1]; the first two are CLIP_benchmark's image_retrieval, the others its text_retrieval.
    Raises DataError for shapes that don't fit, an image without text, numbers that aren't finite, or a k below 1.

    >>> retrieval_metrics([[1, 0], [0, 1]], [[0.8, 0.6], [0.6, 0.8], [0.9, 0.1]], [0, 1, 1], ks=(1,))
    {'text_to_image_recall@1': 0.6666666666666666, 'text_to_image_mrr@1': 0.6666666666666666, \
'image_to_text_recall@1': 0.5, 'image_to_text_mrr@1': 0.5}
    """
    images, texts = np.asarray(image_embeddings, np.float32), np.asarray(text_embeddings, np.float32)
    owner, index = np.asarray(text_to_image, np.int64), np.arange(len(images))
    if any(k < 1 for k in ks):
        raise DataError(f"k must be 1 or more, not {min(ks)}")
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
