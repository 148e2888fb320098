"""Bootstrap intervals: how often they hold the truth on simulated data, and what clusters do to them."""

from __future__ import annotations

import numpy as np
import pytest

from ggez_core.evaluation import cluster_mean_interval, cluster_ratio_interval

STUDIES, CLUSTERS, ROWS, TRUTH = 200, 40, 4, 2.0


def clustered(rng: np.random.Generator) -> tuple[np.ndarray, list[int]]:
    """One simulated study: clusters with a common effect, rows with noise of their own; the mean is TRUTH."""
    effect = rng.normal(0, 1, CLUSTERS).repeat(ROWS)
    return TRUTH + effect + rng.normal(0, 0.5, CLUSTERS * ROWS), list(np.arange(CLUSTERS).repeat(ROWS))


def holds(interval: tuple[float, float], truth: float) -> bool:
    return interval[0] <= truth <= interval[1]


def test_coverage_is_nominal_with_clusters_and_not_without(seed: int) -> None:
    rng = np.random.default_rng(seed)
    studies = [clustered(rng) for _ in range(STUDIES)]
    covered = np.mean([holds(cluster_mean_interval(v, c), TRUTH) for v, c in studies])
    naive = np.mean([holds(cluster_mean_interval(v, range(len(v))), TRUTH) for v, _ in studies])
    assert 0.86 <= covered <= 0.995
    assert naive < 0.83  # rows of a cluster taken for independent promise too much


def test_coverage_of_a_ratio(seed: int) -> None:
    rng = np.random.default_rng(seed)
    covered = []
    for _ in range(STUDIES):
        reference, clusters = clustered(rng)
        values = 1.5 * reference + rng.normal(0, 1, CLUSTERS).repeat(ROWS)
        covered.append(holds(cluster_ratio_interval(values, reference, clusters), 1.5))
    assert 0.86 <= np.mean(covered) <= 0.995


def test_identical_rows_of_a_cluster_count_once(seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=40)
    alone = cluster_mean_interval(values, range(40))
    copied = cluster_mean_interval(values.repeat(9), list(np.arange(40).repeat(9)))
    assert copied == pytest.approx(alone)
    naive = cluster_mean_interval(values.repeat(9), range(360))
    assert 2 < (copied[1] - copied[0]) / (naive[1] - naive[0]) < 4.5  # about √9


def test_level_and_order_of_rows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values, clusters = clustered(rng)
    wide, narrow = (cluster_mean_interval(values, clusters, level) for level in (0.99, 0.5))
    assert wide[0] < narrow[0] < values.mean() < narrow[1] < wide[1]
    assert cluster_mean_interval(values, clusters) == cluster_mean_interval(values, clusters)
    assert cluster_mean_interval(values, [f"concept {c}" for c in clusters]) == cluster_mean_interval(values, clusters)


def test_a_paired_ratio_knows_that_both_saw_the_same_rows(seed: int) -> None:
    reference = np.random.default_rng(seed).uniform(0.1, 2, 60)
    clusters = list(np.arange(20).repeat(3))
    assert cluster_ratio_interval(reference * 1.25, reference, clusters) == pytest.approx((1.25, 1.25))


def test_a_ratio_to_nothing_is_unbounded() -> None:
    assert cluster_ratio_interval(np.ones(4), np.zeros(4), "aabb") == (0.0, float("inf"))


def test_a_single_cluster_has_no_spread() -> None:
    assert cluster_mean_interval(np.array([1.0, 0.0, 0.0, 1.0]), "aaaa") == (0.5, 0.5)
