"""An open_clip checkpoint: open_clip_config.json with the weights beside it, or a training checkpoint's folder."""

from __future__ import annotations

from pathlib import Path

from ...errors import CheckpointError
from .layout import OTHER, Group, Layout, by_name, read_json, side_files
from .weights import read_weights

CONFIG = "open_clip_config.json"
_STEM = "open_clip_model"
_WEIGHTS = (f"{_STEM}.safetensors", "open_clip_pytorch_model.safetensors", "open_clip_pytorch_model.bin")
_TEXT = {"text", "transformer", "token_embedding", "positional_embedding", "ln_final", "text_projection", "attn_mask"}


def read(folder: Path) -> Layout:
    """Read headers and config. Raises `CheckpointError` if the folder isn't sound."""
    config = read_json(folder / CONFIG)
    file = next((folder / name for name in _WEIGHTS if (folder / name).is_file()), None)
    if file is None:
        raise CheckpointError(f"{folder}: holds none of {', '.join(_WEIGHTS)}; download the weights too")
    group = Group(_STEM, (file,), config=config, sharded=False)
    return Layout("open_clip", config, by_name(read_weights(file), file), (group,), side_files(folder), component_of)


def component_of(name: str) -> str:
    """`visual`, `text` (also of a CLIP whose text tower has no part of its own), or `other` (`logit_scale`)."""
    first = name.partition(".")[0]
    if first == "visual":
        return first
    return "text" if first in _TEXT else OTHER
