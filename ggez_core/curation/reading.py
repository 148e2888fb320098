"""The rows of a piece, one after the other, whatever becomes of them: a row that can't be read says why.

Parquet by pyarrow, which Daft brings: a few rows at a time, however large a row group is. Tars and lines as they come.
"""

from __future__ import annotations

import csv
import io
import json
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from ..data.shards import IMAGES
from ..data.tables import BROTLI
from ..errors import DataError
from .pieces import LONGEST, Piece, lines_of, sample_name
from .streaming import HUB, open_input

AT_ONCE = 32  # rows of Parquet in memory
LARGEST = 256 << 20  # bytes of one file in a tar, or beside a table
_LARGEST_TEXT = 16 << 20  # of one that holds no picture
_EXPANDED = 512 << 20  # bytes that rows read together may take: one value of a dictionary can stand in every row
_SWOLLEN = 200  # times a column may be larger than it is stored, where it is larger than LARGEST


@dataclass
class Read:
    """One row as it came. number: in its file. name: its own there, where it has one. error: why it is useless."""

    number: int
    columns: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    error: str = ""
    text_error: str = ""
    """What is wrong with its texts: bytes that aren't UTF-8, each of which became U+FFFD."""


def rows_of(piece: Piece, names: Mapping[str, str]) -> Iterator[Read]:
    """The rows of a piece. names: our name of a column → the file's own.

    A piece that breaks off ends in a row with the error; where it is known how many rows are missing, each is one.
    """
    if piece.broken:
        yield Read(piece.first, error=piece.broken)
        return
    reader = {"parquet": _parquet, "tar": _tar, "jsonl": _jsonl}.get(piece.kind, _separated)
    done = 0
    try:
        for row in reader(piece):
            done += 1
            _rename(row, names)
            yield row
    except (OSError, ValueError, EOFError, MemoryError, tarfile.TarError, csv.Error, DataError, KeyError) as error:
        if piece.path.startswith(HUB) and isinstance(error, OSError):  # the network's fault is no row's
            raise DataError(f"{piece.path}: {_first_line(error)}; run it again to go on where it stopped") from None
        why = f"the file can't be read on from here ({_first_line(error)})"
        missing = max(piece.rows - done, 1) if piece.rows is not None and piece.kind != "tar" else 1
        for offset in range(missing):
            yield Read(piece.first + done + offset, error=why)


def _parquet(piece: Piece) -> Iterator[Read]:
    import pyarrow.parquet as parquet

    with open_input(piece.path) as opened, parquet.ParquetFile(opened, pre_buffer=False) as file:
        groups: list[int] = []
        before = skip = 0
        for index in range(file.num_row_groups):
            count = file.metadata.row_group(index).num_rows
            if before + count > piece.start and before < piece.stop:
                skip = piece.start - before if not groups else skip
                groups.append(index)
            before += count
        number, left = piece.start, piece.stop - piece.start
        for batch in file.iter_batches(_rows_at_once(file.metadata, groups), row_groups=groups, use_threads=False):
            if skip >= batch.num_rows:
                skip -= batch.num_rows
                continue
            batch, skip = batch.slice(skip, left), 0
            cells = {name: _cells(batch.column(at)) for at, name in enumerate(batch.schema.names)}
            for at in range(batch.num_rows):
                row = Read(number)
                for name, (values, wrong) in cells.items():
                    row.columns[name] = values[at]
                    if wrong.get(at):
                        row.text_error = f"{name}: {wrong[at]}"
                yield row
                number += 1
            left -= batch.num_rows
            if left <= 0:
                return


