"""Drawing the small world."""

from __future__ import annotations

from collections import Counter

from ...demo.world.registry import Concept, concepts

PER_COUNTRY = 5


def drawn_concepts() -> tuple[Concept, ...]:
    """The concepts that are drawn: all global ones, and the first five of every country of the region."""
    seen: Counter[str] = Counter()
    chosen = []
    for concept in concepts():
        if concept.country is not None:
            seen[concept.country] += 1
            if seen[concept.country] > PER_COUNTRY:
                continue
        chosen.append(concept)
    return tuple(chosen)
