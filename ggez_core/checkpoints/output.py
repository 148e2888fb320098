"""A folder of weights that appears whole or not at all.

`OutputFolder` works in a hidden sibling of the target, notes in a journal how far its bytes are safely on disk, and
becomes the target by one rename. A process that is killed leaves the hidden folder, from which the same work goes on;
any other end removes it. A lock on the journal keeps a second process out.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from ..errors import OutputError
from .files import Bytes
from .links import place

_JOURNAL = "journal"
_SYNC_EVERY = 128 << 20  # bytes between two notes in the journal
_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class Position:
    """A place in the output: `offset` bytes into the file numbered `file`."""

    file: int = 0
    offset: int = 0


class OutputFolder:
    """The folder that will be `target`, made of `files` whose names and sizes are known before the first byte.

    `key` names the work: only work of the same key is resumed. As a context it removes what it wrote unless `publish`
    was called. `start` is where to go on writing. Raises `OutputError` if the target exists, is being written by
    another process, or the disk is full.
    """

    def __init__(self, target: Path, key: str, files: Sequence[tuple[str, int]], *, resume: bool = True) -> None:
        self.target, self._files = target, tuple(files)
        self.folder = target.parent / f".{target.name}.partial-{key}"
        if os.path.lexists(target):
            raise OutputError(f"{target}: already exists; choose another name or remove it first")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            self.folder.mkdir(exist_ok=True)
            self._journal = _locked(self.folder / _JOURNAL, target)
        except OSError as error:
            raise _refusal(error, target) from None
        self._syncing = ThreadPoolExecutor(1, thread_name_prefix="ggez-sync")
        self._notes: list[Future[None]] = []
        self._open: tuple[int, int] | None = None
        self._unsynced = 0
        self._published = False
        self.start = self._last_note() if resume else Position()

    def __enter__(self) -> OutputFolder:
        try:
            self._remove_others()
            self._check_room()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._syncing.shutdown(wait=True, cancel_futures=True)
        if self._open is not None:
            os.close(self._open[1])
            self._open = None
        if not self._published:
            shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._journal)

    def write(self, at: Position, parts: Sequence[Bytes]) -> None:
        """Write `parts` one after the other at a position; positions must come in order."""
        try:
            descriptor = self._descriptor(at.file)
            views, offset = [part.data for part in parts if part.size], at.offset
            while views:
                count = os.pwritev(descriptor, views, offset)
                offset += count
                while views and count >= len(views[0]):
                    count -= len(views.pop(0))
                if views:
                    views[0] = views[0][count:]
            self._unsynced += offset - at.offset
            if self._unsynced >= _SYNC_EVERY and all(note.done() for note in self._notes):
                self._note(descriptor, Position(at.file, offset))
        except OSError as error:
            raise _refusal(error, self.target) from None

    def add(self, name: str, content: bytes) -> None:
        """Write a small file whole."""
        try:
            self._make_room_for(name)
            with (self.folder / name).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _refusal(error, self.target) from None

    def sync(self) -> None:
        """Wait until everything written is on disk."""
        try:
            self._finish_file()
            for note in self._notes:
                note.result()
        except OSError as error:
            raise _refusal(error, self.target) from None

    def link(self, name: str, source: Path) -> None:
        """Put a file into the folder as it is, sharing its bytes on disk where that is possible."""
        try:
            self._make_room_for(name)
            (self.folder / name).unlink(missing_ok=True)
            place(source, self.folder / name)
        except OSError as error:
            raise _refusal(error, self.target) from None

    def _make_room_for(self, name: str) -> None:
        """Make the subfolder that a file goes into."""
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)

    def publish(self) -> None:
        """Make everything durable and rename the folder to its target."""
        self.sync()
        try:
            (self.folder / _JOURNAL).unlink()
            for folder in (*(path for path in self.folder.rglob("*") if path.is_dir()), self.folder):
                sync_folder(folder)
            if os.path.lexists(self.target):
                raise OutputError(f"{self.target}: was made by someone else meanwhile; choose another name")
            self.folder.rename(self.target)
            self._published = True
            sync_folder(self.target.parent)
        except OSError as error:
            raise _refusal(error, self.target) from None

    def _descriptor(self, file: int) -> int:
        if self._open is None or self._open[0] != file:
            self._finish_file()
            self._make_room_for(self._files[file][0])
            self._open = file, os.open(self.folder / self._files[file][0], os.O_WRONLY | os.O_CREAT, 0o666)
        return self._open[1]

    def _finish_file(self) -> None:
        """Sync and close the open file behind the writer's back, so that the next one can start."""
        if self._open is not None:
            file, descriptor = self._open
            self._open = None
            self._note(descriptor, Position(file + 1, 0), close=True)

    def _note(self, descriptor: int, reached: Position, close: bool = False) -> None:
        def sync_and_note() -> None:
            try:
                os.fsync(descriptor)
                os.write(self._journal, f"{reached.file} {reached.offset}\n".encode())
                os.fsync(self._journal)
            finally:
                if close:
                    os.close(descriptor)

        self._unsynced = 0
        for note in self._notes:
            if note.done():
                note.result()
        self._notes = [note for note in self._notes if not note.done()]
        self._notes.append(self._syncing.submit(sync_and_note))

    def _last_note(self) -> Position:
        """Where the journal says that an earlier process got to; a last line cut short by a crash doesn't count."""
        lines = os.pread(self._journal, 1 << 20, 0).decode("ascii", "replace").split("\n")[:-1]
        words = lines[-1].split() if lines else []
        if len(words) != 2 or not all(word.isdigit() for word in words):
            return Position()
        return Position(int(words[0]), int(words[1]))

    def _check_room(self) -> None:
        """Refuse a disk that is too small before the work, not at its end."""
        missing = 0
        for name, size in self._files:
            path = self.folder / name
            missing += size - (path.stat().st_blocks * 512 if path.exists() else 0)
        free = shutil.disk_usage(self.folder).free
        if missing > free:
            raise OutputError(
                f"{self.target}: needs {missing / 1e9:,.2f} GB, and the disk has {free / 1e9:,.2f} GB free; "
                "make room or write elsewhere"
            )

    def _remove_others(self) -> None:
        """Remove what killed processes left of other work on the same target, unless someone is at it."""
        for folder in self.target.parent.glob(f".{self.target.name}.partial-*"):
            if folder == self.folder or not (folder / _JOURNAL).is_file():
                continue
            with suppress(OutputError, OSError):
                journal = _locked(folder / _JOURNAL, self.target)
                shutil.rmtree(folder, ignore_errors=True)
                os.close(journal)


def sync_folder(folder: Path) -> None:
    """Make a folder's entries durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _locked(path: Path, target: Path) -> int:
    """Open a journal and lock it until it is closed or the process dies."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not path.exists() or path.stat().st_ino != os.fstat(descriptor).st_ino:
            raise BlockingIOError  # its owner finished between our opening and our locking
    except (BlockingIOError, FileNotFoundError):
        os.close(descriptor)
        raise OutputError(f"{target}: another process is writing it; wait for it or choose another name") from None
    return descriptor


def _refusal(error: OSError, target: Path) -> OutputError:
    if error.errno in _FULL:
        return OutputError(f"{target}: the disk is full; nothing was written; make room or write elsewhere")
    return OutputError(f"{target}: can't be written ({error.strerror}); check the path and its permissions")
