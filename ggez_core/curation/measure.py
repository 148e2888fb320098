"""The costly stage's work on one piece: its rows decoded once, measured by every signal, written as one Parquet file.

The file appears whole or not at all and says in its metadata under which fingerprints its signals were measured: the
files are the ledger. Where some signals are there already, only the others are measured.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xxhash

from ..checkpoints.output import sync_folder
from ..errors import DataError, GgezError
from .columns import ROW, STATED, arrow_array, arrow_type
from .pictures import Picture, picture
from .pieces import Piece
from .reading import LARGEST, Read, rows_of
from .signal import Batch, Column, Signal
from .signals import signal
from .streaming import HUB, hub_path, open_input

if TYPE_CHECKING:
    import pyarrow

VERSION = "1"  # of what `ROW` holds
BATCH = 64  # rows, as many as an embedding model takes at once
PIXELS = 24 << 20  # of a batch's pictures: 72 MB
CHARACTERS = 8 << 20  # of a batch's captions
_GROUP = 32 << 20  # bytes of text after which a group of rows is written


@dataclass(frozen=True)
class Work:
    """What is measured of each piece, and where to. signals: by name, with options, as `signals.signal` takes them."""

    folder: str
    signals: tuple[str, ...]
    names: Mapping[str, str]

    @cached_property
    def made(self) -> tuple[Signal, ...]:
        """The signals."""
        return tuple(signal(text) for text in self.signals)

    @cached_property
    def fingerprints(self) -> dict[str, str]:
        """Of the rows' own columns and of every signal."""
        own = json.dumps([VERSION, dict(sorted(self.names.items()))])
        return {"": own} | {one.name: one.fingerprint for one in self.made}

    def file(self, piece: Piece) -> Path:
        """Where a piece's measurements are."""
        return Path(self.folder) / f"{piece.key}.parquet"

    def lacking(self, piece: Piece) -> list[str] | None:
        """Which signals are to be measured yet; None where nothing is there at all."""
        found = measured_under(self.file(piece))
        if found.get("") != self.fingerprints[""]:
            return None
        return [name for name, fingerprint in self.fingerprints.items() if found.get(name) != fingerprint]

    def measure(self, piece: Piece) -> int:
        """Measure what is lacking of a piece and write it. How many rows it has.

        Raises GgezError where a signal can't work at all.
        """
        import pyarrow.parquet as parquet

        lacking = self.lacking(piece)
        target = self.file(piece)
        before = parquet.read_table(target) if lacking is not None else None
        signals = [one for one in self.made if lacking is None or one.name in lacking]
        part = target.with_name(f".{target.name}.{os.getpid()}-{threading.get_ident()}.part")
        rows = 0
        try:
            with part.open("wb") as file:
                writer = None
                for table in _grouped(self._tables(piece, signals)):
                    whole = table if before is None else _joined(before.slice(rows, table.num_rows), table)
                    if writer is None:
                        told = json.dumps({"signals": self.fingerprints, "source": piece.source})
                        schema = whole.schema.with_metadata({"ggez": told})
                        writer = parquet.ParquetWriter(file, schema, compression="zstd", compression_level=1)
                    writer.write_table(whole.replace_schema_metadata(writer.schema.metadata))
                    rows += table.num_rows
                if writer is None:
                    schema = _schema(signals).with_metadata({"ggez": json.dumps({"signals": self.fingerprints})})
                    writer = parquet.ParquetWriter(file, schema)
                writer.close()
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
            sync_folder(target.parent)
        finally:
            part.unlink(missing_ok=True)
        return rows

    def _tables(self, piece: Piece, signals: Sequence[Signal]) -> Iterator[pyarrow.Table]:
        folder = Path(piece.path).parent
        for reads in _batches(piece, self.names, folder):
            yield measured(piece, [read for read, _ in reads], [seen for _, seen in reads], signals)


