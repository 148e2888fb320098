"""Tiny random open_clip models with real transforms and tokenizers, saved as open_clip publishes them on the Hub."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from open_clip import CLIP, CustomTextCLIP
from safetensors.torch import save_file

from tests.tiny_embedding import WIDTH, byte_tokenizer, xlm_tokenizer

VISION = {"image_size": 32, "layers": 2, "width": WIDTH, "patch_size": 16, "head_width": 16}
HALF = {"mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "bicubic", "resize_mode": "squash"}


def native(folder: Path, dtype: torch.dtype = torch.float32) -> Path:
    """A CLIP with open_clip's own tokenizer, which no file says."""
    text = {"context_length": 77, "vocab_size": 49408, "width": WIDTH, "heads": 2, "layers": 2}
    config = {"embed_dim": 24, "quick_gelu": True, "vision_cfg": VISION, "text_cfg": text}
    return _saved(CLIP(**config), config, {}, folder, dtype)


def siglip(folder: Path, dtype: torch.dtype = torch.float32) -> Path:
    """A SigLIP as open_clip has it: a vision tower of timm, the last position pooled, texts stripped of punctuation."""
    tokenizer = byte_tokenizer()
    config = {
        "embed_dim": 64,
        "init_logit_bias": -10,
        "vision_cfg": {"image_size": 32, "timm_model_name": "test_vit", "timm_pool": "map", "timm_proj": "none"},
        "text_cfg": {
            "context_length": 64, "vocab_size": len(tokenizer), "hf_tokenizer_name": "timm/tiny-SigLIP",
            "tokenizer_kwargs": {"clean": "canonicalize"}, "width": WIDTH, "heads": 2, "layers": 2,
            "no_causal_mask": True, "proj_bias": True, "pool_type": "last", "norm_kwargs": {"eps": 1e-6},
        },
    }  # fmt: skip
    model = CustomTextCLIP(**config)
    folder.mkdir(parents=True)
    tokenizer.save_pretrained(folder)
    return _saved(model, {**config, "custom_text": True}, HALF, folder, dtype)


def xlmr(folder: Path, dtype: torch.dtype = torch.float32) -> Path:
    """A CLIP with the text tower of XLM-R, only named in the config; its own config lies beside the weights."""
    from transformers import XLMRobertaConfig

    tokenizer = xlm_tokenizer(512)
    text = XLMRobertaConfig(
        hidden_size=WIDTH, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        vocab_size=len(tokenizer), max_position_embeddings=100, type_vocab_size=1,
    )  # fmt: skip
    folder.mkdir(parents=True)
    text.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    config: dict[str, Any] = {
        "embed_dim": 24,
        "vision_cfg": VISION,
        "text_cfg": {"hf_model_name": str(folder), "hf_model_pretrained": False, "hf_pooler_type": "mean_pooler"},
    }
    model = CustomTextCLIP(**config)
    config["text_cfg"] = {
        "hf_model_name": "xlm-roberta-tiny", "hf_tokenizer_name": "xlm-roberta-tiny", "hf_pooler_type": "mean_pooler",
    }  # fmt: skip
    return _saved(model, config, {"interpolation": "bilinear"}, folder, dtype)


OPEN_CLIP: dict[str, Callable[..., Path]] = {"native": native, "siglip": siglip, "xlmr": xlmr}


def _saved(model: Any, config: dict[str, Any], preprocess: dict[str, Any], folder: Path, dtype: torch.dtype) -> Path:
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.2)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(model.to(dtype).state_dict(), folder / "open_clip_model.safetensors")
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": config, "preprocess_cfg": preprocess}))
    return folder
