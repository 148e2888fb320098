"""A step of accumulated batches whose rows are compared with each other, as the one batch that they are.

GradCache (Gao et al. 2021, arXiv 2101.06983): embed all rows without recording, take the loss of all of them and its
gradient for every vector, then embed each batch again with recording and hand it its gradients. Costs one more forward
of every batch, and no more memory than one batch's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch

from .objective import Batch, Comparing


def backward_as_one(
    objective: Comparing,
    embed: Callable[[Batch], dict[str, torch.Tensor]],
    batches: Sequence[Batch],
    backward: Callable[[torch.Tensor], None],
    together: Callable[[bool], AbstractContextManager[Any]],
) -> dict[str, torch.Tensor]:
    """Add the gradients of the loss over all batches' rows to the parameters; gives its parts, without a graph.

    embed: the vectors of a batch. together: the context that a backward runs in, asked with whether it is the last,
    after which processes agree. What is random (dropout) is the same both times.
    """
    states, found = [], []
    with torch.no_grad():
        for batch in batches:
            states.append(_random_state())
            found.append(embed(batch))
    whole = {name: torch.cat([vectors[name] for vectors in found]) for name in found[0]}
    learnt = {name: rows.requires_grad_() for name, rows in whole.items() if rows.is_floating_point()}
    parts = objective.parts(whole)
    loss = torch.stack([weight * parts[name].float() for name, weight in objective.weights.items()]).sum()
    gradients = dict(zip(learnt, torch.autograd.grad(loss, [*learnt.values()], allow_unused=True), strict=True))
    at = dict.fromkeys(learnt, 0)
    for number, (batch, state) in enumerate(zip(batches, states, strict=True), start=1):
        _set_random_state(state)
        with together(number == len(batches)):
            again = embed(batch)
            towards = []
            for name, gradient in gradients.items():
                rows = len(again[name])
                if gradient is not None and again[name].requires_grad:
                    towards.append((again[name] * gradient[at[name] : at[name] + rows]).sum())
                at[name] += rows
            backward(torch.stack(towards).sum())
    return {name: part.detach() for name, part in parts.items()}


def _random_state() -> tuple[torch.Tensor, torch.Tensor | None]:
    return torch.get_rng_state(), torch.cuda.get_rng_state() if torch.cuda.is_available() else None


def _set_random_state(state: tuple[torch.Tensor, torch.Tensor | None]) -> None:
    torch.set_rng_state(state[0])
    if state[1] is not None:
        torch.cuda.set_rng_state(state[1])
