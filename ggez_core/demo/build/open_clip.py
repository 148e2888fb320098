"""Builds `demo:open_clip/base` and `demo:open_clip/sea`: the weights of `demo:clip` in open_clip's own layout.

Nothing is trained: every tensor of a CLIP of transformers has its place in open_clip's CLIP, with query, key and value
in one matrix and projections transposed. Both embed alike, within float rounding.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from ...assets import DEMO_PREFIX, demo_root
from ...checkpoints import Checkpoint, open_checkpoint
from ...progress import Progress, Step, silent

NAMES = ("base", "sea")
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json")
_BLOCK = {"layer_norm1": "ln_1", "layer_norm2": "ln_2", "self_attn.out_proj": "attn.out_proj", "mlp.fc1": "mlp.c_fc",
          "mlp.fc2": "mlp.c_proj"}  # fmt: skip


def build(output: Path, *, progress: Progress = silent, scale: float = 1.0) -> None:
    """Convert both checkpoints of the CLIP pair into `output`/base and `output`/sea.

    Raises SourceError if that pair isn't built. scale: as of the other builds; there is nothing to shorten.
    """
    from safetensors.torch import save_file

    for number, name in enumerate(NAMES):
        checkpoint = open_checkpoint(f"{DEMO_PREFIX}clip/{name}")
        folder = output / name
        folder.mkdir(parents=True, exist_ok=True)
        save_file(converted(checkpoint), folder / "open_clip_model.safetensors", {"format": "pt"})
        config = {"model_cfg": _model_config(checkpoint), "preprocess_cfg": _preprocess_config(checkpoint)}
        (folder / "open_clip_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        for file in TOKENIZER_FILES:
            shutil.copyfile(demo_root() / "clip" / name / file, folder / file)
        progress(Step(number + 1, len(NAMES), "checkpoints", "converting"))


def converted(checkpoint: Checkpoint) -> dict[str, torch.Tensor]:
    """The tensors of a CLIP of transformers under open_clip's names and in its shapes."""
    read = checkpoint.read
    found = {
        "logit_scale": read("logit_scale"),
        "text_projection": read("text_projection.weight").T.contiguous(),
        "token_embedding.weight": read("text_model.embeddings.token_embedding.weight"),
        "positional_embedding": read("text_model.embeddings.position_embedding.weight"),
        "visual.proj": read("visual_projection.weight").T.contiguous(),
        "visual.conv1.weight": read("vision_model.embeddings.patch_embedding.weight"),
        "visual.class_embedding": read("vision_model.embeddings.class_embedding"),
        "visual.positional_embedding": read("vision_model.embeddings.position_embedding.weight"),
    }
    norms = {"ln_final": "text_model.final_layer_norm", "visual.ln_pre": "vision_model.pre_layrnorm",
             "visual.ln_post": "vision_model.post_layernorm"}  # fmt: skip
    for ours, theirs in norms.items():
        for kind in ("weight", "bias"):
            found[f"{ours}.{kind}"] = read(f"{theirs}.{kind}")
    for tower, prefix in (("text", ""), ("vision", "visual.")):
        for layer in range(checkpoint.config[f"{tower}_config"]["num_hidden_layers"]):
            block = _block(read, f"{tower}_model.encoder.layers.{layer}")
            found |= {f"{prefix}transformer.resblocks.{layer}.{name}": tensor for name, tensor in block.items()}
    return found


def _block(read: Callable[[str], torch.Tensor], layer: str) -> dict[str, torch.Tensor]:
    found = {}
    for kind in ("weight", "bias"):
        parts = [read(f"{layer}.self_attn.{part}_proj.{kind}") for part in "qkv"]
        found[f"attn.in_proj_{kind}"] = torch.cat(parts)
        found |= {f"{ours}.{kind}": read(f"{layer}.{theirs}.{kind}") for theirs, ours in _BLOCK.items()}
    return found


def _model_config(checkpoint: Checkpoint) -> dict[str, Any]:
    text, vision = checkpoint.config["text_config"], checkpoint.config["vision_config"]
    return {
        "embed_dim": checkpoint.config["projection_dim"],
        "quick_gelu": text["hidden_act"] == "quick_gelu",
        "vision_cfg": {
            "image_size": vision["image_size"],
            "patch_size": vision["patch_size"],
            "layers": vision["num_hidden_layers"],
            "width": vision["hidden_size"],
            "head_width": vision["hidden_size"] // vision["num_attention_heads"],
        },
        "text_cfg": {
            "context_length": text["max_position_embeddings"],
            "vocab_size": text["vocab_size"],
            "hf_tokenizer_name": ".",  # open_clip takes the files beside this one, whatever the name
            "width": text["hidden_size"],
            "heads": text["num_attention_heads"],
            "layers": text["num_hidden_layers"],
            "pool_type": "eos",
            "eos_id": text["eos_token_id"],
            "pad_id": text["pad_token_id"],
        },
    }


def _preprocess_config(checkpoint: Checkpoint) -> dict[str, Any]:
    images = json.loads(checkpoint.side["processor_config.json"].read_text(encoding="utf-8"))["image_processor"]
    return {
        "mean": images["image_mean"], "std": images["image_std"], "interpolation": "bicubic", "resize_mode": "shortest",
    }  # fmt: skip
