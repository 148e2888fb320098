"""A tensor seen block by block, and methods that go through it more than once.

A method that has to know something of the whole tensor before it can merge a part of it (a sum, a threshold) is a
`Survey`: a generator that yields one `Pass` after the other, is sent what each found, and returns the function that
merges a block. Whoever has the blocks, in memory, on disk or on a device, runs it with `settle`; so a tensor need never
be held whole, and the result is the same to the bit wherever it is.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Protocol, TypeVar

from torch import Tensor

BLOCK = 1 << 18  # elements, at most, of what needn't be kept together
Result = TypeVar("Result")


@dataclass(frozen=True)
class Block:
    """Part of a tensor in every input: (elements,), or (rows, elements) where rows are kept together, in one wide type.

    `number` counts the blocks of a tensor from 0, `start` is the first element.
    """

    models: Sequence[Tensor]
    base: Tensor | None
    diagonals: Sequence[Tensor]
    number: int
    start: int

    @property
    def origin(self) -> Tensor:
        """The base, where the method is known to have one."""
        assert self.base is not None
        return self.base

    def delta(self, model: int) -> Tensor:
        """A model's task vector."""
        return self.models[model] - self.origin


@dataclass(frozen=True)
class Extent:
    """A tensor's shape, and how many of its elements are kept together, `size` in all in `count` blocks.

    With a `grain` a block is rows of so many elements, or the tensor as it is if that is all; without, it is flat.
    """

    shape: tuple[int, ...]
    size: int
    grain: int | None = None
    longest: int = BLOCK

    @property
    def step(self) -> int:
        """Elements of a block; the last one may have fewer."""
        row = self.grain or 1
        return max(1, self.longest // row) * row

    @property
    def count(self) -> int:
        """How many blocks."""
        return -(-self.size // self.step)

    def bounds(self, number: int) -> tuple[int, int]:
        """First element and end of a block."""
        return number * self.step, min(self.size, (number + 1) * self.step)

    def block_shape(self, number: int) -> tuple[int, ...]:
        """The shape that a block of it is given to a method in; a tensor that is kept whole has its own."""
        start, stop = self.bounds(number)
        if not self.grain:
            return (stop - start,)
        return (self.shape or (1,)) if self.grain == self.size else ((stop - start) // self.grain, self.grain)


class Blocks(Protocol):
    """The blocks of one tensor, wherever they are."""

    @property
    def extent(self) -> Extent:
        """What they are blocks of."""

    def __getitem__(self, number: int) -> Block: ...


Measure = Callable[[Block], Any]
Apply = Callable[[Block], Tensor]


@dataclass(frozen=True)
class Pass:
    """Something to find of the whole tensor: `measure` every block, and `fold` the results in the blocks' order."""

    measure: Measure
    fold: Callable[[Any, Any], Any]


Survey = Generator[Pass, Any, Result]
Run = Callable[[Callable[[int], Any], Iterable[int]], Iterator[Any]]


def settle(survey: Survey[Result], blocks: Blocks, run: Run = map) -> Result:
    """Make the passes of a survey and return its result. `run` maps over the blocks' numbers, keeping their order."""
    found: Any = None
    try:
        while True:
            asked = survey.send(found)
            found = reduce(asked.fold, run(_measuring(asked.measure, blocks), range(blocks.extent.count)))
    except StopIteration as done:
        result: Result = done.value
        return result


def at_once(result: Result) -> Survey[Result]:
    """A survey that needs no pass."""
    yield from ()
    return result


def together(surveys: Sequence[Survey[Result]]) -> Survey[list[Result]]:
    """Several surveys in one, so that a pass over the tensor serves them all."""
    results: dict[int, Result] = {}
    found: dict[int, Any] = dict.fromkeys(range(len(surveys)))
    while True:
        asked: dict[int, Pass] = {}
        for i, value in found.items():
            try:
                asked[i] = surveys[i].send(value)
            except StopIteration as done:
                results[i] = done.value
        if not asked:
            return [results[i] for i in range(len(surveys))]
        merged = yield _side_by_side(list(asked.values()))
        found = dict(zip(asked, merged, strict=True))


def _side_by_side(passes: Sequence[Pass]) -> Pass:
    return Pass(
        lambda block: [each.measure(block) for each in passes],
        lambda one, other: [each.fold(a, b) for each, a, b in zip(passes, one, other, strict=True)],
    )


def _measuring(measure: Measure, blocks: Blocks) -> Callable[[int], Any]:
    return lambda number: measure(blocks[number])