def measured(piece: Piece, reads: list[Read], pictures: list[Picture], signals: Sequence[Signal]) -> pyarrow.Table:
    """A batch of rows with everything that was measured of them."""
    import pyarrow as arrow

    rows = [_own_columns(piece, read, seen) for read, seen in zip(reads, pictures, strict=True)]
    stated = {c.name: [row[c.name] for row in rows] for c in ROW if c.name not in ("place", "text", "image")}
    batch = Batch(
        [row["place"] for row in rows], [row["text"] for row in rows], [seen.image for seen in pictures],
        {name: values for name, values in stated.items() if any(value is not None for value in values)},
    )  # fmt: skip
    found: dict[str, list[Any]] = {}
    errors: list[list[str]] = [[] for _ in rows]
    for one in signals:
        found |= _measured_by(one, batch, errors)
    for row, wrong in zip(rows, errors, strict=True):
        row["signal_errors"] = "; ".join(wrong) or None
    kinds = {column.name: column.kind for one in signals for column in one.columns}
    arrays = {c.name: arrow_array([row[c.name] for row in rows], c.kind) for c in ROW}
    return arrow.table(arrays | {name: arrow_array(found[name], kind) for name, kind in kinds.items()})


def measured_under(file: Path) -> dict[str, str]:
    """The fingerprints of the signals in a file; none where there is no such file."""
    import pyarrow.parquet as parquet

    try:
        told = parquet.read_metadata(file).metadata.get(b"ggez", b"{}")
        found: dict[str, str] = json.loads(told).get("signals", {})
    except (OSError, ValueError):
        return {}
    return found


def _batches(piece: Piece, names: Mapping[str, str], folder: Path) -> Iterator[list[tuple[Read, Picture]]]:
    """Rows with their pictures, as many at a time as memory allows."""
    batch: list[tuple[Read, Picture]] = []
    pixels = characters = 0
    for read in rows_of(piece, names):
        seen = Picture(error="the row can't be read") if read.error else _seen(piece, read, folder)
        batch.append((read, seen))
        pixels += seen.image.width * seen.image.height if seen.image else 0
        characters += len(_text(read.columns.get("text")) or "")
        if len(batch) == BATCH or pixels >= PIXELS or characters >= CHARACTERS:
            yield batch
            batch, pixels, characters = [], 0, 0
    if batch:
        yield batch


def _seen(piece: Piece, read: Read, folder: Path) -> Picture:
    if "image" not in read.columns:
        has = ", ".join(map(str, list(read.columns)[:12])) or "no columns"
        return Picture(error=f"there is no column image (it has {has}); rename one with --map image=NAME")
    cell = read.columns["image"]
    if piece.path.startswith(HUB) and isinstance(cell, str) and "://" not in cell[:12] and len(cell) < 1000:
        path = hub_path(piece.path, cell)
        if path is None:
            return Picture(error=f"its image {cell[:80]!r} lies outside the data's folder")
        try:
            with open_input(path) as file:
                if file.seek(0, 2) > LARGEST:
                    return Picture(error=f"its image {cell!r} has more than {LARGEST >> 20} MB")
                file.seek(0)
                cell = file.read()
        except FileNotFoundError:
            return Picture(error=f"its image {cell!r} isn't in the data set")
        except OSError as error:  # the network's fault is no row's
            raise DataError(f"{piece.source}: {error}; run it again to go on where it stopped") from None
    return picture(cell, folder)


