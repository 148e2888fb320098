"""Retrieval metrics against their definition, written here as plainly as possible: sort, look, count."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ggez_core.errors import DataError
from ggez_core.evaluation import first_positive_ranks, kernels, metrics, ranks_of_scores, retrieval_metrics

Rows = list[list[int]]


def rank_by_definition(query: list[int], candidates: Rows, positive: list[bool]) -> int:
    """Sort by falling score, ties by position; the place of the first positive, from 1."""
    scores = [sum(a * b for a, b in zip(query, candidate, strict=True)) for candidate in candidates]
    order = sorted(range(len(candidates)), key=lambda i: (-scores[i], i))
    return 1 + next(place for place, i in enumerate(order) if positive[i])


@st.composite
def retrievals(draw: st.DrawFn) -> tuple[Rows, Rows, list[int], list[int]]:
    """Queries, candidates and their groups. Small whole numbers: sums are exact, and ties are common."""
    width = draw(st.integers(1, 3))
    row = st.lists(st.integers(-2, 2), min_size=width, max_size=width)
    candidates = draw(st.lists(row, min_size=1, max_size=12))
    groups = [draw(st.integers(0, 4)) for _ in candidates]
    queries = draw(st.lists(row, min_size=1, max_size=9))
    return queries, candidates, [draw(st.sampled_from(groups)) for _ in queries], groups


@given(retrievals(), st.sampled_from([1, 40, 100, 1 << 20]))
def test_ranks_are_the_definition_whatever_the_chunk(case: tuple[Rows, Rows, list[int], list[int]], chunk: int) -> None:
    queries, candidates, query_group, candidate_group = case
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metrics, "CHUNK_BYTES", chunk)
        found = first_positive_ranks(
            np.array(queries, np.float32), np.array(candidates, np.float32),
            np.array(query_group), np.array(candidate_group),
        )  # fmt: skip
    expected = [
        rank_by_definition(query, candidates, [group == own for group in candidate_group])
        for query, own in zip(queries, query_group, strict=True)
    ]
    assert found.tolist() == expected


@given(st.data())
def test_recall_and_mrr_both_ways_are_the_definition(data: st.DataObject) -> None:
    row = st.lists(st.integers(-2, 2), min_size=2, max_size=2)
    images = data.draw(st.lists(row, min_size=1, max_size=8))
    owner = list(range(len(images))) + data.draw(st.lists(st.integers(0, len(images) - 1), max_size=8))
    owner = data.draw(st.permutations(owner))
    texts = [data.draw(row) for _ in owner]
    found = retrieval_metrics(np.array(images, np.float32), np.array(texts, np.float32), owner, ks=(1, 2, 5))
    ranks = {
        "text_to_image": [
            rank_by_definition(text, images, [i == own for i in range(len(images))])
            for text, own in zip(texts, owner, strict=True)
        ],
        "image_to_text": [
            rank_by_definition(image, texts, [own == i for own in owner]) for i, image in enumerate(images)
        ],
    }
    assert len(found) == 2 * 2 * 3
    for way, of_way in ranks.items():
        for k in (1, 2, 5):
            hits = [r for r in of_way if r <= k]
            assert found[f"{way}_recall@{k}"] == pytest.approx(len(hits) / len(of_way))
            assert found[f"{way}_mrr@{k}"] == pytest.approx(sum(1 / r for r in hits) / len(of_way))


def test_a_case_worked_by_hand() -> None:
    images = np.eye(3, dtype=np.float32)
    texts = np.array([[1, 0, 0], [0.6, 0.8, 0], [0.6, 0, 0.8], [0, 0.6, 0.8]], np.float32)
    found = retrieval_metrics(images, texts, [0, 0, 1, 2], ks=(1, 2))
    # Texts find their image at ranks 1, 2, 3 (0.6, 0, 0.8) and 1. Image 0 meets its own text first; image 1 scores the
    # texts 0, 0.8, 0, 0.6 and its own comes third (after 1 and 3, level with 0, which stands before it: fourth).
    assert found["text_to_image_recall@1"] == pytest.approx(2 / 4)
    assert found["text_to_image_recall@2"] == pytest.approx(3 / 4)
    assert found["text_to_image_mrr@2"] == pytest.approx((1 + 1 / 2 + 1) / 4)
    assert found["image_to_text_recall@1"] == pytest.approx(1 / 3)
    assert found["image_to_text_recall@2"] == pytest.approx(2 / 3)  # image 2 ties text 2 and text 3: second


def test_a_query_without_a_positive_is_named() -> None:
    unit = np.eye(3, dtype=np.float32)
    with pytest.raises(DataError, match="query 2 has no positive among the 3 candidates"):
        first_positive_ranks(unit, unit, np.array([0, 1, 7]), np.array([0, 1, 2]))
    with pytest.raises(DataError, match="query 1 has no positive among the 1 candidates"):
        retrieval_metrics(unit[:2], unit[:1], [0])  # the second image has no caption


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_embeddings_that_are_not_finite_are_refused(bad: float) -> None:
    sound = np.eye(2, dtype=np.float32)
    broken = sound.copy()
    broken[1, 0] = bad
    with pytest.raises(DataError, match="candidate embeddings hold NaN or infinity"):
        retrieval_metrics(broken, sound, [0, 1])
    with pytest.raises(DataError, match="query embeddings hold NaN or infinity"):
        retrieval_metrics(sound, broken, [0, 1])


def test_unusable_owners_and_shapes_are_told() -> None:
    sound = np.eye(2, dtype=np.float32)
    with pytest.raises(DataError, match="1 entries for 2 texts"):
        retrieval_metrics(sound, sound, [0])
    with pytest.raises(DataError, match="names image 2, but there are 2 images"):
        retrieval_metrics(sound, sound, [0, 2])
    with pytest.raises(DataError, match="names image -1, but there are 2 images"):
        retrieval_metrics(sound, sound, [0, -1])
    with pytest.raises(DataError, match="no texts"):
        retrieval_metrics(sound[:0], sound[:0], [])
    with pytest.raises(DataError, match=r"2 numbers each.*3"):
        retrieval_metrics(sound, np.eye(2, 3, dtype=np.float32), [0, 1])


def test_scores_give_the_ranks_that_their_embeddings_give(seed: int) -> None:
    rng = np.random.default_rng(seed)
    queries, candidates = (rng.integers(-3, 4, (n, 4)).astype(np.float32) for n in (40, 90))
    groups = rng.integers(0, 12, 90)
    asked = rng.choice(groups, 40)
    found = ranks_of_scores(queries @ candidates.T, asked, groups)
    assert found.tolist() == first_positive_ranks(queries, candidates, asked, groups).tolist()
    broken = (queries @ candidates.T).astype(np.float64)
    broken[7, 3] = np.nan
    with pytest.raises(DataError, match="scores hold NaN"):
        ranks_of_scores(broken, asked, groups)


def test_a_k_below_one_is_refused() -> None:
    with pytest.raises(DataError, match="k must be 1 or more, not 0"):
        retrieval_metrics(np.eye(2), np.eye(2), [0, 1], ks=(1, 0))


def test_ranks_are_the_same_on_one_core_and_on_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 9, (40, 70)).astype(np.float32)
    members = rng.permutation(70)
    starts = np.array([0, 1, 30, 70])
    for low, high in pairwise(starts):
        members[low:high].sort()
    group = rng.integers(0, 3, 40)
    found = [np.zeros(40, np.int64) for _ in range(2)]
    for run, ranks in zip((kernels.ranks_on_one_core, kernels.ranks_on_all_cores), found, strict=True):
        run(scores, group, starts, members, ranks)
    order = [np.argsort(-line, kind="stable") for line in scores]
    expected = [
        1 + min(int(np.flatnonzero(place == member)[0]) for member in members[starts[g] : starts[g + 1]])
        for place, g in zip(order, group, strict=True)
    ]
    assert [ranks.tolist() for ranks in found] == [expected, expected]
