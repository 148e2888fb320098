"""What a recipe's parameter is for one tensor, as mergekit evaluates it.

A `Setting` is a value, a gradient over the layers (`[0, 0.5, 1]`), or a list of conditions of which the first whose
`filter` occurs in the tensor's name counts. Knows no methods and no tensors but their names.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import RecipeError

Scalar = float | int | bool | str
Conditions = list[Any]
_LAYER = re.compile(r"(.*?)\.(\d+)\.")
_ALL = "*"


@dataclass
class Choice:
    """One condition: what holds for the tensors whose names contain `filter`, or for all. Counts where it did."""

    value: Scalar | tuple[Scalar, ...]
    filter: str | None = None
    matched: int = field(default=0, compare=False)
    chosen: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Setting:
    """A parameter of a recipe; `where` names it in messages."""

    where: str
    choices: tuple[Choice, ...]

    @classmethod
    def read(cls, document: Any, where: str) -> Setting:
        """From plain values. Raises `RecipeError` for what is none of the three forms."""
        return cls(where, tuple(_choice(entry, where) for entry in conditions(document)))

    def at(self, name: str, depth: float) -> Scalar | None:
        """Its value for a tensor at `depth` (0 the first layer, 1 the last); None where no condition holds."""
        found = None
        for choice in self.choices:
            if choice.filter in (None, _ALL) or str(choice.filter) in name:
                choice.matched += 1
                if found is None:
                    choice.chosen += 1
                    found = _along(choice.value, depth)
        return found

    def values(self) -> Iterable[Scalar]:
        """Every value that it mentions."""
        for choice in self.choices:
            yield from choice.value if isinstance(choice.value, tuple) else (choice.value,)

    def check_used(self, names: Sequence[str]) -> None:
        """After all tensors were asked for: refuse a condition that held for none. Raises `RecipeError`."""
        for choice in self.choices:
            if not choice.matched:
                raise RecipeError(f"{self.where}: no tensor's name contains the {_nearest(str(choice.filter), names)}")
            if not choice.chosen:
                raise RecipeError(
                    f"{self.where}: the filter {choice.filter or _ALL!r} comes after conditions that already hold for "
                    "all its tensors; move it up or remove it"
                )


def conditions(document: Any) -> Conditions:
    """A setting's plain values as a list of conditions; a value or a gradient is one that always holds."""
    if isinstance(document, Mapping):
        return [document]
    if isinstance(document, list) and any(isinstance(entry, Mapping) for entry in document):
        return document
    return [{"value": document}]


def depths(names: Iterable[str]) -> dict[str, float]:
    """How deep in its stack of layers every tensor lies: `i / (n − 1)` for the i-th of n layers, 1 for an only one.

    The layer is a name's first number (`text_model.encoder.layers.3.…`); a tensor outside of layers lies at 0.
    """
    listed = list(names)
    places, last = layers(listed)
    found = dict.fromkeys(listed, 0.0)
    for name, (stack, number) in places.items():
        found[name] = number / last[stack] if last[stack] else 1.0
    return found


def layers(names: Iterable[str]) -> tuple[dict[str, tuple[str, int]], dict[str, int]]:
    """The stack and number of every tensor's layer, and the last number of every stack."""
    places = {name: (match[1], int(match[2])) for name in names if (match := _LAYER.match(name))}
    last: dict[str, int] = {}
    for stack, number in places.values():
        last[stack] = max(number, last.get(stack, 0))
    return places, last


def _choice(document: Any, where: str) -> Choice:
    if not isinstance(document, Mapping):
        raise RecipeError(f"{where}: mixes conditions and values; give each as `filter` and `value`")
    for key in document:
        if key not in ("filter", "value"):
            raise RecipeError(f"{where}: {unknown('key', str(key), ('filter', 'value'))}")
    pattern = document.get("filter")
    if "value" not in document or not isinstance(pattern, str | None) or pattern == "":
        raise RecipeError(f"{where}: a condition needs a `value`, and as `filter` a part of tensors' names")
    return Choice(_value(document["value"], where), pattern)


def _value(document: Any, where: str) -> Scalar | tuple[Scalar, ...]:
    if isinstance(document, list | tuple) and document and all(isinstance(entry, Scalar) for entry in document):
        return tuple(document)
    if isinstance(document, Scalar):
        return document
    raise RecipeError(f"{where}: is {str(document)[:60]!r}; it must be a value, a list of them, or conditions")


def _along(value: Scalar | tuple[Scalar, ...], depth: float) -> Scalar:
    """A gradient's value at `depth`: between its numbers on the straight line; of other things the nearest below."""
    if not isinstance(value, tuple):
        return value
    scaled = depth * (len(value) - 1)
    below = int(scaled)
    numbers = [entry for entry in value if isinstance(entry, float | int) and not isinstance(entry, bool)]
    if len(numbers) < len(value):
        return value[below]
    share = scaled - below
    return (1 - share) * numbers[below] + share * numbers[min(len(value) - 1, below + 1)]


def _nearest(pattern: str, names: Sequence[str]) -> str:
    """`filter 'self_atn'; did you mean 'self_attn'?`, from the parts of tensors' names."""
    width = pattern.count(".") + 1
    parts: dict[str, None] = {}
    for name in names:
        words = name.split(".")
        parts |= {".".join(words[i : i + width]): None for i in range(len(words) - width + 1)}
    known = [part for part in parts if not part.isdigit()]
    near = difflib.get_close_matches(pattern, known, n=1, cutoff=0.0)
    return f"filter {pattern!r}; did you mean {near[0]!r}?" if near else f"filter {pattern!r}; remove it"


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """`unknown key 'betta'; did you mean 'beta'?`"""
    options = list(known)
    near = difflib.get_close_matches(name, options, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(options) or 'none'}"
    return f"unknown {kind} {name!r}; {hint}"
