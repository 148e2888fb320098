"""ED: every language is pulled to the teacher's English, and the student's English is held there."""

from __future__ import annotations

import torch

from .loss import loss


@loss(
    "ED",
    title="English-control distillation",
    formula="‖S(x) − t‖² + ‖S(e) − T(e)‖²",
    targets=("english", "text", "image"),
)
def english_control(
    text: torch.Tensor, english: torch.Tensor, target: torch.Tensor, control: torch.Tensor
) -> torch.Tensor:
    """Means over rows of squared distances of unit vectors (n, d). The second term is always held at T(e).

    By default t = T(e), as in multilingual sentence embeddings (Reimers & Gurevych 2020, arXiv 2004.09813).
    """
    return ((text - target).square().sum(-1) + (english - control).square().sum(-1)).mean()