def _rows_at_once(metadata: Any, groups: Iterable[int]) -> int:
    """How many rows may be read together. Raises DataError for a column that swells when it is unpacked."""
    most = AT_ONCE
    for group in map(metadata.row_group, groups):
        for column in map(group.column, range(group.num_columns)):
            if column.compression == "BROTLI":
                raise DataError(BROTLI)
            whole, stored = column.total_uncompressed_size, max(column.total_compressed_size, 1)
            if whole > LARGEST and whole > _SWOLLEN * stored:
                name = column.path_in_schema[:40]
                raise DataError(f"its column {name} has {whole >> 20:,} MB stored in {stored:,} bytes, as bombs do")
            if column.has_dictionary_page:
                most = min(most, _EXPANDED // max(whole, 1))
    return max(most, 1)


def _cells(column: Any) -> tuple[list[Any], dict[int, str]]:
    """A column's values, and what is wrong with some of them."""
    import pyarrow as arrow

    if arrow.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if not (arrow.types.is_string(column.type) or arrow.types.is_large_string(column.type)):
        try:
            return column.to_pylist(), {}
        except (ValueError, OverflowError) as error:  # nested text that isn't UTF-8, dates out of range
            why = _first_line(error)
            return [None] * len(column), dict.fromkeys(range(len(column)), why)
    large = arrow.types.is_large_string(column.type)
    raw = column.cast(arrow.large_binary() if large else arrow.binary()).to_pylist()
    wrong: dict[int, str] = {}
    values: list[str | None] = []
    for at, value in enumerate(raw):
        try:
            values.append(None if value is None else value.decode())
        except UnicodeDecodeError as error:
            values.append(value.decode("utf-8", "replace"))
            wrong[at] = _not_utf8(error)
    return values, wrong


def _tar(piece: Piece) -> Iterator[Read]:
    """A sample a row: image, columns of .json, text of .txt."""
    with open_input(piece.path) as file:
        file.seek(piece.start)
        row: Read | None = None
        number = piece.first
        tar = tarfile.open(fileobj=file, mode="r:")  # noqa: SIM115  (`file` is what has to be closed)
        for member in tar:
            tar.members = []  # type: ignore[attr-defined]  # it would remember them all
            if member.offset >= piece.stop:
                break
            sample = sample_name(member.name)
            if not member.isfile() or not sample:
                continue
            if row is None or row.name != sample:
                if row is not None:
                    yield row
                row, number = Read(number, {"id": sample}, sample), number + 1
            _add_part(tar, member, row)
        if row is not None:
            yield row
        if member_missing(file, tar, piece):
            yield Read(number, error="the tar ends in the middle: download or write it again")


def member_missing(file: Any, tar: tarfile.TarFile, piece: Piece) -> bool:
    """Whether the tar lacks the two empty blocks at its end, or what stands where its next file should begin."""
    file.seek(0, 2)
    if piece.stop < file.tell():
        return False
    file.seek(min(tar.offset, piece.stop))
    rest: bytes = file.read(512)
    return rest != bytes(512)


def _add_part(tar: tarfile.TarFile, member: tarfile.TarInfo, row: Read) -> None:
    end = PurePosixPath(member.name).name.partition(".")[2].lower()
    if end not in ("json", "txt", "cls", *IMAGES):
        return
    if member.size > (LARGEST if end in IMAGES else _LARGEST_TEXT):
        row.error = f"{member.name} has {member.size / 1e6:,.0f} MB, more than is read"
        return
    opened = tar.extractfile(member)
    try:
        data = opened.read() if opened else b""
    except (tarfile.TarError, OSError, EOFError):
        data = b""
    if len(data) < member.size:
        row.error = f"{member.name} breaks off: the tar ends in the middle"
        return
    if end in IMAGES:
        row.columns.setdefault("image", data)
    elif end == "json":
        row.columns |= {k: v for k, v in _json_object(row, member.name, data).items() if k != "image"}
    else:
        text, why = _decoded(data)
        row.columns.setdefault("text" if end == "txt" else "label", text.strip())
        row.text_error = row.text_error or (f"{member.name}: {why}" if why else "")


def _jsonl(piece: Piece) -> Iterator[Read]:
    with open_input(piece.path) as file:
        if not piece.start and (start := file.read(2)) in (b"\xff\xfe", b"\xfe\xff"):
            file.seek(0)
            lines: Iterable[bytes] = (line.encode("utf-8", "replace") for line in _wide_lines(file, start))
            stop = None
        else:
            file.seek(piece.start)
            lines, stop = lines_of(file), piece.stop
        at, number = piece.start, piece.first
        for line in lines:
            at += len(line)
            row = Read(number)
            if line.strip(b"\xef\xbb\xbf \t\r\n"):
                row.columns = _json_object(row, "the line", line.removeprefix(b"\xef\xbb\xbf"))
                yield row
            number += 1
            if stop is not None and at >= stop:
                return


def _wide_lines(file: Any, start: bytes) -> Iterator[str]:
    yield from lines_of(io.TextIOWrapper(file, "utf-16", errors="replace", newline="\n"))


def _json_object(row: Read, where: str, data: bytes) -> dict[str, Any]:
    text, why = _decoded(data)
    row.text_error = row.text_error or (f"{where}: {why}" if why else "")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        row.error = f"{where} is no JSON ({_first_line(error)})"
        return {}
    if not isinstance(found, Mapping):
        row.error = f"{where} is {type(found).__name__}, not an object"
        return {}
    return dict(found)


def _separated(piece: Piece) -> Iterator[Read]:
    """A TSV or CSV file; lists and mappings in it are JSON."""
    csv.field_size_limit(LONGEST)  # a cell may hold an image in base64
    with open_input(piece.path) as file:
        wide = file.read(2) in (b"\xff\xfe", b"\xfe\xff")
        file.seek(0)
        text = io.TextIOWrapper(file, "utf-16" if wide else "utf-8-sig", errors="surrogateescape", newline="")
        lines = csv.DictReader(lines_of(text), delimiter="\t" if piece.kind == "tsv" else ",")
        for number, values in enumerate(lines):
            row = Read(number)
            if None in values:
                row.error = "has more cells than the heading"
            for name, value in values.items():
                if isinstance(name, str):
                    row.columns[name], wrong = _mended(value)
                    row.text_error = row.text_error or (f"{name}: {wrong}" if wrong else "")
            yield row


def _mended(value: str | None) -> tuple[str | None, str]:
    if value is None or value.isascii():
        return value, ""
    return _decoded(value.encode("utf-8", "surrogateescape"))


def _decoded(data: bytes) -> tuple[str, str]:
    """Bytes as text, and what is wrong with them."""
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError as error:
        return data.decode("utf-8", "replace"), _not_utf8(error)


def _not_utf8(error: UnicodeDecodeError) -> str:
    return f"isn't UTF-8 (byte {error.start:,}: 0x{error.object[error.start]:02x}); write it as UTF-8"


def _rename(row: Read, names: Mapping[str, str]) -> None:
    """Give columns our names. A column that goes by another's name gives way."""
    if not names or row.error:
        return
    taken = {own: row.columns.pop(theirs) for own, theirs in names.items() if theirs in row.columns}
    row.columns.update(taken)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
