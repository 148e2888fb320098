"""Bootstrap confidence intervals, resampling whole clusters of rows that share something (a question, a concept)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000


def cluster_mean_interval(
    values: NDArray[np.float64], clusters: Sequence[Hashable], level: float = 0.95, seed: int = 0
) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean of `values` (n,), with whole clusters drawn with replacement."""
    sums, counts = _cluster_sums(values, clusters)
    draws = np.random.default_rng(seed).integers(0, len(sums), (RESAMPLES, len(sums)))
    means = sums[draws].sum(axis=1) / counts[draws].sum(axis=1)
    return _percentiles(means, level)


def cluster_ratio_interval(
    values: NDArray[np.float64],
    reference: NDArray[np.float64],
    clusters: Sequence[Hashable],
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """The same for mean(values) / mean(reference), both measured on the same rows (a paired comparison)."""
    ours, _ = _cluster_sums(values, clusters)
    theirs, _ = _cluster_sums(reference, clusters)
    draws = np.random.default_rng(seed).integers(0, len(ours), (RESAMPLES, len(ours)))
    below = theirs[draws].sum(axis=1)
    return _percentiles(ours[draws].sum(axis=1)[below > 0] / below[below > 0], level)


def _cluster_sums(
    values: NDArray[np.float64], clusters: Sequence[Hashable]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    order: dict[Hashable, int] = {}
    index = np.array([order.setdefault(c, len(order)) for c in clusters])
    return np.bincount(index, weights=values).astype(np.float64), np.bincount(index).astype(np.float64)


def _percentiles(draws: NDArray[np.float64], level: float) -> tuple[float, float]:
    if not len(draws):
        return 0.0, float("inf")
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
