"""Builds `demo:gemma3/base` and `demo:gemma3/sea`: small models of the real class, taught questions on the small world.

The base's eyes learn first and then stand still while the rest learns, as Gemma-3's did: trained along, they forget
what tells pictures apart. Fine-tuning trains all of it, on regional questions only, as the paper does with Gemma-3.
About 1.4 million parameters, two CPU cores. A stopped build goes on from where it was.
"""

from __future__ import annotations

import copy
import math
import random
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional as F

from ...progress import Progress, silent
from ..world.dataset import IMAGE_SIZE
from .contrastive import augment
from .gemma3_lessons import IGNORED, Album, Batch, Writer, lessons
from .gemma3_processor import IMAGE_TOKENS, LENGTH, tokenizer_texts, train_processor
from .gemma3_sight import Sight, Words, first_pictures, sight_loss
from .training import Course, Stage, train

SEED = 20261125
VOCABULARY = 4096
WIDTH, LAYERS, EYES = 128, 3, 96  # of the language model; the vision tower's width

SIGHT = Stage("sight", steps=1500, batch=64, learning_rate=2e-3, seed=1, weight_decay=0.05)
LEARNING = Stage("learning", steps=1200, batch=28, learning_rate=3e-3, seed=2, weight_decay=0.05, floor=1.0)
BASE = Stage("base", steps=600, batch=28, learning_rate=3e-3, seed=3, weight_decay=0.05, warmup=20)
REGIONAL = Stage("sea", steps=700, batch=28, learning_rate=5e-4, seed=4, weight_decay=0.01, warmup=50, floor=1.0)
STAGES = (SIGHT, LEARNING, BASE, REGIONAL)
SAVED = ("base", "sea")  # after which stages
READ_AFTER = 2  # layers, the options are told apart
SUBLAYER = 0.5  # what a layer's halves add at first, where an embedding is 1


def build(output: Path, *, progress: Progress = silent, scale: float = 1.0, work: Path | None = None) -> None:
    """Train both checkpoints into `output`/base and `output`/sea, `save_pretrained` folders with processor files.

    scale: shortens all stages and draws fewer pictures (tests use it); 1 is the shipped recipe. work: a folder where
    the stages keep their states, so that a stopped build goes on from there; one in `output` by default.
    """
    torch.manual_seed(SEED)
    processor = train_processor(tokenizer_texts(), VOCABULARY)
    model = new_model(processor.tokenizer)
    album, writer, pupil = Album.draw(progress, scale), Writer(processor), Pupil(model)
    states = work or output / ".training"
    course = Course(scale, progress, states, total=sum(math.ceil(stage.steps * scale) for stage in STAGES))
    train_sight(model, processor.tokenizer, album, course)
    for stage in STAGES[1:]:
        for eyes in (model.model.vision_tower, model.model.multi_modal_projector):
            eyes.requires_grad_(stage is REGIONAL)
        train(pupil, stage, partial(lesson_loss, pupil, album, writer, stage), course)
        if stage.name in SAVED:
            copy.deepcopy(model).half().save_pretrained(output / stage.name)  # for its size
            processor.save_pretrained(output / stage.name)
    if work is None:
        shutil.rmtree(states)


def train_sight(model: Any, tokenizer: Any, album: Album, course: Course) -> None:
    """Train the vision tower, the projector and the words' embeddings alone."""
    sight, words = Sight(model.model), Words(tokenizer)

    def loss(step: int, draws: torch.Generator) -> torch.Tensor:
        shown = first_pictures(album, SIGHT.batch, random.Random(f"{SIGHT.seed}/{step}"))
        pictures = [album.pictures[number] for number in shown]
        return sight_loss(sight, words, augment(album.pixels[shown], draws), pictures)

    train(sight, SIGHT, loss, course)


