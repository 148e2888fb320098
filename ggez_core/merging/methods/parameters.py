"""What a merge method lets a recipe set, read from the method's own signature.

An argument annotated with a `Parameter` is a recipe's parameter; its annotation gives the type and its default the
default. `Sequence[...]` makes it one value a model. Recipe validation, command line and page are made from the
`Declaration`s; this module knows nothing of tensors.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from ...errors import RecipeError
from ..settings import Scalar, unknown

Value = Scalar | tuple[Scalar, ...]


@dataclass(frozen=True)
class Parameter:
    """Marks an argument as a recipe's: `t: Annotated[float, Parameter("how far to go", minimum=0, maximum=1)] = 0.5`.

    `per_model` says that a recipe gives one value a model though the function, called for each model, takes one.
    """

    doc: str
    minimum: float | None = None
    maximum: float | None = None
    per_model: bool = False


Weights = Annotated[Sequence[float], Parameter("Weight of each model.")]
Normalize = Annotated[bool, Parameter("Divide the weights by their sum.")]
ONE: Sequence[float] = (1.0,)  # the default of a per-model parameter: a single value stands for every model


@dataclass(frozen=True)
class Declaration:
    """One parameter of a method: what a form needs to ask for it, and a recipe to check it."""

    name: str
    kind: type[float] | type[int] | type[bool] | type[str]
    default: Scalar
    per_model: bool
    doc: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def argument(self) -> str:
        """The name in Python, where `lambda` can't be one."""
        return "lambda_" if self.name == "lambda" else self.name

    def check(self, value: Any, models: int, where: str) -> Value:
        """`value` as the method takes it: one scalar, or one for each of `models`. Raises `RecipeError`."""
        if not self.per_model:
            return self._scalar(value, where)
        values = [value] if isinstance(value, str) or not isinstance(value, Sequence) else list(value)
        if len(values) not in (1, models):
            raise RecipeError(f"{where}: {self.name} has {len(values)} values for {models} models; give one a model")
        checked = tuple(self._scalar(each, where) for each in values)
        return checked if len(checked) == models else checked * models

    def _scalar(self, value: Any, where: str) -> Scalar:
        if self.kind is float and type(value) is int:
            value = float(value)
        if type(value) is not self.kind or (self.choices and value not in self.choices):
            raise RecipeError(f"{where}: {self.name} is {value!r}; it must be {self._wanted}")
        if isinstance(value, float) and not math.isfinite(value):
            raise RecipeError(f"{where}: {self.name} is {value}; it must be a finite number")
        if isinstance(value, float | int) and not self._low <= value <= self._high:
            raise RecipeError(f"{where}: {self.name} = {value} is out of range; it must be {self._wanted}")
        checked: Scalar = value
        return checked

    @property
    def _low(self) -> float:
        return -math.inf if self.minimum is None else self.minimum

    @property
    def _high(self) -> float:
        return math.inf if self.maximum is None else self.maximum

    @property
    def _wanted(self) -> str:
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        noun = {float: "a number", int: "a whole number", bool: "true or false", str: "text"}[self.kind]
        if self.minimum is not None and self.maximum is not None:
            return f"{noun} from {self.minimum:g} to {self.maximum:g}"
        return f"{noun} of at least {self.minimum:g}" if self.minimum is not None else noun


def declared(
    functions: Iterable[Callable[..., Any]], defaults: Mapping[str, Scalar] = MappingProxyType({})
) -> tuple[Declaration, ...]:
    """The parameters that the signatures of `functions` declare; `defaults` replaces some of their defaults."""
    found = []
    for function in functions:
        hints = get_type_hints(function, include_extras=True)
        for argument, said in inspect.signature(function).parameters.items():
            for marker in getattr(hints[argument], "__metadata__", ()):
                if isinstance(marker, Parameter):
                    default = defaults.get(argument, said.default)
                    found.append(_declaration(argument, hints[argument].__origin__, default, marker))
    return tuple(found)


def bind(
    declarations: Sequence[Declaration], given: Mapping[str, Any], models: int, where: str, unused: Iterable[str] = ()
) -> dict[str, Value]:
    """Arguments for the method from a recipe's values; defaults fill the gaps, `unused` names are read and dropped.

    Raises `RecipeError` for an unknown name, with the nearest valid one, and for a value out of type or range.
    """
    known = {declaration.name: declaration for declaration in declarations}
    for name in given:
        if name not in known and name not in unused:
            raise RecipeError(f"{where}: {unknown('parameter', name, known)}")
    return {each.argument: each.check(given.get(each.name, each.default), models, where) for each in declarations}


def _declaration(argument: str, annotation: Any, default: Any, marker: Parameter) -> Declaration:
    listed = get_origin(annotation) is Sequence
    if listed:
        annotation = get_args(annotation)[0]
        default = default[0] if isinstance(default, tuple) else default
    choices = get_args(annotation) if get_origin(annotation) is Literal else ()
    kind = str if choices else annotation
    name = argument.removesuffix("_")
    per_model = listed or marker.per_model
    return Declaration(name, kind, default, per_model, marker.doc, marker.minimum, marker.maximum, choices)
