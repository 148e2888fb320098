"""What a merge method is: its parameters, what it needs to see of a tensor, and the ways to call it.

Called with whole tensors it merges them; `survey` and `extent` are for those who have a tensor block by block.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ...errors import IncompatibleError, RecipeError
from . import blocks
from .blocks import Apply, Block, Extent, Pass, Survey, at_once, settle
from .draws import Draw
from .geometry import combine, gram
from .parameters import Declaration, Value, bind

Function = Callable[..., Any]
Axis = Callable[[Mapping[str, Value]], int | None]
Grain = Callable[[tuple[int, ...]], int | None]


class Reach(Enum):
    """How much of a tensor a method has to see at once."""

    PIECE = "any piece by itself"
    SUMS = "sums over the tensor, then any piece by itself"
    PASSES = "several passes over the tensor, then any piece by itself"
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
    understood and have no effect on values (mergekit's `int8_mask`). `searches` counts the thresholds that it looks for
    in a whole tensor, for each model.
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
    grain: Grain = lambda shape: None
    searches: int = 0

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

        Raises `RecipeError` for parameters or inputs that don't fit the
        method, `IncompatibleError` for tensors of different shapes.
        """
        self.check(len(models), base is not None)
        wide = _wide([*models, *(() if base is None else (base,))])
        merged = torch.empty(models[0].shape, dtype=wide, device=models[0].device)
        self.merge_into(merged, models, base, draw=draw, diagonals=diagonals, **given)
        return merged

    def merge_into(
        self,
        out: Tensor,
        models: Sequence[Tensor],
        base: Tensor | None = None,
        *,
        draw: Draw | None = None,
        diagonals: Sequence[Tensor] = (),
        **given: Any,
    ) -> None:
        """The same, written to a contiguous tensor of any float type, rounded once; a block at a time is widened."""
        self.check(len(models), base is not None)
        arguments = self.bind(given, len(models))
        if self.random and draw is None:
            raise RecipeError(f"merge_method {self.name}: is random; give it a Draw of the tensor's name")
        if self.diagonals and len(diagonals) != len(models):
            raise RecipeError(f"merge_method {self.name}: needs one diagonal a model; got {len(diagonals)}")
        inputs = [*models, *(() if base is None else (base,))]
        _check_shapes([*inputs, *diagonals])
        extent = self.extent(arguments, tuple(out.shape))
        held = _Held((*inputs, *diagonals), len(models), base is not None, extent, _wide(inputs))
        if out.numel():
            apply = settle(self.survey(arguments, extent, draw), held)
            for number in range(extent.count):
                out.view(-1)[slice(*extent.bounds(number))] = apply(held[number]).flatten()

    def extent(self, arguments: Mapping[str, Value], shape: tuple[int, ...], longest: int | None = None) -> Extent:
        """How a tensor may be cut into blocks of at most `longest` elements (by default `blocks.BLOCK`)."""
        return Extent(shape, math.prod(shape), self._grain(arguments, shape), longest or blocks.BLOCK)

    def survey(self, arguments: Mapping[str, Value], extent: Extent, draw: Draw | None = None) -> Survey[Apply]:
        """The passes to make over a tensor's blocks; they end in the function that merges a block."""
        if self.reach is Reach.SUMS:
            return self._summed(arguments)
        if self.reach is Reach.PASSES:
            extra = {"draw": draw} if self.random else {}
            made: Survey[Apply] = self.function(extent, **extra, **arguments)
            return made
        return at_once(partial(self._merged, arguments))

    def vectors(self, models: Sequence[Tensor], base: Tensor | None) -> tuple[list[Tensor], Tensor | None]:
        """What `gram` measures for a method of `Reach.SUMS`: the vectors, and the origin they are seen from."""
        if base is None or self.origin:
            return list(models), base
        return [base, *models], None

    def coefficients(self, sums: Tensor, arguments: Mapping[str, Value], origin: bool) -> Tensor:
        """Coefficients `(n, r)` for `combine` from a Gram matrix `(n, n, r)`; an origin's comes last."""
        found = self.function(sums, **arguments)
        return torch.cat([found, 1 - found.sum(dim=0, keepdim=True)]) if origin else found

    def _merged(self, arguments: Mapping[str, Value], block: Block) -> Tensor:
        extra: dict[str, Any] = {} if self.base is Base.NONE else {"base": block.base}
        if self.diagonals:
            extra["diagonals"] = block.diagonals
        merged: Tensor = self.function(block.models, **extra, **arguments)
        return merged

    def _summed(self, arguments: Mapping[str, Value]) -> Survey[Apply]:
        axis = self.axis(arguments)

        def measure(block: Block) -> Tensor:
            return gram(*self.vectors(block.models, block.base), axis)

        sums = None if axis == -1 else (yield Pass(measure, torch.add))

        def apply(block: Block) -> Tensor:
            vectors, origin = self.vectors(block.models, block.base)
            found = measure(block) if sums is None else sums
            weights = self.coefficients(found, arguments, origin is not None)
            return combine([*vectors, *(() if origin is None else (origin,))], weights, axis)

        return apply

    def _grain(self, arguments: Mapping[str, Value], shape: tuple[int, ...]) -> int | None:
        """How many elements in a row have to be in one block, if the method sees rows at all."""
        size, axis = math.prod(shape), self.axis(arguments)
        if self.reach is Reach.WHOLE:
            return size
        if self.reach is Reach.SUMS and shape and axis is not None:
            return shape[-1] if axis == -1 else size // max(1, shape[0])
        return self.grain(shape)


@dataclass(frozen=True)
class _Held:
    """The blocks of tensors in memory: models, base and diagonals in one list."""

    inputs: Sequence[Tensor]
    models: int
    based: bool
    extent: Extent
    wide: torch.dtype

    def __getitem__(self, number: int) -> Block:
        start, stop = self.extent.bounds(number)
        shape = self.extent.block_shape(number)
        parts = [tensor.reshape(-1)[start:stop].to(self.wide).view(shape) for tensor in self.inputs]
        return block_of(parts, self.models, self.based, number, start)


def block_of(parts: Sequence[Tensor], models: int, based: bool, number: int, start: int) -> Block:
    """A block from its parts: the models', the base's if it is there, and the diagonals'."""
    return Block(parts[:models], parts[models] if based else None, parts[models + based :], number, start)


def _wide(tensors: Sequence[Tensor]) -> torch.dtype:
    """The type that tensors are merged in; diagonals have no say."""
    return torch.float64 if any(tensor.dtype == torch.float64 for tensor in tensors) else torch.float32


def _check_shapes(tensors: Sequence[Tensor]) -> None:
    shapes = {tuple(tensor.shape) for tensor in tensors}
    if len(shapes) > 1:
        said = " and ".join(map(str, sorted(shapes)))
        raise IncompatibleError(f"the tensors to merge have shapes {said}; choose checkpoints of one architecture")