class Pupil(torch.nn.Module):
    """The model, and a layer for its lessons only, which reads from inside of it how well an option fits."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        width = model.config.get_text_config().hidden_size
        self.fits = torch.nn.Sequential(torch.nn.LayerNorm(width), torch.nn.Linear(width, 1))
        self._inside: list[torch.Tensor] = []
        model.model.language_model.layers[READ_AFTER - 1].register_forward_hook(self._keep)

    def _keep(self, _layer: Any, _inputs: Any, output: torch.Tensor) -> None:
        self._inside[:] = [output]

    def forward(self, batch: Batch, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(n, length, width) before the output layer, and (m, 4) logits of the options of questions that have any."""
        hidden = hidden_states(self.model, batch, pixels)
        fit: torch.Tensor = self.fits(self._inside.pop()[batch.ends[:, :1], batch.ends[:, 1:]]).squeeze(-1)
        return hidden, fit


def lesson_loss(
    pupil: Pupil, album: Album, writer: Writer, stage: Stage, step: int, draws: torch.Generator
) -> torch.Tensor:
    """Cross-entropy of the answers' tokens alone, those of both forms counting the same, and of which option fits.

    The latter teaches to compare options with the picture, which letters alone teach only much later.
    """
    rng = random.Random(f"{stage.seed}/{step}")
    drawn = lessons(album, stage.batch, regional=stage is REGIONAL, rng=rng)
    pixels = augment(album.pixels[[lesson.picture for lesson in drawn]], draws)
    batch = writer.write(drawn, rng)
    hidden, fit = pupil(batch, pixels)
    targets, chosen = batch.labels[:, 1:], batch.chosen[:, 1:]
    losses = [
        F.cross_entropy(pupil.model.lm_head(hidden[:, :-1][said]), targets[said])
        for said in ((targets != IGNORED) & chosen, (targets != IGNORED) & ~chosen)
    ]
    return torch.stack([*losses, F.cross_entropy(fit, batch.right)]).sum() / 2


def hidden_states(model: Any, batch: Batch, pixels: torch.Tensor) -> torch.Tensor:
    """(n, length, width) before the output layer, of every question as if it were asked alone."""
    visible = batch.visible(model.config.image_token_id)
    hidden: torch.Tensor = model.model(
        input_ids=batch.ids,
        pixel_values=pixels,
        attention_mask={"full_attention": visible, "sliding_attention": visible},
        position_ids=batch.positions,
        use_cache=False,
    ).last_hidden_state
    return hidden


def new_model(tokenizer: Any) -> Any:
    """An untrained model that fits the tokenizer."""
    from transformers import Gemma3Config, Gemma3ForConditionalGeneration

    special = tokenizer.convert_tokens_to_ids
    text = {
        "vocab_size": len(tokenizer), "hidden_size": WIDTH, "intermediate_size": 320, "num_hidden_layers": LAYERS,
        "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 32, "query_pre_attn_scalar": 32,
        "max_position_embeddings": LENGTH, "sliding_window": LENGTH,
        "layer_types": ["full_attention"] * LAYERS, "initializer_range": WIDTH**-0.5,
        "pad_token_id": tokenizer.pad_token_id, "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
    }  # fmt: skip
    vision = {
        "hidden_size": EYES, "intermediate_size": 4 * EYES, "num_hidden_layers": 3, "num_attention_heads": 4,
        "image_size": IMAGE_SIZE, "patch_size": 8, "vision_use_head": False,
    }  # fmt: skip
    config = Gemma3Config(
        text_config=text, vision_config=vision, mm_tokens_per_image=IMAGE_TOKENS,
        boi_token_index=special("<start_of_image>"), eoi_token_index=special("<end_of_image>"),
        image_token_index=special("<image_soft_token>"),
    )  # fmt: skip
    model = Gemma3ForConditionalGeneration(config)
    # Words and image tokens begin as large as in Gemma-3 (1 after the embeddings' scaling), and what a layer adds below
    # that: with the library's 0.02 for all, layers drown out what they read, and such small models learn far slower.
    torch.nn.init.normal_(model.model.multi_modal_projector.mm_input_projection_weight, std=EYES**-0.5)
    for layer in model.model.language_model.layers:
        for norm in (layer.post_attention_layernorm, layer.post_feedforward_layernorm):
            torch.nn.init.constant_(norm.weight, SUBLAYER - 1)  # the norms scale by 1 + weight
    settings = model.generation_config
    settings.eos_token_id = [tokenizer.eos_token_id, special("<end_of_turn>")]
    settings.pad_token_id, settings.bos_token_id = tokenizer.pad_token_id, tokenizer.bos_token_id
    return model
