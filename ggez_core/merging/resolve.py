"""What a recipe means for each tensor: its method with all arguments, or less where less gives the same bits.

Made before a byte is read, so that a wrong filter or weights that cancel are told at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ..errors import RecipeError
from .cast import Cast
from .recipe import Recipe, check_components
from .settings import Setting, depths

if TYPE_CHECKING:
    from .methods import Method
    from .methods.parameters import Value


@dataclass(frozen=True)
class Copy:
    """One of the inputs as it is."""

    source: int
    keeps_equals: ClassVar[bool] = True


@dataclass(frozen=True)
class Blend:
    """`first + weight·(second − first)`, of two of the inputs: what linear merging of two comes to."""

    first: int
    second: int
    weight: float
    keeps_equals: ClassVar[bool] = True


@dataclass(frozen=True, eq=False)
class Merger:
    """A method with its arguments, on models, base and diagonals as they lie in the inputs."""

    method: Method
    arguments: Mapping[str, Value]
    models: int
    based: bool
    seed: int

    @property
    def keeps_equals(self) -> bool:
        """Whether inputs that are all equal come out as they are: always where task vectors are added to a base."""
        from .methods import Base

        return self.method.base is Base.REQUIRED


Treatment = Copy | Blend | Merger


class Resolved:
    """A recipe's treatment of every tensor. `inputs` are numbered as `Cast.inputs` lists them."""

    def __init__(self, recipe: Recipe, cast: Cast, names: Iterable[str]) -> None:
        """Evaluate the recipe for the tensors `names`. Raises `RecipeError`."""
        check_components(recipe.components, cast.base.components)
        self._recipe, self._cast = recipe, cast
        listed = list(names)
        self._treatments = self._interpolations(listed) if recipe.interpolates else self._mergers(listed)

    def __getitem__(self, name: str) -> Treatment:
        """What is done to a tensor."""
        return self._treatments[name]

    def describe(self) -> dict[str, list[dict[str, Any]]]:
        """For every component the different treatments in it, as plain values: how many tensors, which parameters."""
        found: dict[str, list[dict[str, Any]]] = {}
        for name in self._treatments:
            described = found.setdefault(self._cast.base.component_of(name), [])
            parameters = self.parameters(name)
            same = next((entry for entry in described if entry["parameters"] == parameters), None)
            if same is None:
                described.append(same := {"tensors": 0, "parameters": parameters})
            same["tensors"] += 1
        return found

    def parameters(self, name: str) -> dict[str, Any]:
        """Every parameter of one tensor's merge, defaults too; one value a model as a list."""
        if self._recipe.interpolates:
            return {"beta": self._beta(name)}
        arguments = self._arguments[name]
        named = {each.name: arguments[each.argument] for each in self._recipe.method.parameters}
        return {key: list(value) if isinstance(value, tuple) else value for key, value in named.items()}

    def _beta(self, name: str) -> float | None:
        return self._recipe.components.get(self._cast.base.component_of(name), self._recipe.beta)

    def _interpolations(self, names: list[str]) -> dict[str, Treatment]:
        return {name: _blend(1, 0, self._beta(name) or 0.0) for name in names}

    def _mergers(self, names: list[str]) -> dict[str, Treatment]:
        recipe, cast = self._recipe, self._cast
        method, general = recipe.method, recipe.settings()
        own = [recipe.settings(entry) for entry in cast.entries]
        where = depths(names)
        self._arguments: dict[str, dict[str, Value]] = {}
        known: dict[tuple[tuple[str, Value], ...], Treatment] = {}
        found: dict[str, Treatment] = {}
        for name in names:
            given = self._given(name, where[name], general, own)
            arguments = method.bind(given, len(cast.models))
            key = tuple(arguments.items())
            if key not in known:
                known[key] = self._treatment(method, arguments, name)
            self._arguments[name], found[name] = arguments, known[key]
        for settings in (general, *own):
            for parameter, setting in settings.items():
                if parameter not in method.unused:
                    setting.check_used(names)
        return found

    def _given(
        self, name: str, depth: float, general: Mapping[str, Setting], own: list[dict[str, Setting]]
    ) -> dict[str, Any]:
        """What a tensor's parameters are given: a model's own first, then the recipe's, then the defaults."""
        given: dict[str, Any] = {}
        for declared in self._recipe.method.parameters:
            shared = general[declared.name].at(name, depth) if declared.name in general else None
            if declared.name == self._recipe.method.beta and (beta := self._beta(name)) is not None:
                shared = beta
            default = declared.default if shared is None else shared
            if not declared.per_model:
                given[declared.name] = default
                continue
            values = [
                settings[declared.name].at(name, depth) if declared.name in settings else None for settings in own
            ]
            given[declared.name] = [default if value is None else value for value in values]
        return given

    def _treatment(self, method: Method, arguments: Mapping[str, Value], name: str) -> Treatment:
        cast = self._cast
        merger = Merger(method, arguments, len(cast.models), cast.based, self._recipe.seed)
        try:
            _try(merger)
        except RecipeError as error:
            raise RecipeError(f"{error} (for {name})") from None
        return simplest(merger)


def simplest(merger: Merger) -> Treatment:
    """A copy or an interpolation where that is what a method comes to with these arguments, bit for bit."""
    method, arguments, base = merger.method, merger.arguments, merger.models
    if method.beta is not None and arguments[_argument(method, method.beta)] == 0:
        return Copy(base)
    if method.name == "linear":
        return _simplest_mean(merger)
    if method.name == "task_arithmetic" and merger.models == 1 and arguments["weight"] == (1.0,):
        return _blend(base, 0, float(str(arguments["lambda_"])))
    if method.name == "passthrough" and arguments["scale"] == (1.0,):
        return Copy(0)
    return merger


def _simplest_mean(merger: Merger) -> Treatment:
    from .methods.geometry import shares

    given = merger.arguments["weight"]
    weights = [float(weight) for weight in given] if isinstance(given, tuple) else []
    if merger.arguments["normalize"]:
        weights = shares(weights)
    heaviest = max(range(len(weights)), key=lambda i: abs(weights[i]))
    others = [i for i, weight in enumerate(weights) if weight and i != heaviest]
    if abs(sum(weights) - 1) >= 1e-12 or len(others) > 1:
        return merger
    return Blend(heaviest, others[0], weights[others[0]]) if others else Copy(heaviest)


def _blend(first: int, second: int, weight: float) -> Treatment:
    if weight in (0, 1):
        return Copy(second if weight else first)
    return Blend(first, second, weight)


def _argument(method: Method, name: str) -> str:
    return next(each.argument for each in method.parameters if each.name == name)


def _try(merger: Merger) -> None:
    """Merge tensors of two elements, so that arguments that contradict each other are refused now."""
    import torch

    from .methods import Draw

    one = torch.tensor([1.0, 2.0])
    names = {each.argument: each.name for each in merger.method.parameters}
    merger.method(
        [one * (i + 2) for i in range(merger.models)],
        one if merger.based else None,
        draw=Draw("") if merger.method.random else None,
        diagonals=[one] * merger.models if merger.method.diagonals else (),
        **{names[argument]: value for argument, value in merger.arguments.items()},
    )
