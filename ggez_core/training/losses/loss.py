"""What a distillation loss is, and the register of them by name.

A loss is a pure function of unit vectors that registers itself with `@loss(...)`. Its signature is its declaration: the
arguments named in `INPUTS` say which vectors it needs, those annotated with a `Parameter` what a config may set.
Definitions are ours where they say so: the equations of arXiv 2510.26271 weren't available.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import torch

from ...errors import RecipeError, TrainingError
from ...merging.methods.parameters import Declaration, Value, bind, declared

__all__ = ["INPUTS", "OURS", "TARGETS", "Loss", "get", "loss", "losses"]

INPUTS = ("text", "english", "target", "control", "same", "queue")
"""S(x), S(e), the target, T(e), which rows mean the same (n, n), and the queue Q (m, d)."""

TARGETS = ("text", "english", "image", "student")
"""What a target may be: T(x), T(e), the teacher's embedding of the image, or S(e)."""

OURS = "working definition, ours, of what arXiv 2510.26271 names so"
Function = Callable[..., torch.Tensor]


@dataclass(frozen=True)
class Loss:
    """One loss. targets: what its target may be, the default first; none where it has no target.

    inputs: of `INPUTS`, those that the function takes.
    """

    name: str
    title: str
    formula: str
    source: str
    function: Function
    targets: tuple[str, ...]
    inputs: tuple[str, ...]
    parameters: tuple[Declaration, ...]

    @property
    def doc(self) -> str:
        """What is worth knowing about it."""
        return inspect.getdoc(self.function) or ""

    def target(self, asked: str | None) -> str:
        """The target to use. Raises TrainingError for one that it can't have."""
        if asked is None:
            return self.targets[0]
        if asked not in self.targets:
            raise TrainingError(
                f"loss {self.name}: its target can't be {asked!r}; it is one of {_listed(self.targets)}"
            )
        return asked

    def bind(self, given: Mapping[str, Any]) -> dict[str, Value]:
        """The function's parameters from a config's. Raises TrainingError, naming the nearest valid name."""
        try:
            return bind(self.parameters, given, 1, f"loss {self.name}")
        except RecipeError as error:
            raise TrainingError(str(error)) from None


_LOSSES: dict[str, Loss] = {}  # filled while the package is imported, read-only afterwards


def losses() -> Mapping[str, Loss]:
    """All losses by name."""
    return MappingProxyType(_LOSSES)


def get(name: str) -> Loss:
    """The loss of that name, in any case. Raises TrainingError with the nearest one there is."""
    if name.upper() not in _LOSSES:
        near = difflib.get_close_matches(name.upper(), _LOSSES, 1, 0.4)
        hint = f"did you mean {near[0]}? " if near else ""
        raise TrainingError(f"no loss {name!r}; {hint}there are {_listed(tuple(_LOSSES))}")
    return _LOSSES[name.upper()]


def loss(
    name: str, *, title: str, formula: str, targets: tuple[str, ...], source: str = OURS
) -> Callable[[Function], Loss]:
    """Register `function(text, [english], [target], [control], [same], [queue], **parameters) -> scalar`."""

    def register(function: Function) -> Loss:
        takes = inspect.signature(function).parameters
        added = Loss(
            name, title, formula, source, function, targets,
            tuple(given for given in INPUTS if given in takes), declared((function,)),
        )  # fmt: skip
        if name in _LOSSES:
            raise ValueError(f"two losses are called {name!r}")
        if strange := set(takes) - {*INPUTS, *(each.argument for each in added.parameters)}:
            raise ValueError(f"loss {name}: what are {sorted(strange)}?")
        _LOSSES[name] = added
        return added

    return register


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names)
