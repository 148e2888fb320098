"""Multi30K: Flickr30k images with one caption each in English, Czech, German and French (ACL VL 2016, WMT 2018).

It counts for the global score alone: the mean of the two directions' recall@1 over its queries. Validation has 1,014
images, test 1,000.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ...data import DataFolder
from ...errors import DataError
from ..forms.placing import place
from ..forms.retrieval import MAIN, CaptionRow, RetrievalExamples
from ..forms.rows import Cells, Gathered, cells
from ..options import REVISION, full_name, known_region, one_of, several
from ..task import Examples, TaskInfo

HUB_ID = "romrawinjp/multi30k"
PINNED = "110e827dac7d6aabe6201d13bbdbc7413630390d"  # as MTEB's task on the same images
LANGUAGES = ("en", "cs", "de", "fr")


@dataclass(frozen=True)
class Multi30k:
    """The task."""

    languages: str = "all"
    revision: str = PINNED

    def __post_init__(self) -> None:
        for language in () if self.languages == "all" else several(self.languages):
            one_of("multi30k", "languages", language, LANGUAGES)

    @property
    def info(self) -> TaskInfo:
        """What it is."""
        return TaskInfo(
            name=full_name(self, "multi30k"),
            families=("embedding",),
            main_metrics=MAIN,
            splits=("validation", "test"),
            sides=("global",),
            doc="Multi30K: Flickr30k images and captions in four languages look for each other",
            hub_id=HUB_ID,
            revision=self.revision,
            options={"languages": "all (default), or some: en+de", "revision": REVISION},
        )

    def load(self, split: str, *, data: Path | None = None, limit: int | None = None) -> Examples:
        """Captions of the languages; at most `limit` images. Raises DataError for a column that is missing."""
        one_of("multi30k", "split", split, self.info.splits)
        wanted = LANGUAGES if self.languages == "all" else several(self.languages)
        folder = DataFolder.local(data) if data else DataFolder.hub(HUB_ID, self.revision, [split])
        gathered = Gathered()
        rows: list[CaptionRow] = []
        for table in folder.tables(split):
            for row in cells(table, wanted, folder.folder, optional=("id",)):
                for language in wanted:
                    rows += gathered.each([row], partial(_row, language=language))
        return RetrievalExamples(rows, gathered, folder.source, limit)


def _row(row: Cells, language: str) -> Iterator[CaptionRow]:
    if not row.text(language):
        raise DataError(f"has no caption in {language}")
    where = place("global", known_region("World"), language=language, regional=False)
    yield CaptionRow(f"{row.name} {language}", row.image(), row.name, row.text(language), where)


TASKS = (Multi30k(),)
