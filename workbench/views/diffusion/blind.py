"""Diffusion pairs in Rate: a prompt drawn with one seed and the model's own settings."""

from __future__ import annotations

import random
from collections.abc import Sequence

from ggez_core.families.drawing import Drawing

from ...images import png_of
from ...markup import tag
from ...service import Service
from ...text import say
from ...weights import Weights
from ..blind import Answer, GivenUp, Item, sentence
from ..slowly import Part, answer_each
from . import draw, markup

SEEDS = 1_000_000


def item(rng: random.Random, language: str) -> Item:
    """A sentence to draw, and a seed."""
    chosen, seed = sentence(rng, language), rng.randrange(SEEDS)
    asked = tag("p", tag("q", chosen.text, lang=chosen.language), cls="gg-asked")
    drawing = Drawing(chosen.text, seed=seed)
    return Item(f"{chosen.id}/seed {seed}", chosen.side, chosen.aspect, chosen.text, chosen.language, asked, drawing)


def answers(service: Service, session: str, item: Item, places: Sequence[Weights], given_up: GivenUp) -> list[Answer]:
    """The pictures that are drawn at these weights."""
    live, ticket = service.live(session), service.ticket(session)
    asked = draw.asked(live, item.inputs)
    found = answer_each(live, asked, tuple(Part("", weights) for weights in places), given_up=given_up)
    size = (asked.inputs.width or 1, asked.inputs.height or 1)
    shown = []
    for part in found.parts:
        url = service.drawn.offer(ticket, png_of(draw.image_of(part)))
        shown.append(Answer(markup.picture(url, say("rate.drawing"), size, "gg-drawn"), url))
    return shown
