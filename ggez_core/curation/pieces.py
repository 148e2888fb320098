"""The input cut into pieces: ranges of a file that one worker measures and writes as one Parquet file.

A piece is named by its file's path, size and time and by its range, so a file that changed is measured again and one
that didn't is not. Planning reads the footers of Parquet files, the headers of tars and the ends of lines; no image.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, AnyStr

from ..data.tables import LINES, SUFFIXES
from ..errors import DataError

ROWS = 1024  # rows of a piece, about: what a kill costs each worker, and what an output file holds
LONGEST = 64 << 20  # bytes of lines in a piece, and so of one line
MOST_ROWS = 1 << 30  # of a Parquet file, whose footer may say anything


@dataclass(frozen=True)
class Piece:
    """Part of one file.

    source: the file's name as the user wrote it, for rows' names. path: where it is, a path or a URL of the Hub.
    kind: parquet, tar, jsonl, or the whole file as csv or tsv. start, stop: rows of a Parquet file, bytes of the
    others. first: the number of its first row in the file. rows: how many it has; None where only reading tells.
    stamp: tells one version of the file from another. broken: why nothing can be read here.
    """

    source: str
    path: str
    kind: str
    start: int
    stop: int
    first: int
    rows: int | None
    stamp: str
    broken: str = ""

    @property
    def key(self) -> str:
        """A name for its output: 16 hexadecimal digits."""
        return hashlib.blake2b(json.dumps(asdict(self)).encode(), digest_size=8).hexdigest()

    def as_json(self) -> str:
        """For a worker."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Piece:
        """Back again."""
        return cls(**json.loads(text))


def pieces_of(inputs: Iterable[str | Path], rows: int = ROWS, but: Path | None = None) -> list[Piece]:
    """The pieces of files, folders and data sets of the Hub (`owner/name`, `owner/name@revision`), in order.

    but: a folder inside an input that is none itself: the output. A file that can't be read becomes one piece that says
    why. Raises DataError for an input that isn't there or has no
    file of rows.
    """
    found: list[Piece] = []
    for given in inputs:
        path = Path(given)
        if path.is_file():
            found += _file_pieces(path, path.name if path.is_absolute() else str(given), rows)
        elif path.is_dir():
            files = sorted(p for p in path.rglob("*") if p.is_file() and p.suffix in SUFFIXES)
            files = [p for p in files if but is None or not p.resolve().is_relative_to(but.resolve())]
            if not files:
                raise DataError(f"{path}: no file of rows in this folder; they end in {', '.join(SUFFIXES)}")
            for file in files:
                found += _file_pieces(file, f"{path.name}/{file.relative_to(path).as_posix()}", rows)
        else:
            from .streaming import hub_pieces

            found += hub_pieces(str(given), rows)
    if not found:
        raise DataError("no input is named, or all are empty; give files, folders, or a data set of the Hub")
    return found


def _file_pieces(path: Path, source: str, rows: int) -> Iterator[Piece]:
    status = path.stat()
    stamp = f"{status.st_size}-{status.st_mtime_ns}"
    yield from file_pieces(str(path.resolve()), source, stamp, status.st_size, rows)


def file_pieces(path: str, source: str, stamp: str, size: int, rows: int) -> Iterator[Piece]:
    """The pieces of one file that `streaming.open_input` opens."""
    suffix = Path(source).suffix
    kind = "parquet" if suffix == ".parquet" else "tar" if suffix == ".tar" else LINES[suffix].lower()
    try:
        if kind == "parquet":
            ranges: list[tuple[int, int, int, int | None]] = list(_parquet_ranges(path, rows))
        elif kind == "tar":
            ranges = list(_tar_ranges(path, size, rows))
        elif kind == "jsonl":
            ranges = list(_line_ranges(path, size, rows))
        else:
            ranges = [(0, size, 0, None)]
    except (OSError, ValueError, tarfile.TarError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        yield Piece(source, path, kind, 0, size, 0, None, stamp, f"can't be read as {kind} ({reason})")
        return
    for start, stop, first, count in ranges:
        yield Piece(source, path, kind, start, stop, first, count, stamp)


def _parquet_ranges(path: str, rows: int) -> Iterator[tuple[int, int, int, int]]:
    import pyarrow.parquet as parquet

    from .streaming import open_input

    with open_input(path) as file:
        told = parquet.read_metadata(file)
    total = told.num_rows
    if not 0 <= total <= MOST_ROWS or total != sum(told.row_group(at).num_rows for at in range(told.num_row_groups)):
        raise ValueError(f"its footer tells of {total:,} rows, and its groups of rows have others")
    for start in range(0, total, rows):
        stop = min(start + rows, total)
        yield start, stop, start, stop - start


def _line_ranges(path: str, size: int, rows: int) -> Iterator[tuple[int, int, int, int | None]]:
    """Ranges of whole lines. UTF-16 and UTF-32, told by their first bytes, stay in one range."""
    from .streaming import open_input

    with open_input(path) as file:
        if file.read(2) in (b"\xff\xfe", b"\xfe\xff"):
            yield 0, size, 0, None
            return
        file.seek(0)
        start = at = first = count = 0
        for line in lines_of(file):
            at += len(line)
            count += 1
            if count == rows or at - start >= LONGEST:
                yield start, at, first, count
                start, first, count = at, first + count, 0
        if count:
            yield start, at, first, count


def lines_of(file: IO[AnyStr]) -> Iterator[AnyStr]:
    """The lines of a file. Raises ValueError for one that is longer than anybody writes."""
    while line := file.readline(LONGEST + 1):
        if len(line) > LONGEST:
            raise ValueError(f"a line has more than {LONGEST >> 20} MB")
        yield line


def _tar_ranges(path: str, size: int, rows: int) -> Iterator[tuple[int, int, int, int | None]]:
    """Ranges of whole samples: files whose names agree up to the first dot follow each other.

    Reads headers only. A tar that ends early or is damaged is cut where that shows; its last range goes to the end.
    """
    from .streaming import open_input

    with open_input(path) as file:
        start = first = count = 0
        name = None
        tar = None
        try:
            tar = tarfile.open(fileobj=file, mode="r:")  # noqa: SIM115  (an early end must leave what was found)
            for member in tar:
                tar.members = []  # type: ignore[attr-defined]  # it would remember them all
                sample = sample_name(member.name)
                if not member.isfile() or not sample:
                    continue
                if sample != name:
                    if count == rows:
                        yield start, member.offset, first, count
                        start, first, count = member.offset, first + count, 0
                    name, count = sample, count + 1
        except (tarfile.TarError, EOFError, OSError):
            if tar is None:
                raise
        if count or not first:
            yield start, size, first, count or None


def sample_name(member: str) -> str:
    """The sample that a file of a tar belongs to; empty for one that isn't part of a sample."""
    folder, slash, name = member.rpartition("/")
    stem, dot, _ = name.partition(".")
    return f"{folder}{slash}{stem}" if stem and dot else ""


def mapped(names: Mapping[str, str]) -> str:
    """How columns are renamed, as part of what tells one measurement from another."""
    return json.dumps(dict(sorted(names.items())))
