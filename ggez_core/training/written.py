"""A trained model back on disk as its library saves it: the files, names and types of the checkpoint it began from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file

from ..checkpoints import Checkpoint
from ..checkpoints.dtypes import DTYPES
from ..checkpoints.layouts import Group
from ..checkpoints.links import linkable, place

SHARD = 5 << 30  # bytes


def write_model(base: Checkpoint, names: Mapping[str, str], weights: Mapping[str, torch.Tensor], folder: Path) -> None:
    """Write a checkpoint of the base's own layout into the existing empty `folder`.

    names: for a tensor of the base its name in `weights`; what isn't in there is as in the base. A group of files of
    which nothing was trained shares its bytes on disk with the base where that is possible.
    """
    for name, content in base.side_contents().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    for group in base.groups:
        own = [name for name in base.tensors if name.startswith(group.prefix) and base.group_of(name) is group]
        links = {} if any(names.get(name) in weights for name in own) else linkable(group, base)
        for target, source in links.items():
            (folder / target).parent.mkdir(parents=True, exist_ok=True)
            place(source, folder / target)
        if not links:
            _write_group(base, group, own, names, weights, folder)


def _write_group(
    base: Checkpoint, group: Group, own: Iterable[str], names: Mapping[str, str], weights: Mapping[str, torch.Tensor],
    folder: Path,
) -> None:  # fmt: skip
    shards = list(_shards(base, own, group.sharded))
    where: dict[str, str] = {}
    for number, members in enumerate(shards, 1):
        file = group.filename(number, len(shards))
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        tensors: dict[str, torch.Tensor] = {}
        for name in members:
            trained = weights.get(names.get(name, ""))
            dtype = getattr(torch, DTYPES[base.tensors[name].dtype].name)
            tensor = base.read(name) if trained is None else trained.detach().to("cpu", dtype).contiguous()
            tensors[group.stored(name)] = tensor.clone() if trained is not None else tensor
            where[group.stored(name)] = Path(file).name
        save_file(tensors, folder / file, metadata={"format": "pt"})
    if len(shards) > 1:
        size = sum(base.tensors[name].nbytes for members in shards for name in members)
        index = {"metadata": {"total_size": size}, "weight_map": where}
        (folder / group.index).write_text(json.dumps(index, indent=2), encoding="utf-8")


def _shards(base: Checkpoint, own: Iterable[str], sharded: bool) -> Iterator[list[str]]:
    members: list[str] = []
    size = 0
    for name in own:
        nbytes = base.tensors[name].nbytes
        if sharded and members and size + nbytes > SHARD:
            yield members
            members, size = [], 0
        members.append(name)
        size += nbytes
    yield members
