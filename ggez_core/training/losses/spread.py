"""Is everything becoming one vector? The variance of embeddings, and an alarm when it falls."""

from __future__ import annotations

from dataclasses import dataclass

import torch


def spread(vectors: torch.Tensor) -> torch.Tensor:
    """The total variance of unit vectors (n, d), a scalar: 1 − ‖mean‖². 0 where all are one, 1 where they cancel."""
    return 1 - vectors.mean(0).square().sum()


@dataclass(frozen=True)
class Collapse:
    """An alarm for similarities that all drift to 1: losses of distances alone can be small, and the student useless.

    share: of the teacher's variance over the same captions; below it the student is said to collapse.
    """

    share: float = 0.2

    def of(self, student: float, teacher: float) -> str | None:
        """What is wrong, if something is: variances of student and teacher over the same captions."""
        if student >= self.share * teacher:
            return None
        return (
            f"the student's embeddings collapse: their variance is {student:.3g} where the teacher's is {teacher:.3g}; "
            "give the objective an anchor (FD, ED) or a smaller learning_rate"
        )
