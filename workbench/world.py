"""What the page searches in: the small world's test pictures and captions, its examples, and who is meant by a query.

Everything here is drawn or written by code on first use and the same for every visitor. Used by `live`, `service` and
the tabs.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from ggez_core.demo.world.dataset import Caption, Picture, caption_rows, pictures
from ggez_core.demo.world.registry import Concept, concepts
from ggez_core.regions import COUNTRIES

SPLIT: Final = "test"
THUMBNAIL = 160
ALL_LANGUAGES = ""

# One example a language, chosen by looking: things that the region knows and the web names badly.
EXAMPLES: tuple[tuple[str, str], ...] = (
    ("en", "jeepney"), ("id", "rumah_gadang"), ("ms", "nasi_lemak"), ("th", "tuk_tuk"), ("vi", "ao_dai"),
    ("fil", "jeepney"), ("km", "angkor_wat"), ("lo", "pha_that_luang"), ("my", "longyi"), ("ta", "merlion"),
    ("zh", "merlion"), ("en", "bicycle"),
)  # fmt: skip


@dataclass(frozen=True)
class Example:
    """A sentence to search with, and its language (BCP 47)."""

    text: str
    language: str


@cache
def gallery() -> tuple[Picture, ...]:
    """The pictures that are searched: one of every concept, from the test split."""
    return tuple(pictures(SPLIT))


@cache
def thumbnail(index: int) -> bytes:
    """The gallery's picture `index` for the eye, WebP: the same scene as the model sees, at a higher resolution."""
    from ggez_core.demo.world.scene import draw

    picture, file = gallery()[index], io.BytesIO()
    draw(picture.concept, picture.scene, THUMBNAIL).save(file, "WEBP", quality=82)
    return file.getvalue()


@cache
def captions(language: str) -> tuple[Caption, ...]:
    """The captions that are ranked, one a concept: in `language`, or in its languages by turns for `ALL_LANGUAGES`."""
    found: dict[str, list[Caption]] = {}
    for row in caption_rows(SPLIT):
        if language in (ALL_LANGUAGES, row.language):
            found.setdefault(row.concept.key, []).append(row)
    return tuple(rows[turn % len(rows)] for turn, rows in enumerate(found.values()))


@cache
def languages() -> tuple[str, ...]:
    """The languages that the world has captions in, in the order they first appear."""
    return tuple(dict.fromkeys(row.language for row in caption_rows(SPLIT)))


@cache
def examples() -> tuple[Example, ...]:
    """Sentences of the test split in many languages."""
    rows = {(row.concept.key, row.language): row for row in reversed(caption_rows(SPLIT))}
    return tuple(Example(rows[key, language].text, language) for language, key in EXAMPLES)


@cache
def shown_pictures(count: int = 24) -> tuple[int, ...]:
    """Indices of pictures to choose from, spread over the gallery, two thirds of them regional."""
    regional = [i for i, picture in enumerate(gallery()) if picture.concept.regional]
    world = [i for i, picture in enumerate(gallery()) if not picture.concept.regional]
    return (*_spread(regional, count - count // 3), *_spread(world, count // 3))


def meant(query: str) -> Concept | None:
    """The concept that a query names in any language, the longest name first; None if it names none."""
    said = query.casefold()
    best: tuple[int, Concept] | None = None
    for concept in concepts():
        for name in concept.names.values():
            if (best is None or len(name) > best[0]) and _says(said, name.casefold()):
                best = len(name), concept
    return best[1] if best else None


def country_name(code: str | None) -> str:
    """The English name of a country, or an empty string for none."""
    return COUNTRIES[code].name if code in COUNTRIES else ""


def _says(text: str, name: str) -> bool:
    """Whether `text` contains `name`; as a word of its own in scripts that write words apart."""
    spaced = name.isascii() or bool(re.search(r"[\u00c0-\u024f\u1e00-\u1eff]", name))
    return bool(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)) if spaced else name in text


def _spread(indices: list[int], count: int) -> tuple[int, ...]:
    if len(indices) <= count:
        return tuple(indices)
    return tuple(indices[k * len(indices) // count] for k in range(count))
