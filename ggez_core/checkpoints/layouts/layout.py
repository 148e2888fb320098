"""What a layout is: tensors under the names the engine uses, and how they go back into files of the same layout."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ...errors import CheckpointError
from ..header import TensorInfo

_LAYERS, _MOST_LAYERS = re.compile(r"(^|_)(layers?|depths?|blocks)$"), 2000
_SIZES = re.compile(
    r"(^|_)(vocab_size|hidden_size|intermediate_size|embed_dim|projection_dim|d_model|d_ff|width|heads)$"
)
_LARGEST_SIZE = 50_000_000

OTHER = "other"
CONFIG = "config.json"
_SIDE_SUFFIXES = {".json", ".txt", ".model", ".jinja", ".tiktoken"}
_SIDE_NAMES = {"LICENSE", "LICENSE.md", "NOTICE"}
_NOT_CARRIED = {"trainer_state.json", "all_results.json", "train_results.json", "eval_results.json"}


@dataclass(frozen=True)
class Group:
    """Tensors saved together: in `folder/stem.safetensors`, or in shards of it where the layout knows shards.

    `prefix` starts their names in the checkpoint and is left out in the file; `config` is the config.json beside them;
    `files` is where they are now.
    """

    stem: str
    files: tuple[Path, ...]
    folder: str = ""
    prefix: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    sharded: bool = True

    def filename(self, number: int = 1, of: int = 1) -> str:
        """The file of shard `number` of `of`, relative to the checkpoint's folder."""
        return self._within(self.stem + (f"-{number:05}-of-{of:05}" if of > 1 else "") + ".safetensors")

    @property
    def index(self) -> str:
        """The file that says in which shard a tensor is, relative to the checkpoint's folder."""
        return self._within(f"{self.stem}.safetensors.index.json")

    @property
    def config_file(self) -> str:
        """Where `config` lies, relative to the checkpoint's folder."""
        return self._within(CONFIG)

    def stored(self, name: str) -> str:
        """A tensor's name in the file."""
        return name.removeprefix(self.prefix)

    def _within(self, name: str) -> str:
        return f"{self.folder}/{name}" if self.folder else name


@dataclass(frozen=True)
class Layout:
    """A checkpoint's files as one layout reads them.

    `side` are the small files a copy needs beside the weights, by their path relative to the checkpoint's folder;
    `component_of` says which component a tensor belongs to.
    """

    name: str
    config: Mapping[str, Any]
    tensors: Mapping[str, TensorInfo]
    groups: tuple[Group, ...]
    side: Mapping[str, Path]
    component_of: Callable[[str], str]


def by_name(tensors: Iterable[TensorInfo], where: Path) -> Mapping[str, TensorInfo]:
    """Tensors by their names. Raises `CheckpointError` if one occurs twice."""
    listed = list(tensors)
    named = {tensor.name: tensor for tensor in listed}
    if len(named) != len(listed):
        raise CheckpointError(f"{where}: a tensor is in two of its files; save the model again")
    return MappingProxyType(named)


def first_part(name: str) -> str:
    """The component of most layouts: a name's first part, without a wrapping `model.`; a name of one part is `other`.

    A decoder saved without a part of its own (`model.layers`, `model.embed_tokens`, `model.norm`) is `language_model`.
    """
    inner = name.removeprefix("model.")
    first, dot, _ = inner.partition(".")
    if name != inner and first in ("layers", "embed_tokens", "norm"):
        return "language_model"
    return first if dot else OTHER


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file. Raises `CheckpointError` if there is none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: can't be read as JSON ({error}); download or write it again") from None
    if not isinstance(document, dict):
        raise CheckpointError(f"{path}: holds no JSON object; download or write it again")
    _refuse_outsized(path, document, 0)
    return document


def _refuse_outsized(path: Path, value: Any, depth: int) -> None:
    """Refuse a config of a model that no machine builds: a stranger's number is believed only within reason."""
    if depth > 20:
        raise CheckpointError(f"{path}: is nested too deeply for a config; download or write it again")
    inner = value.items() if isinstance(value, dict) else ((None, one) for one in value)
    for name, one in inner:
        if isinstance(one, dict | list):
            _refuse_outsized(path, one, depth + 1)
        elif isinstance(one, int) and name is not None:
            most = _MOST_LAYERS if _LAYERS.search(name) else _LARGEST_SIZE if _SIZES.search(name) else None
            if most is not None and not -1 <= one <= most:
                raise CheckpointError(f"{path}: {name[:40]} is {one:,}, more than any model has; correct it")


def side_files(folder: Path, within: str = "") -> dict[str, Path]:
    """The small files of a folder that a copy needs: config, tokenizer, processor, templates, licence."""
    found = [path for path in folder.iterdir() if _is_side_file(path)]
    found += (folder / "additional_chat_templates").glob("*.jinja")
    prefix = f"{within}/" if within else ""
    return {prefix + path.relative_to(folder).as_posix(): path for path in sorted(found)}


def _is_side_file(path: Path) -> bool:
    if path.name.startswith(".") or path.name in _NOT_CARRIED or ".index." in path.name or not path.is_file():
        return False
    return path.suffix in _SIDE_SUFFIXES or path.name in _SIDE_NAMES
