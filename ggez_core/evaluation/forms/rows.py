"""From a table's rows to usable ones: each that isn't is a `Problem` with its name, and none is dropped in silence."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from ...data import ImageAt, Pictures, Table, unreadable
from ...data.fetch import Fetch
from ...data.tables import missing_columns
from ...data.values import as_list, as_text, as_whole
from ...errors import DataError, RegionError
from ..task import Problem


class Shown(Protocol):
    """A row with an image."""

    @property
    def id(self) -> str:
        """Its name."""

    @property
    def image(self) -> ImageAt:
        """Where its image is."""


RowT = TypeVar("RowT", bound=Shown)
MadeT = TypeVar("MadeT")


@dataclass(frozen=True)
class Cells:
    """One row of a table as a task reads it: light columns at hand, images by place."""

    name: str
    values: Mapping[str, Any]
    table: Table
    number: int
    folder: Path
    fetch: Fetch | None

    def text(self, column: str) -> str:
        """A cell as text, empty where there is none."""
        return as_text(self.values.get(column))

    def whole(self, column: str) -> int:
        """A cell as a whole number. Raises DataError where it isn't one."""
        found = as_whole(self.values.get(column))
        if found is None:
            raise DataError(f"its {column} is {self.values.get(column)!r}, not a whole number")
        return found

    def list(self, column: str) -> tuple[str, ...]:
        """A cell as a list of texts. Raises DataError where it isn't one."""
        found = as_list(self.values.get(column))
        if found is None:
            raise DataError(f"its {column} is {self.values.get(column)!r}, not a list")
        return tuple(found)

    def image(self, column: str = "image") -> ImageAt:
        """Where the row's image is."""
        return ImageAt(self.table, column, self.number, self.folder, self.fetch)


def cells(
    table: Table,
    columns: Sequence[str],
    folder: Path,
    *,
    images: Sequence[str] = ("image",),
    optional: Sequence[str] = (),
    id_columns: Sequence[str] = ("id",),
    fetch: bool = False,
) -> Iterator[Cells]:
    """The rows of a table. Raises DataError, naming them, for columns (of rows or images) that it lacks.

    optional: columns that may be missing. id_columns: those that name a row, the first that is filled.
    """
    missing_columns(table, [*columns, *images])
    fetching = Fetch() if fetch else None
    for number, row in enumerate(table.rows(list(dict.fromkeys([*columns, *optional, *id_columns])))):
        own = next((as_text(row[c]) for c in id_columns if as_text(row[c])), f"{table.path.name}, row {number}")
        yield Cells(own, row, table, number, folder, fetching)


@dataclass
class Gathered:
    """Problems as they are found while rows are read."""

    problems: list[Problem] = field(default_factory=list)

    def each(self, rows: Iterable[Cells], read: Callable[[Cells], Iterable[MadeT]]) -> list[MadeT]:
        """All that `read` makes of every row; one that it can't use (it raises DataError) becomes a problem."""
        found: list[MadeT] = []
        for row in rows:
            try:
                found += read(row)
            except (DataError, RegionError) as error:
                self.problems.append(Problem(row.name, str(error)))
        return found

    def shown(self, rows: Sequence[RowT]) -> tuple[list[RowT], list[int], Pictures, list[str]]:
        """The rows whose image opens, each one's number among the distinct images, these images, and their digests.

        A row whose image doesn't open becomes a problem. Images of the same bytes are one.
        """
        places = list(dict.fromkeys(row.image for row in rows))
        why, digests = unreadable(places)
        number_of: dict[ImageAt, int] = {}
        known: dict[str, int] = {}
        kept: list[ImageAt] = []
        for index, at in enumerate(places):
            if index not in why:
                if digests[index] not in known:
                    known[digests[index]] = len(kept)
                    kept.append(at)
                number_of[at] = known[digests[index]]
        reason = {at: why[index] for index, at in enumerate(places) if index in why}
        self.problems += [Problem(row.id, reason[row.image]) for row in rows if row.image in reason]
        usable = [row for row in rows if row.image in number_of]
        return usable, [number_of[row.image] for row in usable], Pictures(kept), list(known)


def spread(count: int, limit: int | None) -> list[int]:
    """The numbers of at most `limit` of `count` rows, evenly spread, so that every part of the data is among them."""
    if limit is None or limit >= count:
        return list(range(count))
    return [index * count // limit for index in range(limit)]


def unique(names: Iterable[str]) -> list[str]:
    """The names; a second "a" becomes "a#2"."""
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return found


def digest(parts: Iterable[object]) -> str:
    """A short name for the content of rows and images."""
    found = hashlib.blake2b(digest_size=16)
    for part in parts:
        text = repr(part).encode()
        found.update(len(text).to_bytes(8, "big") + text)
    return found.hexdigest()
