"""The small world as data: pictures and captions, split three ways, the same on every machine.

A split has its own seeds, backgrounds and caption templates, so that a test row is never a copy of a training row.
Every row says its concept, side, country, aspect and language. Used by the demo builds, the tasks on the small world
and the page's examples.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from PIL import Image

from .registry import Concept, concepts
from .scene import Scene, draw, random_scene
from .templates import Split, captions

Side = Literal["global", "regional"]
IMAGE_SIZE = 48


@dataclass(frozen=True)
class Picture:
    """One drawn picture; `image` is drawn on first use: RGB, `IMAGE_SIZE` × `IMAGE_SIZE`."""

    id: str
    concept: Concept
    scene: Scene
    split: Split

    @property
    def side(self) -> Side:
        """Which score the picture counts for."""
        return "regional" if self.concept.regional else "global"

    @property
    def country(self) -> str | None:
        """ISO 3166 alpha-2 code of the concept's main country; None for a global concept."""
        return self.concept.country

    @property
    def aspect(self) -> str:
        """What kind of thing it shows: cuisine, landmark, …"""
        return self.concept.aspect

    @cached_property
    def image(self) -> Image.Image:
        """The drawing."""
        return draw(self.concept, self.scene, IMAGE_SIZE)


@dataclass(frozen=True)
class Caption:
    """One caption of a concept in one language (BCP 47)."""

    id: str
    concept: Concept
    text: str
    language: str
    split: Split

    @property
    def side(self) -> Side:
        """Which score the caption counts for."""
        return "regional" if self.concept.regional else "global"

    @property
    def country(self) -> str | None:
        """ISO 3166 alpha-2 code of the concept's main country; None for a global concept."""
        return self.concept.country

    @property
    def aspect(self) -> str:
        """What kind of thing it names: cuisine, landmark, …"""
        return self.concept.aspect


def pictures(split: Split, per_concept: int = 1) -> list[Picture]:
    """`per_concept` pictures of every concept, concept by concept; more of them begin with the same ones."""
    found = []
    for concept in concepts():
        for index in range(per_concept):
            name = f"{split}/{concept.key}/{index}"
            found.append(Picture(name, concept, random_scene(split, random.Random(name)), split))
    return found


def caption_rows(split: Split) -> list[Caption]:
    """Every caption of the split: every concept, in every language it has a name in, in every template."""
    return [
        Caption(f"{split}/{concept.key}/{language}/{index}", concept, text, language, split)
        for concept in concepts()
        for language, name in concept.names.items()
        for index, text in enumerate(captions(name, language, split))
    ]


def content_of(ids: Iterable[str], *files: Path) -> str:
    """A digest of these rows of the world, of the code that draws and words them, and of other files they depend on."""
    digest = hashlib.blake2b(digest_size=16)
    for path in (*sorted(Path(__file__).parent.rglob("*.py")), *files):
        digest.update(path.read_bytes())
    digest.update("\n".join(ids).encode())
    return digest.hexdigest()
