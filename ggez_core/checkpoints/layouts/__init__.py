"""The layouts that checkpoints come in, one module each: reading one gives a `Layout`. No architectures, no torch."""

from __future__ import annotations

from pathlib import Path

from ...errors import CheckpointError
from ..pickles import PICKLES
from . import adapter, diffusers_pipeline, open_clip, single_file, transformers_folder
from .adapter import LAYOUT as ADAPTER
from .layout import CONFIG, OTHER, Group, Layout

__all__ = ["ADAPTER", "CONFIG", "OTHER", "WEIGHTS", "Group", "Layout", "read_layout"]

WEIGHTS = {".safetensors", *PICKLES}
_TRANSFORMERS_WEIGHTS = ("model*.safetensors*", "pytorch_model*.bin*")


def read_layout(path: Path) -> Layout:
    """Read the headers of a checkpoint's folder or file. Raises `CheckpointError` if it is none, or unsound."""
    if path.is_file():
        return _file(path)
    if (path / diffusers_pipeline.INDEX).is_file():
        return diffusers_pipeline.read(path)
    if (path / adapter.CONFIG).is_file():
        return adapter.read_peft(path)
    if (path / open_clip.CONFIG).is_file() and not _has_transformers_weights(path):
        return open_clip.read(path)
    if (path / CONFIG).is_file():
        return transformers_folder.read(path)
    weights = [file for file in sorted(path.iterdir()) if file.suffix in WEIGHTS and file.stem != "model"]
    if len(weights) == 1:
        return _file(weights[0])
    raise CheckpointError(f"{path}: not a checkpoint: it has no {CONFIG}; name a model's folder or a file of weights")


def _file(path: Path) -> Layout:
    layout = single_file.read(path)
    return adapter.from_file(path, layout) if adapter.is_adapter(layout.tensors) else layout


def _has_transformers_weights(folder: Path) -> bool:
    return any(next(folder.glob(pattern), None) is not None for pattern in _TRANSFORMERS_WEIGHTS)
