"""DR: the student's similarities to many teacher vectors are to be distributed as the teacher's are."""

from __future__ import annotations

from typing import Annotated

import torch

from ...merging.methods.parameters import Parameter
from .loss import OURS, loss

Temperature = Parameter("τ that cosines are divided by.", minimum=1e-4)


@loss(
    "DR",
    title="distribution replication",
    formula="CE( softmax(t·Qᵀ/τ_t), softmax(S(x)·Qᵀ/τ_s) )",
    targets=("english", "text", "image"),
    source=f"{OURS}, after ConGen (Limkonchotiwat 2022) with its multilingual settings",
)
def distribution_replication(
    text: torch.Tensor,
    target: torch.Tensor,
    queue: torch.Tensor,
    teacher_temperature: Annotated[float, Temperature] = 0.05,
    student_temperature: Annotated[float, Temperature] = 0.07,
) -> torch.Tensor:
    """The mean over rows of the cross-entropy between two distributions over Q (m, d), teacher vectors of the last
    steps and of this one.

    Unlike distances it doesn't ask the student for the teacher's vectors, only for their neighbourhoods.
    """
    wanted = (target @ queue.T / teacher_temperature).softmax(-1)
    found = (text @ queue.T / student_temperature).log_softmax(-1)
    return -(wanted * found).sum(-1).mean()
