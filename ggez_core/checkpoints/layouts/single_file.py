"""One file of weights: plain safetensors, a pickled state dict, a diffusion model in its original key layout."""

from __future__ import annotations

from pathlib import Path

from . import open_clip
from .layout import OTHER, Group, Layout, by_name, first_part
from .weights import read_weights

_ORIGINAL = {  # the prefixes of Stable Diffusion's own checkpoints, and the components they are
    "model.diffusion_model.": "unet",
    "first_stage_model.": "vae",
    "cond_stage_model.": "text_encoder",
    "conditioner.embedders.0.": "text_encoder",
    "conditioner.embedders.1.": "text_encoder_2",
}


def read(file: Path) -> Layout:
    """Read the headers of a file. Raises `CheckpointError` if it isn't sound."""
    tensors = by_name(read_weights(file), file)
    names = tensors.keys()
    if any(name.startswith("model.diffusion_model.") for name in names):
        rule = _original_component
    elif "logit_scale" in names and any(name.startswith("visual.") for name in names):
        rule = open_clip.component_of
    else:
        rule = first_part
    return Layout("file", {}, tensors, (Group(file.stem, (file,), sharded=False),), {}, rule)


def _original_component(name: str) -> str:
    return next((component for prefix, component in _ORIGINAL.items() if name.startswith(prefix)), OTHER)
