"""A checkpoint as the rest of the engine sees it: a fixed list of named tensors, grouped into components, read lazily.

Opening reads headers and config only; weights are read one tensor at a time, when asked for. Nothing here knows an
architecture, executes a checkpoint's code or unpickles anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..errors import CheckpointError
from .dtypes import DTYPES
from .files import opened
from .header import TensorInfo, read_header
from .sources import resolve

if TYPE_CHECKING:
    import torch

OTHER = "other"
_PICKLES = {".bin", ".pt", ".pth", ".ckpt", ".pkl"}
_SIDE_SUFFIXES = {".json", ".txt", ".model", ".jinja", ".tiktoken"}
_SIDE_NAMES = {"LICENSE", "LICENSE.md", "NOTICE"}
_NOT_CARRIED = {"trainer_state.json", "all_results.json", "train_results.json", "eval_results.json"}
_INDEX = "model.safetensors.index.json"


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Weights on disk with their config. Make one with `open_checkpoint`.

    `tensors` keeps the order of the files' bytes; `components` maps a component's name to its tensors' names. A
    component is the first part of a tensor's name, without a wrapping `model.`: `vision_model`, `text_model`,
    `language_model`; names of one part (`logit_scale`) belong to the component `other`.
    """

    source: str
    folder: Path
    revision: str | None
    layout: str
    config: Mapping[str, Any]
    tensors: Mapping[str, TensorInfo]

    @property
    def model_type(self) -> str:
        """The config's `model_type` ("siglip", "clip", …), or an empty string."""
        return str(self.config.get("model_type", ""))

    @cached_property
    def components(self) -> Mapping[str, tuple[str, ...]]:
        """Names of the tensors of every component, sorted; components sorted too, `other` last."""
        groups: dict[str, list[str]] = {}
        for name in sorted(self.tensors):
            groups.setdefault(self.component_of(name), []).append(name)
        ordered = sorted(groups, key=lambda component: (component == OTHER, component))
        return MappingProxyType({component: tuple(groups[component]) for component in ordered})

    @cached_property
    def nbytes(self) -> int:
        """Bytes of all tensors."""
        return sum(tensor.nbytes for tensor in self.tensors.values())

    @cached_property
    def side_files(self) -> tuple[Path, ...]:
        """The small files a copy needs beside the weights: config, tokenizer, processor, templates, licence."""
        found = [path for path in self.folder.iterdir() if _is_side_file(path)]
        found += (self.folder / "additional_chat_templates").glob("*.jinja")
        return tuple(sorted(found))

    def component_of(self, name: str) -> str:
        """The component that a tensor belongs to."""
        first, dot, _ = name.removeprefix("model.").partition(".")
        return first if dot else OTHER

    def read(self, name: str) -> torch.Tensor:
        """One tensor, read from disk now. Raises `CheckpointError` if it is unknown or its file changed."""
        import torch

        if name not in self.tensors:
            raise CheckpointError(f"{self.source}: has no tensor {name!r}; `ggez inspect` lists what it has")
        info = self.tensors[name]
        tensor = torch.empty(info.shape, dtype=getattr(torch, DTYPES[info.dtype].name))
        with opened(info.files) as files:
            info.read_into(tensor.reshape(-1).view(torch.uint8).numpy(), files)
        return tensor


def open_checkpoint(source: str | Path, *, revision: str | None = None) -> Checkpoint:
    """Open `demo:siglip/base`, a folder, or a Hub id `owner/name[@revision]` without reading its weights.

    Raises `SourceError` if there is nothing of that name, `CheckpointError` if what is there can't be used.
    """
    found = resolve(source, revision)
    config_file = found.folder / "config.json"
    if not config_file.is_file():
        raise CheckpointError(
            f"{found.name}: not a checkpoint: {found.folder} has no config.json; name a model's folder"
        )
    config = _read_json(config_file)
    listed = [tensor for file in _weight_files(found.folder) for tensor in read_header(file)]
    tensors = {tensor.name: tensor for tensor in listed}
    if len(tensors) != len(listed):
        raise CheckpointError(f"{found.name}: a tensor is in two shards of {found.folder}; save the model again")
    return Checkpoint(found.name, found.folder, found.revision, "transformers", config, MappingProxyType(tensors))


def _weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a transformers folder, in order."""
    index = folder / _INDEX
    if index.is_file():
        return _indexed(folder, index)
    found = sorted(folder.glob("*.safetensors"))
    whole = folder / "model.safetensors"
    if whole in found:
        return [whole]
    if len(found) == 1:
        return found
    if found:
        raise CheckpointError(f"{folder}: {len(found)} safetensors files and no {_INDEX}; keep one or add the index")
    if any(path.suffix in _PICKLES for path in folder.iterdir()):
        raise CheckpointError(
            f"{folder}: only pickles, which can run code when loaded; convert to safetensors with save_pretrained"
        )
    raise CheckpointError(f"{folder}: holds no safetensors file; name a folder with model.safetensors")


def _indexed(folder: Path, index: Path) -> list[Path]:
    weight_map = _read_json(index).get("weight_map")
    if not isinstance(weight_map, dict) or not all(isinstance(value, str) for value in weight_map.values()):
        raise CheckpointError(f"{index}: has no weight_map; download the file again")
    shards = sorted(set(weight_map.values()))
    for shard in shards:
        if Path(shard).name != shard or not shard.endswith(".safetensors") or not (folder / shard).is_file():
            raise CheckpointError(f"{index}: names the shard {shard!r}, which isn't in the folder; download it again")
    held = {tensor.name: shard for shard in shards for tensor in read_header(folder / shard)}
    for name, shard in weight_map.items():
        if held.get(name) != shard:
            raise CheckpointError(f"{index}: says that {name!r} is in {shard}, but it isn't; download both again")
    return [folder / shard for shard in shards]


def _read_json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: can't be read as JSON ({error}); download or write it again") from None
    if not isinstance(document, dict):
        raise CheckpointError(f"{path}: holds no JSON object; download or write it again")
    return document


def _is_side_file(path: Path) -> bool:
    if (
        path.name.startswith(".")
        or path.name in _NOT_CARRIED
        or path.name.endswith(".index.json")
        or not path.is_file()
    ):
        return False
    return path.suffix in _SIDE_SUFFIXES or path.name in _SIDE_NAMES
