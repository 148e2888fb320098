"""Arrays that come from weights, kept on disk by content: weights, preprocessing, data and the place of computing.

A file grows by batches; each is on disk before the next begins, so that a killed evaluation computes at most one batch
again. A folder is kept within a size by removing the arrays that were used longest ago.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..checkpoints import Checkpoint
from ..checkpoints.dtypes import DTYPES
from ..checkpoints.files import opened
from .family import BetaOf, Placement
from .kept import BATCH, Compute, Floats, Kept, Rows

log = logging.getLogger(__name__)

LIMIT = 8 << 30  # bytes; GGEZ_CACHE_GB sets another
_HEADER = struct.Struct("<8s3Q")  # magic, rows in all, numbers a row, rows that are durable
_MAGIC = b"GGEZROW1"
_PIECE = 1 << 24  # elements read at a time
Report = Callable[[str, int, int], None]
"""Called with an array's name, its rows that are done, and all its rows."""


def default_folder() -> Path:
    """Where arrays are kept: GGEZ_CACHE, or the user's cache folder."""
    given = os.environ.get("GGEZ_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(given) if given else Path(home) / "ggez"


def component_digests(checkpoint: Checkpoint) -> dict[str, str]:
    """A digest of every component's names, types, shapes and bytes."""

    def digest(name: str) -> bytes:
        info = checkpoint.tensors[name]
        found = hashlib.blake2b(f"{name} {info.dtype} {info.shape}".encode(), digest_size=16)
        buffer = np.empty(min(info.size, _PIECE) * DTYPES[info.dtype].itemsize, np.uint8)
        for start in range(0, info.size, _PIECE):
            piece = buffer[: min(info.size - start, _PIECE) * DTYPES[info.dtype].itemsize]
            info.read_into(piece, files, start)
            found.update(piece.data)
        return found.digest()

    with opened(p for t in checkpoint.tensors.values() for p in t.files) as files, ThreadPoolExecutor() as pool:
        return {
            component: hashlib.blake2b(b"".join(pool.map(digest, names)), digest_size=16).hexdigest()
            for component, names in checkpoint.components.items()
        }


@dataclass(frozen=True)
class Weights:
    """What tells a model's weights and processing apart from another's, at every β.

    base, regional: digests by component; regional is None for a model that doesn't move. around: digest of
    configuration, tokenizer and processor, dtype, device and versions.
    """

    base: Mapping[str, str]
    regional: Mapping[str, str] | None
    around: str

    def key(self, components: Iterable[str], beta_of: BetaOf) -> str:
        """A digest of these components' weights at the β that `beta_of` tells."""
        return _digest(self.around, *(self._one(component, beta_of(component)) for component in components))

    @property
    def differing(self) -> tuple[str, ...]:
        """The components in which base and regional differ."""
        ends = self.regional if self.regional is not None else self.base
        return tuple(component for component, digest in self.base.items() if digest != ends.get(component))

    def beta_of(self, beta_of: BetaOf) -> BetaOf:
        """The same, but 0 for components that don't differ, so that nothing of theirs is computed again."""
        moving = frozenset(self.differing)
        return lambda component: beta_of(component) if component in moving or component not in self.base else 0.0

    def _one(self, component: str, beta: float) -> str:
        base = self.base.get(component, "")
        regional = base if self.regional is None else self.regional.get(component, "")
        if beta == 0 or base == regional:
            return base
        return regional if beta == 1 else f"{base} {regional} {beta!r}"


def weights_of(base: Checkpoint, regional: Checkpoint | None, placement: Placement) -> Weights:
    """What tells this model's weights and processing apart from all others."""
    around = hashlib.blake2b(digest_size=16)
    for name, content in sorted(base.side_contents().items()):
        around.update(name.encode() + b"\n" + content)
    place = [placement.device or "cpu", placement.dtype, placement.device_map]
    place += [version(library) for library in ("torch", "transformers")]
    around.update(json.dumps([str(part) for part in place]).encode())
    ends: list[Any] = [component_digests(end) if end else None for end in (base, regional)]
    return Weights(ends[0], ends[1], around.hexdigest())


class StoredKept(Kept):
    """Keeps the arrays of one who asks in a folder: `content` says of which data they are."""

    def __init__(self, folder: Path | None, weights: Weights, content: str, report: Report) -> None:
        self._folder, self._weights, self._content, self._report = folder, weights, content, report

    def rows(self, name: str, count: int, components: Sequence[str], compute: Compute, *, batch: int = BATCH) -> Rows:
        """An array that is read from its file where there is one."""

        def path(beta_of: BetaOf) -> Path | None:
            key = _digest(self._content, name, self._weights.key(components, beta_of))
            return self._folder / f"{key}.rows" if self._folder else None

        self._report(name, 0, count)
        return _StoredRows(count, components, compute, batch, path, lambda done: self._report(name, done, count))


class _StoredRows(Rows):
    def __init__(
        self,
        count: int,
        components: Sequence[str],
        compute: Compute,
        batch: int,
        path: Callable[[BetaOf], Path | None],
        report: Callable[[int], None],
    ) -> None:
        super().__init__(count, components, compute, batch)
        self._path, self._report = path, report

    def at(self, beta_of: BetaOf) -> Floats:
        """The array, as ever; tells when it is there."""
        found = super().at(beta_of)
        self._report(self.count)
        return found

    def _made(self, beta_of: BetaOf) -> Floats:
        path = self._path(beta_of)
        if path is None:
            return np.concatenate(list(self._reported(0)))
        if (found := _complete(path, self.count)) is not None:
            return found
        try:
            with _writing(path) as file:
                start = _resume(file, self.count, self.batch)
                for rows in self._reported(start):
                    start = _append(file, rows, start, self.count)
        except OSError as error:
            log.warning("%s: embeddings can't be kept (%s); going on without", path.parent, error.strerror or error)
            return np.concatenate(list(self._reported(0)))
        trim(path.parent)
        made = _complete(path, self.count)
        assert made is not None
        return made

    def _reported(self, first: int) -> Iterator[Floats]:
        self._report(first)
        for start in range(first, self.count, self.batch):
            yield self._batch(start)
            self._report(min(start + self.batch, self.count))


def trim(folder: Path, limit: int | None = None) -> None:
    """Remove the arrays that were used longest ago until the folder holds at most `limit` bytes."""
    limit = int(float(os.environ.get("GGEZ_CACHE_GB", LIMIT / (1 << 30))) * (1 << 30)) if limit is None else limit
    files = sorted(((path.stat(), path) for path in folder.glob("*.rows")), key=lambda f: f[0].st_mtime, reverse=True)
    total = 0
    for stat, path in files:
        total += stat.st_size
        if total > limit and path != files[0][1]:
            path.unlink(missing_ok=True)


def _complete(path: Path, count: int) -> Floats | None:
    """The whole array, mapped from its file; None where it isn't whole."""
    try:
        with path.open("rb") as file:
            magic, rows, dim, done = _HEADER.unpack(file.read(_HEADER.size))
    except (OSError, struct.error):
        return None
    if (magic, rows, done) != (_MAGIC, count, count) or path.stat().st_size < _HEADER.size + 4 * rows * dim:
        return None
    os.utime(path)
    return np.memmap(path, np.float32, "r", _HEADER.size, (rows, dim)) if rows * dim else np.zeros((rows, dim), "f4")


@contextmanager
def _writing(path: Path) -> Iterator[IO[bytes]]:
    """The file, for one writer alone: raises OSError for a second one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o644), "r+b", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            yield file
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)  # a process that another thread just forked holds a copy of it


def _resume(file: IO[bytes], count: int, batch: int) -> int:
    """How many rows of the file can be used, always whole batches."""
    header = file.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return 0
    magic, rows, dim, done = _HEADER.unpack(header)
    there = (os.fstat(file.fileno()).st_size - _HEADER.size) // max(4 * dim, 1)
    return int(min(done, there)) // batch * batch if (magic, rows) == (_MAGIC, count) else 0


def _append(file: IO[bytes], rows: Floats, start: int, count: int) -> int:
    """Write rows at their place, wait until they are durable, and note it; where the next ones go."""
    dim, done = rows.shape[1], start + len(rows)
    if start == 0:
        os.pwrite(file.fileno(), _HEADER.pack(_MAGIC, count, dim, 0), 0)
    content = np.ascontiguousarray(rows, "<f4").tobytes()
    if os.pwrite(file.fileno(), content, _HEADER.size + 4 * start * dim) < len(content):
        raise OSError("the disk is full")
    os.fsync(file.fileno())
    os.pwrite(file.fileno(), _HEADER.pack(_MAGIC, count, dim, done), 0)
    return done


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()
