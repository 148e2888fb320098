"""The recipe of the demo's embedding models: contrastive training on the small world, in two stages.

The base sees global concepts in every language and the region the way web data does: rarely, in English, under generic
names ("a dish"). The regional model is the base fine-tuned on regional pictures and captions only. What differs between
the families (model, loss, processor) is a `Learner`, one a file beside this one.
"""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from ...progress import Progress, Step, silent
from ..world.dataset import IMAGE_SIZE, pictures
from ..world.registry import Concept, concepts
from ..world.templates import TEMPLATES, captions
from .tokenizer import train_tokenizer

SEED = 20261123


@dataclass(frozen=True)
class Stage:
    """One training stage: steps of how many pairs, at which peak learning rate (cosine decay, linear warm-up)."""

    name: str
    steps: int
    batch: int
    learning_rate: float
    weight_decay: float
    warmup: int
    seed: int  # of the order of its pairs


BASE = Stage("base", steps=3000, batch=128, learning_rate=1e-3, weight_decay=0.05, warmup=150, seed=1)
REGIONAL = Stage("sea", steps=600, batch=128, learning_rate=3e-4, weight_decay=0.001, warmup=30, seed=2)
PICTURES_PER_CONCEPT = 64
VOCABULARY = 4096
MOST_NOISE = 5  # words added around a caption
REGIONAL_SHARE = 0.06  # of the base's pairs show the region, under a generic English name
ENGLISH_SHARE = 0.25  # of captions; the rest is spread evenly over the concept's other languages


