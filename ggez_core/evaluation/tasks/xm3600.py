"""Crossmodal-3600: 3,600 photos from all over the world with captions in 36 languages (EMNLP 2022).

Two protocols are in use, and both are named: `first` takes each image's first caption in a language (CLIP_benchmark);
`any` takes all, and an image is found by any of its captions (MTEB). All languages count for the global score, those of
the region's countries for the regional one too; a side's score is the mean of the two directions' recall@1 over its
queries. Errors are clustered by image.

Traps: splits are languages; the image is a struct of bytes and path, the same in every split.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

from ...data import DataFolder, ImageAt
from ...errors import DataError
from ..forms.placing import COUNTS, Counts, empty_region, place
from ..forms.retrieval import MAIN, CaptionRow, RetrievalExamples
from ..forms.rows import Cells, Gathered, cells
from ..languages import HOMES, language_code, regional_languages
from ..options import REGION, REVISION, full_name, known_region, one_of, several
from ..task import SIDES, Examples, TaskInfo

HUB_ID = "floschne/xm3600"
PINNED = "8d3e5665526c55a5855cd6ddfbaba2032bc7cee4"  # as MTEB's XM3600T2IRetrieval
LANGUAGES = (
    "ar", "bn", "cs", "da", "de", "el", "en", "es", "fa", "fi", "fil", "fr", "he", "hi", "hr", "hu", "id", "it", "ja",
    "ko", "mi", "nl", "no", "pl", "pt", "quz", "ro", "ru", "sv", "sw", "te", "th", "tr", "uk", "vi", "zh",
)  # fmt: skip
COLUMNS = ("image_id", "captions")


@dataclass(frozen=True)
class Xm3600:
    """The task."""

    region: str = "SEA"
    protocol: str = "first"
    languages: str = "all"
    counts: str = "both"
    revision: str = PINNED

    def __post_init__(self) -> None:
        known_region(self.region)
        one_of("xm3600", "protocol", self.protocol, ("first", "any"))
        one_of("xm3600", "counts", self.counts, COUNTS)
        for language in () if self.languages == "all" else several(self.languages):
            one_of("xm3600", "languages", language, LANGUAGES)

    @property
    def info(self) -> TaskInfo:
        """What it is."""
        return TaskInfo(
            name=full_name(self, "xm3600"),
            families=("embedding",),
            main_metrics=MAIN,
            splits=("test",),
            sides=SIDES,
            doc="Crossmodal-3600: photos and captions in 36 languages look for each other",
            hub_id=HUB_ID,
            revision=self.revision,
            options={
                "region": REGION,
                "protocol": "first (default): the first caption of each image alone; any: all, any of them is right",
                "languages": "all (default; of a local copy, all that are there), or some: id+th+en",
                "counts": f"how rows make the two scores: {', '.join(COUNTS)}",
                "revision": REVISION,
            },
        )

    def load(self, split: str, *, data: Path | None = None, limit: int | None = None) -> Examples:
        """Captions of the languages; at most `limit` images. Raises DataError for a language that isn't there."""
        one_of("xm3600", "split", split, self.info.splits)
        wanted = LANGUAGES if self.languages == "all" else several(self.languages)
        folder = DataFolder.local(data) if data else DataFolder.hub(HUB_ID, self.revision, wanted)
        regional = regional_languages(self.counts, known_region(self.region))
        gathered = Gathered()
        rows: list[CaptionRow] = []
        known: dict[str, ImageAt] = {}
        for language in wanted:
            tables = folder.tables(language, required=self.languages != "all") if folder.path.is_dir() else []
            for table in tables:
                found = cells(table, COLUMNS, folder.folder, optional=("image_locale",), id_columns=("image_id",))
                rows += gathered.each(found, partial(self._rows, split=language, known=known, regional=regional))
        if not rows and not gathered.problems:
            raise DataError(f"{folder.source}: has no file of a language; name files like th.parquet in one folder")
        gathered.problems += empty_region(self.counts, known_region(self.region), [row.where for row in rows])
        return RetrievalExamples(rows, gathered, folder.source, limit)

    def _rows(
        self, row: Cells, split: str, known: dict[str, ImageAt], regional: frozenset[str]
    ) -> Iterator[CaptionRow]:
        captions = [caption for caption in row.list("captions") if caption]
        if not captions:
            raise DataError("has no caption")
        spoken, wanted = language_code(split), known_region(self.region)
        where = place(
            cast(Counts, self.counts), wanted, language=spoken,
            country=HOMES.get(language_code(row.text("image_locale"))), regional=spoken in regional,
        )  # fmt: skip
        image = known.setdefault(row.text("image_id"), row.image())
        for number, caption in enumerate(captions if self.protocol == "any" else captions[:1]):
            yield CaptionRow(f"{row.name} {split} {number}", image, row.text("image_id"), caption, where)


TASKS = (Xm3600(),)
