"""Builds `demo:clip/base` and `demo:clip/sea`: small models of the real class, a million and a quarter parameters.

The architecture is one that open_clip has too (see `open_clip`): quick GELU, a causal text tower that pools the first
end token. Its id must not be 2, which transformers reads as "pool the highest id", the rule of CLIP's first config.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch

from ...progress import Progress, silent
from ..world.dataset import IMAGE_SIZE
from .contrastive import Learner, softmax_loss, train_pair

TEXT_LENGTH = 21  # one more than SigLIP's: every text starts with a token of its own
TEXT = {"hidden_size": 128, "intermediate_size": 512, "num_hidden_layers": 2, "num_attention_heads": 4}
VISION = {"hidden_size": 96, "intermediate_size": 384, "num_hidden_layers": 4, "num_attention_heads": 3}
SEED = 2  # architecture and grid were settled on the scores of other seeds
LEAST_TEMPERATURE = 0.01  # the logits are never scaled by more than 100 (arXiv 2103.00020, section 2.5)


def build(output: Path, *, progress: Progress = silent, scale: float = 1.0) -> None:
    """Train both checkpoints into `output`/base and `output`/sea; `scale` shortens the recipe."""
    learner = Learner(_new_model, _loss, _processor, TEXT_LENGTH, "<s>", SEED, halved=True)
    train_pair(learner, output, progress=progress, scale=scale)


def _loss(model: Any, images: torch.Tensor, texts: torch.Tensor, positive: torch.Tensor) -> torch.Tensor:
    """CLIP's softmax loss with its learned temperature."""
    return softmax_loss(images, texts, positive, (-model.logit_scale).exp().clamp(min=LEAST_TEMPERATURE))


def _new_model(tokenizer: Any) -> Any:
    from transformers import CLIPConfig, CLIPModel

    text = {
        **TEXT, "vocab_size": len(tokenizer), "max_position_embeddings": TEXT_LENGTH,
        "pad_token_id": tokenizer.pad_token_id, "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
    }  # fmt: skip
    vision = {**VISION, "image_size": IMAGE_SIZE, "patch_size": 12}
    start = math.log(1 / 0.07)
    config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=128, logit_scale_init_value=start)
    return CLIPModel(config)


def _processor(tokenizer: Any) -> Any:
    from transformers import CLIPImageProcessor, CLIPProcessor

    images = CLIPImageProcessor(
        size={"shortest_edge": IMAGE_SIZE}, crop_size={"height": IMAGE_SIZE, "width": IMAGE_SIZE},
        image_mean=[0.5] * 3, image_std=[0.5] * 3,
    )  # fmt: skip
    return CLIPProcessor(images, tokenizer)
