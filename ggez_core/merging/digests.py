"""What a merge has read, as a hash for each checkpoint: the same again only if every byte that it used is the same.

XXH3 (128 bits) of each leaf of a tensor, taken while the leaf is in the cache because it is being merged; then of a
tensor's leaves, then of a checkpoint's tensors by name. It tells other content, not a forgery. A file that goes into
the output without being read (an unchanged component) counts by its size and by samples spread over it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import xxhash

from ..checkpoints import TensorInfo
from ..checkpoints.dtypes import DTYPES
from ..checkpoints.files import Bytes, OpenFiles, empty_bytes, opened, stamp
from .plan import LEAF, Operation, Part

UNKNOWN = "0" * 32  # stands where a hash will, in a header that is written before its file is read
_SAMPLES, _SAMPLE = 64, 64 << 10


class Digests:
    """Collects the hashes of leaves, from many threads and in any order."""

    def __init__(self) -> None:
        self._leaves: dict[tuple[str, str], dict[int, bytes]] = {}
        self._kinds: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()

    def add(self, operation: Operation, number: int, leaf: int, content: Bytes) -> None:
        """One leaf of an operation's input, as bytes on disk or as it was computed."""
        found = xxhash.xxh3_128_digest(content.data)
        key = operation.sources[number], operation.name
        with self._lock:
            if key not in self._leaves:
                self._leaves[key] = {}
                info = operation.inputs[number]
                self._kinds[key] = f"{info.dtype} {list(info.shape)}"
            self._leaves[key][leaf] = found

    def add_part(self, part: Part, files: OpenFiles) -> None:
        """Every leaf that begins in a part, of every input, read for no other purpose."""
        operation = part.operation
        for number, info in enumerate(operation.inputs):
            for leaf in leaves(part):
                self.add(operation, number, leaf, _read(info, leaf, files))

    def add_file(self, source: str, name: str, path: Path) -> None:
        """A file that is shared with the output rather than read."""
        size = stamp(path)[0]
        digest = xxhash.xxh3_128(str(size).encode())
        sample = empty_bytes(min(_SAMPLE, size))
        with opened([path]) as files:
            for start in np.linspace(0, size - len(sample), _SAMPLES if size > len(sample) else 1, dtype=np.int64):
                files.read_into(sample, path, int(start))
                digest.update(sample.data)
        self._leaves[source, f"file {name}"] = {0: digest.digest()}
        self._kinds[source, f"file {name}"] = ""

    def by_source(self) -> dict[str, str]:
        """The hash of what was read of every checkpoint, as 32 hexadecimal digits."""
        found: dict[str, xxhash.xxh3_128] = {}
        for source, name in sorted(self._leaves):
            digest = found.setdefault(source, xxhash.xxh3_128())
            digest.update(f"{name}\0{self._kinds[source, name]}\0".encode())
            for _, leaf in sorted(self._leaves[source, name].items()):
                digest.update(leaf)
        return {source: digest.hexdigest() for source, digest in found.items()}


def leaves(part: Part) -> Iterator[int]:
    """The numbers of the leaves that begin in a part."""
    return iter(range(-(-part.start // LEAF), -(-part.stop // LEAF)))


def differing(recorded: Mapping[str, str], found: Mapping[str, str]) -> str | None:
    """The first checkpoint that isn't what a recipe recorded, or None."""
    return next((source for source in (*recorded, *found) if recorded.get(source) != found.get(source)), None)


def _read(info: TensorInfo, leaf: int, files: OpenFiles) -> Bytes:
    start = leaf * LEAF
    buffer = empty_bytes(min(LEAF, info.size - start) * DTYPES[info.dtype].itemsize)
    info.read_into(buffer, files, start)
    return buffer
