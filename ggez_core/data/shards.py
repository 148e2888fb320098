"""A WebDataset shard as a table: the files of a tar whose names agree up to the first dot are one row.

`0001.jpg` is the row's image, `0001.json` its columns, `0001.txt` its text. Only headers are read at first.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import DataError

IMAGES = ("jpg", "jpeg", "png", "webp", "bmp", "gif")
Place = tuple[int, int]  # where a file begins in the tar, and its bytes


class ShardTable:
    """One tar of a WebDataset."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rows: list[dict[str, Any]] = []
        self._images: list[Place | None] = []
        try:
            with tarfile.open(path) as tar, path.open("rb") as file:
                members = [m for m in tar if m.isfile()]
                for name, parts in _grouped(members).items():
                    self._rows.append(self._row(file, name, parts))
                    image = next((parts[end] for end in IMAGES if end in parts), None)
                    self._images.append((image.offset_data, image.size) if image else None)
        except (OSError, tarfile.TarError) as error:
            reason = str(error).strip().partition("\n")[0]
            raise DataError(f"{path}: can't be read as a tar ({reason}); download or write it again") from None
        self.columns = tuple(dict.fromkeys(["image", *(key for row in self._rows for key in row)]))

    def __len__(self) -> int:
        return len(self._rows)

    def rows(self, columns: Sequence[str]) -> list[dict[str, Any]]:
        """Every row, with these columns only."""
        return [{name: row.get(name) for name in columns} for row in self._rows]

    def cells(self, column: str, rows: Sequence[int]) -> list[Any]:
        """One column of some rows, in their order; `image` gives bytes."""
        if column != "image":
            return [self._rows[row].get(column) for row in rows]
        with self.path.open("rb") as file:
            return [_bytes(file, self._images[row]) for row in rows]

    def _row(self, file: Any, name: str, parts: Mapping[str, tarfile.TarInfo]) -> dict[str, Any]:
        row: dict[str, Any] = {"id": name}
        for end, member in parts.items():
            if end in ("json", "txt", "cls"):
                text = (_bytes(file, (member.offset_data, member.size)) or b"").decode("utf-8", "replace")
                if end == "txt":
                    row.setdefault("text", text.strip())
                elif end == "cls":
                    row.setdefault("label", text.strip())
                else:
                    try:
                        found = json.loads(text)
                    except ValueError as error:
                        raise DataError(f"{self.path}: {name}.json is no JSON ({error})") from None
                    if not isinstance(found, Mapping):
                        raise DataError(f"{self.path}: {name}.json is no object; write one with the row's columns")
                    row |= {k: v for k, v in found.items() if k != "image"}
        return row


def _grouped(members: Sequence[tarfile.TarInfo]) -> dict[str, dict[str, tarfile.TarInfo]]:
    found: dict[str, dict[str, tarfile.TarInfo]] = {}
    for member in members:
        folder, slash, name = member.name.rpartition("/")
        stem, dot, end = name.partition(".")
        if stem and dot:
            found.setdefault(f"{folder}{slash}{stem}", {})[end.lower()] = member
    return found


def _bytes(file: Any, place: Place | None) -> bytes | None:
    if place is None:
        return None
    file.seek(place[0])
    data: bytes = file.read(place[1])
    return data