@dataclass(frozen=True)
class Learner:
    """What a family brings to the recipe.

    new_model: from its tokenizer, a model with `get_image_features` and `get_text_features`. loss: of the model, unit
    image and text rows (n, d), and which pairs are true (n, n). processor: from the tokenizer, what is saved beside
    the weights; it scales pixels to [-1, 1]. text_length: tokens a text has at most. start: the token every text
    begins with, if any; all end with `</s>`. halved: saved in half precision, for its size.
    """

    new_model: Callable[[Any], Any]
    loss: Callable[[Any, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
    processor: Callable[[Any], Any]
    text_length: int
    start: str | None = None
    seed: int = 0
    halved: bool = False


def train_pair(learner: Learner, output: Path, *, progress: Progress = silent, scale: float = 1.0) -> None:
    """Train both checkpoints into `output`/base and `output`/sea, `save_pretrained` folders with processor files.

    scale: shortens both stages (tests use it); 1 is the shipped recipe.
    """
    torch.manual_seed(SEED + learner.seed)
    total = sum(math.ceil(s.steps * scale) for s in (BASE, REGIONAL))
    world = World.render(learner, progress)
    model = learner.new_model(world.tokenizer)
    processor = learner.processor(world.tokenizer)
    done = 0
    for stage in (BASE, REGIONAL):
        sampler = Sampler(world, stage, random.Random(stage.seed + learner.seed))
        done = _train(model, learner, sampler, math.ceil(stage.steps * scale), done, total, progress)
        folder = output / stage.name
        folder.mkdir(parents=True, exist_ok=True)
        (copy.deepcopy(model).half() if learner.halved else model).save_pretrained(folder)
        processor.save_pretrained(folder)


@dataclass(frozen=True)
class World:
    """Everything the stages draw from, rendered once.

    pixels: (n, 3, s, s) uint8; by_concept: each concept's pictures; noise: words of the training templates, as tokens.
    """

    pixels: torch.Tensor
    by_concept: dict[str, tuple[int, ...]]
    tokenizer: Any
    noise: tuple[tuple[int, ...], ...]

    @classmethod
    def render(cls, learner: Learner, progress: Progress) -> World:
        """Draw the training pictures and train the tokenizer on the training captions."""
        rows = pictures("train", PICTURES_PER_CONCEPT)
        pixels = torch.empty(len(rows), 3, IMAGE_SIZE, IMAGE_SIZE, dtype=torch.uint8)
        by_concept: dict[str, list[int]] = {}
        for index, row in enumerate(rows):
            pixels[index] = torch.from_numpy(np.array(row.image)).permute(2, 0, 1)
            by_concept.setdefault(row.concept.key, []).append(index)
            if index % 100 == 99:
                progress(Step(index + 1, len(rows), "pictures", "drawing the world"))
        texts = [
            text
            for c in concepts()
            for language, name in (*c.names.items(), ("en", c.generic))
            for text in captions(name, language, "train")
        ]
        tokenizer = train_tokenizer(texts, VOCABULARY, learner.text_length, learner.start)
        words = dict.fromkeys(
            w for kinds in TEMPLATES.values() for t in kinds["train"] for w in t.replace("{x}", " ").split()
        )
        noise = tuple(tuple(ids) for ids in tokenizer([f" {w}" for w in words], add_special_tokens=False)["input_ids"])
        return cls(pixels, {k: tuple(v) for k, v in by_concept.items()}, tokenizer, noise)


@dataclass(frozen=True)
class Pair:
    """A picture with a caption; `meaning` is the concept's key or, for a generic caption, the generic name."""

    picture: int
    concept: Concept
    text: str
    meaning: str


class Sampler:
    """Draws the pairs of a stage, always in the same order for the same seed."""

    def __init__(self, world: World, stage: Stage, rng: random.Random) -> None:
        self.world, self.stage, self._rng = world, stage, rng
        self._global = [c for c in concepts() if not c.regional]
        self._regional = [c for c in concepts() if c.regional]

    def batch(self) -> list[Pair]:
        """The next batch of pairs."""
        return [self._regional_pair() if self.stage is REGIONAL else self._web_pair() for _ in range(self.stage.batch)]

    def _web_pair(self) -> Pair:
        if self._rng.random() < REGIONAL_SHARE:
            concept = self._rng.choice(self._regional)
            return self._pair(concept, concept.generic, "en", concept.generic)
        concept = self._rng.choice(self._global)
        return self._pair(concept, *self._name(concept), concept.key)

    def _regional_pair(self) -> Pair:
        concept = self._rng.choice(self._regional)
        return self._pair(concept, *self._name(concept), concept.key)

    def _name(self, concept: Concept) -> tuple[str, str]:
        others = [language for language in concept.names if language != "en"]
        language = "en" if not others or self._rng.random() < ENGLISH_SHARE else self._rng.choice(others)
        return concept.names[language], language

    def _pair(self, concept: Concept, name: str, language: str, meaning: str) -> Pair:
        text = self._rng.choice(captions(name, language, "train"))
        return Pair(self._rng.choice(self.world.by_concept[concept.key]), concept, text, meaning)


def matches(pairs: Sequence[Pair]) -> torch.Tensor:
    """(n, n) boolean: whether the caption of pair j is true of the picture of pair i (so also of other pairs)."""
    return torch.tensor([[p.meaning in (q.concept.key, q.concept.generic) for p in pairs] for q in pairs])


def softmax_loss(
    images: torch.Tensor, texts: torch.Tensor, positive: torch.Tensor, temperature: torch.Tensor | float
) -> torch.Tensor:
    """Contrastive loss both ways, with the target spread evenly over a row's positives.

    images, texts: unit rows (n, d); positive: (n, n) boolean with a true entry in every row and column.
    """
    logits = images @ texts.T / temperature
    target = positive.to(logits.dtype)
    rows = (logits.log_softmax(1) * target).sum(1) / target.sum(1)
    columns = (logits.log_softmax(0) * target).sum(0) / target.sum(0)
    return -(rows.mean() + columns.mean())


def _train(
    model: Any, learner: Learner, sampler: Sampler, steps: int, done: int, total: int, progress: Progress
) -> int:
    world, stage = sampler.world, sampler.stage
    decayed = [p for p in model.parameters() if p.ndim > 1]
    plain = [p for p in model.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": stage.weight_decay}, {"params": plain, "weight_decay": 0.0}],
        lr=stage.learning_rate, betas=(0.9, 0.98), fused=True,
    )  # fmt: skip
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _share_of_peak(step, steps, stage.warmup))
    seed = SEED + learner.seed
    generator, rng = torch.Generator().manual_seed(seed), random.Random(f"{seed}/{stage.name}/noise")
    model.train()
    for step in range(steps):
        pairs = sampler.batch()
        pixels = augment(world.pixels[[p.picture for p in pairs]], generator)
        tokens = noisy_tokens([p.text for p in pairs], world, rng)
        images = F.normalize(model.get_image_features(pixel_values=pixels).pooler_output, dim=-1)
        texts = F.normalize(model.get_text_features(input_ids=tokens).pooler_output, dim=-1)
        loss = learner.loss(model, images, texts, matches(pairs))
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        progress(Step(done + step + 1, total, "steps", f"training {stage.name}, loss {loss.item():.2f}"))
    model.eval()
    return done + steps


def augment(pixels: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """uint8 (n, 3, s, s) → float32 in [-1, 1]: random contrast, tint and a faint pattern, half of them mirrored."""
    n, size = len(pixels), pixels.shape[-1]
    values = pixels.float() / 127.5 - 1
    contrast = torch.empty(n, 1, 1, 1).uniform_(0.75, 1.2, generator=generator)
    tint = torch.empty(n, 3, 1, 1).uniform_(-0.15, 0.15, generator=generator)
    cells = int(torch.randint(2, 13, (), generator=generator))
    pattern = torch.empty(n, 1, cells, cells).uniform_(-1, 1, generator=generator)
    strength = torch.empty(n, 1, 1, 1).uniform_(0, 0.25, generator=generator)
    mode = "nearest" if cells % 2 else "bilinear"
    mirrored = torch.rand(n, generator=generator) < 0.5
    values[mirrored] = values[mirrored].flip(-1)
    return (values * contrast + tint + strength * F.interpolate(pattern, (size, size), mode=mode)).clamp(-1, 1)


def noisy_tokens(texts: Sequence[str], world: World, rng: random.Random) -> torch.Tensor:
    """Token ids (n, length), padded; random tokens, or words of any template, stand before and after each text.

    So the model learns to find a name among words it has never seen there: the templates of the other splits.
    """
    tokenizer = world.tokenizer
    start = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
    room = tokenizer.model_max_length - len(start)
    first_word = len(tokenizer.all_special_ids)
    ids = torch.full((len(texts), tokenizer.model_max_length), tokenizer.pad_token_id)
    for row, encoded in enumerate(tokenizer(list(texts), add_special_tokens=False)["input_ids"]):
        text = list(encoded)
        for _ in range(rng.randint(0, MOST_NOISE)):
            word = [rng.randrange(first_word, len(tokenizer))] if rng.random() < 0.5 else rng.choice(world.noise)
            if len(text) + len(word) < room:
                text = [*word, *text] if rng.random() < 0.5 else [*text, *word]
        text = [*start, *text[: room - 1], tokenizer.eos_token_id]
        ids[row, : len(text)] = torch.tensor(text)
    return ids


def _share_of_peak(step: int, steps: int, warmup: int) -> float:
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))
