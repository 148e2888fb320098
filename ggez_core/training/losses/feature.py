"""FD: the student's vector is pulled to the teacher's."""

from __future__ import annotations

import torch

from .loss import loss


@loss("FD", title="feature distillation", formula="‖S(x) − t‖²", targets=("text", "english", "image"))
def feature(text: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The mean over rows of the squared distance of unit vectors (n, d): 2 − 2 · their cosine, at most 4.

    A sum over dimensions: a mean would shrink with the width (CLIP-KD's weight of 2000 makes up for that).
    """
    return (text - target).square().sum(-1).mean()
