"""CVQA: four-way questions on images of daily life, asked by native speakers in 31 languages (arXiv 2406.05967).

As in the regional-adaptation paper it counts twice: all rows make the global score, the rows of the region's countries
the regional one; each is the plain mean over its rows. That the published numbers (global 67.2, SEA 67.8) are formed so
is our reading of arXiv 2604.11490, Table 1. Which of the two languages they were asked in isn't said there: `question`
chooses.

Traps: `Subset` is a tuple written as text; some revisions publish no labels (−1), and such a row is a problem, never a
wrong answer; questions on one image share it (its errors are clustered by the image's part of the ID).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from ...data import DataFolder
from ...data.values import as_pair
from ...errors import DataError
from ...regions import country
from ..forms.choice import ACCURACY, ChoiceExamples, ChoiceRow
from ..forms.placing import COUNTS, Counts, empty_region, place
from ..forms.rows import Cells, Gathered, cells
from ..languages import language_code
from ..options import FETCH, REGION, REVISION, full_name, known_region, one_of
from ..task import SIDES, Examples, TaskInfo

HUB_ID = "afaji/cvqa"
PINNED = "0f90214047e51d2e5f3f4dc9865107215553096a"  # named by a public evaluation; its labels aren't seen by us
COLUMNS = ("ID", "Subset", "Options", "Label", "Question", "Category")
TRANSLATED = ("Translated Question", "Translated Options")


@dataclass(frozen=True)
class Cvqa:
    """The task."""

    region: str = "SEA"
    question: str = "native"
    counts: str = "both"
    fetch: str = "no"
    revision: str = PINNED

    def __post_init__(self) -> None:
        known_region(self.region)
        one_of("cvqa", "question", self.question, ("native", "translated"))
        one_of("cvqa", "counts", self.counts, COUNTS)
        one_of("cvqa", "fetch", self.fetch, ("no", "yes"))

    @property
    def info(self) -> TaskInfo:
        """What it is."""
        return TaskInfo(
            name=full_name(self, "cvqa"),
            families=("embedding", "lvlm"),
            main_metrics=(ACCURACY,),
            splits=("test",),
            sides=SIDES,
            doc="CVQA: four-way cultural questions in 31 languages; all count globally, the region's regionally",
            hub_id=HUB_ID,
            revision=self.revision,
            options={
                "region": REGION,
                "question": "native (default) or translated (to English)",
                "counts": f"how rows make the two scores: {', '.join(COUNTS)}",
                "fetch": FETCH,
                "revision": REVISION,
            },
        )

    def load(self, split: str, *, data: Path | None = None, limit: int | None = None) -> Examples:
        """The test split. Raises DataError for an unknown split or columns that are missing."""
        one_of("cvqa", "split", split, self.info.splits)
        folder = DataFolder.local(data) if data else DataFolder.hub(HUB_ID, self.revision, ["test"])
        gathered = Gathered()
        wanted = (*COLUMNS, *(TRANSLATED if self.question == "translated" else ()))
        rows: list[ChoiceRow] = []
        for table in folder.tables("test"):
            found = cells(table, wanted, folder.folder, id_columns=("ID",), fetch=self.fetch == "yes")
            rows += gathered.each(found, self._row)
        gathered.problems += empty_region(self.counts, known_region(self.region), [row.where for row in rows])
        return ChoiceExamples(rows, gathered, folder.source, limit)

    def _row(self, row: Cells) -> Iterator[ChoiceRow]:
        subset = as_pair(row.values["Subset"])
        if subset is None:
            raise DataError(f"its Subset is {row.text('Subset')!r}, not a pair of language and country")
        label = row.whole("Label")
        if label < 0:
            raise DataError(f"its Label is {label}: this revision keeps the answers to itself; name another one")
        translated = self.question == "translated"
        where = place(
            cast(Counts, self.counts),
            known_region(self.region),
            language="en" if translated else language_code(subset[0]),
            country=country(subset[1]).code,
            aspect=row.text("Category") or None,
        )
        prefix = "Translated " if translated else ""
        yield ChoiceRow(
            row.name, row.image(), row.text(f"{prefix}Question"), row.list(f"{prefix}Options"), label,
            cluster=row.name.rpartition("_")[0] or row.name, where=where,
        )  # fmt: skip


TASKS = (Cvqa(),)
