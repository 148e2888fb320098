"""Losses of multilingual distillation, one a file, each with its formula: FD, ED, SD, MCL, DR, and their sums."""

from . import (  # importing them registers them
    distribution_replication,
    english_control,
    feature,
    multilingual_contrastive,
    self_distillation,
)
from .loss import TARGETS, Loss, get, losses
from .spread import Collapse, spread
from .weighted import QUEUE, Term, Vectors, WeightedSum, parsed, title

__all__ = [
    "QUEUE",
    "TARGETS",
    "Collapse",
    "Loss",
    "Term",
    "Vectors",
    "WeightedSum",
    "distribution_replication",
    "english_control",
    "feature",
    "get",
    "losses",
    "multilingual_contrastive",
    "parsed",
    "self_distillation",
    "spread",
    "title",
]
