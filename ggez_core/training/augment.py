"""What is changed at random about a row each time it is seen, so that a small data set isn't learned by heart.

Everything is drawn from the row's own seed. Pictures stay PIL images, since they are prepared by the model's library.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field, model_validator

from .settings import Settings

Share = Annotated[float, Field(ge=0, le=1)]
_COMMON, _LEAST = 0.02, 10  # of the texts, and texts, that have a word which names nothing in particular
_LONGEST_PIECE = 5  # characters of a made-up word that come from the same word
_TURNS = 12  # most cells of a pattern along a side


class AugmentSettings(Settings):
    """Changes of pictures and texts; none by default.

    mirror: the share of pictures that are mirrored; not for data where left and right, or writing, matter. contrast:
    a picture's is multiplied by 1 ± so much. tint: each colour is moved by up to so much of its range. pattern: a faint
    one is laid over the picture, up to so strong. words: up to so many words are put around a text, of those that many
    texts have; not for texts whose words' order says what they mean. made_up: the share of these words that are none,
    but put together from pieces of all words, so that a name is found among words that were never seen.
    """

    mirror: Share = 0.0
    contrast: Share = 0.0
    tint: Share = 0.0
    pattern: Share = 0.0
    words: Annotated[int, Field(ge=0, le=20)] = 0
    made_up: Share = 0.0

    @model_validator(mode="after")
    def _some_words(self) -> AugmentSettings:
        if self.made_up and not self.words:
            raise ValueError("made_up is a share of the words around a text: say how many with `words`")
        return self


class Augment:
    """The settings, and the words that may be put around a text: those that `texts` have in common."""

    def __init__(self, settings: AugmentSettings, texts: Sequence[str] = ()) -> None:
        self._settings = settings
        self._words = common_words(texts) if settings.words else ()
        self._pieces = all_words(texts) if settings.words and settings.made_up else ()

    def picture(self, image: Image.Image, seed: int) -> Image.Image:
        """The picture as it is seen this time, of the same size; RGB where it was changed."""
        own = self._settings
        if not (own.mirror or own.contrast or own.tint or own.pattern):
            return image
        draw = np.random.default_rng((seed, 0))
        mirrored = draw.random() < own.mirror
        factor = 1 + own.contrast * draw.uniform(-1, 1)
        shift = 255 * own.tint * draw.uniform(-1, 1, 3)
        cells, strength = draw.uniform(-1, 1, (draw.integers(2, _TURNS + 1),) * 2), own.pattern * draw.uniform(0, 1)
        values: NDArray[np.floating] = np.asarray(image.convert("RGB"), np.float32)
        if mirrored:
            values = values[:, ::-1]
        values = (values - 127.5) * factor + 127.5 + shift
        if own.pattern:
            how = Image.Resampling.NEAREST if len(cells) % 2 else Image.Resampling.BILINEAR
            over = np.asarray(Image.fromarray(cells.astype(np.float32)).resize(image.size, how))
            values = values + 127.5 * strength * over[..., None]
        return Image.fromarray(values.clip(0, 255).round().astype(np.uint8))

    def pictures(self, images: Sequence[Image.Image], seeds: Sequence[int]) -> list[Image.Image]:
        """Each by its own seed."""
        return [self.picture(image, seed) for image, seed in zip(images, seeds, strict=True)]

    def text(self, text: str, seed: int) -> str:
        """The text as it is read this time."""
        if not (self._words or self._pieces):
            return text
        draw = random.Random(f"{seed}/words")
        for _ in range(draw.randint(0, self._settings.words)):
            word = self._word(draw)
            text = f"{word} {text}" if draw.random() < 0.5 else f"{text} {word}"
        return text

    def _word(self, draw: random.Random) -> str:
        if self._pieces and (not self._words or draw.random() < self._settings.made_up):
            return "".join(_piece(draw.choice(self._pieces), draw) for _ in range(draw.randint(1, 2)))
        return draw.choice(self._words)


def common_words(texts: Sequence[str]) -> tuple[str, ...]:
    """Words, as white space parts them, that one of fifty different texts has, and at least ten; in order."""
    known = dict.fromkeys(texts)
    counts = Counter(word for text in known for word in {*text.split()})
    return tuple(sorted(word for word, count in counts.items() if count >= max(_LEAST, _COMMON * len(known))))


def all_words(texts: Sequence[str]) -> tuple[str, ...]:
    """Every word, as white space parts them; in order."""
    return tuple(sorted({word for text in texts for word in text.split()}))


def _piece(word: str, draw: random.Random) -> str:
    start = draw.randrange(len(word))
    return word[start : start + draw.randint(1, _LONGEST_PIECE)]
