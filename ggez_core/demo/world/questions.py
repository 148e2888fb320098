"""Questions about the pictures of the small world, open-ended and multiple choice, split three ways.

What is it, from which country, of which aspect, which colour, how many. A split has its own pictures, backgrounds and
wordings. Questions on global concepts count for the global side; on regional ones only what one has to know of the
region is asked (what, country, aspect). Used by the demo builds, the task on these questions and the page's examples.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

from .asking import QUESTIONS, Kind
from .dataset import Picture, Side
from .registry import ASPECTS, GLOBAL_ASPECTS, Concept, concepts
from .scene import COLORS, random_scene
from .templates import Split
from .words import ASPECT_NAMES, COLOR_NAMES, COUNTRIES, COUNTRY_NAMES

MOST = 4  # things in a picture
OPTIONS = 4
COLORED = (
    "fish", "bird", "butterfly", "drum", "car", "bus", "hot_air_balloon", "umbrella", "alarm_clock", "book", "mug",
    "tennis_racket", "glasses", "sneaker", "bicycle", "sailboat", "scissors", "table_lamp",
)  # fmt: skip
"""Global concepts that take the scene's colour in so large a part that a person would name it."""


@dataclass(frozen=True)
class Question:
    """One question on a picture.

    options: four for multiple choice, none for an open-ended question. answers: every right answer, the expected one
    first; one of the options where there are any.
    """

    id: str
    picture: Picture
    kind: Kind
    language: str
    text: str
    answers: tuple[str, ...]
    options: tuple[str, ...] = ()

    @property
    def concept(self) -> Concept:
        """What the picture shows."""
        return self.picture.concept

    @property
    def side(self) -> Side:
        """Which score the question counts for."""
        return self.picture.side


def kinds_of(concept: Concept) -> tuple[Kind, ...]:
    """What may be asked about a picture of the concept."""
    if concept.regional:
        return ("what", "country", "aspect")
    return ("what", "aspect", "color", "count") if concept.key in COLORED else ("what", "aspect", "count")


def question(
    picture: Picture, kind: Kind, language: str, *, choice: bool, rng: random.Random, name: str = ""
) -> Question:
    """A question of a kind on a picture, in the picture's split's wording; `rng` chooses the wording and the options.

    language: one that the concept has a name in. name: the question's id.
    """
    text = rng.choice(QUESTIONS[language][kind][picture.split])
    answers = _answers(picture, kind, language)
    options: tuple[str, ...] = ()
    if choice:
        wrong = [word for word in dict.fromkeys(_others(picture, kind, language)) if word not in answers]
        options = tuple(rng.sample([answers[0], *rng.sample(wrong, min(OPTIONS - 1, len(wrong)))], OPTIONS))
    return Question(name, picture, kind, language, text, answers, options)


def questions(split: Split, per_kind: int = 3) -> list[Question]:
    """Of every concept and kind, `per_kind` open-ended and as many multiple-choice questions, concept by concept.

    Each is in another language where the concept has so many names; the two of one language are on one picture.
    """
    found = []
    for concept in concepts():
        for kind in kinds_of(concept):
            rng = random.Random(f"questions/{split}/{concept.key}/{kind}")
            for index, language in enumerate(_languages(concept, per_kind, rng)):
                name = f"{split}/{concept.key}/{kind}/{index}/{language}"
                most = MOST if kind == "count" else 1
                picture = Picture(name, concept, random_scene(split, random.Random(name), most), split)
                found += [
                    question(picture, kind, language, choice=choice, rng=rng, name=f"{name}/{form}")
                    for choice, form in ((False, "open"), (True, "choice"))
                ]
    return found


def _languages(concept: Concept, count: int, rng: random.Random) -> list[str]:
    names = list(concept.names)
    return (rng.sample(names, len(names)) * -(-count // len(names)))[:count]


def _answers(picture: Picture, kind: Kind, language: str) -> tuple[str, ...]:
    concept = picture.concept
    match kind:
        case "what":
            return (concept.names[language],)
        case "country":
            return tuple(COUNTRY_NAMES[language][code] for code in concept.countries)
        case "aspect":
            return (ASPECT_NAMES[language][concept.aspect],)
        case "color":
            return (COLOR_NAMES[language][picture.scene.color],)
        case "count":
            return (str(picture.scene.count),)


def _others(picture: Picture, kind: Kind, language: str) -> Iterable[str]:
    concept = picture.concept
    match kind:
        case "what":
            return (c.names[language] for c in concepts() if c.regional == concept.regional and language in c.names)
        case "country":
            return (COUNTRY_NAMES[language][code] for code in COUNTRIES)
        case "aspect":
            return (ASPECT_NAMES[language][aspect] for aspect in (ASPECTS if concept.regional else GLOBAL_ASPECTS))
        case "color":
            return (COLOR_NAMES[language][color] for color in COLORS)
        case "count":
            return (str(count) for count in range(1, MOST + 1))
