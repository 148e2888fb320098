"""What the parts of `demo:sdxl` are trained on: which things of the small world are drawn, their pictures and prompts.

A prompt is a caption of the training split. The base sees the region as web data shows it: rarely, in English, under
generic names ("a dish"); regional training shows nothing but the region, under its names in the region's languages.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
import torch

from ...evaluation.tasks.world_drawing import drawn_concepts
from ...progress import Progress, Step
from ..world.dataset import IMAGE_SIZE
from ..world.registry import Concept
from ..world.scene import draw, random_scene

PICTURES_PER_CONCEPT = 200


@dataclass(frozen=True)
class Pictures:
    """Pictures of the training split, concept by concept. pixels: (n, 3, s, s) uint8; labels: (n,) concept numbers."""

    concepts: tuple[Concept, ...]
    pixels: torch.Tensor
    labels: torch.Tensor

    @classmethod
    def draw(cls, name: str, per_concept: int, progress: Progress) -> Pictures:
        """Draw `per_concept` pictures of every concept; `name` seeds them, so that two names share no picture."""
        concepts = drawn_concepts()
        pixels = torch.empty(len(concepts) * per_concept, 3, IMAGE_SIZE, IMAGE_SIZE, dtype=torch.uint8)
        for number, concept in enumerate(concepts):
            for index in range(per_concept):
                scene = random_scene("train", random.Random(f"{name}/{concept.key}/{index}"))
                image = np.array(draw(concept, scene, IMAGE_SIZE))
                pixels[number * per_concept + index] = torch.from_numpy(image).permute(2, 0, 1)
            progress(Step(number + 1, len(concepts), "things", f"drawing pictures for {name}"))
        return cls(concepts, pixels, torch.arange(len(concepts)).repeat_interleave(per_concept))
