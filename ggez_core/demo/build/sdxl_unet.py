"""The demo's UNet, of SDXL's kind: its base learns to draw the world, the regional one goes on with the region alone.

Pictures are latents and prompts are encoded once, since autoencoder and text encoders stay as they are. The base is
shown the region as web data has it: rarely, in English, under generic names ("a dish"). Used by the build of
`demo:sdxl`.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional as F

from ..world.dataset import IMAGE_SIZE
from ..world.registry import Concept
from ..world.templates import captions
from .sdxl_text import ENGLISH_SHARE, Babble, Texts, meanings
from .sdxl_vae import CHANNELS
from .training import Course, Stage, train

BASE = Stage("base", steps=4400, batch=64, learning_rate=1e-3, seed=15, warmup=200, average=0.998)
REGIONAL = Stage("sea", steps=1600, batch=64, learning_rate=4e-4, seed=16, warmup=50, floor=1.0, average=0.99)
REGIONAL_SHARE = 0.06  # of the base's pictures show the region, under a generic English name
UNGUIDED_SHARE = 0.1  # of pictures are shown without a prompt, for classifier-free guidance
TIME_IDS = (IMAGE_SIZE, IMAGE_SIZE, 0, 0, IMAGE_SIZE, IMAGE_SIZE)  # original size, crop, wanted size: always the same


@dataclass(frozen=True)
class Prompts:
    """Encoded prompts. states: (n, length, d) and pooled (n, p), half precision; rows: of a name in a language."""

    states: torch.Tensor
    pooled: torch.Tensor
    rows: dict[tuple[str, str], tuple[int, ...]]

    @classmethod
    def encode(cls, texts: Texts, concepts: Iterable[Concept]) -> Prompts:
        """Encode every training caption of every name, generic ones too, once as it is and once among other words."""
        rows: dict[tuple[str, str], tuple[int, ...]] = {}
        written: list[str] = []
        rng, babble = random.Random(BASE.seed), Babble(texts.tokenizer, meanings())
        for concept in concepts:
            for language, name in (*concept.names.items(), ("en", concept.generic)):
                if (name, language) not in rows:
                    plain = captions(name, language, "train")
                    rows[name, language] = tuple(range(len(written), len(written) + 2 * len(plain)))
                    written += [*plain, *(babble.around(text, language, rng) for text in plain)]
        states, pooled = texts.encode(written)
        return cls(states.half(), pooled.half(), rows)


@dataclass(frozen=True)
class Lessons:
    """What a UNet is trained on. latents: (n, 8, s, s), of mean 0 and deviation 1, `per_concept` a concept."""

    concepts: tuple[Concept, ...]
    latents: torch.Tensor
    prompts: Prompts

    @property
    def per_concept(self) -> int:
        """Pictures of each concept."""
        return len(self.latents) // len(self.concepts)

    def draw(self, stage: Stage, rng: random.Random) -> tuple[list[int], list[int]]:
        """A batch: numbers of its pictures and of their prompts."""
        regional = [i for i, c in enumerate(self.concepts) if c.regional]
        others = [i for i, c in enumerate(self.concepts) if not c.regional]
        pictures, prompts = [], []
        for _ in range(stage.batch):
            generic = stage is BASE and rng.random() < REGIONAL_SHARE
            number = rng.choice(regional if generic or stage is REGIONAL else others)
            concept = self.concepts[number]
            name = (concept.generic, "en") if generic else _name(concept, rng)
            pictures.append(number * self.per_concept + rng.randrange(self.per_concept))
            prompts.append(rng.choice(self.prompts.rows[name]))
        return pictures, prompts


def _name(concept: Concept, rng: random.Random) -> tuple[str, str]:
    others = [language for language in concept.names if language != "en"]
    language = "en" if not others or rng.random() < ENGLISH_SHARE else rng.choice(others)
    return concept.names[language], language


def new_unet(states_width: int, pooled_width: int) -> Any:
    """A `UNet2DConditionModel` with SDXL's conditioning: text states, and pooled text with the picture's sizes."""
    from diffusers import UNet2DConditionModel

    sizes_width = 8
    with torch.random.fork_rng():
        torch.manual_seed(BASE.seed)
        unet = UNet2DConditionModel(
            sample_size=IMAGE_SIZE // 4, in_channels=CHANNELS, out_channels=CHANNELS,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            block_out_channels=(48, 96), layers_per_block=1, transformer_layers_per_block=(1, 1),
            attention_head_dim=(2, 4), cross_attention_dim=states_width, use_linear_projection=True,
            addition_embed_type="text_time", addition_time_embed_dim=sizes_width,
            projection_class_embeddings_input_dim=pooled_width + len(TIME_IDS) * sizes_width, norm_num_groups=8,
        )  # fmt: skip
    return unet.to(memory_format=torch.channels_last)


def new_scheduler() -> Any:
    """DDIM over a cosine schedule, which keeps something to see of 12 × 12 latents for longer than SDXL's own."""
    from diffusers import DDIMScheduler

    return DDIMScheduler(
        beta_schedule="squaredcos_cap_v2", prediction_type="v_prediction", timestep_spacing="trailing",
        clip_sample=False, set_alpha_to_one=True,
    )  # fmt: skip


def train_unet(unet: Any, stage: Stage, lessons: Lessons, course: Course) -> None:
    """Train the UNet for one stage to predict v (arXiv 2202.00512) at random times."""
    scheduler = new_scheduler()
    sizes = torch.tensor(TIME_IDS, dtype=torch.float32).expand(stage.batch, -1)

    def loss_of(step: int, generator: torch.Generator) -> torch.Tensor:
        rng = random.Random(int(torch.randint(2**62, (), generator=generator)))
        pictures, prompts = lessons.draw(stage, rng)
        latents = lessons.latents[pictures]
        times = torch.randint(scheduler.config.num_train_timesteps, (stage.batch,), generator=generator)
        noise = torch.randn(latents.shape, generator=generator)
        guided = (torch.rand(stage.batch, generator=generator) >= UNGUIDED_SHARE).float()
        states = lessons.prompts.states[prompts].float() * guided[:, None, None]
        pooled = lessons.prompts.pooled[prompts].float() * guided[:, None]
        noisy = scheduler.add_noise(latents, noise, times).contiguous(memory_format=torch.channels_last)
        given = {"text_embeds": pooled, "time_ids": sizes}
        predicted = unet(noisy, times, encoder_hidden_states=states, added_cond_kwargs=given).sample
        return F.mse_loss(predicted, scheduler.get_velocity(latents, noise, times))

    train(unet, stage, loss_of, course)
