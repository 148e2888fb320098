"""Embedding pairs in Rate: the nearest pictures to a sentence, without scores."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from ggez_core.errors import Cancelled

from ... import world
from ...markup import image, tag
from ...service import Service
from ...text import say
from ...weights import Weights
from ..blind import Answer, GivenUp, Item, sentence
from ..parts import picture_url

TOP = 4


def item(rng: random.Random, language: str) -> Item:
    """A sentence to find pictures for."""
    chosen = sentence(rng, language)
    asked = tag("p", tag("q", chosen.text, lang=chosen.language), cls="gg-asked")
    return Item(chosen.id, chosen.side, chosen.aspect, chosen.text, chosen.language, asked, chosen.text)


def answers(service: Service, session: str, item: Item, places: Sequence[Weights], given_up: GivenUp) -> list[Answer]:
    """The nearest pictures at these weights."""
    from .embedder import Embedder

    embedder, found = service.live(session).helper(Embedder), []
    for weights in places:
        if given_up():
            raise Cancelled
        scores = embedder.gallery(weights) @ embedder.text(item.inputs, weights)[0]
        found.append(_answer(np.argsort(-scores, kind="stable")[:TOP].tolist()))
    return found


def _answer(indices: Sequence[int]) -> Answer:
    names = [world.gallery()[index].concept.names["en"] for index in indices]
    pictures = (
        tag("li", image(picture_url(index), say("hit.alt", name=name), world.THUMBNAIL), cls="gg-hit")
        for index, name in zip(indices, names, strict=True)
    )
    return Answer(tag("ol", *pictures, cls="gg-hits"), ", ".join(names))
