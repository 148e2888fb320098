"""Text encoders that remember: what one said of a text at some β isn't computed again while β of the rest moves.

The encoder's own `forward` is wrapped, so whatever pipeline calls it, and however often, gets exactly what it would
have computed. Used by the diffusion family.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from .family import BetaOf, at_base

MEMORY = 256 << 20  # bytes of outputs kept; those used longest ago are forgotten first
Key = tuple[str, float, str]


class TextCache:
    """Remembers the outputs of some components, by what they were given and the β their weights were at."""

    def __init__(self, encoders: Mapping[str, torch.nn.Module], memory: int = MEMORY) -> None:
        self._memory = memory
        self._kept: OrderedDict[Key, tuple[Any, int]] = OrderedDict()
        self._beta_of: BetaOf = at_base
        self.computed = 0
        for name, encoder in encoders.items():
            encoder.forward = self._remembering(name, encoder.forward)

    @contextmanager
    def at(self, beta_of: BetaOf) -> Iterator[None]:
        """Within the block the encoders' weights are at the β that `beta_of` tells."""
        before, self._beta_of = self._beta_of, beta_of
        try:
            yield
        finally:
            self._beta_of = before

    def _remembering(self, name: str, forward: Callable[..., Any]) -> Callable[..., Any]:
        def remembering(*given: Any, **named: Any) -> Any:
            key = (name, self._beta_of(name), _digest((given, sorted(named.items()))))
            if key not in self._kept:
                self.computed += 1
                output = forward(*given, **named)
                self._kept[key] = output, _nbytes(output)
                while len(self._kept) > 1 and sum(size for _, size in self._kept.values()) > self._memory:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key][0]

        return remembering


def _digest(value: Any) -> str:
    """A digest of arguments: tensors by their bytes, the rest by how it is written."""
    hashed = hashlib.sha256()

    def feed(part: Any) -> None:
        if isinstance(part, torch.Tensor):
            hashed.update(f"{part.dtype}{tuple(part.shape)}{part.device}".encode())
            hashed.update(part.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
        elif isinstance(part, tuple | list):
            hashed.update(f"{len(part)}(".encode())
            for inner in part:
                feed(inner)
        else:
            hashed.update(repr(part).encode())

    feed(value)
    return hashed.hexdigest()


def _nbytes(output: Any) -> int:
    """Bytes of all tensors in an output, each counted once."""
    seen: dict[int, int] = {}

    def walk(part: Any) -> None:
        if isinstance(part, torch.Tensor):
            seen[part.data_ptr()] = part.nbytes
        elif isinstance(part, Mapping):
            for inner in part.values():
                walk(inner)
        elif isinstance(part, tuple | list):
            for inner in part:
                walk(inner)

    walk(output)
    return sum(seen.values())
