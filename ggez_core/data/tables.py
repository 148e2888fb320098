"""One file of rows: which columns it has, its light columns whole, its heavy ones (images) a few rows at a time.

Parquet is read by DuckDB: a single wheel of 69 MB without requirements that reads every encoding and nesting and finds
a range of rows without reading the rest; pyarrow takes 170 MB, and with `datasets` over 300.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from ..errors import DataError

Row = dict[str, Any]
LINES = {".jsonl": "JSONL", ".ndjson": "JSONL", ".tsv": "TSV", ".csv": "CSV"}
BROTLI = "is compressed with Brotli, which isn't unpacked here (CVE-2026-111497); write it again with zstd"
SUFFIXES = (".parquet", *LINES, ".tar")


class Table(Protocol):
    """One file of rows."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its columns."""

    def __len__(self) -> int: ...

    def rows(self, columns: Sequence[str]) -> list[Row]:
        """Every row, with these columns only; those that the file lacks are None."""

    def cells(self, column: str, rows: Sequence[int]) -> list[Any]:
        """One column of some rows, in their order: what is too heavy to be read whole."""


def open_table(path: Path) -> Table:
    """The file as a table. Raises DataError where it isn't one or is damaged."""
    if path.suffix == ".parquet":
        return ParquetTable(path)
    if path.suffix == ".tar":
        from .shards import ShardTable

        return ShardTable(path)
    if path.suffix in LINES:
        return LinesTable(path)
    raise DataError(f"{path}: files of rows end in {', '.join(SUFFIXES)}; convert it to one of them")


def missing_columns(table: Table, wanted: Iterable[str]) -> None:
    """Raise DataError, naming all columns that are missing and those that are there."""
    missing = [name for name in wanted if name not in table.columns]
    if missing:
        raise DataError(
            f"{table.path}: lacks the column{'s' if len(missing) > 1 else ''} {', '.join(map(repr, missing))}; it has "
            f"{', '.join(table.columns) or 'none'}"
        )


class ParquetTable:
    """A Parquet file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        packed = f"SELECT 1 FROM parquet_metadata({_literal(path)}) WHERE compression = 'BROTLI' LIMIT 1"
        if self._ask(packed):
            raise DataError(f"{path}: {BROTLI}")
        found = self._ask("SELECT name FROM (DESCRIBE SELECT * FROM {file})".replace("name", "column_name"))
        self.columns = tuple(name for (name,) in found)
        self._count = int(self._ask("SELECT count(*) FROM {file}")[0][0])

    def __len__(self) -> int:
        return self._count

    def rows(self, columns: Sequence[str]) -> list[Row]:
        """Every row, with these columns only."""
        known = [name for name in columns if name in self.columns]
        absent = dict.fromkeys(name for name in columns if name not in self.columns)
        if not known:
            return [dict(absent) for _ in range(self._count)]
        found = self._ask(f"SELECT {', '.join(map(_quoted, known))} FROM {{file}} ORDER BY file_row_number")
        return [dict(zip(known, values, strict=True)) | absent for values in found]

    def cells(self, column: str, rows: Sequence[int]) -> list[Any]:
        """One column of some rows, in their order."""
        if not rows:
            return []
        wanted = ", ".join(str(int(row)) for row in sorted(set(rows)))
        found = self._ask(
            f"SELECT file_row_number, {_quoted(column)} FROM {{file}} WHERE file_row_number >= {int(min(rows))} AND "
            f"file_row_number <= {int(max(rows))} AND file_row_number IN ({wanted})"
        )
        known = dict(found)
        return [known[row] for row in rows]

    def _ask(self, query: str) -> list[tuple[Any, ...]]:
        import duckdb

        settings: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": False,  # nothing is downloaded
            "autoload_known_extensions": False,
            "threads": 2,
        }
        try:
            with duckdb.connect(":memory:", config=settings) as connection:
                file = f"read_parquet({_literal(self.path)}, file_row_number = true, hive_partitioning = false)"
                return connection.execute(query.replace("{file}", file)).fetchall()
        except duckdb.Error as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
            raise DataError(f"{self.path}: can't be read as Parquet ({reason}); download or write it again") from None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(path: Path) -> str:
    """A path as SQL text, in which nothing is a wildcard."""
    plain = "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path))
    return "'" + plain.replace("'", "''") + "'"


class LinesTable:
    """A JSONL, TSV or CSV file (UTF-8), held in memory. Lists and mappings in TSV and CSV are JSON."""

    def __init__(self, path: Path) -> None:
        self.path = path
        kind = LINES[path.suffix]
        try:
            text = path.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{path}: can't be read as UTF-8 text ({error})") from None
        if kind == "JSONL":
            self._rows = [
                _json_row(path, number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()
            ]
        else:
            csv.field_size_limit(min(sys.maxsize, 1 << 30))  # a cell may hold an image in base64
            lines = csv.DictReader(text.splitlines(keepends=True), delimiter="\t" if kind == "TSV" else ",")
            try:
                self._rows = [dict(row) for row in lines]
            except csv.Error as error:
                raise DataError(f"{path}, line {lines.line_num}: {error}; write it as {kind} again") from None
            for row in self._rows:
                row.pop(None, None)  # type: ignore[call-overload]  # more cells than the heading has
        self.columns = tuple(dict.fromkeys(name for row in self._rows for name in row))

    def __len__(self) -> int:
        return len(self._rows)

    def rows(self, columns: Sequence[str]) -> list[Row]:
        """Every row, with these columns only."""
        return [{name: row.get(name) for name in columns} for row in self._rows]

    def cells(self, column: str, rows: Sequence[int]) -> list[Any]:
        """One column of some rows, in their order."""
        return [self._rows[row].get(column) for row in rows]


class MemoryTable:
    """Rows that are in memory already."""

    def __init__(self, path: Path, rows: Sequence[Row]) -> None:
        self.path, self._rows = path, rows
        self.columns = tuple(dict.fromkeys(name for row in rows for name in row))

    def __len__(self) -> int:
        return len(self._rows)

    def rows(self, columns: Sequence[str]) -> list[Row]:
        """Every row, with these columns only."""
        return [{name: row.get(name) for name in columns} for row in self._rows]

    def cells(self, column: str, rows: Sequence[int]) -> list[Any]:
        """One column of some rows, in their order."""
        return [self._rows[row].get(column) for row in rows]


class RenamedTable:
    """A table whose columns go by other names: `names` gives the table's own for each of them."""

    def __init__(self, table: Table, names: Mapping[str, str]) -> None:
        self._table, self._names = table, names
        ours = {theirs: name for name, theirs in names.items()}
        self.path = table.path
        self.columns = tuple(ours.get(name, name) for name in table.columns)

    def __len__(self) -> int:
        return len(self._table)

    def rows(self, columns: Sequence[str]) -> list[Row]:
        """Every row, with these columns only."""
        own = [self._names.get(name, name) for name in columns]
        return [{name: row[o] for name, o in zip(columns, own, strict=True)} for row in self._table.rows(own)]

    def cells(self, column: str, rows: Sequence[int]) -> list[Any]:
        """One column of some rows, in their order."""
        return self._table.cells(self._names.get(column, column), rows)


def _json_row(path: Path, number: int, line: str) -> Row:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise DataError(f"{path}, line {number}: is no JSON ({error}); write one object a line") from None
    if not isinstance(row, Mapping):
        raise DataError(f"{path}, line {number}: is {type(row).__name__}, not an object; write one object a line")
    return dict(row)
