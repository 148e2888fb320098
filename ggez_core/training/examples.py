"""Rows to train on: tables of image-text data, their light columns in memory, images opened when they are asked for.

What is wrong with them is said before the first step: columns that are missing, rows that lack a value, images that
don't open.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from ..data import DataFolder, ImageAt, Pictures, unreadable
from ..data.tables import RenamedTable, Row, missing_columns
from ..data.values import as_text
from ..errors import DataError
from ..progress import Progress, Step, silent
from .settings import Count, Settings

log = logging.getLogger(__name__)
OPTIONAL = ("language", "text_en", "group", "country", "options")


class DataSettings(Settings):
    """Where rows are from: a file, a folder, or a data set of the Hub (owner/name, or owner/name@revision).

    columns: ours to the file's own names (image: picture). split: of a folder or data set. languages: only rows in
    these. limit: the first so many rows. check_images: open every image before the first step, leaving out rows whose
    image doesn't.
    """

    source: str
    split: str = "train"
    config: str | None = None
    columns: dict[str, str] = {}  # noqa: RUF012  (pydantic copies it)
    languages: tuple[str, ...] = ()
    limit: Count | None = None
    check_images: bool = True


@dataclass(frozen=True)
class Examples:
    """Usable rows. texts: the light columns by name. dropped: how many rows can't be used, by reason."""

    rows: tuple[Row, ...]
    images: Pictures
    digests: tuple[str, ...]
    dropped: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str) -> list[str]:
        """A light column, as texts; empty where a row has none."""
        return [as_text(row.get(name)) for row in self.rows]

    @property
    def keys(self) -> list[str]:
        """What tells every row's image apart: a digest of its bytes, or where they weren't looked at, its place."""
        return [digest or place.name for digest, place in zip(self.digests, self.images.places, strict=True)]

    def pictures(self, rows: Sequence[int]) -> list[Image.Image]:
        """These rows' images, opened."""
        return self.images.some(rows)


def load_examples(
    sources: Sequence[DataSettings], needed: Sequence[str], *, images: bool = True, progress: Progress = silent
) -> Examples:
    """The usable rows of all sources, in their order.

    needed: columns of text that every row must have besides `image`. Raises DataError where a column is missing, or no
    row is left.
    """
    rows: list[Row] = []
    places: list[ImageAt] = []
    digests: list[str] = []
    dropped: dict[str, int] = {}
    for source in sources:
        folder = _folder(source)
        own_rows: list[Row] = []
        own_places: list[ImageAt] = []
        for table in folder.tables(source.split, source.config):
            missing_columns(table, source.columns.values())
            renamed = RenamedTable(table, source.columns) if source.columns else table
            missing_columns(renamed, [*(["image"] if images else []), *needed])
            for index, row in enumerate(renamed.rows([*needed, *OPTIONAL])):
                if source.limit is not None and len(own_rows) >= source.limit:
                    break
                lacking = next((name for name in needed if not as_text(row.get(name))), None)
                if lacking is not None:
                    dropped[f"no {lacking}"] = dropped.get(f"no {lacking}", 0) + 1
                elif source.languages and as_text(row.get("language")) not in source.languages:
                    dropped["another language"] = dropped.get("another language", 0) + 1
                else:
                    own_rows.append(row)
                    own_places.append(ImageAt(renamed, "image", index, folder.folder))
        bad, found = _opened(own_places, progress) if images and source.check_images else ({}, [""] * len(own_rows))
        for index, why in list(bad.items())[:5]:
            log.warning("%s: %s; the row is left out", own_places[index].name, why)
        if bad:
            dropped["image doesn't open"] = dropped.get("image doesn't open", 0) + len(bad)
        keep = [index for index in range(len(own_rows)) if index not in bad]
        rows += [own_rows[index] for index in keep]
        places += [own_places[index] for index in keep]
        digests += [found[index] for index in keep]
    if not rows:
        why = ", ".join(f"{count:,} {reason}" for reason, count in dropped.items()) or "the files are empty"
        raise DataError(f"{', '.join(source.source for source in sources)}: no row can be used: {why}")
    return Examples(tuple(rows), Pictures(places), tuple(digests), dropped)


def _folder(source: DataSettings) -> DataFolder:
    path = Path(source.source).expanduser()
    if path.exists():
        return DataFolder.local(path)
    name, _, revision = source.source.partition("@")
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", name) or path.suffix:
        raise DataError(f"{source.source}: no such file or folder, nor a data set's name on the Hub (owner/name)")
    return DataFolder.hub(name, revision or None, [source.split], [source.config])


def _opened(places: Sequence[ImageAt], progress: Progress) -> tuple[dict[int, str], list[str]]:
    def tell(done: int, total: int) -> None:
        progress(Step(done, total, "images", "looking at the images"))

    return unreadable(places, tell)
