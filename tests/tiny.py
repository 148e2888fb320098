"""Tiny random models of real classes, saved as anyone would save them: what the tests merge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeVar

import torch
from safetensors.torch import save_file
from transformers import SiglipConfig, SiglipModel

Model = TypeVar("Model", bound=torch.nn.Module)


def randomized(model: Model, seed: int) -> Model:
    """The model with every parameter random, ready to be asked."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.1)
    return model.eval()


def siglip(seed: int, dtype: torch.dtype = torch.float32, width: int = 32, vocabulary: int = 60) -> SiglipModel:
    """A SigLIP of two layers a tower, with weights of every kind random, biases and norms included."""
    tower = {"hidden_size": width, "intermediate_size": 2 * width, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = SiglipConfig(
        text_config={**tower, "vocab_size": vocabulary, "max_position_embeddings": 16, "projection_size": width},
        vision_config={**tower, "image_size": 32, "patch_size": 16},
    )
    return randomized(SiglipModel(config), seed).to(dtype)


def saved(model: SiglipModel, folder: Path, shard_size: str = "5GB") -> Path:
    """The model saved with `save_pretrained`."""
    model.save_pretrained(folder, max_shard_size=shard_size)
    return folder


def siglip_pair(folder: Path, dtype: torch.dtype = torch.float32, shard_size: str = "5GB") -> tuple[Path, Path]:
    """A base, and a regional model in which one tensor is as in the base."""
    base, regional = siglip(1, dtype), siglip(2, dtype)
    with torch.no_grad():
        regional.text_model.final_layer_norm.weight.copy_(base.text_model.final_layer_norm.weight)
    return saved(base, folder / "base", shard_size), saved(regional, folder / "regional", shard_size)


def write_checkpoint(folder: Path, tensors: dict[str, torch.Tensor], model_type: str = "tiny") -> Path:
    """A checkpoint of any tensors, written by the safetensors library."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"model_type": model_type}), encoding="utf-8")
    save_file({name: tensor.clone().contiguous() for name, tensor in tensors.items()}, folder / "model.safetensors")
    return folder
