"""Merged checkpoints on their way to a visitor: where they are written, what they may be called, how they are fetched.

Every visitor writes into a folder of their own, whose random name is the only key to it: what isn't known can't be
fetched, and nothing is listed. Used by `service`; `routes` serves the files.
"""

from __future__ import annotations

import re
import secrets
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from ggez_core.errors import OutputError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TICKET = re.compile(r"[A-Za-z0-9_-]{22}")
_CHUNK = 1 << 20


@dataclass(frozen=True)
class ExportedFile:
    """A file of an export: its name, bytes, and the address it is fetched from, relative to the page's."""

    name: str
    nbytes: int
    url: str


class Exports:
    """The exports below `root`, one folder a visitor's ticket."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @staticmethod
    def new_ticket() -> str:
        """A name for a visitor's folder that nobody guesses: 128 random bits."""
        return secrets.token_urlsafe(16)

    def folder(self, ticket: str, name: str) -> Path:
        """Where an export of that name goes. Raises OutputError for a name that isn't plain, or that exists already."""
        name = name.strip()
        if not _NAME.fullmatch(name) or name.endswith((".", ".zip")):
            raise OutputError(
                f"{name[:80]!r} is no name for an export; use up to 64 letters, digits, '.', '_' and '-', "
                "beginning with a letter or digit"
            )
        folder = self._root / ticket / name
        if folder.exists():
            raise OutputError(f"you have an export called {name} already; choose another name")
        folder.parent.mkdir(parents=True, exist_ok=True)
        return folder

    def made(self, ticket: str, name: str) -> Path:
        """The folder of an export that there is. Raises OutputError where the visitor has none of that name."""
        folder = self._root / ticket / name
        if not _NAME.fullmatch(name) or not folder.is_dir():
            raise OutputError(f"{name[:80]!r} is none of your exports; export the model first")
        return folder

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
