"""A tiny SigLIP pair of which one tower, or both, differ, and a small retrieval task that counts what it computes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
from PIL import Image

from ggez_core.evaluation.metrics import first_positive_ranks
from ggez_core.evaluation.task import SIDES, Answer, Problem, TaskInfo
from ggez_core.families.embedded import image_rows, text_rows
from ggez_core.families.family import BetaOf, FamilyModel, at_base
from ggez_core.families.kept import Kept
from tests import tiny_embedding

WORDS = ("cat", "dog", "beach", "rice", "house", "kite", "boat", "drum")
LANGUAGES = ("en", "th")


def pair(folder: Path, differ: Sequence[str] = ("vision_model", "text_model"), seed: int = 0) -> tuple[Path, Path]:
    """Base and regional, which differ in these components."""
    import torch
    from safetensors.torch import load_file, save_file

    base = tiny_embedding.siglip_two(folder / "base")
    regional = Path(shutil.copytree(base, folder / "regional"))
    tensors = load_file(regional / "model.safetensors")
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in tensors.items():
        if name.startswith(tuple(differ)):
            tensor += 0.1 * torch.randn(tensor.shape, generator=generator)
    save_file(tensors, regional / "model.safetensors", {"format": "pt"})
    return base, regional


@dataclass(frozen=True)
class Pairs:
    """Texts and coloured squares that look for each other, `count` of each, half of them regional.

    embedded: (kind, rows) of every batch that was computed.
    """

    count: int = 8
    splits: tuple[str, ...] = ("validation", "test")
    seed: int = 0
    embedded: list[tuple[str, int]] = field(default_factory=list, hash=False, compare=False)

    @property
    def info(self) -> TaskInfo:
        return TaskInfo(
            name="pairs", families=("embedding",), main_metrics=("text_to_image_recall@1", "image_to_text_recall@1"),
            splits=self.splits, sides=SIDES, doc="squares and words",
        )  # fmt: skip

    def load(self, split: str, *, data: Path | None = None, limit: int | None = None) -> PairExamples:
        count = min(self.count, limit or self.count)
        return PairExamples(split, count, self.seed + self.splits.index(split), self)


@dataclass(frozen=True)
class PairExamples:
    split: str
    count: int
    seed: int
    task: Pairs
    problems: tuple[Problem, ...] = (Problem("row 99", "its picture doesn't open"),)
    source: str = "nobody/pairs@1234"

    def __len__(self) -> int:
        return 2 * self.count

    @property
    def content(self) -> str:
        return f"pairs {self.split} {self.count} {self.seed}"

    def prepare(self, model: FamilyModel, kept: Kept) -> PairAsker:
        return PairAsker(self, model, kept)


class PairAsker:
    def __init__(self, examples: PairExamples, model: Any, kept: Kept) -> None:
        random = np.random.default_rng(examples.seed)
        shape = (examples.count, 4, 4, 3)
        images = [Image.fromarray(p, "RGB") for p in random.integers(0, 256, shape).astype(np.uint8)]
        texts = [f"{WORDS[i % len(WORDS)]} {i} {examples.split}" for i in range(examples.count)]
        counted = _Counting(model, examples.task.embedded)
        self._examples = examples
        self._texts = text_rows(kept, cast(Any, counted), texts)
        self._images = image_rows(kept, cast(Any, counted), images)

    def __len__(self) -> int:
        return 2 * self._examples.count

    def ask(self, model: FamilyModel, beta_of: BetaOf = at_base, *, start: int = 0) -> Iterator[list[Answer]]:
        texts, images = self._texts.at(beta_of), self._images.at(beta_of)
        index = np.arange(self._examples.count)
        answers = []
        for way, queries, candidates in (("text_to_image", texts, images), ("image_to_text", images, texts)):
            ranks = first_positive_ranks(queries, candidates, index, index)
            answers += [
                Answer(
                    id=f"{way} {i}", side=SIDES[i % 2], cluster=f"cluster {i // 2}",
                    values={f"{way}_recall@1": float(rank <= 1), f"{way}_mrr@5": 1 / rank if rank <= 5 else 0.0},
                    language=LANGUAGES[i // 2 % 2], country="TH" if i % 2 else None,
                )
                for i, rank in enumerate(ranks)
            ]  # fmt: skip
        for at in range(start, len(answers), 4):
            yield answers[at : at + 4]


class _Counting:
    """The model, which notes what it embeds."""

    def __init__(self, model: Any, log: list[tuple[str, int]]) -> None:
        self._model, self._log = model, log

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def embed_texts(self, prepared: Any) -> Any:
        self._log.append(("texts", len(next(iter(prepared.values())))))
        return self._model.embed_texts(prepared)

    def embed_images(self, prepared: Any) -> Any:
        self._log.append(("images", len(next(iter(prepared.values())))))
        return self._model.embed_images(prepared)
