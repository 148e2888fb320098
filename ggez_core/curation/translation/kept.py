"""The kept rows of a curation, translated: two Parquet files beside them, good ones and failures.

`translations.parquet` has a row for each translation: place and id of the original, its own id, language, text,
text_en and the model; `translations_failed.parquet` why there is none and what the model said. Pictures stay with the
originals.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...checkpoints.output import sync_folder
from ...data import cache_folder
from ...errors import DataError
from ...progress import Progress, silent
from ..languages import language_of
from .cache import Said
from .config import TranslationConfig
from .languages import language
from .run import Translations, translate

if TYPE_CHECKING:
    import pyarrow

GOOD, FAILED = "translations.parquet", "translations_failed.parquet"
_ROWS = ("place", "id", "text", "text_en", "language", "language_code")


@dataclass(frozen=True)
class TranslatedSet:
    """What was translated. originals: kept rows with a caption in the source language; others: those without one."""

    originals: int
    others: int
    found: Translations
    good: Path
    failed: Path


def translate_kept(
    folder: Path, config: TranslationConfig, *, cache: Path | None = None, progress: Progress = silent
) -> TranslatedSet:
    """Translate the kept rows of a curation whose caption, or `text_en`, is in the config's source language.

    cache: where what models say is kept; by default in the user's cache. Raises DataError where nothing was kept.
    """
    rows = _kept_rows(folder)
    source = language(config.source).code
    texts = [_caption(row, source) for row in rows]
    chosen = [row for row, text in zip(rows, texts, strict=True) if text]
    with Said(cache or cache_folder() / "translations.sqlite") as said:
        found = translate([text for text in texts if text], config, said, identify, progress=progress)
    good = [
        {**_from(chosen[t.row], source), "id": f"{chosen[t.row]['id']}@{t.language}", "language": t.language,
         "text": t.text, "by": t.by}
        for t in found.good
    ]  # fmt: skip
    failed = [
        {**_from(chosen[f.row], source), "language": f.language, "why": f.why, "said": f.said or None}
        for f in found.failed
    ]
    own = ("place", "original_id", "text_en")
    paths = (
        _write(folder / GOOD, good, (*own, "id", "language", "text", "by")),
        _write(folder / FAILED, failed, (*own, "language", "why", "said")),
    )
    return TranslatedSet(len(chosen), len(rows) - len(chosen), found, *paths)


def identify(texts: Sequence[str]) -> list[tuple[str, float]]:
    """The language of every text and how sure that is, as captions' languages are measured."""
    found = [language_of(text) for text in texts]
    return [(one.code, one.sure) for one in found]


def read_translations(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The good translations of a curation by the place of their original; none where none were made."""
    import pyarrow.parquet as parquet

    found: dict[str, list[dict[str, Any]]] = {}
    if (folder / GOOD).is_file():
        for row in parquet.read_table(folder / GOOD, use_threads=False).to_pylist():
            found.setdefault(row["place"], []).append(row)
    return found


def _kept_rows(folder: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet as parquet

    files = sorted((folder / "kept").glob("*.parquet"))
    if not files:
        raise DataError(f"{folder}: holds no kept rows; make them with: ggez curate INPUT -o {folder}")
    names = [name for name in _ROWS if name in parquet.read_schema(files[0]).names]
    tables = [parquet.read_table(file, columns=names, use_threads=False) for file in files]
    return [row for table in tables for row in table.to_pylist()]


def _caption(row: dict[str, Any], source: str) -> str:
    """The caption in the source language; empty where there is none."""
    if source == "en" and row.get("text_en"):
        return str(row["text_en"])
    code = row.get("language_code") or row.get("language") or ""
    return str(row["text"] or "") if str(code).partition("-")[0] == source else ""


def _from(row: dict[str, Any], source: str) -> dict[str, Any]:
    return {"place": row["place"], "original_id": row["id"], "text_en": _caption(row, source)}


def _write(path: Path, rows: Sequence[dict[str, Any]], names: Sequence[str]) -> Path:
    import pyarrow
    import pyarrow.parquet as parquet

    schema: pyarrow.Schema = pyarrow.schema([(name, pyarrow.string()) for name in names])
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with part.open("wb") as file:
            parquet.write_table(pyarrow.Table.from_pylist(list(rows), schema), file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        sync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)
    return path
