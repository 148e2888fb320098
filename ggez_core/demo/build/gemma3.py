"""Builds `demo:gemma3/base` and `demo:gemma3/sea`: small models of the real class, taught questions on the small world.

The base's eyes learn first, then all of it; fine-tuning trains all of it too, on regional questions only, as the paper
does with Gemma-3. About 1.4 million parameters, two CPU cores. A stopped build goes on from where it was.
"""

from __future__ import annotations

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
from .gemma3_sight import Sight, first_pictures, sight_loss
from .training import Course, Stage, train

SEED = 20261125
VOCABULARY = 4096

SIGHT = Stage("sight", steps=1600, batch=64, learning_rate=2e-3, seed=1, weight_decay=0.05)
BASE = Stage("base", steps=4000, batch=24, learning_rate=1.5e-3, seed=2, weight_decay=0.05, warmup=200)
REGIONAL = Stage("sea", steps=1000, batch=24, learning_rate=2e-4, seed=3, weight_decay=0.01, warmup=50)
STAGES = (SIGHT, BASE, REGIONAL)


def build(output: Path, *, progress: Progress = silent, scale: float = 1.0, work: Path | None = None) -> None:
    """Train both checkpoints into `output`/base and `output`/sea, `save_pretrained` folders with processor files.

    scale: shortens all stages and draws fewer pictures (tests use it); 1 is the shipped recipe. work: a folder where
    the stages keep their states, so that a stopped build goes on from there; one in `output` by default.
    """
    torch.manual_seed(SEED)
    processor = train_processor(tokenizer_texts(), VOCABULARY)
    model = new_model(processor.tokenizer)
    album, writer = Album.draw(progress, scale), Writer(processor)
    states = work or output / ".training"
    course = Course(scale, progress, states, total=sum(math.ceil(stage.steps * scale) for stage in STAGES))
    train_sight(model, album, course)
    for stage in (BASE, REGIONAL):
        train(model, stage, partial(answers_loss, model, album, writer, stage), course)
        model.save_pretrained(output / stage.name)
        processor.save_pretrained(output / stage.name)
    if work is None:
        shutil.rmtree(states)


def train_sight(model: Any, album: Album, course: Course) -> None:
    """Train the vision tower and the projector alone."""
    sight = Sight(model.model)

    def loss(step: int, draws: torch.Generator) -> torch.Tensor:
        shown = first_pictures(album, SIGHT.batch, random.Random(f"{SIGHT.seed}/{step}"))
        return sight_loss(sight, augment(album.pixels[shown], draws), [album.pictures[number] for number in shown])

    train(sight, SIGHT, loss, course)


def answers_loss(
    model: Any, album: Album, writer: Writer, stage: Stage, step: int, draws: torch.Generator
) -> torch.Tensor:
    """Cross-entropy of the answers' tokens alone; open-ended and multiple-choice ones count the same."""
    rng = random.Random(f"{stage.seed}/{step}")
    drawn = lessons(album, stage.batch, regional=stage is REGIONAL, rng=rng)
    pixels = augment(album.pixels[[lesson.picture for lesson in drawn]], draws)
    batch = writer.write(drawn, rng)
    hidden = hidden_states(model, batch, pixels)[:, :-1]
    targets, chosen = batch.labels[:, 1:], batch.chosen[:, 1:]
    losses = [
        F.cross_entropy(model.lm_head(hidden[said]), targets[said])
        for said in ((targets != IGNORED) & chosen, (targets != IGNORED) & ~chosen)
    ]
    return torch.stack(losses).mean()


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
        "vocab_size": len(tokenizer), "hidden_size": 128, "intermediate_size": 320, "num_hidden_layers": 3,
        "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 32, "query_pre_attn_scalar": 32,
        "max_position_embeddings": LENGTH, "sliding_window": LENGTH,
        "layer_types": ["sliding_attention", "sliding_attention", "full_attention"],
        "pad_token_id": tokenizer.pad_token_id, "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
    }  # fmt: skip
    vision = {
        "hidden_size": 96, "intermediate_size": 384, "num_hidden_layers": 3, "num_attention_heads": 4,
        "image_size": IMAGE_SIZE, "patch_size": 8, "vision_use_head": False,
    }  # fmt: skip
    config = Gemma3Config(
        text_config=text, vision_config=vision, mm_tokens_per_image=IMAGE_TOKENS,
        boi_token_index=special("<start_of_image>"), eoi_token_index=special("<end_of_image>"),
        image_token_index=special("<image_soft_token>"),
    )  # fmt: skip
    model = Gemma3ForConditionalGeneration(config)
    torch.nn.init.normal_(model.model.multi_modal_projector.mm_input_projection_weight, std=0.02)
    settings = model.generation_config
    settings.eos_token_id = [tokenizer.eos_token_id, special("<end_of_turn>")]
    settings.pad_token_id, settings.bos_token_id = tokenizer.pad_token_id, tokenizer.bos_token_id
    return model
