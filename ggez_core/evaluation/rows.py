"""A score as a row, and the file that rows are appended to: what every plot, table and GRP is computed from."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ..errors import DataError, OutputError


@dataclass(frozen=True)
class Score:
    """One measured number: `side` is global or regional, `n` the answers, `low` to `high` the 95 % interval.

    beta, parts: where the weights were between base and regional, and the components or groups of layers that were at a
    β of their own; a model by itself is at 0. main: whether the metric counts in Q. A row with a region, country,
    language or aspect is a slice of the one without. weights: a digest of the model, where one was made.
    """

    model: str
    beta: float
    task: str
    split: str
    side: str
    metric: str
    value: float
    n: int
    low: float
    high: float
    main: bool = True
    region: str | None = None
    country: str | None = None
    language: str | None = None
    aspect: str | None = None
    parts: tuple[tuple[str, float], ...] = ()
    weights: str = ""

    @property
    def whole(self) -> bool:
        """Whether it is no slice."""
        return (self.region, self.country, self.language, self.aspect) == (None, None, None, None)

    @property
    def key(self) -> tuple[Any, ...]:
        """What was measured, without the result."""
        left_out = {"value", "n", "low", "high", "main", "weights"}
        return tuple(getattr(self, f.name) for f in fields(self) if f.name not in left_out)

    def as_dict(self) -> dict[str, Any]:
        """The row, ready for JSON."""
        return {name: getattr(self, name) for name in _NAMES} | {"parts": dict(self.parts)}

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Score:
        """The row that `as_dict` wrote. Raises DataError if it isn't one."""
        try:
            return cls(**{**row, "parts": tuple(sorted(row.get("parts", {}).items()))})
        except (TypeError, AttributeError) as error:
            raise DataError(
                f"not a row of scores ({error}); rows are written by `ggez eval` and `ggez sweep`"
            ) from None


_NAMES = tuple(field.name for field in fields(Score))


class RowsFile:
    """A file of rows that grows; what it holds already isn't written again."""

    def __init__(self, path: Path) -> None:
        self._path, self._known = path, set(whole_lines(path))

    def append(self, rows: Iterable[Score]) -> list[Score]:
        """Append those rows that the file doesn't hold yet, all at once and durably; return them.

        What a killed process left of a last line is removed first. Raises OutputError where it can't be written.
        """
        lines = ((json.dumps(row.as_dict(), ensure_ascii=False), row) for row in rows)
        new = {line: row for line, row in lines if line not in self._known}
        append_lines(self._path, new)
        self._known |= new.keys()
        return list(new.values())


def append_rows(path: Path, rows: Iterable[Score]) -> list[Score]:
    """Append rows to a file once (see `RowsFile`)."""
    return RowsFile(path).append(rows)


def read_rows(path: Path) -> list[Score]:
    """The file's rows; of several of the same thing the last. Raises DataError for a line that isn't a row."""
    if not path.is_file():
        raise DataError(f"{path}: no such file of rows; `ggez eval` and `ggez sweep` write one")
    found: dict[tuple[Any, ...], Score] = {}
    for number, line in enumerate(whole_lines(path), 1):
        try:
            row = Score.from_dict(json.loads(line))
        except (ValueError, DataError) as error:
            raise DataError(f"{path}, line {number}: {error}") from None
        found.pop(row.key, None)
        found[row.key] = row
    return list(found.values())


def append_lines(path: Path, lines: Iterable[str]) -> None:
    """Append whole lines durably, after removing what a killed process left of a last one."""
    content = "".join(f"{line}\n" for line in lines).encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+") as file:
            _drop_torn_line(file)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise OutputError(f"{path}: can't be written ({error.strerror}); free space or name another place") from None


def _drop_torn_line(file: Any) -> None:
    end = file.seek(0, os.SEEK_END)
    position, keep = end, 0
    while position and not keep:
        size = min(position, 1 << 16)
        position -= size
        file.seek(position)
        keep = 0 if (at := file.read(size).rfind(b"\n")) < 0 else position + at + 1
    if keep != end:
        file.truncate(keep)


def whole_lines(path: Path) -> list[str]:
    """Every line that was written whole; none where there is no such file."""
    if not path.is_file():
        return []
    return [line for line in path.read_bytes().rpartition(b"\n")[0].decode(errors="replace").split("\n") if line]
