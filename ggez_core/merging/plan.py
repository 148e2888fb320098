"""What will be written, decided before a byte is: for every tensor of the output its inputs and weight, and its place.

Made from headers alone, in the base's order, so that the same recipe gives the same bytes whatever runs it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..checkpoints import Checkpoint, TensorInfo
from ..checkpoints.compare import architecture_conflict, can_merge, cannot_merge, structural_conflict
from ..checkpoints.dtypes import DTYPES, DType, dtype_named
from ..checkpoints.files import stamp
from ..checkpoints.header import write_header
from ..checkpoints.layouts import Group
from ..checkpoints.links import linkable, unchanged
from ..checkpoints.pairing import aligned, new_rows
from ..errors import IncompatibleError, RecipeError
from .recipe import Recipe, check_components

BATCH = 16 << 20  # bytes of one input that are worked on at a time
ALIGN = 64
_MAX_PARTS = 512  # a system call takes at most 1024 pieces


@dataclass(frozen=True)
class Operation:
    """One output tensor: `base + weight·(regional − base)`, as `dtype`. Without `regional` it is a copy of `base`."""

    name: str
    base: TensorInfo
    regional: TensorInfo | None
    weight: float
    dtype: DType

    @property
    def nbytes(self) -> int:
        """Bytes of the output tensor."""
        return self.base.size * self.dtype.itemsize

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that computing it takes."""
        return self.base.files + (self.regional.files if self.regional else ())

    @property
    def width(self) -> int:
        """The widest element among inputs and output, in bytes."""
        inputs = (self.base, self.regional) if self.regional else (self.base,)
        return max(self.dtype.itemsize, *(DTYPES[info.dtype].itemsize for info in inputs))


@dataclass(frozen=True)
class Part:
    """Elements `start` to `stop` of an operation."""

    operation: Operation
    start: int
    stop: int


@dataclass(frozen=True)
class Batch:
    """Parts whose outputs lie one after the other at `offset` of the file numbered `file`."""

    file: int
    offset: int
    parts: tuple[Part, ...]

    @property
    def nbytes(self) -> int:
        """Bytes of the outputs."""
        return sum((part.stop - part.start) * part.operation.dtype.itemsize for part in self.parts)


@dataclass(frozen=True)
class Shard:
    """One file of the output: its header's bytes, then its operations' tensors."""

    filename: str
    header: bytes
    operations: tuple[Operation, ...]
    group: Group

    @property
    def nbytes(self) -> int:
        """Bytes of the file."""
        return len(self.header) + sum(operation.nbytes for operation in self.operations)


@dataclass(frozen=True)
class Plan:
    """A merge ready to run: the files to write, and those of the base that stay as they are, by their new names."""

    recipe: Recipe
    base: Checkpoint
    shards: tuple[Shard, ...]
    links: Mapping[str, Path]

    @property
    def operations(self) -> Iterator[Operation]:
        """Every output tensor, in the order of the files."""
        return (operation for shard in self.shards for operation in shard.operations)

    @property
    def nbytes(self) -> int:
        """Bytes of all files of weights."""
        return sum(shard.nbytes for shard in self.shards)

    @property
    def key(self) -> str:
        """A short digest of everything that decides the bytes: recipe, layout, and the inputs as they are now."""
        inputs = {path for operation in self.operations for path in operation.files}
        stamps = [(str(path), *stamp(path)) for path in sorted(inputs)]
        digest = hashlib.sha256(json.dumps([self.recipe.document(), stamps]).encode())
        for shard in self.shards:
            digest.update(shard.header)
        return digest.hexdigest()[:12]

    def batches(self) -> Iterator[Batch]:
        """The work in the order in which it is written, in batches of at most `BATCH` bytes of any input."""
        for file, shard in enumerate(self.shards):
            offset, parts, size = len(shard.header), list[Part](), 0
            for part in _parts(shard.operations):
                width = (part.stop - part.start) * part.operation.width + ALIGN
                if parts and (size + width > BATCH or len(parts) == _MAX_PARTS):
                    yield (batch := Batch(file, offset, tuple(parts)))
                    offset, parts, size = offset + batch.nbytes, [], 0
                parts.append(part)
                size += width
            yield Batch(file, offset, tuple(parts))  # without parts in a file of empty tensors only

    def indices(self) -> dict[str, dict[str, Any]]:
        """The index of every group that is written in shards, by its file's name."""
        found = {}
        for group in self.base.groups:
            shards = [shard for shard in self.shards if shard.group is group]
            if len(shards) > 1:
                names = {
                    group.stored(op.name): Path(shard.filename).name for shard in shards for op in shard.operations
                }
                total = sum(operation.nbytes for shard in shards for operation in shard.operations)
                found[group.index] = {"metadata": {"total_size": total}, "weight_map": dict(sorted(names.items()))}
        return found


