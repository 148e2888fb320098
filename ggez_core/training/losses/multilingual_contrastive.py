"""MCL: a caption finds its English among the batch's, and the other way round."""

from __future__ import annotations

from typing import Annotated

import torch

from ...merging.methods.parameters import Parameter
from .loss import loss


@loss(
    "MCL",
    title="multilingual contrastive",
    formula="½ InfoNCE(S(x) → t) + ½ InfoNCE(t → S(x)), by default t = S(e)",
    targets=("student", "english", "text", "image"),
)
def multilingual_contrastive(
    text: torch.Tensor,
    target: torch.Tensor,
    same: torch.Tensor,
    temperature: Annotated[float, Parameter("τ that cosines are divided by.", minimum=1e-4)] = 0.05,
) -> torch.Tensor:
    """Symmetric InfoNCE (van den Oord 2018, arXiv 1807.03748) of unit vectors (n, d) within the batch.

    same (n, n), boolean: rows of one meaning are no negatives of each other; where no two are, this is the plain
    formula. The rows of all processes and of accumulated batches count as one batch.
    With the image as target this is CLIP's own loss with a frozen image tower.
    """
    logits = text @ target.T / temperature
    others = same & ~torch.eye(len(same), dtype=torch.bool, device=same.device)
    logits = logits.masked_fill(others, -torch.inf)
    right = torch.arange(len(logits), device=logits.device)
    forth, back = (torch.nn.functional.cross_entropy(rows, right) for rows in (logits, logits.T))
    return (forth + back) / 2
