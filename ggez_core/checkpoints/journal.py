"""The journal beside an unfinished output: whose work it is, how far its bytes are safely on disk, and a lock.

The lock is the operating system's, so that it ends with its process and can't be stale.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import OutputError
from .files import BINARY

_LONGEST = 1 << 24


@dataclass(frozen=True, order=True)
class Position:
    """A place in the output: `offset` bytes into the file numbered `file`."""

    file: int = 0
    offset: int = 0


class Journal:
    """The journal at `path` of the output `target`, locked until it is closed or the process dies.

    Its first line is the key of the work, every further one a position that was reached. Raises `OutputError` if
    another process has it, `OSError` if it can't be made.
    """

    def __init__(self, path: Path, target: Path) -> None:
        self._path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | BINARY, 0o666)
        try:
            _lock(self._descriptor)
            found = path.stat()  # unless its owner finished between our opening and our locking
            if (found.st_ino, found.st_dev) != (
                (mine := os.fstat(self._descriptor)).st_ino,
                mine.st_dev,
            ):
                raise FileNotFoundError
        except (BlockingIOError, PermissionError, FileNotFoundError):
            os.close(self._descriptor)
            raise OutputError(f"{target}: another process is writing it; wait for it or choose another name") from None
        except OSError:
            os.close(self._descriptor)
            raise

    def reached(self, key: str) -> Position | None:
        """Where work of this key got to; None if there is none. A last line that a crash cut short doesn't count."""
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        whole = os.read(self._descriptor, _LONGEST)
        kept = whole[: whole.rfind(b"\n") + 1]
        os.ftruncate(self._descriptor, len(kept))
        lines = kept.decode("ascii", "replace").splitlines()
        if not lines or lines[0] != key:
            return None
        words = lines[-1].split() if len(lines) > 1 else ["0", "0"]
        if len(words) != 2 or not all(word.isdigit() for word in words):
            return None
        return Position(int(words[0]), int(words[1]))

    def begin(self, key: str) -> None:
        """Forget everything and start work of this key."""
        self.forget()
        self._add(key)

    def note(self, reached: Position) -> None:
        """Note a position before which everything is on disk."""
        self._add(f"{reached.file} {reached.offset}")

    def forget(self) -> None:
        """Make sure that nobody goes on with what this journal tells of."""
        os.ftruncate(self._descriptor, 0)
        os.fsync(self._descriptor)

    def close(self, *, remove: bool) -> None:
        """Give up the lock, and remove the file."""
        if remove and sys.platform != "win32":  # while it is locked, so that nobody's new journal is meant
            self._path.unlink(missing_ok=True)
        _unlock(self._descriptor)
        os.close(self._descriptor)
        if remove and sys.platform == "win32":
            with suppress(OSError):  # someone else has it open now
                self._path.unlink()

    def _add(self, line: str) -> None:
        os.write(self._descriptor, f"{line}\n".encode())
        os.fsync(self._descriptor)


def _unlock(descriptor: int) -> None:
    """Give up a lock at once, though a process that another thread just forked holds a copy of the descriptor."""
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _lock(descriptor: int) -> None:
    """Lock an open file, or raise `OSError` at once if another process has it."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(descriptor, 1 << 30, os.SEEK_SET)  # far behind the text, which stays readable
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
