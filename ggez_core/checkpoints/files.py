"""Reading bytes out of checkpoint files, straight into memory the caller owns, for all that touches weights."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import CheckpointError

Bytes = npt.NDArray[np.uint8]
Elements = npt.NDArray[Any]
BINARY: int = getattr(os, "O_BINARY", 0)
_POSITIONED = hasattr(os, "preadv") and hasattr(os, "pwritev")  # not on Windows, where a file has but one position
_ONE_AT_A_TIME = threading.Lock()


class OpenFiles:
    """File descriptors opened once and read at any offset by many threads."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._descriptors: dict[Path, int] = {}
        self._closing = ExitStack()
        try:
            for path in sorted(set(paths)):
                descriptor = os.open(path, os.O_RDONLY | BINARY)
                self._closing.callback(os.close, descriptor)
                self._descriptors[path] = descriptor
        except OSError as error:
            self._closing.close()
            raise CheckpointError(f"{path}: can't be read ({error.strerror}); is it still there?") from None

    def read_into(self, buffer: Bytes, path: Path, offset: int) -> None:
        """Fill `buffer` with the bytes of `path` from `offset`. Raises `CheckpointError` if the file ends before."""
        view, done = buffer.data, 0
        while done < len(view):
            try:
                count = read_at(self._descriptors[path], view[done:], offset + done)
            except OSError as error:
                raise CheckpointError(
                    f"{path}: reading failed ({error.strerror}); check the disk and try again"
                ) from None
            if count == 0:
                raise CheckpointError(
                    f"{path}: ends at byte {offset + done:,}: it changed since it was opened; try again"
                )
            done += count

    def forget_cached(self) -> None:
        """Ask the system to drop what it has of the files in memory, so that reading them again reads the disk."""
        if hasattr(os, "posix_fadvise"):
            for descriptor in self._descriptors.values():
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)

    def close(self) -> None:
        """Close every descriptor."""
        self._closing.close()


def read_at(descriptor: int, view: memoryview, offset: int) -> int:
    """Read bytes from `offset` of a file into `view`; how many, 0 at the file's end."""
    if _POSITIONED:
        return os.preadv(descriptor, [view], offset)
    with _ONE_AT_A_TIME:
        os.lseek(descriptor, offset, os.SEEK_SET)
        raw = os.read(descriptor, len(view))
    view[: len(raw)] = raw
    return len(raw)


def write_at(descriptor: int, views: Sequence[memoryview], offset: int) -> int:
    """Write views one after the other from `offset` of a file; how many bytes, maybe fewer than there are."""
    if _POSITIONED:
        return os.pwritev(descriptor, views, offset)
    with _ONE_AT_A_TIME:
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.write(descriptor, views[0])


def stamp(path: Path) -> tuple[int, int]:
    """A file's size and time of change. Raises `CheckpointError` if it's gone."""
    try:
        status = path.stat()
    except OSError as error:
        raise CheckpointError(f"{path}: can't be read ({error.strerror}); is it still there?") from None
    return status.st_size, status.st_mtime_ns


@contextmanager
def opened(paths: Iterable[Path]) -> Iterator[OpenFiles]:
    """The files at `paths`, open for as long as the block lasts."""
    files = OpenFiles(paths)
    try:
        yield files
    finally:
        files.close()


def empty_bytes(size: int) -> Bytes:
    """Uninitialised memory for `size` bytes."""
    return np.empty(size, dtype=np.uint8)


def elements(buffer: Bytes, holds: np.dtype[Any]) -> Elements:
    """The bytes of `buffer` seen as elements of another type, without copying."""
    return buffer.view(holds)