def make_plan(recipe: Recipe, base: Checkpoint, regional: Checkpoint, shard_size: int) -> Plan:
    """Decide what to write. Raises `IncompatibleError` for a bad pair, `RecipeError` for a bad recipe."""
    check_components(recipe.components, base.components)
    base, regional = aligned(base, regional, keep_new_rows=recipe.keep_new_rows)
    check_compatible(base, regional)
    dtype = dtype_named(recipe.dtype) if recipe.dtype else None
    operations = [
        _operation(info, regional.tensors[name], recipe.components.get(base.component_of(name), recipe.beta), dtype)
        for name, info in base.tensors.items()
    ]
    metadata = {"format": "pt", "ggez_recipe": recipe.as_json()}
    links = dict[str, Path]()
    shards = list[Shard]()
    for group in base.groups:
        own = [operation for operation in operations if base.group_of(operation.name) is group]
        copies = all(op.regional is None and op.base is base.tensors[op.name] for op in own)
        files = linkable(group, base) if recipe.dtype is None else {}
        if files and (copies or unchanged(group, base, regional)):
            links |= files
            continue
        shards += _shards(group, own, shard_size, metadata)
    return Plan(recipe, base, tuple(shards), links)


def _shards(group: Group, operations: list[Operation], shard_size: int, metadata: dict[str, str]) -> list[Shard]:
    """The files of one group of tensors."""
    parts = _grouped(operations, shard_size) if group.sharded else [operations]
    shards = []
    for number, part in enumerate(parts, start=1):
        part = sorted(part, key=_as_the_library)
        entries = [(group.stored(op.name), op.dtype.code, op.base.shape, op.nbytes) for op in part]
        shards.append(Shard(group.filename(number, len(parts)), write_header(entries, metadata), tuple(part), group))
    return shards


def check_compatible(base: Checkpoint, regional: Checkpoint) -> None:
    """Refuse a pair whose configs or headers contradict each other. Raises `IncompatibleError`."""
    if conflict := architecture_conflict(base, regional):
        raise IncompatibleError(conflict)
    conflicts = []
    for name in sorted(base.tensors.keys() | regional.tensors.keys()):
        a, b = base.tensors.get(name), regional.tensors.get(name)
        found = structural_conflict(a, b)
        if found and not (a and b and can_merge(a, b)):
            conflicts.append((name, found[1]))
    if conflicts:
        raise IncompatibleError(cannot_merge(base.source, regional.source, conflicts, new_rows(base, regional)))


def parse_size(size: int | str) -> int:
    """Bytes from `5GB`, `500 MB`, `2GiB` or a number. Raises `RecipeError` for anything else."""
    units = {
        "": 1,
        "B": 1,
        "KB": 10**3,
        "MB": 10**6,
        "GB": 10**9,
        "TB": 10**12,
        "KIB": 2**10,
        "MIB": 2**20,
        "GIB": 2**30,
    }
    text = str(size).strip().upper()
    number = text.rstrip("BKMGTI ")
    unit = text[len(number) :].strip()
    try:
        parsed = int(float(number) * units[unit])
    except (ValueError, KeyError, OverflowError):
        parsed = 0
    if parsed < 1:
        raise RecipeError(f"shard size {size!r} is no size; write it like 5GB or 500MB")
    return parsed


def _operation(a: TensorInfo, b: TensorInfo, weight: float, dtype: DType | None) -> Operation:
    stored = DTYPES[a.dtype]
    if not stored.merges:
        return Operation(a.name, a, None, 0.0, stored)
    if weight == 0 or b is a:
        return Operation(a.name, a, None, 0.0, dtype or stored)
    if weight == 1:
        return Operation(a.name, b, None, 0.0, dtype or stored)
    return Operation(a.name, a, b, weight, dtype or stored)


def _grouped(operations: list[Operation], shard_size: int) -> list[list[Operation]]:
    groups: list[list[Operation]] = [[]]
    size = 0
    for operation in operations:
        if groups[-1] and size + operation.nbytes > shard_size:
            groups.append([])
            size = 0
        groups[-1].append(operation)
        size += operation.nbytes
    return groups


def _as_the_library(operation: Operation) -> tuple[int, str]:
    """The order in which the safetensors library lays tensors out: wide elements first, so that all are aligned."""
    return -operation.dtype.itemsize, operation.name


def _parts(operations: tuple[Operation, ...]) -> Iterator[Part]:
    for operation in operations:
        step = (BATCH - ALIGN) // operation.width // ALIGN * ALIGN
        for start in range(0, operation.base.size, step):
            yield Part(operation, start, min(start + step, operation.base.size))
