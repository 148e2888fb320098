"""Paired tests between two models: exact where it can be, right as often as promised, and never fooled by clusters."""

from __future__ import annotations

import time
from fractions import Fraction
from itertools import product
from math import comb

import numpy as np
import pytest

from ggez_core.errors import DataError
from ggez_core.evaluation import cluster_mean_interval, compare, intervals, mcnemar
from ggez_core.evaluation.intervals import cluster_codes, resampled_sums

STUDIES, CLUSTERS, ROWS = 150, 40, 4


def studies(rng: np.random.Generator, gain: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two models on clustered rows: what is hard is hard for both; one gains `gain` in the mean."""
    clusters = np.arange(CLUSTERS).repeat(ROWS)
    hard = rng.normal(0, 3, CLUSTERS).repeat(ROWS)
    apart = rng.normal(gain, 1, CLUSTERS).repeat(ROWS)
    noise = rng.normal(0, 0.5, (2, len(clusters)))
    return hard + apart + noise[0], hard + noise[1], clusters


def test_the_interval_holds_the_gain_and_p_is_uniform_without_one(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intervals, "PERMUTATIONS", 2000)
    rng = np.random.default_rng(seed)
    found = [compare(*studies(rng, 0.7)) for _ in range(STUDIES)]
    assert 0.84 <= np.mean([one.low <= 0.7 <= one.high for one in found]) <= 0.995
    none = [compare(*studies(rng, 0.0)).p for _ in range(STUDIES)]
    assert 0.0 <= np.mean([p <= 0.05 for p in none]) <= 0.15
    assert 0.3 <= np.mean(none) <= 0.7
    unpaired = [cluster_mean_interval(a - b, c) for a, b, c in [studies(rng, 0.7)]]
    assert unpaired[0][1] - unpaired[0][0] == pytest.approx(found[0].high - found[0].low, rel=0.8)


def test_rows_of_a_cluster_do_not_count_as_several(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intervals, "PERMUTATIONS", 2000)
    rng = np.random.default_rng(seed)
    naive = [compare(a, b).p for a, b, _ in (studies(rng, 0.0) for _ in range(STUDIES))]
    assert np.mean([p <= 0.05 for p in naive]) > 0.12  # what taking rows for independent would claim


def test_p_is_the_share_of_all_sign_changes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(5):
        differences = rng.integers(-3, 4, 9).astype(float)
        observed = abs(differences.sum())
        every = [
            abs(sum(s * d for s, d in zip(signs, differences, strict=True))) for signs in product((1, -1), repeat=9)
        ]
        exact = np.mean([value >= observed - 1e-9 for value in every])
        assert compare(differences, np.zeros(9)).p == pytest.approx(exact, abs=0.02)
    many = rng.normal(size=400)  # more kinds of differences than are counted
    normal = abs(many.sum()) / np.sqrt((many**2).sum())
    from math import erfc

    assert compare(many, np.zeros(400)).p == pytest.approx(erfc(normal / np.sqrt(2)), abs=0.03)


def test_mcnemar_is_the_exact_binomial() -> None:
    for gained, lost in ((0, 0), (1, 0), (3, 9), (10, 10), (25, 7), (0, 12)):
        ours = np.array([1] * gained + [0] * lost + [1, 0, 1], bool)
        theirs = np.array([0] * gained + [1] * lost + [1, 0, 1], bool)
        n, few = gained + lost, min(gained, lost)
        exact = min(Fraction(1), 2 * Fraction(sum(comb(n, k) for k in range(few + 1)), 2**n))
        assert mcnemar(ours, theirs) == pytest.approx(float(exact))
        assert mcnemar(theirs, ours) == mcnemar(ours, theirs)
    ours, theirs = np.array([1] * 2600 + [0] * 2400, bool), np.array([0] * 2600 + [1] * 2400, bool)
    assert mcnemar(ours, theirs) == pytest.approx(0.00487, abs=2e-4)  # normal with continuity correction: 0.00489
    with pytest.raises(DataError, match="the same rows"):
        mcnemar(ours, theirs[:5])


def test_the_same_answers_are_no_difference_and_unusable_ones_are_told() -> None:
    same = compare(np.ones(5), np.ones(5))
    assert (same.difference, same.low, same.high, same.p) == (0, 0, 0, 1)
    assert (same.n, same.clusters) == (5, 5)
    with pytest.raises(DataError, match="the same rows"):
        compare(np.ones(5), np.ones(4))
    with pytest.raises(DataError, match="no numbers"):
        compare(np.array([1, np.nan]), np.ones(2))


def test_both_ways_of_drawing_have_the_same_distribution(seed: int) -> None:
    """Alike clusters are drawn kind by kind; the interval is that of drawing clusters one by one."""
    rng = np.random.default_rng(seed)
    values = (rng.random(3000) < 0.3).astype(float)
    sums = np.stack([values, np.ones(3000)], axis=1)
    one_by_one = resampled_sums(sums, seed=1)[:, 0] / 3000
    low, high = np.quantile(one_by_one, [0.025, 0.975])
    fast = cluster_mean_interval(values, np.arange(3000))
    error = np.sqrt(0.21 / 3000)
    assert fast == pytest.approx((low, high), abs=0.3 * error)
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.12)
    assert one_by_one.mean() == pytest.approx(values.mean(), abs=0.15 * error)


def test_draws_are_even_and_paired(seed: int) -> None:
    sums = np.eye(7)
    drawn = resampled_sums(sums, seed, resamples=20_000)
    assert drawn.sum(axis=1).tolist() == [7.0] * 20_000
    assert np.abs(drawn.mean(axis=0) - 1).max() < 0.05  # a draw is a Poisson-like count: error 0.007
    assert np.array_equal(drawn[:, :2], resampled_sums(sums[:, :2], seed, resamples=20_000))
    assert not np.array_equal(drawn, resampled_sums(sums, seed + 1, resamples=20_000))


@pytest.mark.parametrize("clusters", [0, 1, 2, 7, 300])
def test_what_is_remembered_of_few_clusters_is_what_is_drawn_of_many(
    seed: int, clusters: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sums = np.random.default_rng(seed).random((clusters, 3))
    few = [resampled_sums(sums, seed) for _ in range(2)]
    monkeypatch.setattr("ggez_core.evaluation.intervals._FEW_CLUSTERS", -1)
    np.testing.assert_allclose(few[0], resampled_sums(sums, seed), rtol=1e-12)
    assert np.array_equal(*few)


def test_clusters_are_numbered_as_they_appear() -> None:
    assert cluster_codes(["b", "a", "b", ("c", 1)]).tolist() == [0, 1, 0, 2]
    assert cluster_codes(np.array([9, 2, 9, 5])).tolist() == [0, 1, 0, 2]


def test_a_hundred_thousand_rows_are_quick(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values, clusters = rng.random(100_000), np.arange(100_000)
    cluster_mean_interval(values[:100], clusters[:100])
    started = time.process_time()
    cluster_mean_interval(values, clusters)
    assert time.process_time() - started < 10  # processor seconds; about one on an idle core
