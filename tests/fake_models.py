"""Models without weights: embeddings and answers drawn from what they are asked, always the same for the same input."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image

from ggez_core.families.embedding import EmbeddingModel, Prepared
from ggez_core.families.visual_questions import VisualAnswer, VisualQuestion

WIDTH = 24


def number(*parts: object) -> int:
    """A number that only depends on what it is made of."""
    return int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=6).digest(), "big")


class RandomEmbedding(EmbeddingModel):
    """Every text and every image has a random direction of its own; `seed` draws others."""

    image_components, text_components, text_length = ("vision_model",), ("text_model",), 64

    def __init__(self, seed: int) -> None:
        super().__init__(torch.nn.Linear(1, 1), None)
        self.seed, self.texts_embedded, self.images_embedded = seed, 0, 0

    def prepare_images(self, images: Sequence[Image.Image]) -> Prepared:
        return {"pixel_values": torch.tensor([[number(i.convert("RGB").tobytes())] for i in images])}

    def prepare_texts(self, texts: Sequence[str]) -> Prepared:
        return {"input_ids": torch.tensor([[number(text)] for text in texts])}

    def _image_features(self, batch: Prepared) -> torch.Tensor:
        self.images_embedded += len(batch["pixel_values"])
        return self._drawn(batch["pixel_values"])

    def _text_features(self, batch: Prepared) -> torch.Tensor:
        self.texts_embedded += len(batch["input_ids"])
        return self._drawn(batch["input_ids"])

    def _drawn(self, numbers: torch.Tensor) -> torch.Tensor:
        rows = [np.random.default_rng([self.seed, n]).standard_normal(WIDTH) for n in numbers[:, 0].tolist()]
        return torch.tensor(np.array(rows), dtype=torch.float32)


class RandomSpeaker:
    """A vision-language model that has no idea: likelihoods of the options and a written letter, both random."""

    does = "answers"
    model = torch.nn.Linear(1, 1)

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.asked: list[VisualQuestion] = []

    def prepare(self, questions: Sequence[VisualQuestion]) -> list[VisualQuestion]:
        return list(questions)

    def answer(self, prepared: list[VisualQuestion], seen: Any = None) -> list[VisualAnswer]:
        self.asked += prepared
        found = []
        for asked in prepared:
            picture = None if asked.image is None else number(asked.image.convert("RGB").tobytes())
            rng = np.random.default_rng([self.seed, number(asked.question, asked.options, picture)])
            chances = rng.dirichlet(np.ones(len(asked.options))) if asked.options else np.array([])
            letter = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[rng.integers(len(asked.options))] if asked.options else "a cat"
            found.append(VisualAnswer(f"{letter}.", True, tuple(chances.tolist()), asked.options))
        return found
