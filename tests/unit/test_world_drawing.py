"""The task of drawing the small world, asked of an oracle that looks the drawings up; and its judge on real ones."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ggez_core.demo.build.judge import accuracy
from ggez_core.demo.world.dataset import Caption, caption_rows
from ggez_core.demo.world.scene import draw, random_scene
from ggez_core.errors import CheckpointError, DataError
from ggez_core.evaluation import judge
from ggez_core.evaluation.task import Answer
from ggez_core.evaluation.tasks import task
from ggez_core.evaluation.tasks.world_drawing import (
    ACCURACY,
    BATCH,
    CLIP_SCORE,
    PROMPTS_PER_CONCEPT,
    drawn_concepts,
    prompts,
    seed_of,
)
from ggez_core.families.drawing import Drawing, Limits
from ggez_core.families.kept import Kept


class Oracle:
    """Draws what a caption names, on backgrounds of the training split; for `wrong` prompts always the same thing."""

    def __init__(self, wrong: Sequence[str] = (), side: int = 48) -> None:
        self.limits = Limits(side, side, 20, 5.0, 8, 2 * side, ("DDIM",))
        self.asked: list[Drawing] = []
        self._wrong = set(wrong)
        self._concepts = {row.text: row.concept for split in ("validation", "test") for row in caption_rows(split)}

    def draw(self, drawings: Sequence[Drawing], **_: Any) -> list[Image.Image]:
        self.asked += drawings
        return [self._picture(drawing) for drawing in drawings]

    def _picture(self, drawing: Drawing) -> Image.Image:
        concept = self._concepts[drawing.prompt]
        if drawing.prompt in self._wrong:
            concept = next(c for c in drawn_concepts() if c.aspect != concept.aspect)
        return draw(concept, random_scene("train", random.Random(drawing.seed)), self.limits.width)


def asked(oracle: Oracle, split: str = "test", limit: int | None = None, start: int = 0) -> list[Answer]:
    asker = task("world-drawing").load(split, limit=limit).prepare(oracle, Kept())  # type: ignore[arg-type]
    return [answer for batch in asker.ask(oracle, start=start) for answer in batch]  # type: ignore[arg-type]


def unambiguous(rows: Sequence[Caption]) -> list[Caption]:
    """Rows whose words name one concept only."""
    named: dict[str, set[str]] = {}
    for split in ("validation", "test"):
        for row in caption_rows(split):
            named.setdefault(row.text, set()).add(row.concept.key)
    return [row for row in rows if len(named[row.text]) == 1]


def test_the_judge_knows_real_drawings_that_it_has_never_seen() -> None:
    found = accuracy(judge.shipped_judge(), "test", 2)
    assert found.keys() == {"global", "regional"}
    assert min(found.values()) >= 0.95
    assert judge.judge_file().stat().st_size < 3_000_000


def test_an_oracle_is_right_and_what_it_draws_wrong_is_wrong(seed: int) -> None:
    rows = prompts("test")
    wrong = {row.text for row in random.Random(seed).sample(rows, 30)}
    oracle = Oracle(tuple(wrong))
    answers = asked(oracle)
    assert [a.id for a in answers] == [row.id for row in rows]
    sure = {row.id for row in unambiguous(rows)}
    for row, answer in zip(rows, answers, strict=True):
        assert (answer.side, answer.language, answer.country) == (row.side, row.language, row.country)
        assert answer.cluster == row.concept.key
        assert 0 <= answer.values[CLIP_SCORE] <= 100
        if row.id in sure and row.text in wrong:
            assert answer.values[ACCURACY] == 0
    right = [a for a, row in zip(answers, rows, strict=True) if row.text not in wrong and row.id in sure]
    assert sum(a.values[ACCURACY] for a in right) / len(right) > 0.97
    for side in ("global", "regional"):
        of_side = [
            (a.values[CLIP_SCORE], row.text in wrong) for a, row in zip(answers, rows, strict=True) if a.side == side
        ]
        means = [sum(s for s, w in of_side if w is kind) / sum(w is kind for _, w in of_side) for kind in (False, True)]
        assert means[0] > means[1] + 10


def test_it_goes_on_where_it_was_stopped_with_the_same_seeds() -> None:
    whole, rest = Oracle(), Oracle()
    all_answers, some = asked(whole, limit=40), asked(rest, limit=40, start=25)
    assert some == all_answers[25:]
    assert [d.seed for d in rest.asked] == [d.seed for d in whole.asked][25:]
    large = Oracle(side=192)  # sixteen times the pixels
    asker = task("world-drawing").load("test", limit=10).prepare(large, Kept())  # type: ignore[arg-type]
    sizes = [len(batch) for batch in asker.ask(large)]  # type: ignore[arg-type]
    assert sizes == [BATCH // 16, BATCH // 16, 2]


def test_prompts_of_both_splits_cover_things_and_languages() -> None:
    for split in ("validation", "test"):
        rows = prompts(split)
        assert {row.concept.key for row in rows} == {c.key for c in drawn_concepts()}
        sides = Counter(row.side for row in rows)
        assert min(sides.values()) >= 200
        assert max(Counter(row.concept.key for row in rows).values()) == PROMPTS_PER_CONCEPT
        assert len({row.id for row in rows}) == len({seed_of(row) for row in rows}) == len(rows)
        assert {row.language for row in rows} == {row.language for row in caption_rows(split)}
    examples = [task("world-drawing").load(split) for split in ("validation", "test")]
    assert examples[0].content != examples[1].content
    assert examples[0].content == task("world-drawing").load("validation").content


def test_what_cannot_be_loaded_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="it has: validation, test"):
        task("world-drawing").load("train")
    with pytest.raises(DataError, match="no data to read"):
        task("world-drawing").load("test", data=tmp_path)
    (tmp_path / "judge.safetensors").write_bytes(b"nothing")
    for name in ("judge.safetensors", "absent.safetensors"):
        with pytest.raises(CheckpointError, match="ggez demo build --family sdxl"):
            judge.Judge.load(tmp_path / name)
