"""Builds `demo:siglip/base` and `demo:siglip/sea`: small models of the real class, about two million parameters."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional as F

from ...progress import Progress, silent
from ..world.dataset import IMAGE_SIZE
from .contrastive import Learner, softmax_loss, train_pair

TEXT_LENGTH = 20
TEMPERATURE = 0.05  # of the softmax loss
SIGMOID_SHARE = 0.1  # of the sigmoid loss beside the softmax loss, which learns much faster from small batches


def build(output: Path, *, progress: Progress = silent, scale: float = 1.0) -> None:
    """Train both checkpoints into `output`/base and `output`/sea; `scale` shortens the recipe."""
    train_pair(Learner(_new_model, _loss, _processor, TEXT_LENGTH), output, progress=progress, scale=scale)


def sigmoid_loss(
    images: torch.Tensor, texts: torch.Tensor, scale: torch.Tensor, bias: torch.Tensor, positive: torch.Tensor
) -> torch.Tensor:
    """SigLIP's pairwise sigmoid loss (arXiv 2303.15343), with every true pair of the batch counted as positive.

    images, texts: unit rows (n, d); positive: (n, n) boolean. Returns the sum over pairs divided by n.
    """
    logits = images @ texts.T * scale.exp() + bias
    sign = positive.to(logits.dtype) * 2 - 1
    return -F.logsigmoid(sign * logits).sum() / len(images)


def _loss(model: Any, images: torch.Tensor, texts: torch.Tensor, positive: torch.Tensor) -> torch.Tensor:
    sigmoid = sigmoid_loss(images, texts, model.logit_scale, model.logit_bias, positive)
    return softmax_loss(images, texts, positive, TEMPERATURE) + SIGMOID_SHARE * sigmoid


def _new_model(tokenizer: Any) -> Any:
    from transformers import SiglipConfig, SiglipModel

    text = {
        "vocab_size": len(tokenizer), "max_position_embeddings": TEXT_LENGTH, "projection_size": 128,
        "hidden_size": 128, "intermediate_size": 512, "num_hidden_layers": 3, "num_attention_heads": 4,
        "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 1,
    }  # fmt: skip
    vision = {
        "hidden_size": 128, "intermediate_size": 512, "num_hidden_layers": 4, "num_attention_heads": 4,
        "image_size": IMAGE_SIZE, "patch_size": 12,
    }  # fmt: skip
    model = SiglipModel(SiglipConfig(text_config=text, vision_config=vision))
    with torch.no_grad():
        model.logit_scale.fill_(math.log(10))
        model.logit_bias.fill_(-10)
    return model


def _processor(tokenizer: Any) -> Any:
    from transformers import SiglipImageProcessor, SiglipProcessor

    size = {"height": IMAGE_SIZE, "width": IMAGE_SIZE}
    return SiglipProcessor(SiglipImageProcessor(size=size, image_mean=[0.5] * 3, image_std=[0.5] * 3), tokenizer)
