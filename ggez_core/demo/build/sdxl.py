"""Builds `demo:sdxl/base` and `demo:sdxl/sea`: `StableDiffusionXLPipeline`s of small parts, trained on the small world.

Autoencoder, text encoders and the judge of the pictures come first, each on its own; then the base's UNet; then the
regional one, which goes on from the base on the region alone. As in the paper, only the UNets of the two differ. About
five million parameters, two CPU cores, three quarters of an hour.
"""

from __future__ import annotations

import copy
import math
import shutil
from pathlib import Path
from typing import Any

from ...progress import Progress, silent
from .judge import JUDGE, trained_judge
from .judge import PICTURES_PER_CONCEPT as JUDGED_PER_CONCEPT
from .sdxl_text import TEXT, Texts, trained_texts
from .sdxl_unet import BASE, REGIONAL, Lessons, Prompts, new_scheduler, new_unet, train_unet
from .sdxl_vae import VAE, encoded, trained_vae
from .sdxl_world import PICTURES_PER_CONCEPT, Pictures
from .training import Course

UNFINISHED = "unfinished"  # where the stages keep their states
STAGES = (VAE, TEXT, JUDGE, BASE, REGIONAL)


def build(output: Path, *, progress: Progress = silent, scale: float = 1.0) -> None:
    """Train both checkpoints into `output`/base and `output`/sea, and their judge into `output`/judge.safetensors.

    scale: shortens every stage and draws fewer pictures (tests use it); 1 is the shipped recipe. Called again on the
    same folder after it was stopped, it goes on.
    """
    course = Course(scale, progress, output / UNFINISHED, total=sum(math.ceil(stage.steps * scale) for stage in STAGES))
    pictures = Pictures.draw("sdxl", max(1, round(PICTURES_PER_CONCEPT * scale)), progress)
    vae = trained_vae(pictures.pixels, course)
    texts = trained_texts(course)
    trained_judge(course, max(1, round(JUDGED_PER_CONCEPT * scale))).save(output / "judge.safetensors")
    unet = new_unet(texts.states_width, texts.pooled_width)
    lessons = Lessons(pictures.concepts, encoded(vae, pictures.pixels), Prompts.encode(texts, pictures.concepts))
    for stage in (BASE, REGIONAL):
        train_unet(unet, stage, lessons, course)
        save(unet, vae, texts, output / stage.name)
    shutil.rmtree(output / UNFINISHED)


def save(unet: Any, vae: Any, texts: Texts, folder: Path) -> None:
    """Save a pipeline in half precision, as SDXL's is published."""
    from diffusers import StableDiffusionXLPipeline

    pipeline = StableDiffusionXLPipeline(
        vae=copy.deepcopy(vae).half(), text_encoder=copy.deepcopy(texts.encoder).half(),
        text_encoder_2=copy.deepcopy(texts.encoder_2).half(), tokenizer=texts.tokenizer, tokenizer_2=texts.tokenizer,
        unet=copy.deepcopy(unet).half(), scheduler=new_scheduler(), add_watermarker=False,
    )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    pipeline.save_pretrained(folder)
