"""Drawing the small world: whether a text-to-image model draws what it is asked for, in the languages of the world.

Each concept is asked for with captions of the split, in its languages in turn, with a seed of its own that is the same
for every model. A picture is right if the judge, a classifier trained apart from all models (`evaluation.judge`), takes
it for the concept that was asked for. The CLIP-score beside it is 100 times the cosine of picture and prompt, where it
isn't negative, by the demo's SigLIP: the base for global prompts, the regional one for regional prompts, since each of
them knows its own side best.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PIL import Image

from ...checkpoints import open_checkpoint
from ...demo.world.dataset import Caption, Side, caption_rows, content_of
from ...demo.world.registry import Concept, concepts
from ...demo.world.templates import Split
from ...errors import DataError
from ...families.drawing import Drawing
from ...families.family import BetaOf, FamilyModel, at_base
from ...families.kept import Kept
from ..task import SIDES, Answer, Asker, Examples, Problem, TaskInfo

if TYPE_CHECKING:
    from ...families.diffusion import DiffusionModel
    from ...families.embedding import EmbeddingModel

ACCURACY, CLIP_SCORE = "concept_accuracy", "clip_score"
REGION = "SEA"
SPLITS: tuple[Split, ...] = ("validation", "test")
PER_COUNTRY = 5
PROMPTS_PER_CONCEPT = 6
BATCH = 64  # pictures drawn together, of the demo's size; fewer of larger ones
BATCH_PIXELS = BATCH * 48 * 48
SCORERS: Mapping[Side, str] = {"global": "demo:siglip/base", "regional": "demo:siglip/sea"}


def drawn_concepts() -> tuple[Concept, ...]:
    """The concepts that are drawn: all global ones, and the first five of every country of the region."""
    seen: Counter[str] = Counter()
    chosen = []
    for concept in concepts():
        if concept.country is not None:
            seen[concept.country] += 1
            if seen[concept.country] > PER_COUNTRY:
                continue
        chosen.append(concept)
    return tuple(chosen)


def prompts(split: Split) -> tuple[Caption, ...]:
    """`PROMPTS_PER_CONCEPT` captions of every drawn concept: its languages in turn, then its next caption in each."""
    found: dict[str, dict[str, list[Caption]]] = {concept.key: {} for concept in drawn_concepts()}
    for row in caption_rows(split):
        if row.concept.key in found:
            found[row.concept.key].setdefault(row.language, []).append(row)
    chosen: list[Caption] = []
    for number, languages in enumerate(found.values()):
        order = list(languages.values())
        order = order[number % len(order) :] + order[: number % len(order)]  # so that no language is left out
        turns = [rows[turn] for turn in range(max(map(len, order))) for rows in order if turn < len(rows)]
        chosen += turns[:PROMPTS_PER_CONCEPT]
    return tuple(chosen)


class WorldDrawing:
    """The task."""

    info = TaskInfo(
        name="world-drawing",
        families=("diffusion",),
        main_metrics=(ACCURACY,),
        splits=SPLITS,
        sides=SIDES,
        doc="pictures of the small world's things, asked for in its languages, judged by a classifier of its own",
    )

    def load(self, split: str, *, data: Path | None = None, limit: int | None = None) -> Examples:
        """The split's prompts; with a limit, so many of them, spread evenly.

        Raises DataError for an unknown split, or for `data`: this world is made by code.
        """
        if split not in SPLITS:
            raise DataError(f"world-drawing has no split {split!r}; it has: {', '.join(SPLITS)}")
        if data is not None:
            raise DataError("world-drawing is made by code and has no data to read; leave the folder out")
        asked = prompts(split)
        if limit is not None and limit < len(asked):
            asked = tuple(asked[index * len(asked) // limit] for index in range(limit))
        return DrawingExamples(asked)


@dataclass(frozen=True)
class DrawingExamples:
    """The prompts of one split."""

    prompts: tuple[Caption, ...]
    problems: tuple[Problem, ...] = ()
    source: str = ""

    def __len__(self) -> int:
        return len(self.prompts)

    @cached_property
    def content(self) -> str:
        """A digest of which prompts there are, of the code that makes them, and of the judge."""
        from ..judge import judge_file

        return content_of((row.id for row in self.prompts), judge_file())

    def prepare(self, model: FamilyModel, kept: Kept) -> Asker:
        """Drawings with the model's own settings, and who scores them."""
        return DrawingAsker(self.prompts, cast("DiffusionModel", model))


class DrawingAsker:
    """The prompts of one split, for one model."""

    def __init__(self, rows: Sequence[Caption], model: DiffusionModel) -> None:
        self._rows = rows
        self._batch = max(1, min(BATCH, BATCH_PIXELS // (model.limits.width * model.limits.height)))
        from ..judge import shipped_judge

        self._judge = shipped_judge()

    def __len__(self) -> int:
        return len(self._rows)

    def ask(self, model: FamilyModel, beta_of: BetaOf = at_base, *, start: int = 0) -> Iterator[list[Answer]]:
        """Draw and judge, a batch at a time."""
        asked = cast("DiffusionModel", model)
        for first in range(start, len(self._rows), self._batch):
            rows = self._rows[first : first + self._batch]
            images = asked.draw([Drawing(row.text, seed=seed_of(row)) for row in rows], beta_of=beta_of)
            seen = self._judge.names(images)
            scores = self._clip_scores(rows, images)
            yield [
                _answer(row, {ACCURACY: float(name == row.concept.key), CLIP_SCORE: score})
                for row, name, score in zip(rows, seen, scores, strict=True)
            ]

    def _clip_scores(self, rows: Sequence[Caption], images: Sequence[Image.Image]) -> list[float]:
        found = [0.0] * len(rows)
        for side, scorer in self._scorers.items():
            mine = [index for index, row in enumerate(rows) if row.side == side]
            if mine:
                pictures = scorer.encode_images([images[index] for index in mine])
                texts = scorer.encode_texts([rows[index].text for index in mine])
                for index, cosine in zip(mine, (pictures * texts).sum(1).tolist(), strict=True):
                    found[index] = 100 * max(0.0, cosine)
        return found

    @cached_property
    def _scorers(self) -> dict[Side, EmbeddingModel]:
        from ...families.embedding import load_embedding

        return {side: load_embedding(open_checkpoint(name)) for side, name in SCORERS.items()}


def seed_of(row: Caption) -> int:
    """The seed of a prompt's picture."""
    return zlib.crc32(row.id.encode())


def _answer(row: Caption, values: dict[str, float]) -> Answer:
    region = REGION if row.side == "regional" else None
    return Answer(row.id, row.side, row.concept.key, values, row.language, row.country, region, row.aspect)


TASKS = (WorldDrawing(),)
