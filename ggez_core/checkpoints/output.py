"""A folder of weights that appears whole or not at all.

`OutputFolder` works in a hidden sibling of the target, notes in a journal beside it how far its bytes are safely on
disk, and becomes the target by one rename. A process that is killed leaves the hidden folder, from which the same work
goes on; any other end removes it. The journal's lock keeps a second process out.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType, TracebackType

from ..errors import OutputError
from .files import BINARY, Bytes, stamp, write_at
from .journal import Journal, Position
from .links import place, same_content

__all__ = ["FULL", "OutputFolder", "Position", "check_unused", "sync_folder", "write_file"]

log = logging.getLogger(__name__)
_SYNC_EVERY = 128 << 20  # bytes between two notes in the journal
_PARTIAL, _JOURNAL = ".partial", ".partial.journal"
FULL = (errno.ENOSPC, errno.EDQUOT)  # what an OSError has where a disk is full


class OutputFolder:
    """The folder that will be `target`, made of `files` whose names and sizes are known before the first byte.

    `key` names the work: only work of the same key is resumed. As a context it removes what it wrote unless `publish`
    was called. `start` is where to go on writing. Raises `OutputError` if the target exists, is being written by
    another process, or the disk is full. `links` will be put in as they are; where they lie on another disk, there
    has to be room for them.
    """

    def __init__(
        self,
        target: Path,
        key: str,
        files: Sequence[tuple[str, int]],
        *,
        links: Mapping[str, Path] = MappingProxyType({}),
        resume: bool = True,
    ) -> None:
        self.target, self._files, self._links = target, tuple(files), links
        self.folder = target.parent / f".{target.name}{_PARTIAL}"
        check_unused(target)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._journal = Journal(target.parent / f".{target.name}{_JOURNAL}", target)
        except OSError as error:
            raise _refusal(error, target) from None
        self._syncing = ThreadPoolExecutor(1, thread_name_prefix="ggez-sync")
        self._notes: list[Future[None]] = []
        self._open: tuple[int, int] | None = None
        self._unsynced = 0
        self._published = False
        self._added: dict[str, bytes] = {}
        try:
            self.start = self._begin(key, resume)
        except OSError as error:
            self._abandon()
            raise _refusal(error, target) from None

    def _begin(self, key: str, resume: bool) -> Position:
        """Where to start: behind what is on disk of the same work, or in an empty folder."""
        reached = self._journal.reached(key) if resume else None
        if reached is not None and self._is_there(reached):
            self.folder.mkdir(exist_ok=True)
            return reached
        self._journal.forget()
        if os.path.lexists(self.folder):
            shutil.rmtree(self.folder)
        self.folder.mkdir()
        self._journal.begin(key)
        return Position()

    def _is_there(self, reached: Position) -> bool:
        """Whether the files that a journal speaks of are there, as long as it says."""
        needed = [size for _, size in self._files[: reached.file]] + ([reached.offset] if reached.offset else [])
        if reached.file > len(self._files) or len(needed) > len(self._files):
            return False
        found = [path.stat().st_size if (path := self.folder / name).is_file() else -1 for name, _ in self._files]
        return all(size >= least for size, least in zip(found, needed, strict=False))

    def __enter__(self) -> OutputFolder:
        try:
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
        self._abandon()

    def _abandon(self) -> None:
        """Remove what isn't published, and give up the lock."""
        try:
            if not self._published:
                with suppress(OSError):  # first of all: what is half removed must not be resumed
                    self._journal.forget()
                shutil.rmtree(self.folder, ignore_errors=True)
        finally:
            self._journal.close(remove=True)

    def write(self, at: Position, parts: Sequence[Bytes]) -> None:
        """Write `parts` one after the other at a position; positions must come in order."""
        try:
            descriptor = self._descriptor(at)
            views, offset = [part.data for part in parts if part.size], at.offset
            while views:
                count = write_at(descriptor, views, offset)
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

    def write_over_start(self, file: int, content: bytes) -> None:
        """Write over the first bytes of the file numbered `file`, which was written and synced, and sync it again."""
        try:
            descriptor = os.open(self.folder / self._files[file][0], os.O_WRONLY | BINARY)
            try:
                done = 0
                while done < len(content):
                    done += write_at(descriptor, [memoryview(content)[done:]], done)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise _refusal(error, self.target) from None

    def add(self, name: str, content: bytes) -> None:
        """Write a small file whole."""
        try:
            self._added[name] = content
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

    def link(self) -> None:
        """Put the linked files into the folder, sharing their bytes on disk where that is possible.

        Raises `CheckpointError` if one is gone.
        """
        for name, source in self._links.items():
            stamp(source)
            try:
                self._make_room_for(name)
                (self.folder / name).unlink(missing_ok=True)
                place(source, self.folder / name)
            except OSError as error:
                raise _refusal(error, self.target) from None

    def verify_added(self) -> None:
        """Read the small files and the linked ones again and compare. Raises `OutputError` for a byte that differs."""
        for name, content in self._added.items():
            if (self.folder / name).read_bytes() != content:
                raise OutputError(f"{name}: differs from what was written; check the disk")
        for name, source in self._links.items():
            if not same_content(source, self.folder / name, from_disk=True):
                raise OutputError(f"{name}: differs from {source}, which it was made from; check the disk")

    def _make_room_for(self, name: str) -> None:
        """Make the subfolder that a file goes into."""
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)

    def publish(self) -> None:
        """Make everything durable and rename the folder to its target."""
        self.sync()
        try:
            self._remove_strangers()
            for folder in (*(path for path in self.folder.rglob("*") if path.is_dir()), self.folder):
                sync_folder(folder)
            if os.path.lexists(self.target):
                raise OutputError(f"{self.target}: was made by someone else meanwhile; choose another name")
            self.folder.rename(self.target)
            self._published = True
        except OSError as error:
            raise _refusal(error, self.target) from None
        try:
            sync_folder(self.target.parent)
        except OSError as error:
            log.warning("%s is written, but its disk doesn't confirm it (%s)", self.target, error.strerror)

    def _remove_strangers(self) -> None:
        """Remove files that aren't of this output: what an earlier process put here when an input had more files."""
        own = {*self._added, *self._links, *(name for name, _ in self._files)}
        for path in self.folder.rglob("*"):
            if not path.is_dir() and path.relative_to(self.folder).as_posix() not in own:
                path.unlink()

    def _descriptor(self, at: Position) -> int:
        if self._open is None or self._open[0] != at.file:
            self._finish_file()
            name = self._files[at.file][0]
            self._make_room_for(name)
            flags = os.O_WRONLY | os.O_CREAT | BINARY | (0 if at.offset else os.O_TRUNC)
            self._open = at.file, os.open(self.folder / name, flags, 0o666)
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
                self._journal.note(reached)
            finally:
                if close:
                    os.close(descriptor)

        self._unsynced = 0
        for note in self._notes:
            if note.done():
                note.result()
        self._notes = [note for note in self._notes if not note.done()]
        self._notes.append(self._syncing.submit(sync_and_note))

    def _check_room(self) -> None:
        """Refuse a disk that is too small before the work, not at its end."""
        missing = 0
        for name, size in self._files:
            path = self.folder / name
            missing += size - (path.stat().st_blocks * 512 if path.exists() else 0)
        here = self.folder.stat().st_dev
        missing += sum(path.stat().st_size for path in self._links.values() if path.stat().st_dev != here)
        free = shutil.disk_usage(self.folder).free
        if missing > free:
            raise OutputError(
                f"{self.target}: needs {missing / 1e9:,.2f} GB, and the disk has {free / 1e9:,.2f} GB free; "
                "make room or write elsewhere"
            )


