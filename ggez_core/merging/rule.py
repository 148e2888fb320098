"""A merge method between two checkpoints, as a live model moves by it: everything fixed but β."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from ..errors import RecipeError
from .methods import Base, Draw, Method
from .recipe import LINEAR, Recipe


@dataclass(frozen=True)
class Rule:
    """A method that has a β, with its other parameters."""

    method: Method
    parameters: Mapping[str, Any]

    def merge(self, name: str, base: Tensor, regional: Tensor, beta: float, out: Tensor) -> None:
        """Write the merge of one tensor to `out`, contiguous and of any float type, as `merge` writes it."""
        draw = Draw(name) if self.method.random else None
        given = {**self.parameters, str(self.method.beta): float(beta)}
        self.method.merge_into(out, [regional], base, draw=draw, **given)


def rule_of(name: str, parameters: Mapping[str, Any]) -> Rule | None:
    """The rule of a method, or None for interpolation. Raises `RecipeError` for one that can't move a model by β."""
    if name == LINEAR and not parameters:
        return None
    recipe = Recipe.make(
        {"merge_method": name, "base_model": "base", "models": [{"model": "regional"}], "beta": 0.0,
         "parameters": dict(parameters)},
        "a live model",
    )  # fmt: skip
    method = recipe.method
    if method.base is not Base.REQUIRED or method.least > 1:
        raise RecipeError(f"merge_method {name}: doesn't go from a base to one model; choose slerp, ties, … or linear")
    for parameter, setting in recipe.settings().items():
        if len(setting.choices) > 1 or setting.choices[0].filter or isinstance(setting.choices[0].value, tuple):
            raise RecipeError(f"a live model: {parameter} must be one value for all tensors; merge to disk for others")
    return Rule(method, parameters)
