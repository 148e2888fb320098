"""WorldCuisines: which dish is it, and where is it from, in 30 language variants (arXiv 2410.12705).

All rows count for the global score; those in a language of the region's countries count for the regional one too. That
the published regional numbers are formed by language is our reading: data and paper tell no region of a question.

Traps: the options stand only inside `multi_choice_prompt`; `multi_choice_answer` counts from 1; images are joined by
`image_url` to the knowledge base `worldcuisines/food-kb`; one question is asked in 30 variants, so errors are clustered
by `qa_id` (400 distinct ones in the small split).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

from ...data import DataFolder, ImageAt
from ...errors import DataError
from ..forms.choice import ACCURACY, ChoiceExamples, ChoiceRow
from ..forms.placing import COUNTS, Counts, empty_region, place
from ..forms.rows import Cells, Gathered, cells
from ..languages import HOMES, language_code, regional_languages
from ..options import REGION, REVISION, full_name, known_region, one_of
from ..task import SIDES, Examples, TaskInfo

HUB_ID, IMAGES_ID = "worldcuisines/vqa", "worldcuisines/food-kb"
PARTS = {"task1": "dish", "task2": "place"}
COLUMNS = ("qa_id", "lang", "multi_choice_prompt", "multi_choice_answer", "image_url")
OPTION = re.compile(r"^(\d+)\.\s+(.*)$")
IMAGE_COLUMNS = tuple(f"image{number}" for number in range(1, 9))


@dataclass(frozen=True)
class WorldCuisines:
    """The task."""

    region: str = "SEA"
    part: str = "both"
    counts: str = "both"
    revision: str = "main"

    def __post_init__(self) -> None:
        known_region(self.region)
        one_of("worldcuisines", "part", self.part, ("both", *PARTS.values()))
        one_of("worldcuisines", "counts", self.counts, COUNTS)

    @property
    def info(self) -> TaskInfo:
        """What it is."""
        return TaskInfo(
            name=full_name(self, "worldcuisines"),
            families=("embedding", "lvlm"),
            main_metrics=(ACCURACY,),
            splits=("test_large", "test_small"),
            sides=SIDES,
            doc="WorldCuisines: which dish, and where from; the region's languages count regionally too",
            hub_id=HUB_ID,
            revision=self.revision,
            options={
                "region": REGION,
                "part": "dish, place, or both (default)",
                "counts": f"how rows make the two scores: {', '.join(COUNTS)}",
                "revision": REVISION,
            },
        )

    def load(self, split: str, *, data: Path | None = None, limit: int | None = None) -> Examples:
        """A split of one part or both. A local copy has the knowledge base in a folder `food-kb` within.

        Raises DataError for an unknown split, or files or columns that are missing.
        """
        one_of("worldcuisines", "split", split, self.info.splits)
        parts = [config for config, name in PARTS.items() if self.part in ("both", name)]
        if data:
            folder, images = DataFolder.local(data), DataFolder.local(data / "food-kb")
        else:
            folder = DataFolder.hub(HUB_ID, self.revision, [split], parts)
            images = DataFolder.hub(IMAGES_ID, "main", [None])
        regional = regional_languages(self.counts, known_region(self.region))
        pictures = _pictures(images)
        gathered = Gathered()
        rows: list[ChoiceRow] = []
        for config in parts:
            for table in folder.tables(split, config):
                found = cells(table, COLUMNS, folder.folder, images=(), optional=("answer",), id_columns=("qa_id",))
                rows += gathered.each(
                    found, partial(self._row, pictures=pictures, aspect=PARTS[config], regional=regional)
                )
        gathered.problems += empty_region(self.counts, known_region(self.region), [row.where for row in rows])
        return ChoiceExamples(rows, gathered, f"{folder.source} with {images.source}", limit)

    def _row(
        self, row: Cells, pictures: dict[str, ImageAt], aspect: str, regional: frozenset[str]
    ) -> Iterator[ChoiceRow]:
        question, options = parsed(row.text("multi_choice_prompt"))
        right = row.whole("multi_choice_answer") - 1
        expected = row.text("answer")
        if expected and 0 <= right < len(options) and options[right] != expected:
            raise DataError(f"option {right + 1} is {options[right]!r}, and its answer is {expected!r}")
        url = row.text("image_url")
        if url not in pictures:
            raise DataError(f"its image {url[:80]!r} isn't in the knowledge base")
        spoken, wanted = variant_language(row.text("lang")), known_region(self.region)
        where = place(
            cast(Counts, self.counts), wanted, language=spoken, country=HOMES.get(spoken), aspect=aspect,
            regional=spoken in regional,
        )  # fmt: skip
        name = f"{row.name} {aspect} {row.text('lang')}"
        yield ChoiceRow(name, pictures[url], question, options, right, f"{aspect} {row.text('qa_id')}", where)


def parsed(prompt: str) -> tuple[str, tuple[str, ...]]:
    """The question and the options of a prompt like "Which dish?\\n1. Laksa\\n2. Rendang\\n\\nPrint only the answer…".

    Raises DataError where options aren't numbered 1, 2, 3, ….
    """
    lines = prompt.splitlines()
    found = [(index, match) for index, line in enumerate(lines) if (match := OPTION.match(line.strip()))]
    if [int(match[1]) for _, match in found] != list(range(1, len(found) + 1)) or not found:
        raise DataError("its multi_choice_prompt has no options numbered from 1")
    question = " ".join(line.strip() for line in lines[: found[0][0]] if line.strip())
    return question, tuple(match[2].strip() for _, match in found)


def variant_language(lang: str) -> str:
    """The language of a variant: "id_formal" is Indonesian, "jv_krama" Javanese, "tl" Filipino."""
    return language_code(lang.partition("_")[0])


def _pictures(folder: DataFolder) -> dict[str, ImageAt]:
    """Images by their URL. Raises DataError where the knowledge base has none."""
    found: dict[str, ImageAt] = {}
    for table in folder.tables(None):
        columns = [c for c in IMAGE_COLUMNS if c in table.columns and f"{c}_url" in table.columns]
        for number, row in enumerate(table.rows([f"{column}_url" for column in columns])):
            for column in columns:
                if url := row[f"{column}_url"]:
                    found.setdefault(str(url).strip(), ImageAt(table, column, number, folder.folder))
    if not found:
        raise DataError(f"{folder.source}: has no images; it needs the columns image1 and image1_url, and so on")
    return found


TASKS = (WorldCuisines(),)
