"""Losses of image-text pairs: every image against every text of all processes, with any number of true pairs a row."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from .gather import gathered


def softmax_loss(similarity: torch.Tensor, positive: torch.Tensor) -> torch.Tensor:
    """CLIP's symmetric cross entropy (arXiv 2103.00020), its target spread evenly over a row's true pairs.

    similarity: (n, n) logits, images by texts. positive: (n, n) boolean, with a true pair in every row and column.
    """
    target = positive.to(similarity.dtype)
    images = (similarity.log_softmax(1) * target).sum(1) / target.sum(1)
    texts = (similarity.log_softmax(0) * target).sum(0) / target.sum(0)
    return -0.5 * (images.mean() + texts.mean())


def sigmoid_loss(similarity: torch.Tensor, positive: torch.Tensor) -> torch.Tensor:
    """SigLIP's pairwise loss (arXiv 2303.15343): −Σ log σ(±similarity) / n.

    similarity: (n, n) logits, images by texts, bias included. positive: (n, n) boolean.
    """
    sign = positive.to(similarity.dtype) * 2 - 1
    return -F.logsigmoid(sign * similarity).sum() / len(similarity)


def true_pairs(groups: torch.Tensor) -> torch.Tensor:
    """(n, n) boolean: which image and text of all processes' rows belong together: those of one group (n,) int64."""
    whole = gathered(groups)
    return whole[:, None] == whole[None, :]
