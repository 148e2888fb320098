"""Bootstrap confidence intervals and tests, resampling whole clusters of rows that share something.

Rows that share a question, a concept or an image aren't independent; clusters are drawn with replacement, all rows of
one together. Two models on the same rows are compared on the differences, so that what is hard for both cancels.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError

RESAMPLES = 2000
PERMUTATIONS = 20_000
_MOST_KINDS = 256  # clusters of so many kinds are drawn kind by kind
_FEW_CLUSTERS = 512  # of which it is remembered what is drawn: 2 MB at most for each number of them

Floats = NDArray[np.float64]
Clusters = Sequence[Hashable] | NDArray[np.generic]


def cluster_codes(clusters: Clusters) -> NDArray[np.int64]:
    """Clusters as numbers from 0, in the order of their appearance: (n,)."""
    if isinstance(clusters, np.ndarray) and clusters.dtype.kind in "iu":
        _, first, inverse = np.unique(clusters, return_index=True, return_inverse=True)
        place = np.empty(len(first), np.int64)
        place[np.argsort(first)] = np.arange(len(first))
        return place[inverse.ravel()]
    order: dict[Hashable, int] = {}
    return np.array([order.setdefault(cluster, len(order)) for cluster in clusters], np.int64)


def resampled_sums(sums: Floats, seed: int = 0, resamples: int = RESAMPLES) -> Floats:
    """Sums over as many clusters as there are, drawn with replacement: (clusters, m) → (resamples, m).

    The same seed draws the same clusters from any sums of as many clusters, so that two results are paired draw by
    draw. 100,000 clusters take a fraction of a second and no memory beside the result; what is drawn of few clusters,
    as slices have, is remembered, for it is asked for again at every β.
    """
    from . import kernels  # numba takes half a second to load

    sums = np.ascontiguousarray(sums, np.float64)
    if len(sums) <= _FEW_CLUSTERS:
        columns = np.empty((sums.shape[1], resamples))
        kernels.sums_of_times(sums, _times_drawn(len(sums), seed, resamples), columns)
        return columns.T
    out = np.empty((resamples, sums.shape[1]))
    kernels.resampled_sums(sums, _seeds(seed, resamples), out)
    return out


@lru_cache(maxsize=64)
def _times_drawn(clusters: int, seed: int, resamples: int) -> NDArray[np.uint16]:
    """How often each cluster is drawn: (clusters, resamples)."""
    from .kernels import times_drawn

    out = np.empty((clusters, resamples), np.uint16)
    times_drawn(_seeds(seed, resamples), out)
    return out


def _seeds(seed: int, resamples: int) -> NDArray[np.uint64]:
    """One a resample."""
    return np.random.default_rng(seed).integers(0, 1 << 64, resamples, dtype=np.uint64)


def cluster_mean_interval(
    values: Floats, clusters: Clusters, level: float = 0.95, seed: int = 0
) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean of `values` (n,), with whole clusters drawn with replacement."""
    drawn = _drawn(_cluster_sums(clusters, values, np.ones(len(values))), seed)
    return _percentiles(drawn[:, 0] / drawn[:, 1], level)


def cluster_ratio_interval(
    values: Floats, reference: Floats, clusters: Clusters, level: float = 0.95, seed: int = 0
) -> tuple[float, float]:
    """The same for mean(values) / mean(reference), both measured on the same rows (a paired comparison)."""
    drawn = _drawn(_cluster_sums(clusters, values, reference), seed)
    some = drawn[:, 1] > 0
    return _percentiles(drawn[some, 0] / drawn[some, 1], level)


@dataclass(frozen=True)
class Comparison:
    """Two models on the same rows: the difference of their means, its interval, and how likely chance makes such a one.

    p: of the sign-flip permutation test over clusters, two-sided; below 1/20,000 it isn't resolved. n, clusters: rows
    and clusters compared.
    """

    difference: float
    low: float
    high: float
    p: float
    n: int
    clusters: int


