"""DR's queue: the teacher vectors of the last steps, first in first out, the same however a step is cut."""

from __future__ import annotations

import torch


class Queue(torch.nn.Module):
    """At most `size` vectors of `width`, float32, kept in buffers that checkpoints save.

    A step's own vectors enter all together before its first forward, and nothing moves within a step: so a step of
    accumulated batches, or of several processes, sees what it would see as one batch.
    """

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.register_buffer("vectors", torch.zeros(size, width))
        self.register_buffer("entered", torch.zeros((), dtype=torch.int64))  # vectors that ever entered
        self.vectors: torch.Tensor
        self.entered: torch.Tensor

    @torch.no_grad()
    def enter(self, vectors: torch.Tensor) -> None:
        """Add a step's vectors (n, width); those that entered first make room."""
        size, entered = len(self.vectors), int(self.entered)
        newest = vectors[-size:].to(self.vectors)
        first = entered + len(vectors) - len(newest)
        places = torch.arange(first, first + len(newest), device=self.vectors.device) % size
        self.vectors.index_copy_(0, places, newest)
        self.entered += len(vectors)

    def now(self) -> torch.Tensor:
        """What is in it: (m, width), in no particular order."""
        return self.vectors[: min(int(self.entered), len(self.vectors))]
