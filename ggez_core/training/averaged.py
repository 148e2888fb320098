"""The exponential average of the weights that a training goes through, put in their place when they are saved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch


class Averaged:
    """An average of parameters (each process's own part), one update a step.

    decay: how much of the average a step keeps; its memory is short at first, min(decay, (1 + step) / (10 + step)), so
    that the first weights are soon forgotten.
    """

    def __init__(self, parameters: Sequence[torch.nn.Parameter], decay: float) -> None:
        self._parameters, self._decay = tuple(parameters), decay
        self._kept = [parameter.detach().clone() for parameter in parameters]

    def update(self, step: int) -> None:
        """Take in the weights after a step (from 0)."""
        share = 1 - min(self._decay, (1 + step) / (10 + step))
        for kept, parameter in zip(self._kept, self._parameters, strict=True):
            kept.lerp_(parameter.detach(), share)

    def begin(self) -> None:
        """The average of what the parameters are now."""
        for kept, parameter in zip(self._kept, self._parameters, strict=True):
            kept.copy_(parameter.detach())

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """While it lasts, the parameters are the average; behind it they are what they were, to the bit."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()
    def _swap(self) -> None:
        for kept, parameter in zip(self._kept, self._parameters, strict=True):
            own = parameter.detach().clone()
            parameter.copy_(kept)
            kept.copy_(own)
