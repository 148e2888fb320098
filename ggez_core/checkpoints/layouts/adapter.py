"""LoRA adapters: a PEFT folder, or one file of diffusers' or kohya's. Their tensors are listed as they are stored.

An adapter has no weights of its own to merge; `ggez_core.checkpoints.adapters` puts it onto its base.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ...errors import CheckpointError
from ..header import read_metadata
from .layout import OTHER, Group, Layout, by_name, read_json
from .weights import read_weights

CONFIG = "adapter_config.json"
LAYOUT = "adapter"
_WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")
_METADATA = "lora_adapter_metadata"  # where diffusers writes the PEFT config of each component
_MARKS = (".lora_A.", ".lora_down.", ".lora.down.", "_lora.down.", ".lora_linear_layer.down.", ".lora_embedding_A")
_FOREIGN = ("lora_mid.", "hada_w", "lokr_w", "oft_", "dora_scale", "lora_magnitude_vector", "diff_b")


def is_adapter(names: Iterable[str]) -> bool:
    """Whether names are those of a low-rank adapter."""
    return any(mark in name for name in names for mark in (*_MARKS, *_FOREIGN))


def read_peft(folder: Path) -> Layout:
    """Read a PEFT folder's headers and config. Raises `CheckpointError` if it isn't one of LoRA."""
    config = read_json(folder / CONFIG)
    if config.get("peft_type") != "LORA":
        raise CheckpointError(
            f"{folder}: a PEFT adapter of type {config.get('peft_type')!r}; only LORA can be merged: merge it into its "
            "model with merge_and_unload first"
        )
    file = next((folder / name for name in _WEIGHTS if (folder / name).is_file()), None)
    if file is None:
        raise CheckpointError(f"{folder}: holds none of {', '.join(_WEIGHTS)}; download the weights too")
    return _layout(file, by_name(read_weights(file), file), config)


def from_file(file: Path, layout: Layout) -> Layout:
    """An adapter of one file, from the file as it was read."""
    config: dict[str, Any] = {}
    if file.suffix == ".safetensors" and (said := read_metadata(file).get(_METADATA)):
        try:
            config = json.loads(said)
        except ValueError:
            raise CheckpointError(f"{file}: its {_METADATA} is no JSON; save the adapter again") from None
    return _layout(file, layout.tensors, config)


def _layout(file: Path, tensors: Mapping[str, Any], config: Mapping[str, Any]) -> Layout:
    for mark in _FOREIGN:
        if name := next((name for name in tensors if mark in name), None):
            raise CheckpointError(
                f"{file}: {name!r} is no plain LoRA (B·A); merge such an adapter into its model with the library "
                "that trained it, and name the result"
            )
    group = Group(file.stem, (file,), config=config, sharded=False)
    return Layout(LAYOUT, config, tensors, (group,), {}, lambda name: OTHER)
