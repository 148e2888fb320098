"""The register of merge methods: what each is called, takes and needs, and one way to call them all.

A method registers itself with `@method` (a function of tensors) or `@combination` (a function of lengths and angles,
see `geometry`). Its signature is its parameter list; plan, recipe, command line and page read the rest from `Method`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from ...errors import IncompatibleError, RecipeError
from .draws import Draw
from .geometry import combine, gram
from .parameters import Declaration, Value, bind, declared, unknown

Function = Callable[..., Tensor]
Axis = Callable[[Mapping[str, Value]], int | None]


class Reach(Enum):
    """How much of a tensor a method has to see at once."""

    PIECE = "any piece by itself"
    SUMS = "sums over the tensor, then any piece by itself"
    WHOLE = "the whole tensor"


class Base(Enum):
    """What the base is to a method."""

    NONE = "no part: a base among the models is a model like the others"
    OPTIONAL = "the origin of task vectors, if there is one"
    REQUIRED = "needed"


@dataclass(frozen=True)
class Method:
    """A merge method. `beta` names the parameter at which 0 means the base and larger means more of the model.

    `random` methods take a `Draw`, those with `diagonals` one non-negative tensor a model. Names in `unused` are
    understood and have no effect on values (mergekit's `int8_mask`).
    """

    name: str
    doc: str
    source: str
    function: Function
    parameters: tuple[Declaration, ...]
    reach: Reach
    base: Base
    least: int
    most: int | None
    random: bool = False
    diagonals: bool = False
    beta: str | None = None
    unused: tuple[str, ...] = ()
    origin: bool = True
    axis: Axis = lambda parameters: None

    @property
    def piecewise(self) -> bool:
        """Whether the tensor may be cut anywhere and each piece merged by itself."""
        return self.reach is Reach.PIECE

    def bind(self, given: Mapping[str, Any], models: int) -> dict[str, Value]:
        """The method's arguments from a recipe's parameters. Raises `RecipeError`, naming the nearest valid name."""
        return bind(self.parameters, given, models, f"merge_method {self.name}", self.unused)

    def check(self, models: int, base: bool) -> None:
        """Refuse a number of models (the base not counted), or a base, that doesn't fit. Raises `RecipeError`."""
        where = f"merge_method {self.name}"
        if self.base is Base.REQUIRED and not base:
            raise RecipeError(f"{where}: needs a base; name one as base_model")
        if self.base is Base.NONE and base:
            raise RecipeError(f"{where}: takes no base; give it as one of the models")
        if models < self.least or (self.most is not None and models > self.most):
            wanted = f"{self.least}" if self.least == self.most else f"{self.least} or more"
            besides = " besides the base" if base else ""
            raise RecipeError(f"{where}: got {models} models{besides}; it takes {wanted}")

    def __call__(
        self,
        models: Sequence[Tensor],
        base: Tensor | None = None,
        *,
        draw: Draw | None = None,
        diagonals: Sequence[Tensor] = (),
        **given: Any,
    ) -> Tensor:
        """Merge tensors of one shape and any float types: float32, or float64 where an input is float64.

        The result may be one of the inputs itself. Raises `RecipeError` for parameters or inputs that don't fit the
        method, `IncompatibleError` for tensors of different shapes.
        """
        self.check(len(models), base is not None)
        arguments = self.bind(given, len(models))
        inputs = _widened([*models, *(() if base is None else (base,))], diagonals)
        shape = inputs[0].shape
        if not inputs[0].numel():
            return inputs[0]
        inputs = [tensor.reshape(shape or (1,)) for tensor in inputs]
        origin = None if base is None else inputs[len(models)]
        if self.reach is Reach.SUMS:
            return self._combined(inputs[: len(models)], origin, arguments).reshape(shape)
        extra: dict[str, Any] = {} if self.base is Base.NONE else {"base": origin}
        if self.random:
            if draw is None:
                raise RecipeError(f"merge_method {self.name}: is random; give it a Draw of the tensor's name")
            extra["draw"] = draw
        if self.diagonals:
            if len(diagonals) != len(models):
                raise RecipeError(f"merge_method {self.name}: needs one diagonal a model; got {len(diagonals)}")
            extra["diagonals"] = inputs[-len(diagonals) :]
        return self.function(inputs[: len(models)], **extra, **arguments).reshape(shape)

    def vectors(self, models: Sequence[Tensor], base: Tensor | None) -> tuple[list[Tensor], Tensor | None]:
        """What `gram` measures for a method of `Reach.SUMS`: the vectors, and the origin they are seen from."""
        if base is None or self.origin:
            return list(models), base
        return [base, *models], None

    def coefficients(self, sums: Tensor, arguments: Mapping[str, Value], origin: bool) -> Tensor:
        """Coefficients `(n, r)` for `combine` from a Gram matrix `(n, n, r)`; an origin's comes last."""
        found = self.function(sums, **arguments)
        return torch.cat([found, 1 - found.sum(dim=0, keepdim=True)]) if origin else found

    def _combined(self, models: Sequence[Tensor], base: Tensor | None, arguments: Mapping[str, Value]) -> Tensor:
        vectors, origin = self.vectors(models, base)
        axis = self.axis(arguments)
        weights = self.coefficients(gram(vectors, origin, axis), arguments, origin is not None)
        return combine([*vectors, *(() if origin is None else (origin,))], weights, axis)


_METHODS: dict[str, Method] = {}  # filled while the package is imported, read-only afterwards


def register(added: Method) -> Method:
    """Add a method to the register."""
    if added.name in _METHODS:
        raise ValueError(f"merge method {added.name!r} is registered twice")
    _METHODS[added.name] = added
    return added


def methods() -> Mapping[str, Method]:
    """All merge methods by name."""
    return MappingProxyType(_METHODS)


def get(name: str) -> Method:
    """The merge method of that name. Raises `RecipeError` with the nearest one there is."""
    if name not in _METHODS:
        raise RecipeError(f"merge_method: {unknown('method', name, _METHODS)}")
    return _METHODS[name]


def method(
    name: str,
    *,
    source: str,
    base: Base,
    least: int,
    most: int | None = None,
    piecewise: bool = False,
    beta: str | None = None,
    unused: tuple[str, ...] = (),
) -> Callable[[Function], Method]:
    """Register `function(models, [base], [draw], [diagonals], **parameters) -> tensor`."""

    def decorate(function: Function) -> Method:
        takes = inspect.signature(function).parameters
        return register(
            Method(
                name=name,
                doc=inspect.getdoc(function) or "",
                source=source,
                function=function,
                parameters=declared((function,)),
                reach=Reach.PIECE if piecewise else Reach.WHOLE,
                base=base,
                least=least,
                most=most,
                random="draw" in takes,
                diagonals="diagonals" in takes,
                beta=beta,
                unused=unused,
            )
        )

    return decorate


def combination(
    name: str,
    *,
    source: str,
    base: Base,
    least: int,
    most: int | None = None,
    origin: bool = True,
    axis: Axis = lambda parameters: None,
    beta: str | None = None,
    unused: tuple[str, ...] = (),
) -> Callable[[Function], Method]:
    """Register `function(gram (n, n, r), **parameters) -> coefficients (n, r)`, float64.

    `origin` says that vectors are seen from the base, if there is one; otherwise the base is the first vector. `axis`
    gives from the parameters the axis along which a tensor's vectors run, or None where the tensor is one.
    """

    def decorate(function: Function) -> Method:
        return register(
            Method(
                name=name,
                doc=inspect.getdoc(function) or "",
                source=source,
                function=function,
                parameters=declared((function,)),
                reach=Reach.SUMS,
                base=base,
                least=least,
                most=most,
                beta=beta,
                unused=unused,
                origin=origin,
                axis=axis,
            )
        )

    return decorate


def _widened(tensors: Sequence[Tensor], others: Sequence[Tensor]) -> list[Tensor]:
    """All in float32, or float64 if one of `tensors` is; what the `others` are has no say."""
    shapes = {tuple(tensor.shape) for tensor in (*tensors, *others)}
    if len(shapes) > 1:
        said = " and ".join(map(str, sorted(shapes)))
        raise IncompatibleError(f"the tensors to merge have shapes {said}; choose checkpoints of one architecture")
    wide = torch.float64 if any(tensor.dtype == torch.float64 for tensor in tensors) else torch.float32
    return [tensor.to(wide) for tensor in (*tensors, *others)]
