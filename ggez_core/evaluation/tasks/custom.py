"""Your own data: a file or folder of Parquet, JSONL, TSV, CSV or WebDataset, asked in one of three ways.

Columns: `image` (bytes, a path beside the data, or an https URL with fetch=yes) and, for `ask=retrieval`, `text`; for
`ask=choice`, `question`, `options` (a list) and `answer` (the right option's text, its letter, or its number: from 0
with answers=from0, from 1 with answers=from1); for `ask=open`, `question` and `answer` (one text or a list of them).
Where there are: `language` (BCP 47 or ISO 639-3), `country` (ISO 3166 or English name), `aspect`, `text_en`, `id`,
`cluster` (rows that share a question), `picture` (rows that share an image). `columns` renames them.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from ...data import DataFolder
from ...data.tables import RenamedTable
from ...data.values import as_list, as_whole
from ...errors import DataError
from ...regions import country
from ..forms import choice, open_ended, retrieval
from ..forms.choice import ChoiceExamples, ChoiceRow
from ..forms.open_ended import OpenExamples, OpenRow
from ..forms.placing import COUNTS, Counts, Place, empty_region, place
from ..forms.retrieval import CaptionRow, RetrievalExamples
from ..forms.rows import Cells, Gathered, cells
from ..languages import language_code
from ..options import FETCH, REGION, full_name, known_region, one_of, several
from ..task import SIDES, Examples, TaskInfo

NEEDED = {
    "retrieval": ("text",),
    "choice": ("question", "options", "answer"),
    "open": ("question", "answer"),
}
FAMILIES = {"retrieval": ("embedding",), "choice": ("embedding", "lvlm"), "open": ("lvlm",)}
METRICS = {"retrieval": retrieval.MAIN, "choice": (choice.ACCURACY,), "open": (open_ended.NORMALISED,)}
OPTIONAL = ("language", "country", "aspect", "text_en", "cluster", "picture")
SPLITS = ("validation", "test")


@dataclass(frozen=True)
class Custom:
    """The task."""

    ask: str = "retrieval"
    columns: str = ""
    region: str = "SEA"
    counts: str = "both"
    answers: str = "text"
    language: str = ""
    fetch: str = "no"

    def __post_init__(self) -> None:
        one_of("custom", "ask", self.ask, tuple(NEEDED))
        one_of("custom", "counts", self.counts, COUNTS)
        one_of("custom", "answers", self.answers, ("text", "from0", "from1"))
        one_of("custom", "fetch", self.fetch, ("no", "yes"))
        known_region(self.region)
        self._names()

    @property
    def info(self) -> TaskInfo:
        """What it is."""
        return TaskInfo(
            name=full_name(self, "custom"),
            families=FAMILIES[self.ask],
            main_metrics=METRICS[self.ask],
            splits=SPLITS,
            sides=SIDES if self.counts in ("both", "split") else (cast(Any, self.counts),),
            doc="your own folder of images with captions, or with questions; give it with --data",
            options={
                "ask": "retrieval (default), choice, or open",
                "columns": "how yours are called: image:file+text:caption",
                "region": REGION,
                "counts": f"how rows make the two scores: {', '.join(COUNTS)}",
                "answers": "text (default: the right option or its letter), from0 or from1 (its number)",
                "language": "of rows that name none",
                "fetch": FETCH,
            },
        )

    def load(self, split: str, *, data: Path | None = None, limit: int | None = None) -> Examples:
        """A split of the data at `data`; a single file is taken for any split.

        Raises DataError where no data is named, or columns are missing.
        """
        one_of("custom", "split", split, SPLITS)
        if data is None:
            raise DataError("custom asks of your own data; name its file or folder (--data custom=FOLDER)")
        folder = DataFolder.local(data)
        gathered = Gathered()
        read: Callable[[Cells], Iterator[Any]] = {
            "retrieval": self._caption, "choice": self._choice, "open": self._open,
        }[self.ask]  # fmt: skip
        rows: list[Any] = []
        for table in folder.tables(split):
            renamed = RenamedTable(table, self._names())
            found = cells(renamed, NEEDED[self.ask], folder.folder, optional=OPTIONAL, fetch=self.fetch == "yes")
            rows += gathered.each(found, read)
        gathered.problems += empty_region(self.counts, known_region(self.region), [row.where for row in rows])
        made = {"retrieval": RetrievalExamples, "choice": ChoiceExamples, "open": OpenExamples}[self.ask]
        return cast(Examples, made(rows, gathered, folder.source, limit))

    def _names(self) -> Mapping[str, str]:
        """The data's names of our columns."""
        pairs = [part.partition(":") for part in several(self.columns)]
        known = {"id", "image", *OPTIONAL, *(name for names in NEEDED.values() for name in names)}
        for ours, colon, theirs in pairs:
            if not colon or not theirs:
                raise DataError(f"custom: columns={self.columns}: write it as image:file+text:caption")
            one_of("custom", "columns", ours, tuple(sorted(known)))
        return {ours: theirs for ours, _, theirs in pairs}

    def _place(self, row: Cells) -> Place:
        spoken = row.text("language") or self.language
        lies = row.text("country")
        return place(
            cast(Counts, self.counts),
            known_region(self.region),
            language=language_code(spoken) if spoken else None,
            country=country(lies).code if lies else None,
            aspect=row.text("aspect") or None,
        )

    def _caption(self, row: Cells) -> Iterator[CaptionRow]:
        where = self._place(row)
        picture = row.text("picture") or row.name
        yield CaptionRow(row.name, row.image(), picture, row.text("text"), where)

    def _choice(self, row: Cells) -> Iterator[ChoiceRow]:
        options = row.list("options")
        right = self._right(row, options)
        cluster = row.text("cluster") or row.name
        yield ChoiceRow(row.name, row.image(), row.text("question"), options, right, cluster, self._place(row))

    def _open(self, row: Cells) -> Iterator[OpenRow]:
        right = tuple(as_list(row.values["answer"]) or [row.text("answer")])
        cluster = row.text("cluster") or row.name
        yield OpenRow(row.name, row.image(), row.text("question"), right, cluster, self._place(row))

    def _right(self, row: Cells, options: tuple[str, ...]) -> int:
        answer = row.text("answer")
        if self.answers != "text":
            number = as_whole(row.values["answer"])
            first = 1 if self.answers == "from1" else 0
            if number is None or not first <= number < len(options) + first:
                raise DataError(f"its answer is {answer!r}, no number from {first} to {len(options) + first - 1}")
            return number - first
        same = [index for index, option in enumerate(options) if option == answer]
        if len(same) == 1:
            return same[0]
        letters = string.ascii_uppercase[: len(options)]
        if not same and len(answer) == 1 and answer.upper() in letters:
            return letters.index(answer.upper())
        raise DataError(f"its answer is {answer!r}, which is {'several' if same else 'none'} of its options")


TASKS = (Custom(),)
