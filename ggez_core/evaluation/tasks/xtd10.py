"""XTD10: 1,000 COCO images with a caption in each of 11 languages (arXiv 2012.05107). No language of Southeast Asia.

It counts for the global score alone: the mean of the two directions' recall@1 over its queries.

Traps: captions are text files in three folders of a GitHub repository, one line an image, in the order of
`test_image_names.txt`; Japanese is called "jp"; images aren't in there: they are COCO's of 2014, found by name in a
local copy, or fetched from COCO's server with the option fetch=yes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...data import ImageAt
from ...data.fetch import Fetch
from ...data.tables import MemoryTable
from ...errors import DataError
from ..forms.placing import place
from ..forms.retrieval import MAIN, CaptionRow, RetrievalExamples
from ..forms.rows import Gathered
from ..options import FETCH, full_name, known_region, one_of, several
from ..task import Examples, Problem, TaskInfo

COMMIT = "d77ff16148468c84287f3efcbf602a015c5e4954"
SOURCE = f"https://raw.githubusercontent.com/adobe-research/Cross-lingual-Test-Dataset-XTD10/{COMMIT}"
COCO = "https://s3.amazonaws.com/images.cocodataset.org"
NAMES = "XTD10/test_image_names.txt"
FILES = {
    **{code: f"XTD10/test_1kcaptions_{code}.txt" for code in ("en", "es", "it", "ko", "pl", "ru", "tr", "zh")},
    "de": "MIC/test_1kcaptions_de.txt",
    "fr": "MIC/test_1kcaptions_fr.txt",
    "ja": "STAIR/test_1kcaptions_jp.txt",
}
SUFFIXES = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True)
class Xtd10:
    """The task."""

    languages: str = "all"
    fetch: str = "no"

    def __post_init__(self) -> None:
        one_of("xtd10", "fetch", self.fetch, ("no", "yes"))
        for language in () if self.languages == "all" else several(self.languages):
            one_of("xtd10", "languages", language, tuple(FILES))

    @property
    def info(self) -> TaskInfo:
        """What it is."""
        return TaskInfo(
            name=full_name(self, "xtd10"),
            families=("embedding",),
            main_metrics=MAIN,
            splits=("test",),
            sides=("global",),
            doc="XTD10: 1,000 COCO images and captions in 11 languages look for each other",
            revision=COMMIT,
            options={"languages": "all (default), or some: en+de+ja", "fetch": FETCH},
        )

    def load(self, split: str, *, data: Path | None = None, limit: int | None = None) -> Examples:
        """Captions of the languages; at most `limit` images. Raises DataError for files that are missing or cut."""
        one_of("xtd10", "split", split, self.info.splits)
        read = _local(data) if data else _remote
        names = read(NAMES)
        wanted = tuple(FILES) if self.languages == "all" else several(self.languages)
        table = MemoryTable(data or Path("XTD10"), [{"image": cell} for cell in self._cells(names, data)])
        fetch = Fetch() if self.fetch == "yes" else None
        gathered = Gathered()
        rows: list[CaptionRow] = []
        for language in wanted:
            captions = read(FILES[language])
            if len(captions) != len(names):
                raise DataError(
                    f"{FILES[language]}: has {len(captions)} captions for {len(names)} images; take a whole copy"
                )
            where = place("global", known_region("World"), language=language, regional=False)
            for number, (name, caption) in enumerate(zip(names, captions, strict=True)):
                if caption:
                    image = ImageAt(table, "image", number, data or Path(), fetch)
                    rows.append(CaptionRow(f"{name} {language}", image, name, caption, where))
                else:
                    gathered.problems.append(Problem(f"{name} {language}", "has no caption"))
        return RetrievalExamples(rows, gathered, str(data or SOURCE), limit)

    def _cells(self, names: Sequence[str], data: Path | None) -> list[str]:
        """Where each image is: a path within the local copy, or COCO's address."""
        if data is None:
            return [f"{COCO}/{'train2014' if 'train2014' in name else 'val2014'}/{name}" for name in names]
        there = {p.name: str(p.relative_to(data)) for p in sorted(data.rglob("*")) if p.suffix.lower() in SUFFIXES}
        return [there.get(name, name) for name in names]


def _local(data: Path) -> Callable[[str], list[str]]:
    """Reads a file of a local copy, wherever below the folder it is."""
    if not data.is_dir():
        raise DataError(f"{data}: is no folder; name one with {Path(NAMES).name} and the captions' files")

    def read(name: str) -> list[str]:
        found = sorted(data.rglob(Path(name).name))
        if not found:
            raise DataError(f"{data}: has no file {Path(name).name}; copy it from the repository of XTD10")
        return _lines(found[0].read_text("utf-8-sig"))

    return read


def _remote(name: str) -> list[str]:
    return _lines(Fetch()(f"{SOURCE}/{name}").read_text("utf-8-sig"))


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.rstrip("\n").split("\n")]


TASKS = (Xtd10(),)
