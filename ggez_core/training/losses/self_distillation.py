"""SD: every language is pulled to the student's own English, which an anchor keeps from collapsing."""

from __future__ import annotations

from typing import Annotated

import torch

from ...merging.methods.parameters import Parameter
from .loss import loss


@loss(
    "SD",
    title="self-distillation",
    formula="‖S(x) − sg S(e)‖² + anchor · ‖S(e) − t‖²",
    targets=("english", "image"),
)
def self_distillation(
    text: torch.Tensor,
    english: torch.Tensor,
    target: torch.Tensor,
    anchor: Annotated[float, Parameter("Weight of the anchor; 0 lets everything collapse.", minimum=0)] = 1.0,
) -> torch.Tensor:
    """Means over rows of squared distances of unit vectors (n, d); no gradient flows through S(e) in the first term."""
    pulled = (text - english.detach()).square().sum(-1)
    return (pulled + anchor * (english - target).square().sum(-1)).mean()
