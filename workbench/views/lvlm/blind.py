"""Vision-language pairs in Rate: a question on a picture, answered in words."""

from __future__ import annotations

import random
from collections.abc import Sequence

from ggez_core.demo.world.questions import kinds_of, question
from ggez_core.families.visual_questions import VisualQuestion

from ... import world
from ...markup import image, tag
from ...service import Service
from ...text import say
from ...weights import Weights
from ..blind import FALLBACK, SIDES, Answer, GivenUp, Item
from ..parts import picture_url
from ..slowly import Part, answer_each
from . import ask

TOKENS = 48


def item(rng: random.Random, language: str) -> Item:
    """An open-ended question on a gallery picture."""
    side = rng.choice(SIDES)
    pictures = [index for index, picture in enumerate(world.gallery()) if picture.side == side]
    spoken = [index for index in pictures if language in world.gallery()[index].concept.names]
    index = rng.choice(spoken or pictures)
    picture, said = world.gallery()[index], language if spoken else FALLBACK
    asked = question(picture, rng.choice(kinds_of(picture.concept)), said, choice=False, rng=rng)
    shown = tag(
        "div",
        image(picture_url(index), say("rate.picture"), 160),
        tag("p", tag("q", asked.text, lang=said), cls="gg-asked"),
        cls="gg-about",
    )
    asking = VisualQuestion(asked.text, picture.image, (), said, TOKENS)
    name = f"{picture.id}/{asked.kind}/{said}"
    return Item(name, side, picture.aspect, asked.text, said, shown, (picture.id, asking))


def answers(service: Service, session: str, item: Item, places: Sequence[Weights], given_up: GivenUp) -> list[Answer]:
    """What is said at these weights."""
    live, (picture, asking) = service.live(session), item.inputs
    parts = tuple(Part("", weights) for weights in places)
    found = answer_each(live, ask.asked(live, picture, asking), parts, given_up=given_up)
    said = [answered.text if (answered := ask.answer_of(part)) else "" for part in found.parts]
    return [Answer(tag("p", text or say("rate.silent"), cls="gg-said", lang=item.language), text) for text in said]
