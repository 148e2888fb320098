"""SEA-VQA: four-way questions in English on UNESCO heritage of eight Southeast Asian countries (ACL ALVR 2024).

It counts for the regional score alone, the plain mean over its rows, as in arXiv 2604.11490, Table 1 (41.0 for the
unmerged Gemma-3).

Traps: splits are countries; images are URLs, fetched only with the option fetch=yes (a local copy may have an `image`
column instead); some right answers lie outside a–d and such a row is a problem; questions share images, by which
errors are clustered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ...data import DataFolder, Table
from ...errors import DataError
from ...regions import country
from ..forms.choice import ACCURACY, ChoiceExamples, ChoiceRow
from ..forms.placing import place
from ..forms.rows import Cells, Gathered, cells
from ..options import FETCH, REGION, REVISION, full_name, known_region, one_of
from ..task import Examples, TaskInfo

HUB_ID = "wit543/sea-vqa"
COUNTRIES = ("cambodia", "indonesia", "laos", "malaysia", "philippines", "singapore", "thailand", "vietnam")
CHOICES = ("choice_a", "choice_b", "choice_c", "choice_d")
COLUMNS = ("question", *CHOICES, "correct_answer")


@dataclass(frozen=True)
class SeaVqa:
    """The task."""

    region: str = "SEA"
    fetch: str = "no"
    revision: str = "main"

    def __post_init__(self) -> None:
        known_region(self.region)
        one_of("sea-vqa", "fetch", self.fetch, ("no", "yes"))

    @property
    def info(self) -> TaskInfo:
        """What it is."""
        return TaskInfo(
            name=full_name(self, "sea-vqa"),
            families=("embedding", "lvlm"),
            main_metrics=(ACCURACY,),
            splits=("test",),
            sides=("regional",),
            doc="SEA-VQA: four-way questions on heritage of eight Southeast Asian countries",
            hub_id=HUB_ID,
            revision=self.revision,
            options={"region": REGION, "fetch": FETCH, "revision": REVISION},
        )

    def load(self, split: str, *, data: Path | None = None, limit: int | None = None) -> Examples:
        """All countries' rows. A local copy has a file for each, or one file with a column `country`.

        Raises DataError for an unknown split or columns that are missing.
        """
        one_of("sea-vqa", "split", split, self.info.splits)
        folder = DataFolder.local(data) if data else DataFolder.hub(HUB_ID, self.revision, COUNTRIES)
        gathered = Gathered()
        rows: list[ChoiceRow] = []
        for table, home in _tables(folder):
            column = "image" if "image" in table.columns else "image_path"
            found = cells(
                table, COLUMNS, folder.folder, images=(column,), optional=("country", "image_path", "image_page"),
                fetch=self.fetch == "yes",
            )  # fmt: skip
            rows += gathered.each(found, partial(self._row, home=home, column=column))
        return ChoiceExamples(rows, gathered, folder.source, limit)

    def _row(self, row: Cells, home: str | None, column: str) -> Iterator[ChoiceRow]:
        options = tuple(row.text(choice) for choice in CHOICES)
        where = place(
            "regional",
            known_region(self.region),
            language="en",
            country=country(home or row.text("country")).code,
        )
        cluster = row.text("image_page") or row.text("image_path") or row.name
        right = _right(row.text("correct_answer"), options)
        yield ChoiceRow(row.name, row.image(column), row.text("question"), options, right, cluster, where)


def _tables(folder: DataFolder) -> list[tuple[Table, str | None]]:
    """The files with the country that each is of; None for a file that says it row by row."""
    found = [(table, name) for name in COUNTRIES for table in folder.tables(name, required=False)]
    if len(found) > len({table.path for table, _ in found}):  # one file was found for every country
        table = found[0][0]
        own = next((name for name in COUNTRIES if name in table.path.stem.lower()), None)
        if own is None and "country" not in table.columns:
            raise DataError(f"{table.path}: says no country; name it thailand.parquet, or add a column country")
        return [(table, own)]
    if not found:
        raise DataError(f"{folder.source}: has no file of a country; name files like thailand.parquet")
    return [(table, name) for table, name in found]


def _right(answer: str, options: tuple[str, ...]) -> int:
    letter = answer.lower().strip(" .()").removeprefix("choice_")
    if letter in ("a", "b", "c", "d"):
        return "abcd".index(letter)
    same = [index for index, option in enumerate(options) if option.casefold() == answer.casefold()]
    if len(same) == 1:
        return same[0]
    raise DataError(f"its correct_answer is {answer!r}, none of a, b, c, d and of the choices")


TASKS = (SeaVqa(),)
