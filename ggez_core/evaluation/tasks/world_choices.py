"""Multiple-choice questions on pictures of the small world, for embedding models: the option nearest to the picture.

What, which country and which aspect, in the languages of the concept, in wordings that no caption has. Colours and
numbers aren't asked: captions don't tell them.
"""

from __future__ import annotations

import io
from pathlib import Path

from ...data import ImageAt
from ...data.tables import MemoryTable
from ...demo.world.questions import Question, questions
from ...demo.world.templates import Split
from ...errors import DataError
from ..forms.choice import ACCURACY, ChoiceExamples, ChoiceRow
from ..forms.placing import Place
from ..forms.rows import Gathered
from ..task import SIDES, Examples, TaskInfo

KINDS = ("what", "country", "aspect")
REGION = "SEA"
SPLITS: tuple[Split, ...] = ("validation", "test")


class WorldChoices:
    """The task."""

    info = TaskInfo(
        name="world-choices",
        families=("embedding",),
        main_metrics=(ACCURACY,),
        splits=SPLITS,
        sides=SIDES,
        doc="what, which country, which aspect: four options on pictures of the small world",
    )

    def load(self, split: str, *, data: Path | None = None, limit: int | None = None) -> Examples:
        """The split's questions; with a limit, so many of them, spread evenly.

        Raises DataError for an unknown split, or for `data`: this world is made by code.
        """
        if split not in SPLITS:
            raise DataError(f"world-choices has no split {split!r}; it has: {', '.join(SPLITS)}")
        if data is not None:
            raise DataError("world-choices is drawn by code and has no data to read; leave the folder out")
        asked = [one for one in questions(split) if one.options and one.kind in KINDS]
        if limit is not None and limit < len(asked):
            asked = [asked[index * len(asked) // limit] for index in range(limit)]
        table = MemoryTable(Path("small-world"), [{"image": _png(one)} for one in asked])
        places = [ImageAt(table, "image", number, Path()) for number in range(len(asked))]
        rows = [_row(one, place) for one, place in zip(asked, places, strict=True)]
        return ChoiceExamples(rows, Gathered(), "", None)


def _row(question: Question, image: ImageAt) -> ChoiceRow:
    concept = question.concept
    region = REGION if concept.regional else None
    where = Place((question.side,), question.language, concept.country, region, concept.aspect)
    right = question.options.index(question.answers[0])
    return ChoiceRow(question.id, image, question.text, question.options, right, concept.key, where)


def _png(question: Question) -> bytes:
    held = io.BytesIO()
    question.picture.image.save(held, "png")
    return held.getvalue()


TASKS = (WorldChoices(),)
