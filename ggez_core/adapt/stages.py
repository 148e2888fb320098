"""Which stages of an adaptation are done: a ledger of what each was made from, so that nothing is made twice.

A stage's key is a digest of its settings and of the key of the stage before, so what comes after a change is made
again, and only that.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..checkpoints.output import sync_folder

_LEDGER = "stages.json"


class Stages:
    """The ledger in an adaptation's folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            found = json.loads((folder / _LEDGER).read_text("utf-8"))
        except (OSError, ValueError):
            found = {}
        self._keys: dict[str, str] = found if isinstance(found, dict) else {}

    def begun_with(self, stage: str) -> str | None:
        """The key that the stage was last begun with; None for one that never was."""
        return self._keys.get(f"{stage}, begun")

    def done_with(self, stage: str) -> str | None:
        """The key that the stage was finished with."""
        return self._keys.get(stage)

    def begin(self, stage: str, key: str) -> None:
        """Note that what lies in the stage's folder is of this key, and isn't finished."""
        self._keys.pop(stage, None)
        self._keys[f"{stage}, begun"] = key
        self._write()

    def finish(self, stage: str, key: str) -> None:
        """Note that it is finished."""
        self._keys[stage] = key
        self._write()

    def _write(self) -> None:
        partial = self._folder / f".{_LEDGER}.partial"
        with partial.open("w", encoding="utf-8") as file:
            json.dump(self._keys, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._folder / _LEDGER)
        sync_folder(self._folder)


def key_of(before: str, settings: Mapping[str, Any], files: Iterable[str | Path] = ()) -> str:
    """A digest of settings, of the key of the stage before, and of files and folders by their sizes and times."""
    digest = hashlib.blake2b(before.encode(), digest_size=12)
    digest.update(json.dumps(settings, sort_keys=True, default=str, ensure_ascii=False).encode())
    for given in files:
        path = Path(given).expanduser()
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                known = file.stat()
                digest.update(f"\n{file}\t{known.st_size}\t{known.st_mtime_ns}".encode())
    return digest.hexdigest()
