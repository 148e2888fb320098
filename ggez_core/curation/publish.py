"""The kept rows as a data set of its own: Parquet with the pictures inside and a data card, as the Hub shows them.

`curate`'s own output keeps what was measured and leaves pictures where they lie; this goes through the input once more
and takes those of the kept rows along, byte for byte. A folder appears whole or not at all.
"""

from __future__ import annotations

import glob
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..checkpoints.output import sync_folder
from ..data.values import as_list, as_text
from ..errors import OutputError
from ..progress import Progress, Step, silent
from .curated import Curated
from .cut import Cut
from .pictures import picture
from .pieces import Piece
from .reading import rows_of
from .translation.kept import read_translations

if TYPE_CHECKING:
    import pyarrow

_BYTES = 256 << 20  # of pictures in a file, about: what the Hub's viewer likes
_GROUP = 32 << 20
QUESTIONS = ("question", "answer", "options")  # what vision-language models are tuned on


@dataclass(frozen=True)
class Published:
    """A written data set. rows: in it; translated: of those. lost: places of kept rows whose picture was gone."""

    folder: Path
    rows: int
    translated: int
    lost: tuple[str, ...]


def publish_curation(folder: Path, target: Path, *, name: str = "", progress: Progress = silent) -> Published:
    """Write what the newest cut of a curation keeps, and its translations. Raises as `publish` does, or DataError."""
    curated = Curated(folder)
    return publish(curated, curated.cut, target, name=name, translations=read_translations(folder), progress=progress)


def publish(
    curated: Curated,
    cut: Cut,
    target: Path,
    *,
    name: str = "",
    translations: Mapping[str, Sequence[Mapping[str, Any]]] = MappingProxyType({}),
    progress: Progress = silent,
) -> Published:
    """Write the rows that a cut keeps, with all their columns and pictures, and a data card, into `target`.

    translations: rows of `translation.kept` by the place of their original; each becomes a row with the same picture.
    Raises OutputError where the target is there already or can't be written.
    """
    if os.path.lexists(target):
        raise OutputError(f"{target}: already exists; choose another name or remove it first")
    decision = curated.decide(cut)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    _remove_left_over(target)
    try:
        part.mkdir(parents=True)
        done = _written(part, curated, decision.kept, translations, progress)
        (part / "README.md").write_text(curated.card(cut, decision, name=name), "utf-8")
        for path in part.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        sync_folder(part)
        part.rename(target)
        sync_folder(target.parent)
    except OSError as error:
        raise OutputError(f"{target}: can't be written ({error.strerror}); check its rights and room") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return replace(done, folder=target)


def _remove_left_over(target: Path) -> None:
    """Remove what processes that were killed had written of it."""
    import psutil

    for part in target.parent.glob(f".{glob.escape(target.name)}.*.part"):
        process = part.name.split(".")[-2]
        if process.isdigit() and (int(process) == os.getpid() or not psutil.pid_exists(int(process))):
            shutil.rmtree(part, ignore_errors=True)


def _written(
    part: Path,
    curated: Curated,
    kept: NDArray[np.bool_],
    translations: Mapping[str, Sequence[Mapping[str, Any]]],
    progress: Progress,
) -> Published:
    import pyarrow.parquet as parquet

    asked = _asked_columns(curated.files)
    writer: Any = None
    written = rows = translated = number = start = 0
    lost: list[str] = []
    total = int(kept.sum())
    try:
        for piece, file in zip(curated.pieces, curated.files, strict=True):
            table = parquet.read_table(file, use_threads=False)
            mask = kept[start : start + table.num_rows]
            start += table.num_rows
            named = _with_questions(table.filter(mask), asked)
            for some in _with_pictures(named, piece, curated.plan["names"], lost):
                if writer is None or written > _BYTES:
                    if writer is not None:
                        writer.close()
                    schema = _for_the_hub(some.schema)
                    writer = parquet.ParquetWriter(part / f"train-{number:05d}.parquet", schema, compression="zstd")
                    number, written = number + 1, 0
                more = _translated(some, translations)
                for rows_of_one in (some, more) if more.num_rows else (some,):
                    writer.write_table(rows_of_one.replace_schema_metadata(writer.schema.metadata))
                    written += rows_of_one.nbytes
                translated += more.num_rows
                rows += some.num_rows
                progress(Step(rows, total, "rows", "writing"))
    finally:
        if writer is not None:
            writer.close()
    return Published(part, rows + translated, translated, tuple(lost))


