"""Ratings in a SQLite file: every one written whole, once, and durably, from many threads.

Beside the file SQLite keeps a write-ahead log, which needs memory shared between processes. Storage over a network (a
bucket mounted on a Space) hasn't that: there the older journal and a lock on the file for as long as it is open.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ...errors import DataError, OutputError
from .rating import Rating, Shown

VERSION = 1
_SCHEMA = """
CREATE TABLE ratings (
  id TEXT PRIMARY KEY, time REAL NOT NULL, rater TEXT NOT NULL, language TEXT NOT NULL, family TEXT NOT NULL,
  base TEXT NOT NULL, regional TEXT NOT NULL, side TEXT NOT NULL, aspect TEXT NOT NULL, item TEXT NOT NULL,
  kind TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE marks (
  rating TEXT NOT NULL REFERENCES ratings (id), position INTEGER NOT NULL, model TEXT NOT NULL, beta REAL NOT NULL,
  parts TEXT NOT NULL, measure TEXT NOT NULL, value REAL NOT NULL,
  PRIMARY KEY (rating, position, measure)
) STRICT, WITHOUT ROWID;
CREATE INDEX by_pair ON ratings (base, regional, time);
"""
_FIELDS = ("id", "time", "rater", "language", "family", "base", "regional", "side", "aspect", "item", "kind")


class RatingStore:
    """The ratings in `path`, which is made with the first. Safe to use from many threads.

    network: whether `path` lies on storage over a network: no write-ahead log, and this process alone may have it open.
    Raises OutputError where the file can't be opened or is in use, DataError for one that holds something else.
    """

    def __init__(self, path: Path, *, network: bool = False) -> None:
        self.path = path
        self._network = network
        self._lock = threading.Lock()
        self._open: sqlite3.Connection | None = None

    def add(self, ratings: Iterable[Rating]) -> int:
        """Write ratings, all or none; how many are new. One that is there already, the same, counts once.

        Raises DataError for another rating under an id that is taken.
        """
        made = list(ratings)
        with self._connection() as db:
            new = 0
            for rating in made:
                row = tuple(getattr(rating, name) for name in _FIELDS)
                done = db.execute(
                    f"INSERT INTO ratings VALUES ({', '.join('?' * len(row))}) ON CONFLICT DO NOTHING", row
                )
                if done.rowcount:
                    db.executemany("INSERT INTO marks VALUES (?, ?, ?, ?, ?, ?, ?)", _marks(rating))
                    new += 1
                elif next(iter(_read(db, "WHERE id = ?", (rating.id,)))) != rating:
                    raise DataError(f"rating {rating.id}: another one has this id; give it an id of its own")
            return new

    def ratings(self, base: str | None = None, regional: str | None = None) -> list[Rating]:
        """All ratings, or those of a pair, the oldest first."""
        if not self.path.exists():
            return []
        where, values = "", ()
        if base is not None and regional is not None:
            where, values = "WHERE base = ? AND regional = ?", (base, regional)  # type: ignore[assignment]
        with self._connection() as db:
            return list(_read(db, where, values))

    def count(self, rater: str) -> int:
        """How many ratings a rater has given."""
        if not self.path.exists():
            return 0
        with self._connection() as db:
            (found,) = db.execute("SELECT count(*) FROM ratings WHERE rater = ?", (rater,)).fetchone()
            return int(found)

    def close(self) -> None:
        """Close the file. The store opens it again when it is asked."""
        with self._lock:
            if self._open is not None:
                self._open.close()
                self._open = None

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """The connection, in a transaction of its own: whole, or nothing of it."""
        with self._lock:
            try:
                db = self._open = self._open or self._connect()
                with db:
                    yield db
            except sqlite3.OperationalError as error:
                self._drop()
                raise OutputError(f"{self.path}: can't be used ({error}); is another program writing it?") from None
            except sqlite3.DatabaseError as error:
                self._drop()
                raise DataError(f"{self.path}: isn't a file of ratings ({error}); name another one") from None

    def _drop(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def _connect(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{self.path}: can't be made ({error.strerror}); name another place") from None
        db = sqlite3.connect(self.path, timeout=10, check_same_thread=False)
        try:
            if self._network:
                db.execute("PRAGMA locking_mode = EXCLUSIVE")
                db.execute("PRAGMA journal_mode = DELETE")
            else:
                db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA foreign_keys = ON")
            self._prepare(db)
        except BaseException:
            db.close()
            raise
        return db

    def _prepare(self, db: sqlite3.Connection) -> None:
        """Make the tables of a new file; refuse a later version's and another program's."""
        db.execute("BEGIN IMMEDIATE")
        with db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version > VERSION:
                raise DataError(f"{self.path}: was written by a later version ({version}); update ggez-workbench")
            if version == VERSION:
                return
            if db.execute("SELECT count(*) FROM sqlite_schema").fetchone() != (0,):
                raise DataError(f"{self.path}: holds the tables of something else; name another file")
            for statement in filter(str.strip, _SCHEMA.split(";")):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {VERSION}")


def _marks(rating: Rating) -> Iterator[tuple[str, int, str, float, str, str, float]]:
    for position, (column, mark) in enumerate(zip(rating.columns, rating.marks, strict=True)):
        parts = json.dumps(dict(column.parts), sort_keys=True)
        for measure, value in sorted(mark.items()):
            yield rating.id, position, column.model, column.beta, parts, measure, value


def _read(db: sqlite3.Connection, where: str, values: tuple[str, ...]) -> Iterator[Rating]:
    """Ratings whose row is `where`, with their marks, the oldest first."""
    marks: dict[str, dict[int, tuple[Shown, dict[str, float]]]] = {}
    within = f"WHERE rating IN (SELECT id FROM ratings {where})" if where else ""
    found = db.execute(f"SELECT rating, position, model, beta, parts, measure, value FROM marks {within}", values)
    for rating, position, model, beta, parts, measure, value in found:
        shown = Shown(model, beta, tuple(sorted(json.loads(parts).items())))
        marks.setdefault(rating, {}).setdefault(position, (shown, {}))[1][measure] = value
    rows = db.execute(f"SELECT {', '.join(_FIELDS)} FROM ratings {where} ORDER BY time, id", values)
    for row in rows.fetchall():
        own = [mark for _, mark in sorted(marks[row[0]].items())]
        yield Rating(
            **dict(zip(_FIELDS, row, strict=True)),
            columns=tuple(shown for shown, _ in own),
            marks=tuple(mark for _, mark in own),
        )
