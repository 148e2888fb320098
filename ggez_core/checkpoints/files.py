"""Reading bytes out of checkpoint files, straight into memory the caller owns, for all that touches weights."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import CheckpointError

Bytes = npt.NDArray[np.uint8]
Elements = npt.NDArray[Any]


class OpenFiles:
    """File descriptors opened once and read at any offset by many threads."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._descriptors: dict[Path, int] = {}
        self._closing = ExitStack()
        try:
            for path in sorted(set(paths)):
                descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
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
                count = os.preadv(self._descriptors[path], [view[done:]], offset + done)
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
