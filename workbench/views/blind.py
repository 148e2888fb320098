"""What Rate asks of each family's models: an item of the small world, and answers that don't tell who gave them.

A view's package has a module `blind` with these two functions. Used by `rating`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ggez_core.demo.world.dataset import Caption

from .. import world
from ..markup import Html
from ..service import Service
from ..weights import Weights

SIDES = ("global", "regional")
FALLBACK = "en"
GivenUp = Callable[[], bool]


@dataclass(frozen=True)
class Item:
    """What all models are asked. id: for the record. text: the question, in `language`. inputs: the family's own."""

    id: str
    side: str
    aspect: str
    text: str
    language: str
    asked: Html
    inputs: Any


@dataclass(frozen=True)
class Answer:
    """One model's answer, for the page and in words; neither tells the model."""

    shown: Html
    text: str


class Blind(Protocol):
    """A family's module for Rate."""

    def item(self, rng: random.Random, language: str) -> Item:
        """Something to ask in a rater's language, or in English where the small world doesn't speak it."""

    def answers(
        self, service: Service, session: str, item: Item, places: Sequence[Weights], given_up: GivenUp
    ) -> list[Answer]:
        """The answers at these weights, in their order. Raises Cancelled once `given_up`."""


def sentence(rng: random.Random, language: str) -> Caption:
    """A test sentence on a global or, as often, a regional thing."""
    side = rng.choice(SIDES)
    spoken = [caption for caption in world.captions(language) if caption.side == side] if language else []
    return rng.choice(spoken or [caption for caption in world.captions(FALLBACK) if caption.side == side])
