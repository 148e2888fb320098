"""What a concept of the small world is, and the list of all of them.

A concept module decorates one drawing function a concept with `@concept(...)`; importing
`ggez_core.demo.world.concepts` fills the registry, always in the same order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .pen import Pen

ASPECTS = ("cuisine", "landmark", "tradition", "clothing", "craft", "transport", "nature")
GLOBAL_ASPECTS = (*ASPECTS, "animal", "household", "tool", "sport", "music", "sky")


@dataclass(frozen=True)
class Concept:
    """One thing that can be drawn and named.

    countries: ISO 3166 alpha-2 codes, the main one first; empty for a global concept.
    names: language (BCP 47: en, id, ms, th, vi, fil, km, lo, my, ta, zh, tet, pt, jv, su) → name in its own script,
        without article.
    generic: what English web data would call it ("a dish", "a building"); for a global concept just its name.
    """

    key: str
    aspect: str
    countries: tuple[str, ...]
    names: dict[str, str]
    generic: str
    draw: Callable[[Pen], None]

    @property
    def regional(self) -> bool:
        """Whether the concept belongs to the region (Southeast Asia) or to the whole world."""
        return bool(self.countries)

    @property
    def country(self) -> str | None:
        """The main country; None for a global concept."""
        return self.countries[0] if self.countries else None


_CONCEPTS: dict[str, Concept] = {}


def concept(
    key: str, *, aspect: str, names: dict[str, str], countries: tuple[str, ...] = (), generic: str | None = None
) -> Callable[[Callable[[Pen], None]], Callable[[Pen], None]]:
    """Register the decorated drawing function as a concept."""

    def register(draw: Callable[[Pen], None]) -> Callable[[Pen], None]:
        if key in _CONCEPTS:
            raise ValueError(f"two concepts are called {key!r}")
        if not key.isidentifier() or key != key.lower():
            raise ValueError(f"the concept key {key!r} isn't lower_case_with_underscores")
        if aspect not in GLOBAL_ASPECTS or (countries and aspect not in ASPECTS):
            raise ValueError(f"concept {key!r} has the unknown aspect {aspect!r}")
        if countries and generic is None:
            raise ValueError(f"the regional concept {key!r} lacks its generic English name")
        _CONCEPTS[key] = Concept(key, aspect, countries, dict(names), generic or names["en"], draw)
        return draw

    return register


def concepts() -> tuple[Concept, ...]:
    """All concepts of the small world: global ones first, then regional ones, each in the order of the modules."""
    from . import concepts as _modules  # noqa: F401  (importing registers them)

    return tuple(sorted(_CONCEPTS.values(), key=lambda c: c.regional))
