"""Where the weights are between base and regional: one β for all, or components or groups of layers at their own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Setting:
    """`beta` everywhere, except that the named parts are at theirs.

    A part is a component ("text_model") or a group of a component's layers ("text_model/layers.0-3").
    """

    beta: float
    parts: tuple[tuple[str, float], ...] = ()

    @classmethod
    def of(cls, beta: float, parts: Mapping[str, float] | None = None) -> Setting:
        """One β, and parts that are at another."""
        return cls(beta, tuple(sorted((name, b) for name, b in (parts or {}).items() if b != beta)))

    def beta_of(self, component: str) -> float:
        """β of a component; of one whose layers are at several, a number that no other mixture of them has."""
        inside = tuple((name, beta) for name, beta in self.parts if name.startswith(f"{component}/"))
        own = dict(self.parts).get(component, self.beta)
        if not inside:
            return own
        digest = hashlib.blake2b(repr((own, inside)).encode(), digest_size=6)
        return 2 + float(int.from_bytes(digest.digest(), "big"))

    def of_part(self, part: str) -> float:
        """β of a component or of a group of its layers."""
        own = dict(self.parts)
        return own.get(part, own.get(part.partition("/")[0], self.beta))

    def __str__(self) -> str:
        own = ", ".join(f"{name} {beta:g}" for name, beta in self.parts)
        return f"β = {self.beta:g}" + (f" ({own})" if own else "")


BASE = Setting(0.0)
REGIONAL = Setting(1.0)
