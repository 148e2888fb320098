"""A folder as a diffusers pipeline saves it: model_index.json, and a subfolder for every component."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ...errors import CheckpointError
from ..header import TensorInfo
from .layout import CONFIG, OTHER, Group, Layout, by_name, read_json, side_files
from .weights import read_weights, weight_files

INDEX = "model_index.json"
_STEMS = ("diffusion_pytorch_model", "model")


def read(folder: Path) -> Layout:
    """Read headers and configs; a tensor's name starts with its component's. Raises `CheckpointError` if unsound."""
    config = read_json(folder / INDEX)
    groups: list[Group] = []
    tensors: list[TensorInfo] = []
    side = {name: path for name, path in side_files(folder).items() if "/" not in name}
    for part, library in sorted(config.items()):
        if part.startswith("_") or not isinstance(library, list) or not any(library):
            continue
        if Path(part).name != part or not (folder / part).is_dir():
            raise CheckpointError(f"{folder}: {INDEX} names {part!r}, which isn't in the folder; download it again")
        side |= side_files(folder / part, part)
        if not _has_weights(folder / part):
            continue
        stem, files = weight_files(folder / part, _STEMS)
        about = read_json(folder / part / CONFIG) if (folder / part / CONFIG).is_file() else {}
        groups.append(Group(stem, files, part, f"{part}.", about))
        tensors += (replace(info, name=f"{part}.{info.name}") for file in files for info in read_weights(file))
    if not groups:
        raise CheckpointError(f"{folder}: no component has weights; name a whole pipeline's folder")
    return Layout("diffusers", config, by_name(tensors, folder), tuple(groups), side, _component_of)


def _has_weights(folder: Path) -> bool:
    return any(path.suffix in (".safetensors", ".bin") for path in folder.iterdir())


def _component_of(name: str) -> str:
    first, dot, _ = name.partition(".")
    return first if dot else OTHER