def _own_columns(piece: Piece, read: Read, seen: Picture) -> dict[str, Any]:
    row: dict[str, Any] = {column.name: None for column in ROW}
    place = f"{piece.source}#{read.number}"
    text = _text(read.columns.get("text"))
    known = {"id", "text", "image", *STATED}
    row |= {name: _text(read.columns.get(name)) for name in STATED if name not in ("lat", "lon")}
    row |= {name: _number(read.columns.get(name)) for name in ("lat", "lon")}
    cell = read.columns.get("image")
    row |= {
        "place": place, "id": _text(read.columns.get("id")) or place, "text": text,
        "image": cell if isinstance(cell, str) and len(cell) <= 1000 else None,
        "other": _other({name: value for name, value in read.columns.items() if name not in known}),
        "image_width": seen.width, "image_height": seen.height, "exif_lat": seen.lat, "exif_lon": seen.lon,
        "image_bytes": len(seen.data) if seen.data else None,
        "image_digest": xxhash.xxh3_64_intdigest(seen.data) if seen.data else None,
        "row_error": read.error or None, "image_error": seen.error or None,
        "text_error": read.text_error or (None if text and text.strip() else _no_text(read)),
    }  # fmt: skip
    return row


def _no_text(read: Read) -> str:
    if "text" in read.columns or read.error:
        return "has no caption"
    has = ", ".join(map(str, list(read.columns)[:12])) or "no columns"
    return f"there is no column text (it has {has}); rename one with --map text=NAME"


def _text(value: Any) -> str | None:
    """A cell as text: of a list of captions the first."""
    if isinstance(value, (list, tuple)):
        value = next((one for one in value if one), None)
    if value is None or isinstance(value, (bytes, Mapping)):
        return None
    return str(value).encode("utf-8", "replace").decode()  # JSON may hold halves of characters


def _number(value: Any) -> float | None:
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if abs(found) < float("inf") else None


def _other(columns: Mapping[str, Any]) -> str | None:
    rest = {str(name): value for name, value in columns.items() if value is not None}
    if not rest:
        return None
    told = json.dumps(rest, ensure_ascii=False, default=lambda value: None if isinstance(value, bytes) else str(value))
    return told.encode("utf-8", "replace").decode()


def _measured_by(one: Signal, batch: Batch, errors: list[list[str]]) -> dict[str, list[Any]]:
    """A signal's columns; where it fails, on each row alone, so that one row's fault is that row's."""
    try:
        return _checked(one, one.measure(batch), len(batch))
    except GgezError:
        raise
    except Exception as error:
        if len(batch) == 1:
            errors[0].append(f"{one.name}: {type(error).__name__}: {str(error)[:160]}")
            return {column.name: [None] for column in one.columns}
    found: dict[str, list[Any]] = {column.name: [] for column in one.columns}
    for at in range(len(batch)):
        alone = Batch(
            batch.ids[at : at + 1], batch.texts[at : at + 1], batch.images[at : at + 1],
            {name: values[at : at + 1] for name, values in batch.columns.items()},
        )  # fmt: skip
        for name, values in _measured_by(one, alone, errors[at : at + 1]).items():
            found[name] += values
    return found


def _checked(one: Signal, found: dict[str, list[Any]], rows: int) -> dict[str, list[Any]]:
    for column in one.columns:
        if len(found[column.name]) != rows:
            raise ValueError(f"{column.name} has {len(found[column.name])} values for {rows} rows")
    return found


def _grouped(tables: Iterator[pyarrow.Table]) -> Iterator[pyarrow.Table]:
    """Batches together, as long as their text fits in memory."""
    import pyarrow as arrow

    some: list[pyarrow.Table] = []
    for table in tables:
        some.append(table)
        if sum(one.nbytes for one in some) > _GROUP:
            yield arrow.concat_tables(some).combine_chunks()
            some = []
    if some:
        yield arrow.concat_tables(some).combine_chunks()


def _joined(before: pyarrow.Table, new: pyarrow.Table) -> pyarrow.Table:
    """What was measured before, with what is new in its place."""
    kept = [name for name in before.schema.names if name not in new.schema.names]
    for name in kept:
        new = new.append_column(name, before[name].combine_chunks())
    return new


def _schema(signals: Sequence[Signal]) -> pyarrow.Schema:
    import pyarrow as arrow

    columns: list[Column] = [*ROW, *(column for one in signals for column in one.columns)]
    return arrow.schema([(column.name, arrow_type(column.kind)) for column in columns])
