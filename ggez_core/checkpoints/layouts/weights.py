"""Which files of a folder hold its weights, and what is in them: one safetensors file, indexed shards, or pickles.

The full-precision files are preferred to a variant (`model.fp16.safetensors`), safetensors to pickles.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...errors import CheckpointError
from ..header import TensorInfo, read_header
from ..pickles import PICKLES, read_pickle
from .layout import read_json

_PICKLED_STEMS = {"model": "pytorch_model"}


def read_weights(path: Path) -> list[TensorInfo]:
    """The tensors of one file, whatever its format."""
    return read_pickle(path) if path.suffix in PICKLES else read_header(path)


def weight_files(folder: Path, stems: Sequence[str] = ("model",)) -> tuple[str, tuple[Path, ...]]:
    """The stem and the files of a folder's weights, in order. Raises `CheckpointError` if there are none."""
    for stem in stems:
        for suffix, pickled in ((".safetensors", stem), (".bin", _PICKLED_STEMS.get(stem, stem))):
            index = _only([folder / f"{pickled}{suffix}.index.json", *folder.glob(f"{pickled}{suffix}.index.*.json")])
            if index is not None:
                return stem, _indexed(folder, index, suffix)
            whole = _only([folder / f"{pickled}{suffix}", *sorted(folder.glob(f"{pickled}.*{suffix}"))])
            if whole is not None:
                return stem, (whole,)
    return stems[0], (_by_any_name(folder, stems[0]),)


def _only(candidates: list[Path]) -> Path | None:
    """The first candidate that exists: the plain name, else a variant."""
    return next((path for path in candidates if path.is_file()), None)


def _by_any_name(folder: Path, stem: str) -> Path:
    found = sorted(folder.glob("*.safetensors"))
    if len(found) == 1:
        return found[0]
    if found:
        index = f"{stem}.safetensors.index.json"
        raise CheckpointError(f"{folder}: {len(found)} safetensors files and no {index}; keep one or add the index")
    raise CheckpointError(f"{folder}: holds no safetensors file; name a folder with {stem}.safetensors")


def _indexed(folder: Path, index: Path, suffix: str) -> tuple[Path, ...]:
    weight_map = read_json(index).get("weight_map")
    if not isinstance(weight_map, dict) or not all(isinstance(value, str) for value in weight_map.values()):
        raise CheckpointError(f"{index}: has no weight_map; download the file again")
    shards = sorted(set(weight_map.values()))
    for shard in shards:
        if Path(shard).name != shard or not shard.endswith(suffix) or not (folder / shard).is_file():
            raise CheckpointError(f"{index}: names the shard {shard!r}, which isn't in the folder; download it again")
    held = {tensor.name: shard for shard in shards for tensor in read_weights(folder / shard)}
    for name, shard in weight_map.items():
        if held.get(name) != shard:
            raise CheckpointError(f"{index}: says that {name!r} is in {shard}, but it isn't; download both again")
    return tuple(folder / shard for shard in shards)
