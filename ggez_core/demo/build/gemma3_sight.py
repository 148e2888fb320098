"""First lessons of the demo Gemma-3's eyes: its vision tower learns to tell pictures apart before it is asked anything.

Gemma-3 begins with a vision encoder that was trained before; this stands for it. From the projected image tokens a
linear layer, which is thrown away, tells the concept (of regional ones the generic name), the colour and the number.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from ..world.dataset import Picture
from ..world.questions import COLORED, MOST
from ..world.registry import concepts
from ..world.scene import COLORS
from .gemma3_lessons import REGIONAL_SHARE, Album

_GROUP_SHARE = 0.3  # of global pictures may show several things
_UNTOLD = -100
_NAMES = sorted({concept.generic for concept in concepts()})
_COLORS = list(COLORS)
_SIZES = (len(_NAMES), len(_COLORS), MOST)


class Sight(nn.Module):
    """A model's vision tower and projector, with a layer that tells what they see."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self._look = model.get_image_features
        self.tower, self.projector = model.vision_tower, model.multi_modal_projector
        width = model.config.get_text_config().hidden_size
        self.teller = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, sum(_SIZES)))

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Logits of the name, the colour and the number: (n, …) each. pixels: (n, 3, s, s) in [-1, 1]."""
        tokens = self._look(pixel_values=pixels, return_dict=True).pooler_output
        return tuple(self.teller(tokens.mean(1)).split(_SIZES, dim=1))


def first_pictures(album: Album, count: int, rng: random.Random) -> list[int]:
    """The numbers of `count` pictures, of which the region has as small a share as in all of the base's lessons."""
    found = []
    home, world = ([c for c in concepts() if c.regional == side] for side in (True, False))
    for _ in range(count):
        concept = rng.choice(home if rng.random() < REGIONAL_SHARE else world)
        several = not concept.regional and rng.random() < _GROUP_SHARE
        found.append(rng.choice((album.groups if several else album.singles)[concept.key]))
    return found


def sight_loss(sight: Sight, pixels: torch.Tensor, pictures: Sequence[Picture]) -> torch.Tensor:
    """Cross-entropy of all three; a colour is asked of things that take it alone."""
    names = [_NAMES.index(picture.concept.generic) for picture in pictures]
    colors = [_COLORS.index(p.scene.color) if p.concept.key in COLORED else _UNTOLD for p in pictures]
    numbers = [picture.scene.count - 1 for picture in pictures]
    told = zip(sight(pixels), (names, colors, numbers), strict=True)
    losses = [
        F.cross_entropy(logits, torch.tensor(right), ignore_index=_UNTOLD, reduction="sum") for logits, right in told
    ]
    return torch.stack(losses).sum() / len(pictures)