def check_unused(target: Path) -> None:
    """Refuse a target that exists. Raises `OutputError`.

    Journals beside it whose output is whole are removed first: of a process that was killed between its rename and its
    last act, a few bytes stay.
    """
    for journal in target.parent.glob(f".*{_JOURNAL}"):
        whole = journal.parent / journal.name[1 : -len(_JOURNAL)]
        if os.path.lexists(whole) and not os.path.lexists(journal.parent / f".{whole.name}{_PARTIAL}"):
            with suppress(OutputError, OSError):  # its owner is about to remove it
                Journal(journal, whole).close(remove=True)
    if os.path.lexists(target):
        raise OutputError(f"{target}: already exists; choose another name or remove it first")


def write_file(path: Path, content: bytes) -> None:
    """Write a small file that appears whole or not at all, in place of what was there. Raises `OutputError`."""
    work = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with work.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            work.replace(path)
        except BaseException:
            work.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise _refusal(error, path) from None


def sync_folder(folder: Path) -> None:
    """Make a folder's entries durable, where the system opens folders."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refusal(error: OSError, target: Path) -> OutputError:
    if error.errno in FULL:
        return OutputError(f"{target}: the disk is full; nothing was written; make room or write elsewhere")
    if error.errno == errno.EFBIG:
        return OutputError(f"{target}: the disk takes no files that large; write smaller ones with --shard-size")
    return OutputError(f"{target}: can't be written ({error.strerror}); check the path and its permissions")
