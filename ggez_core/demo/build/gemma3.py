"""Builds `demo:gemma3/base` and `demo:gemma3/sea`: small models of the real class, taught questions on the small world.

Fine-tuning trains everything, on regional questions only, as the paper does with Gemma-3. About 1.4 million parameters,
two CPU cores. A stopped training goes on from its last checkpoint.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional as F

from ...progress import Progress, Step, silent
from ..world.dataset import IMAGE_SIZE
from .contrastive import augment
from .gemma3_lessons import IGNORED, Album, Batch, Writer, lessons, pixels_of
from .gemma3_processor import IMAGE_TOKENS, LENGTH, tokenizer_texts, train_processor

SEED = 20261125
VOCABULARY = 4096
KEPT_EVERY = 200  # steps between checkpoints of the training
UNFINISHED = "training.pt"


@dataclass(frozen=True)
class Stage:
    """One training stage: steps of how many pictures, each asked twice; AdamW, warm-up, then cosine decay to 0."""

    name: str
    steps: int
    pictures: int
    learning_rate: float
    weight_decay: float
    warmup: int


BASE = Stage("base", steps=4500, pictures=48, learning_rate=1.5e-3, weight_decay=0.05, warmup=200)
REGIONAL = Stage("sea", steps=1000, pictures=48, learning_rate=2e-4, weight_decay=0.01, warmup=50)


def build(output: Path, *, progress: Progress = silent, scale: float = 1.0) -> None:
    """Train both checkpoints into `output`/base and `output`/sea, `save_pretrained` folders with processor files.

    scale: shortens both stages and draws fewer pictures (tests use it); 1 is the shipped recipe. Called again on the
    same folder after it was stopped, it goes on.
    """
    torch.manual_seed(SEED)
    processor = train_processor(tokenizer_texts(), VOCABULARY)
    model = new_model(processor.tokenizer)
    album, writer = Album.draw(progress, scale), Writer(processor)
    total = sum(steps_of(stage, scale) for stage in (BASE, REGIONAL))
    done = 0
    for stage in (BASE, REGIONAL):
        folder, steps = output / stage.name, steps_of(stage, scale)
        if (folder / "model.safetensors").exists():
            model = type(model).from_pretrained(folder, local_files_only=True)
        else:
            train(model, album, writer, stage, steps, folder / UNFINISHED, _shifted(progress, done, total))
            model.save_pretrained(folder)
            processor.save_pretrained(folder)
            (folder / UNFINISHED).unlink(missing_ok=True)
        done += steps


def steps_of(stage: Stage, scale: float) -> int:
    """How many steps a stage has when shortened."""
    return math.ceil(stage.steps * scale)


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


def train(
    model: Any, album: Album, writer: Writer, stage: Stage, steps: int, kept: Path, progress: Progress = silent
) -> None:
    """Train `model` in place; every step's lessons depend on its number alone, so that it can go on from `kept`."""
    matrices = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": stage.weight_decay}, {"params": others, "weight_decay": 0.0}],
        lr=stage.learning_rate, betas=(0.9, 0.98), fused=True,
    )  # fmt: skip
    first = _resume(kept, model, optimizer)
    kept.parent.mkdir(parents=True, exist_ok=True)
    model.train()
    for step in range(first, steps):
        for group in optimizer.param_groups:
            group["lr"] = stage.learning_rate * share_of_peak(step, steps, stage.warmup)
        loss = loss_of(model, album, writer, stage, step)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        progress(Step(step + 1, steps, "steps", f"training {stage.name}, loss {loss.item():.2f}"))
        if (step + 1) % KEPT_EVERY == 0:
            _keep(kept, model, optimizer, step + 1)
    model.eval()


def loss_of(model: Any, album: Album, writer: Writer, stage: Stage, step: int) -> torch.Tensor:
    """Cross-entropy of the answers' tokens alone, over the step's pictures: open-ended and multiple choice alike."""
    rng = random.Random(f"{SEED}/{stage.name}/{step}")
    asked = lessons(album, stage.pictures, regional=stage is not BASE, rng=rng)
    generator = torch.Generator().manual_seed(rng.getrandbits(48))
    pixels = augment(pixels_of(album, asked[: stage.pictures]), generator)
    seen = model.model.get_image_features(pixel_values=pixels, return_dict=True)
    losses = []
    for start in (0, stage.pictures):
        batch = writer.write([lesson.question for lesson in asked[start : start + stage.pictures]], rng)
        losses.append(_answer_loss(model, batch, seen))
    return torch.stack(losses).mean()


def _answer_loss(model: Any, batch: Batch, seen: Any) -> torch.Tensor:
    inputs, targets = batch.ids[:, :-1], batch.labels[:, 1:]
    hidden = model.model(
        input_ids=inputs,
        mm_encoder_outputs={"image": seen},
        token_type_ids=(inputs == model.config.image_token_id).long(),
        use_cache=False,
    ).last_hidden_state
    said = targets != IGNORED
    return F.cross_entropy(model.lm_head(hidden[said]), targets[said])


def share_of_peak(step: int, steps: int, warmup: int) -> float:
    """The learning rate of a step as a share of the peak: linear warm-up, then half a cosine."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


def _keep(file: Path, model: Any, optimizer: torch.optim.Optimizer, step: int) -> None:
    whole = file.with_suffix(".partial")
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}, whole)
    whole.replace(file)


def _resume(file: Path, model: Any, optimizer: torch.optim.Optimizer) -> int:
    if not file.exists():
        return 0
    found = torch.load(file, weights_only=True)
    model.load_state_dict(found["model"])
    optimizer.load_state_dict(found["optimizer"])
    return int(found["step"])


def _shifted(progress: Progress, done: int, total: int) -> Progress:
    """Progress of one stage as part of the whole."""
    return lambda step: progress(Step(done + step.done, total, step.unit, step.what))
