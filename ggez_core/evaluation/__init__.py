"""Scores: metrics, tasks, Global-Regional Parity and sweeps.

Uses families and merging; used by the command line and the page.
"""

from .intervals import Comparison, cluster_mean_interval, cluster_ratio_interval, compare, mcnemar
from .metrics import first_positive_ranks, ranks_of_scores, retrieval_metrics
from .metrics_graph import graph_score
from .metrics_images import clip_scores, image_text_cosines
from .metrics_text import normalised_match
from .parity import Point, choose, grp, mean_score
from .rows import Score

__all__ = [
    "Comparison",
    "Point",
    "Score",
    "choose",
    "clip_scores",
    "cluster_mean_interval",
    "cluster_ratio_interval",
    "compare",
    "first_positive_ranks",
    "graph_score",
    "grp",
    "image_text_cosines",
    "mcnemar",
    "mean_score",
    "normalised_match",
    "ranks_of_scores",
    "retrieval_metrics",
]
