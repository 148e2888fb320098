"""Ratings as CSV, a row for every mark, for spreadsheets and back: text that one would run as a formula is quoted.

A cell that begins with =, +, -, @, a tab or a line end gets an apostrophe before it, and loses it when it is read; so
does one that begins with apostrophes before such a sign, so that every text comes back as it was.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ...errors import DataError
from .rating import Rating, Shown, seconds, utc
from .store import RatingStore

COLUMNS = (
    "id", "time", "rater", "language", "family", "base", "regional", "side", "aspect", "item", "kind", "column",
    "model", "beta", "parts", "measure", "value",
)  # fmt: skip
LARGEST = 64 << 20  # bytes of a file that is read
_FORMULA, _QUOTED = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]"), re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")


def export_csv(ratings: Iterable[Rating]) -> str:
    """The ratings as a CSV file."""
    file = io.StringIO()
    writer = csv.writer(file)  # whose lines end in CR LF, so that it quotes cells that hold either
    writer.writerow(COLUMNS)
    for rating in ratings:
        said = (rating.id, utc(rating.time), *(getattr(rating, name) for name in COLUMNS[2:11]))
        for position, (shown, mark) in enumerate(zip(rating.columns, rating.marks, strict=True), 1):
            parts = json.dumps(dict(shown.parts), sort_keys=True) if shown.parts else ""
            for measure, value in sorted(mark.items()):
                row = (*said, position, shown.model, shown.beta, parts, measure, value)
                writer.writerow([_quoted(cell) if isinstance(cell, str) else cell for cell in row])
    return file.getvalue()


def import_csv(path: Path, store: RatingStore) -> tuple[int, int]:
    """Add a file's ratings to a store, all or none: how many it holds, and how many were new.

    Raises DataError, with the line, for what isn't a rating.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise DataError(f"{path.name}: has more than {LARGEST >> 20} MB; split it")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path.name}: can't be read as text ({error}); save it as CSV in UTF-8") from None
    found = read_csv(text, path.name)
    return len(found), store.add(found)


def read_csv(text: str, name: str = "the file") -> list[Rating]:
    """The ratings in a CSV file. Raises DataError, with the line, for what isn't one."""
    rows = csv.reader(io.StringIO(text, newline=""))
    marks: dict[str, list[tuple[int, dict[str, str]]]] = {}
    try:
        heads = next(rows, [])
        if missing := [column for column in COLUMNS if column not in heads]:
            raise DataError(f"{name}: has no column {missing[0]!r}; it needs those that `ggez ratings export` writes")
        for cells in rows:
            if not cells:
                continue
            if len(cells) != len(heads):
                raise DataError(f"{name}, line {rows.line_num}: has {len(cells)} cells, not {len(heads)}")
            row = {head: _unquoted(cell) for head, cell in zip(heads, cells, strict=True)}
            marks.setdefault(row["id"], []).append((rows.line_num, row))
    except csv.Error as error:
        raise DataError(f"{name}, line {rows.line_num}: isn't CSV ({error}); save it again") from None
    return [_rating(lines, name) for lines in marks.values()]


def _rating(lines: list[tuple[int, dict[str, str]]], name: str) -> Rating:
    number, first = lines[0]
    columns: dict[int, tuple[Shown, dict[str, float]]] = {}
    try:
        for line, row in lines:
            number = line
            if any(row[key] != first[key] for key in COLUMNS[:11]):
                raise DataError(f"rating {row['id']}: is told in two ways; correct the lines of this id")
            parts = json.loads(row["parts"] or "{}")
            shown = Shown(row["model"], float(row["beta"]), tuple(sorted(_parts(parts))))
            held, mark = columns.setdefault(int(row["column"]), (shown, {}))
            if held != shown or row["measure"] in mark:
                raise DataError(f"rating {row['id']}: has column {row['column']} twice; correct the lines of this id")
            mark[row["measure"]] = float(row["value"])
        made: Mapping[str, Any] = {key: first[key] for key in COLUMNS[2:11]}
        own = [column for _, column in sorted(columns.items())]
        return Rating(
            **made, id=first["id"], time=seconds(first["time"]), columns=tuple(shown for shown, _ in own),
            marks=tuple(mark for _, mark in own),
        )  # fmt: skip
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise DataError(f"{name}, line {number}: isn't a mark ({error}); correct the line") from None
    except DataError as error:
        raise DataError(f"{name}, line {number}: {error}") from None


def _parts(parts: Any) -> Iterator[tuple[str, float]]:
    for key, beta in parts.items():
        yield str(key), float(beta)


def _quoted(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _unquoted(cell: str) -> str:
    return cell[1:] if _QUOTED.match(cell) else cell