def compare(
    values: Floats, reference: Floats, clusters: Clusters | None = None, level: float = 0.95, seed: int = 0
) -> Comparison:
    """mean(values) − mean(reference) of the same rows (n,), with a paired clustered bootstrap interval and p value.

    clusters: rows of one are drawn, and change sides, together; by default every row is one of its own. Raises
    DataError for rows that don't pair up, or that are no numbers.
    """
    ours, theirs = np.asarray(values, np.float64), np.asarray(reference, np.float64)
    if ours.shape != theirs.shape or ours.ndim != 1 or not len(ours):
        raise DataError(f"{ours.shape} values can't be compared with {theirs.shape}; ask both models the same rows")
    if not (np.isfinite(ours).all() and np.isfinite(theirs).all()):
        raise DataError("some values are no numbers; leave rows out that one of the models wasn't asked")
    sums = _cluster_sums(np.arange(len(ours)) if clusters is None else clusters, ours - theirs, np.ones(len(ours)))
    drawn = _drawn(sums, seed)
    low, high = _percentiles(drawn[:, 0] / drawn[:, 1], level)
    return Comparison(float((ours - theirs).mean()), low, high, _sign_flip_p(sums[:, 0], seed), len(ours), len(sums))


def mcnemar(right: NDArray[np.bool_], reference: NDArray[np.bool_]) -> float:
    """Exact two-sided p of McNemar's test that two models are right equally often, on the same independent rows (n,).

    The rows on which they differ are a fair coin's throws (McNemar 1947; exact binomial form). Rows that share a
    question aren't independent: use `compare` with clusters for those.
    """
    ours, theirs = np.asarray(right, bool), np.asarray(reference, bool)
    if ours.shape != theirs.shape:
        raise DataError(f"{ours.shape} answers can't be compared with {theirs.shape}; ask both models the same rows")
    gained, lost = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    return _binomial_two_sided(min(gained, lost), gained + lost)


def _binomial_two_sided(few: int, count: int) -> float:
    """2 · P(X ≤ few) of a fair coin thrown `count` times, at most 1; summed in logarithms."""
    from math import exp, lgamma, log

    if count == 0:
        return 1.0
    terms = [lgamma(count + 1) - lgamma(k + 1) - lgamma(count - k + 1) - count * log(2) for k in range(few + 1)]
    largest = max(terms)
    return min(1.0, 2 * exp(largest) * sum(exp(term - largest) for term in terms))


def _sign_flip_p(differences: Floats, seed: int) -> float:
    """Share of random sign changes of the clusters' differences that make a sum at least as far from 0."""
    moved = differences[differences != 0]
    if not len(moved):
        return 1.0
    observed = abs(moved.sum())
    sizes, counts = np.unique(np.abs(moved), return_counts=True)
    rng = np.random.default_rng([seed, 1])
    if len(sizes) <= _MOST_KINDS:  # differences of one size are alike: only how many are positive counts
        positive = rng.binomial(counts, 0.5, (PERMUTATIONS, len(sizes)))
        flipped = (2 * positive - counts) @ sizes
    else:
        step = max(1, (1 << 24) // len(moved))
        parts = [
            (2.0 * rng.integers(0, 2, (min(step, PERMUTATIONS - start), len(moved)), dtype=np.int8) - 1) @ np.abs(moved)
            for start in range(0, PERMUTATIONS, step)
        ]
        flipped = np.concatenate(parts)
    tolerance = 1e-9 * np.abs(moved).sum()
    return float((1 + (np.abs(flipped) >= observed - tolerance).sum()) / (1 + PERMUTATIONS))


def _cluster_sums(clusters: Clusters, *columns: Floats) -> Floats:
    """Sums of the columns within each cluster: (clusters, columns)."""
    codes = cluster_codes(clusters)
    return np.stack([np.bincount(codes, weights=column) for column in columns], axis=1)


def _drawn(sums: Floats, seed: int) -> Floats:
    """`resampled_sums`; where many clusters are alike, how often each kind is drawn: the same distribution, faster."""
    kinds, counts = np.unique(sums, axis=0, return_counts=True)
    if len(kinds) <= _MOST_KINDS and len(kinds) * 4 < len(sums):
        times = np.random.default_rng(seed).multinomial(len(sums), counts / len(sums), RESAMPLES)
        return times @ kinds
    return resampled_sums(sums, seed)


def _percentiles(draws: Floats, level: float) -> tuple[float, float]:
    if not len(draws):
        return 0.0, float("inf")
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
