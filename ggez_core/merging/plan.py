"""What will be written, decided before a byte is: every output tensor's inputs and treatment, and its place.

Made from headers alone, in the base's order, so that the same recipe gives the same bytes whatever runs it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .. import __version__
from ..checkpoints import Checkpoint, TensorInfo
from ..checkpoints.dtypes import DTYPES, DType, dtype_named
from ..checkpoints.files import stamp
from ..checkpoints.header import write_header
from ..checkpoints.layouts import Group
from ..checkpoints.links import linkable, unchanged
from ..errors import RecipeError
from .cast import Cast
from .recipe import Recipe
from .resolve import Blend, Copy, Merger, Resolved, Treatment

BATCH = 16 << 20  # bytes of the output that are worked on at a time
LEAF = 1 << 18  # elements that are read, merged and hashed at a time
ALIGN = 64
_MAX_PARTS = 512  # a system call takes at most 1024 pieces


@dataclass(frozen=True)
class Operation:
    """One output tensor: what is done with `inputs`, and the `dtype` it is written in.

    `sources` names the checkpoint of every input. The numbers in `treatment` count the inputs.
    """

    name: str
    shape: tuple[int, ...]
    inputs: tuple[TensorInfo, ...]
    sources: tuple[str, ...]
    treatment: Treatment
    dtype: DType

    @property
    def size(self) -> int:
        """Elements."""
        return self.inputs[0].size

    @property
    def nbytes(self) -> int:
        """Bytes of the output tensor."""
        return self.size * self.dtype.itemsize

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that computing it takes."""
        return tuple(file for info in self.inputs for file in info.files)

    @property
    def copies(self) -> bool:
        """Whether it is one of the inputs as it is."""
        return isinstance(self.treatment, Copy)

    @property
    def step(self) -> int:
        """Elements of a part: whole blocks of a method, whole leaves of anything else, as many as a batch takes."""
        fitting = max(1, (BATCH - ALIGN) // self.dtype.itemsize)
        if isinstance(self.treatment, Merger):
            block = self.treatment.method.extent(self.treatment.arguments, self.shape).step
            return max(1, fitting // block) * block
        return fitting // LEAF * LEAF or max(1, fitting // ALIGN * ALIGN)


@dataclass(frozen=True)
class Part:
    """Elements `start` to `stop` of an operation."""

    operation: Operation
    start: int
    stop: int

    @property
    def whole(self) -> bool:
        """Whether it is all of the operation."""
        return self.stop - self.start == self.operation.size

    @property
    def nbytes(self) -> int:
        """Bytes of the output."""
        return (self.stop - self.start) * self.operation.dtype.itemsize


@dataclass(frozen=True)
class Batch:
    """Parts whose outputs lie one after the other at `offset` of the file numbered `file`."""

    file: int
    offset: int
    parts: tuple[Part, ...]

    @property
    def nbytes(self) -> int:
        """Bytes of the outputs."""
        return sum(part.nbytes for part in self.parts)


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
    resolved: Resolved

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
        """A short digest of all that decides the bytes: recipe, layout, the inputs as they are now, and our code.

        A merge that another version began isn't gone on with: its pieces may be others, or round otherwise.
        """
        inputs = {path for operation in self.operations for path in operation.files}
        stamps = [(str(path), *stamp(path)) for path in sorted(inputs)]
        said = [__version__, BATCH, self.recipe.document(), stamps]
        digest = hashlib.sha256(json.dumps(said).encode())
        for shard in self.shards:
            digest.update(shard.header)
        return digest.hexdigest()[:12]

    def recorded(self, recipe: Recipe) -> Plan:
        """The same plan with another recipe in the files' headers, which mustn't become longer or shorter."""
        shards = tuple(replace(shard, header=_header(shard.group, shard.operations, recipe)) for shard in self.shards)
        return replace(self, recipe=recipe, shards=shards)

    def batches(self) -> Iterator[Batch]:
        """The work in the order in which it is written, in batches of at most `BATCH` bytes if no part is larger."""
        for file, shard in enumerate(self.shards):
            offset, parts, size = len(shard.header), list[Part](), 0
            for part in _parts(shard.operations):
                if parts and (size + part.nbytes + ALIGN > BATCH or len(parts) == _MAX_PARTS):
                    yield (batch := Batch(file, offset, tuple(parts)))
                    offset, parts, size = offset + batch.nbytes, [], 0
                parts.append(part)
                size += part.nbytes + ALIGN
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


def make_plan(recipe: Recipe, cast: Cast, shard_size: int) -> Plan:
    """Decide what to write. Raises `IncompatibleError` for a bad pair, `RecipeError` for a bad recipe."""
    base = cast.base
    floating = [name for name, info in base.tensors.items() if DTYPES[info.dtype].merges]
    resolved = Resolved(recipe, cast, floating)
    dtype = dtype_named(recipe.written) if recipe.written else None
    operations = [_operation(info, cast, resolved, dtype) for info in base.tensors.values()]
    links = dict[str, Path]()
    shards = list[Shard]()
    for group in base.groups:
        own = [operation for operation in operations if base.group_of(operation.name) is group]
        copies = all(op.copies and op.inputs[0] is base.tensors[op.name] for op in own)
        files = linkable(group, base) if dtype is None else {}
        if files and (copies or _unchanged(group, cast, own)):
            links |= files
            continue
        shards += _shards(group, own, shard_size, recipe)
    return Plan(recipe, base, tuple(shards), links, resolved)


def _unchanged(group: Group, cast: Cast, operations: list[Operation]) -> bool:
    """Whether a group is the same in all inputs, and merging it leaves it as it is."""
    neutral = all(op.treatment.keeps_equals for op in operations)
    return neutral and all(unchanged(group, cast.base, model) for model in cast.models)


def _shards(group: Group, operations: list[Operation], shard_size: int, recipe: Recipe) -> list[Shard]:
    """The files of one group of tensors."""
    parts = _grouped(operations, shard_size) if group.sharded else [operations]
    shards = []
    for number, part in enumerate(parts, start=1):
        own = tuple(sorted(part, key=_as_the_library))
        shards.append(Shard(group.filename(number, len(parts)), _header(group, own, recipe), own, group))
    return shards


def _header(group: Group, operations: tuple[Operation, ...], recipe: Recipe) -> bytes:
    entries = [(group.stored(op.name), op.dtype.code, op.shape, op.nbytes) for op in operations]
    return write_header(entries, {"format": "pt", "ggez_recipe": recipe.as_json()})


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


def _operation(info: TensorInfo, cast: Cast, resolved: Resolved, dtype: DType | None) -> Operation:
    stored = DTYPES[info.dtype]
    if not stored.merges:
        return Operation(info.name, info.shape, (info,), (cast.base.source,), Copy(0), stored)
    treatment, written = resolved[info.name], dtype or stored
    inputs = [(checkpoint.tensors[info.name], checkpoint.source) for checkpoint in cast.inputs]
    if isinstance(treatment, Blend) and inputs[treatment.first][0] is inputs[treatment.second][0]:
        treatment = Copy(treatment.first)
    if isinstance(treatment, Copy):
        inputs, treatment = [inputs[treatment.source]], Copy(0)
    elif isinstance(treatment, Blend):
        inputs = [inputs[treatment.first], inputs[treatment.second]]
        treatment = Blend(0, 1, treatment.weight)
    infos, sources = zip(*inputs, strict=True)
    return Operation(info.name, info.shape, infos, sources, treatment, written)


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
        step = operation.step
        for start in range(0, operation.size, step):
            yield Part(operation, start, min(start + step, operation.size))
