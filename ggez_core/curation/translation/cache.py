"""What translation models have said, on disk: one SQLite file that several processes may share."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from ...errors import DataError

_AT_ONCE = 500  # keys in one question; SQLite takes 999 in its oldest builds


class Said:
    """Texts by key. A context: closed at its end. Raises DataError where the file can't be used."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(path, timeout=60, check_same_thread=False)
            self._file.execute("PRAGMA journal_mode=WAL")  # readers and a writer don't wait for each other
            self._file.execute("CREATE TABLE IF NOT EXISTS said (key BLOB PRIMARY KEY, text TEXT) WITHOUT ROWID")
        except (sqlite3.Error, OSError) as error:
            raise DataError(f"{path}: can't be used as a cache of translations ({error}); remove or move it") from None

    @staticmethod
    def key(text: str, *about: str) -> bytes:
        """The key of a text under a model, its version and settings, and a language."""
        digest = hashlib.blake2b(digest_size=20)
        for part in (*about, text):
            content = part.encode("utf-8", "surrogatepass")
            digest.update(len(content).to_bytes(8, "little") + content)
        return digest.digest()

    def get(self, keys: Sequence[bytes]) -> dict[bytes, str]:
        """What is known of these keys."""
        found: dict[bytes, str] = {}
        with self._lock:
            for start in range(0, len(keys), _AT_ONCE):
                some = keys[start : start + _AT_ONCE]
                marks = ",".join("?" * len(some))
                found.update(self._file.execute(f"SELECT key, text FROM said WHERE key IN ({marks})", some).fetchall())
        return found

    def put(self, texts: Mapping[bytes, str] | Iterable[tuple[bytes, str]]) -> None:
        """Remember texts, durably and all or none of them."""
        rows = texts.items() if isinstance(texts, Mapping) else texts
        with self._lock, self._file:
            self._file.executemany("INSERT OR REPLACE INTO said VALUES (?, ?)", list(rows))

    def __enter__(self) -> Said:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()
