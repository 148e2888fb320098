"""Scores: metrics, tasks, Global-Regional Parity and sweeps.

Uses families and merging; used by the command line and the page.
"""

from .intervals import cluster_mean_interval, cluster_ratio_interval
from .metrics import first_positive_ranks, ranks_of_scores, retrieval_metrics
from .parity import Point, choose, grp, mean_score
from .rows import Score

__all__ = [
    "Point",
    "Score",
    "choose",
    "cluster_mean_interval",
    "cluster_ratio_interval",
    "first_positive_ranks",
    "grp",
    "mean_score",
    "ranks_of_scores",
    "retrieval_metrics",
]
