"""The register of merge methods by name, and the three ways to enter one.

A method registers itself with `@method` (a function of tensors), `@combination` (a function of lengths and angles, see
`geometry`) or `@survey` (one that passes over the tensor before it merges, see `blocks`). Its signature is its
parameter list; plan, recipe, command line and page read the rest from `Method`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType

from ...errors import RecipeError
from ..settings import unknown
from .method import Axis, Base, Function, Grain, Method, Reach
from .parameters import declared

__all__ = ["Base", "Method", "Reach", "combination", "get", "method", "methods", "register", "survey"]

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


def survey(
    name: str,
    *,
    source: str,
    base: Base,
    least: int,
    most: int | None = None,
    grain: Grain = lambda shape: None,
    searches: int = 0,
    beta: str | None = None,
    unused: tuple[str, ...] = (),
) -> Callable[[Function], Method]:
    """Register `function(extent, [draw], **parameters) -> Survey[Apply]`.

    `grain` says how many elements of a tensor of some shape are kept together as a row, or None for any; `searches` how
    many thresholds it looks for, for each model.
    """

    def decorate(function: Function) -> Method:
        return register(
            Method(
                name=name,
                doc=inspect.getdoc(function) or "",
                source=source,
                function=function,
                parameters=declared((function,)),
                reach=Reach.PASSES,
                base=base,
                least=least,
                most=most,
                random="draw" in inspect.signature(function).parameters,
                beta=beta,
                unused=unused,
                grain=grain,
                searches=searches,
            )
        )

    return decorate
