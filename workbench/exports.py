"""Merged checkpoints on their way to a visitor: where they are written, what they may be called, how they are fetched.

Every visitor writes into a folder of their own, whose random name is the only key to it: what isn't known can't be
fetched, and nothing is listed. Where visitors are strangers, exports are deleted when their time is over, and sooner
those of who has gone where there is no room for others. Used by `service`; `routes` serves the files.
"""

from __future__ import annotations

import re
import secrets
import shutil
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from ggez_core.errors import OutputError

from .limits import Limits

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TICKET = re.compile(r"[A-Za-z0-9_-]{22}")
_CHUNK = 1 << 20


@dataclass(frozen=True)
class ExportedFile:
    """A file of an export: its name, bytes, and the address it is fetched from, relative to the page's."""

    name: str
    nbytes: int
    url: str


@dataclass(frozen=True)
class _Kept:
    """An export on disk: when it was made (seconds since 1970), and its bytes."""

    folder: Path
    made: float
    nbytes: int


class Exports:
    """The exports below `root`, one folder a visitor's ticket. present: the tickets of who is here now."""

    def __init__(
        self, root: Path, limits: Limits | None = None, present: Callable[[], frozenset[str]] = frozenset
    ) -> None:
        self._root, self._limits, self._present = root, limits or Limits(), present
        self._lock = threading.Lock()

    @staticmethod
    def new_ticket() -> str:
        """A name for a visitor's folder that nobody guesses: 128 random bits."""
        return secrets.token_urlsafe(16)

    def folder(self, ticket: str, name: str, needed: int = 0) -> Path:
        """Where an export of that name goes, which will take `needed` bytes.

        Raises OutputError for a name that isn't plain or exists already, and where the visitor has too many exports,
        too large ones, or all visitors together.
        """
        name = name.strip()
        if not _NAME.fullmatch(name) or name.endswith((".", ".zip")):
            raise OutputError(
                f"{name[:80]!r} is no name for an export; use up to 64 letters, digits, '.', '_' and '-', "
                "beginning with a letter or digit"
            )
        folder = self._root / ticket / name
        if folder.exists():
            raise OutputError(f"you have an export called {name} already; choose another name")
        self.tidy()
        self._check_room(ticket, needed)
        folder.parent.mkdir(parents=True, exist_ok=True)
        return folder

    def made(self, ticket: str, name: str) -> Path:
        """The folder of an export that there is. Raises OutputError where the visitor has none of that name."""
        folder = self._root / ticket / name
        if not _NAME.fullmatch(name) or not folder.is_dir():
            raise OutputError(f"{name[:80]!r} is none of your exports; export the model first")
        return folder

    def tidy(self) -> None:
        """Delete the exports that have had their time, if there is a time after which they are deleted."""
        if self._limits.export_hours is not None:
            oldest = time.time() - 3600 * self._limits.export_hours
            self._delete([one for one in self._kept() if one.made < oldest])

    def _check_room(self, ticket: str, needed: int) -> None:
        limits, kept = self._limits, self._kept()
        mine = [one for one in kept if one.folder.parent.name == ticket]
        later = f"; an export is deleted {limits.export_hours:g} hours after it was made" if limits.export_hours else ""
        if limits.exports is not None and len(mine) >= limits.exports:
            raise OutputError(f"you have {len(mine)} exports, and {limits.exports} are allowed at a time{later}")
        size = sum(one.nbytes for one in mine)
        if limits.export_bytes is not None and size + needed > limits.export_bytes:
            raise OutputError(
                f"this export takes {needed / 1e9:.1f} GB and yours take {size / 1e9:.1f} GB; "
                f"{limits.export_bytes / 1e9:.1f} GB are allowed in all: choose a smaller type{later}"
            )
        if limits.all_export_bytes is None:
            return
        missing = sum(one.nbytes for one in kept) + needed - limits.all_export_bytes
        present = self._present()
        gone = sorted((one for one in kept if one.folder.parent.name not in present), key=lambda one: one.made)
        while missing > 0 and gone:
            missing -= gone[0].nbytes
            self._delete([gone.pop(0)])
        if missing > 0:
            raise OutputError(f"there is no room for this export beside other visitors'; try again later{later}")

    def _kept(self) -> list[_Kept]:
        """All exports, with what an export that is being written has written."""
        found = []
        with suppress(OSError):
            for folder in self._root.glob("*/*"):
                if folder.is_dir() and not folder.is_symlink():
                    nbytes = sum(file.stat().st_size for file in _within(folder).values())
                    found.append(_Kept(folder, folder.stat().st_mtime, nbytes))
        return found

    def _delete(self, exports: list[_Kept]) -> None:
        with self._lock:
            for one in exports:
                shutil.rmtree(one.folder, ignore_errors=True)
                with suppress(OSError):  # unless the visitor has others
                    one.folder.parent.rmdir()

    def files(self, ticket: str, name: str) -> tuple[ExportedFile, ...]:
        """The files of an export, weights first."""
        found = sorted(_within(self._root / ticket / name).items(), key=lambda f: (f[1].suffix != ".safetensors", f[0]))
        return tuple(
            ExportedFile(inner, file.stat().st_size, f"exports/{ticket}/{name}/{quote(inner)}") for inner, file in found
        )

    def routes(self) -> list[Route]:
        """Addresses of one file of an export, and of the whole of it as a zip made while it is sent."""
        return [
            Route("/exports/{ticket}/{name}.zip", self._zip, methods=["GET"]),
            Route("/exports/{ticket}/{name}/{file:path}", self._file, methods=["GET"]),
        ]

    def _file(self, request: Request) -> Response:
        file = _within(self._known(request)).get(str(request.path_params["file"]))  # nothing but what is listed
        if file is None:
            raise HTTPException(404)
        return FileResponse(file, filename=file.name)

    def _zip(self, request: Request) -> Response:
        folder = self._known(request)
        headers = {"content-disposition": f'attachment; filename="{folder.name}.zip"'}
        return StreamingResponse(_zipped(folder), media_type="application/zip", headers=headers)

    def _known(self, request: Request) -> Path:
        ticket, name = str(request.path_params["ticket"]), str(request.path_params["name"])
        folder = self._root / ticket / name
        if not _TICKET.fullmatch(ticket) or not _NAME.fullmatch(name) or not folder.is_dir():
            raise HTTPException(404)
        return folder


def _within(folder: Path) -> dict[str, Path]:
    """The files of an export by their paths in it (pipelines have folders), without links, sorted."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())
    return {path.relative_to(folder).as_posix(): path for path in found}


class _Outbox(RawIOBase):
    """A file that can't be sought in, whose bytes are taken out as they come."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        taken = bytes(data)  # type: ignore[call-overload]
        self._waiting.append(taken)
        return len(taken)

    def take(self) -> bytes:
        data, self._waiting = b"".join(self._waiting), []
        return data


def _zipped(folder: Path) -> Iterator[bytes]:
    """The folder as a zip without compression (weights don't shrink), piece by piece, nothing of it on disk."""
    outbox = _Outbox()
    with zipfile.ZipFile(outbox, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for inner, file in _within(folder).items():
            entry = zipfile.ZipInfo.from_file(file, f"{folder.name}/{inner}")
            with file.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                while chunk := source.read(_CHUNK):
                    target.write(chunk)
                    yield outbox.take()
    yield outbox.take()
