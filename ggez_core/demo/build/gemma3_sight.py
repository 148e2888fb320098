"""First lessons of the demo Gemma-3's eyes: its vision tower learns to tell pictures apart before it is asked anything.

Gemma-3 begins with a vision encoder that was trained with texts before; this stands for it. From the projected image
tokens a linear layer, which is thrown away, tells the concept (of regional ones the generic name), the colour and the
number. The words' embeddings learn with them which words name what is seen, so that image tokens mean what words do.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from ..world.dataset import Picture
from ..world.questions import COLORED, MOST
from ..world.registry import concepts
from ..world.scene import COLORS
from ..world.words import ASPECT_NAMES, COLOR_NAMES
from .gemma3_lessons import REGIONAL_SHARE, Album

_GROUP_SHARE = 0.3  # of global pictures may show several things
_UNTOLD = -100
_NAMES = sorted({concept.generic for concept in concepts()})
_COLORS = list(COLORS)
_SIZES = (len(_NAMES), len(_COLORS), MOST)
_NAME, _COLOR, _ASPECT, _NUMBER = 4, 3, 2, 2  # how much of a picture's words is each


class Sight(nn.Module):
    """A model's vision tower and projector with the words' embeddings, and a layer that tells what they see."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self._look = model.get_image_features
        self.tower, self.projector = model.vision_tower, model.multi_modal_projector
        self.words = model.get_input_embeddings()
        width = model.config.get_text_config().hidden_size
        self.teller = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, sum(_SIZES)))
        self.gain = nn.Parameter(torch.ones(()))

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Logits of the name, the colour, the number and every word: (n, …) each. pixels: (n, 3, s, s) in [-1, 1]."""
        tokens = self._look(pixel_values=pixels, return_dict=True).pooler_output.mean(1)
        words = self.gain * F.rms_norm(tokens, tokens.shape[-1:]) @ self.words.weight.T
        return *self.teller(tokens).split(_SIZES, dim=1), words


def first_pictures(album: Album, count: int, rng: random.Random) -> list[int]:
    """The numbers of `count` pictures, of which the region has as small a share as in all of the base's lessons."""
    found = []
    home, world = ([c for c in concepts() if c.regional == side] for side in (True, False))
    for _ in range(count):
        concept = rng.choice(home if rng.random() < REGIONAL_SHARE else world)
        several = not concept.regional and rng.random() < _GROUP_SHARE
        found.append(rng.choice((album.groups if several else album.singles)[concept.key]))
    return found


class Words:
    """Which tokens name what a picture shows, in all languages; of the region its generic English name alone."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._names = {c.key: self._spread([c.generic] if c.regional else c.names.values()) for c in concepts()}
        self._aspects = {c.aspect: self._spread(row[c.aspect] for row in ASPECT_NAMES.values()) for c in concepts()}
        self._colors = {color: self._spread(row[color] for row in COLOR_NAMES.values()) for color in COLORS}
        self._numbers = [self._spread([str(number)]) for number in range(1, MOST + 1)]

    def _spread(self, words: Iterable[str]) -> torch.Tensor:
        """Every word counts the same, and so does every token of a word: (vocabulary,), adding up to 1."""
        said = self._tokenizer(list(words), add_special_tokens=False)["input_ids"]
        found = torch.zeros(len(self._tokenizer))
        for tokens in said:
            found.index_add_(0, torch.tensor(tokens), torch.full((len(tokens),), 1 / (len(tokens) * len(said))))
        return found

    def of(self, picture: Picture) -> torch.Tensor:
        """(vocabulary,), adding up to 1."""
        concept, scene = picture.concept, picture.scene
        told = [(_NAME, self._names[concept.key]), (_NUMBER, self._numbers[scene.count - 1])]
        if not concept.regional:
            told.append((_ASPECT, self._aspects[concept.aspect]))
        if concept.key in COLORED:
            told.append((_COLOR, self._colors[scene.color]))
        return torch.stack([share * words for share, words in told]).sum(0) / sum(share for share, _ in told)


def sight_loss(sight: Sight, words: Words, pixels: torch.Tensor, pictures: Sequence[Picture]) -> torch.Tensor:
    """Cross-entropy of all three, and of the words; a colour is asked of things that take it alone."""
    names = [_NAMES.index(picture.concept.generic) for picture in pictures]
    colors = [_COLORS.index(p.scene.color) if p.concept.key in COLORED else _UNTOLD for p in pictures]
    numbers = [picture.scene.count - 1 for picture in pictures]
    *told, said = sight(pixels)
    losses = [
        F.cross_entropy(logits, torch.tensor(right), ignore_index=_UNTOLD, reduction="sum")
        for logits, right in zip(told, (names, colors, numbers), strict=True)
    ]
    losses.append(F.cross_entropy(said, torch.stack([words.of(picture) for picture in pictures]), reduction="sum"))
    return torch.stack(losses).sum() / len(pictures)