def _asked_columns(files: Sequence[Path]) -> tuple[str, ...]:
    """Which of the columns of questions the inputs have; in what was measured, they are among what else there is."""
    import pyarrow.compute as compute
    import pyarrow.parquet as parquet

    found = set()
    for file in files:
        other = parquet.read_table(file, columns=["other"], use_threads=False)["other"]
        found |= {n for n in QUESTIONS if compute.any(compute.match_substring(other, json.dumps(n))).as_py()}
    return tuple(name for name in QUESTIONS if name in found)


def _with_questions(table: pyarrow.Table, names: Sequence[str]) -> pyarrow.Table:
    """The rows with these columns, empty where a row has none: texts, of options lists of them."""
    import pyarrow

    if not names:
        return table
    others = [json.loads(one) if one else {} for one in table["other"].to_pylist()]
    for name in names:
        kind = pyarrow.list_(pyarrow.string()) if name == "options" else pyarrow.string()
        cells = [as_list(one.get(name)) if name == "options" else as_text(one.get(name)) or None for one in others]
        table = table.append_column(name, pyarrow.array(cells, kind))
    return table


def _translated(table: pyarrow.Table, translations: Mapping[str, Sequence[Mapping[str, Any]]]) -> pyarrow.Table:
    """The translations of these rows: rows like them, with another caption, language and id, and without questions."""
    import pyarrow

    found = [(at, t) for at, place in enumerate(table["place"].to_pylist()) for t in translations.get(place, ())]
    rows = table.take(pyarrow.array([at for at, _ in found], pyarrow.int64()))
    for name, key in (("id", "id"), ("text", "text"), ("language", "language"), ("text_en", "text_en"),
                      ("language_code", "language"), ("translated_by", "by")):  # fmt: skip
        if name in rows.schema.names:
            values = pyarrow.array([t[key] for _, t in found], pyarrow.string())
            rows = rows.set_column(rows.schema.get_field_index(name), name, values)
    for name in QUESTIONS:
        if name in rows.schema.names:
            at = rows.schema.get_field_index(name)
            rows = rows.set_column(at, name, pyarrow.nulls(rows.num_rows, rows.schema.field(at).type))
    return rows


def _with_pictures(
    table: pyarrow.Table, piece: Piece, names: Mapping[str, str], lost: list[str]
) -> Iterator[pyarrow.Table]:
    """The kept rows of a piece with their pictures' bytes, some at a time; a row whose picture is gone is left out."""
    import pyarrow

    kind = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    if not table.num_rows:
        return
    table = table.append_column("translated_by", pyarrow.nulls(table.num_rows, pyarrow.string()))
    places = {int(place.rpartition("#")[2]): at for at, place in enumerate(table["place"].to_pylist())}
    rows: list[int] = []
    cells: list[dict[str, Any]] = []

    def taken() -> pyarrow.Table:
        at = table.schema.get_field_index("image")
        return table.take(pyarrow.array(rows)).set_column(at, "image", pyarrow.array(cells, kind))

    for read in rows_of(piece, names):
        at = places.pop(read.number, None)
        if at is None:
            continue
        seen = picture(read.columns.get("image"), Path(piece.path).parent)
        if not seen.data:
            lost.append(str(table["place"][at].as_py()))
            continue
        rows.append(at)
        path = read.columns.get("image")
        cells.append({"bytes": seen.data, "path": path if isinstance(path, str) and len(path) < 1000 else None})
        if sum(len(cell["bytes"]) for cell in cells) > _GROUP:
            yield taken()
            rows, cells = [], []
        if not places:  # what follows was dropped, perhaps because it can't be read
            break
    lost += [str(table["place"][at].as_py()) for at in places.values()]
    if rows:
        yield taken()


def _for_the_hub(schema: pyarrow.Schema) -> pyarrow.Schema:
    """The schema with what tells the Hub and `datasets` that `image` holds pictures."""
    told = {"info": {"features": {"image": {"_type": "Image"}}}}
    found: pyarrow.Schema = schema.with_metadata({"huggingface": json.dumps(told)})
    return found
