"""Parallel captions: each in its language with its English, from tables of data or from the small world.

What is missing is said before the first step. Captions of one meaning have the same number: those of one group (an
image, a concept), or where the data has no groups of the same English.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...demo.world.dataset import caption_rows, content_of, pictures
from ...demo.world.templates import LANGUAGES, TEMPLATES, captions
from ...errors import DataError
from ...progress import Progress, silent
from ..examples import DataSettings, load_examples

WORLD = "demo:world"
ENGLISH = ("en", "eng")
SIDES = ("global", "regional")
_CONTEXTS = 3  # times that a caption of the small world comes again among other words
_PICTURES = 4  # of a concept of the small world


class Images(Protocol):
    """Images opened when they are asked for."""

    def __len__(self) -> int: ...

    def some(self, rows: Sequence[int]) -> list[Image.Image]:
        """These, opened."""


@dataclass(frozen=True)
class Captions:
    """Rows of parallel captions. english: of each row the English. meaning: (n,). image: of each row its place in
    `images`, (n,); both None where images weren't asked for.

    image_key: what the images are known by. dropped: rows that can't be used, by reason.
    """

    text: tuple[str, ...]
    english: tuple[str, ...]
    language: tuple[str, ...]
    meaning: NDArray[np.int64]
    image: NDArray[np.int64] | None
    images: Images | None
    image_key: str
    dropped: dict[str, int]

    def __len__(self) -> int:
        return len(self.text)

    @property
    def languages(self) -> dict[str, int]:
        """How many rows each language has, most first."""
        return dict(Counter(self.language).most_common())


def load_captions(sources: Sequence[DataSettings], *, images: bool, progress: Progress = silent) -> Captions:
    """The rows of all sources.

    A table has the columns `text`, `language`, `text_en` (English rows may leave it out), `image` where images are
    asked for, and where it is known `group`. `demo:world` is drawn by code; its `config` may be one of `SIDES`. Raises
    DataError for missing columns, and for a language that was asked for and has no pair.
    """
    parts = [
        _world(source, images) if source.source == WORLD else _table(source, images, progress) for source in sources
    ]
    for source, part in zip(sources, parts, strict=True):
        for language in source.languages:
            if language not in part.language:
                raise DataError(
                    f"{source.source}: {language} has no caption with its English; it has pairs of "
                    f"{', '.join(part.languages) or 'no language'}; add some, or leave {language} out of `languages`"
                )
    return parts[0] if len(parts) == 1 else _joined(parts)


def _table(source: DataSettings, images: bool, progress: Progress) -> Captions:
    examples = load_examples((source,), ("text", "language"), images=images, progress=progress)
    text, language = examples.column("text"), examples.column("language")
    english, group = examples.column("text_en"), examples.column("group")
    english = [
        own or (line if code in ENGLISH else "") for own, line, code in zip(english, text, language, strict=True)
    ]
    keep = [row for row, own in enumerate(english) if own]
    dropped = dict(examples.dropped)
    if len(keep) < len(text):
        dropped["no text_en"] = len(text) - len(keep)
    if not keep:
        raise DataError(f"{source.source}: no row has its English; give a column text_en (columns: text_en: …)")
    meaning = _numbers(group[row] or english[row] for row in keep)
    return Captions(
        tuple(text[row] for row in keep), tuple(english[row] for row in keep), tuple(language[row] for row in keep),
        meaning, np.array(keep) if images else None, examples.images if images else None,
        _digest(examples.keys), dropped,
    )  # fmt: skip


class _Drawn:
    """Pictures of the small world."""

    def __init__(self, split: str) -> None:
        self._pictures = pictures(split, _PICTURES)  # type: ignore[arg-type]
        self.of: dict[str, list[int]] = {}
        self.key = content_of(picture.id for picture in self._pictures)
        for place, picture in enumerate(self._pictures):
            self.of.setdefault(picture.concept.key, []).append(place)

    def __len__(self) -> int:
        return len(self._pictures)

    def some(self, rows: Sequence[int]) -> list[Image.Image]:
        return [self._pictures[row].image for row in rows]


def _world(source: DataSettings, images: bool) -> Captions:
    """Captions of the small world, alone and among other words of their language: a name is to be found anywhere."""
    split = source.split
    if split not in ("train", "validation"):
        raise DataError(f"{WORLD}: the split {split!r} isn't for training; say train or validation")
    if strange := [language for language in source.languages if language not in LANGUAGES]:
        raise DataError(f"{WORLD}: has no captions in {', '.join(strange)}; it has {', '.join(LANGUAGES)}")
    if source.config not in (None, *SIDES):
        raise DataError(f"{WORLD}: has no config {source.config!r}; say {' or '.join(SIDES)}, or leave it out for both")
    drawn = _Drawn(split) if images else None
    text, english, language, meaning, image = [], [], [], [], []
    for row in caption_rows(split):  # type: ignore[arg-type]
        if (source.languages and row.language not in source.languages) or source.config not in (None, row.side):
            continue
        rng = random.Random(row.id)
        said = captions(row.concept.names["en"], "en", split)  # type: ignore[arg-type]
        for line in (row.text, *(_among(row.text, row.language, split, rng) for _ in range(_CONTEXTS))):
            text.append(line)
            english.append(said[int(row.id.rpartition("/")[2]) % len(said)])
            language.append(row.language)
            meaning.append(row.concept.key)
            image.append(rng.choice(drawn.of[row.concept.key]) if drawn else 0)
    count = source.limit or len(text)
    return Captions(
        tuple(text[:count]), tuple(english[:count]), tuple(language[:count]), _numbers(meaning[:count]),
        np.array(image[:count]) if drawn else None, drawn, drawn.key if drawn else "", {},
    )  # fmt: skip


def _among(text: str, language: str, split: str, rng: random.Random) -> str:
    words = [word for template in TEMPLATES[language][split] for word in template.replace("{x}", " ").split()]  # type: ignore[index]
    for _ in range(rng.randint(1, 4)):
        word = rng.choice(words) if words else ""
        text = f"{word} {text}" if rng.random() < 0.5 else f"{text} {word}"
    return text.strip()


def _digest(parts: Iterable[str]) -> str:
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()


def _numbers(keys: Iterable[str]) -> NDArray[np.int64]:
    known: dict[str, int] = {}
    return np.array([known.setdefault(key, len(known)) for key in keys], np.int64)


class _Both:
    """Images of several sources, one after the other."""

    def __init__(self, parts: Sequence[Images]) -> None:
        self._at = [(part, row) for part in parts for row in range(len(part))]

    def __len__(self) -> int:
        return len(self._at)

    def some(self, rows: Sequence[int]) -> list[Image.Image]:
        return [self._at[row][0].some([self._at[row][1]])[0] for row in rows]


def _joined(parts: Sequence[Captions]) -> Captions:
    firsts = np.cumsum([0, *(part.meaning.max(initial=-1) + 1 for part in parts)])
    with_images = [part.images for part in parts if part.images is not None]
    places = np.cumsum([0, *map(len, with_images)])
    image = [p.image + first for p, first in zip(parts, places, strict=False) if p.image is not None]
    return Captions(
        tuple(line for part in parts for line in part.text), tuple(line for part in parts for line in part.english),
        tuple(code for part in parts for code in part.language),
        np.concatenate([part.meaning + first for part, first in zip(parts, firsts, strict=False)]),
        np.concatenate(image) if len(with_images) == len(parts) else None,
        _Both(with_images) if len(with_images) == len(parts) else None,
        _digest(part.image_key for part in parts),
        dict(sum((Counter(part.dropped) for part in parts), Counter())),
    )  # fmt: skip
