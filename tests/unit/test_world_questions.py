"""Questions over the small world, and the task that asks them."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from ggez_core.checkpoints import open_checkpoint
from ggez_core.demo.world.asking import KINDS, QUESTIONS
from ggez_core.demo.world.questions import COLORED, OPTIONS, Question, kinds_of, question, questions
from ggez_core.demo.world.registry import GLOBAL_ASPECTS, concepts
from ggez_core.demo.world.scene import COLORS, Scene, draw
from ggez_core.demo.world.templates import LANGUAGES, SPLITS
from ggez_core.demo.world.words import ASPECT_NAMES, COLOR_NAMES, COUNTRIES, COUNTRY_NAMES
from ggez_core.errors import DataError
from ggez_core.evaluation.metrics_text import normalised_match
from ggez_core.evaluation.task import Answer
from ggez_core.evaluation.tasks import world_questions
from ggez_core.evaluation.tasks.world_questions import CHOICE, OPEN, UNSEEN, WRITTEN, WorldQuestions
from ggez_core.families.kept import Kept
from ggez_core.families.lvlm import Prepared, VisionLanguageModel, VisualAnswer, VisualQuestion, load_lvlm
from tests.tiny_lvlm import saved


def test_every_language_has_its_words() -> None:
    assert set(QUESTIONS) == set(COUNTRY_NAMES) == set(ASPECT_NAMES) == set(COLOR_NAMES) == set(LANGUAGES)
    for language in LANGUAGES:
        for kind in KINDS:
            by_split = QUESTIONS[language][kind]
            texts = [text for split in SPLITS for text in by_split[split]]
            held_out = [*by_split["validation"], *by_split["test"]]
            assert len(held_out) == 2
            assert not set(held_out) & set(by_split["train"])
            assert all(text.strip() == text and "|" not in text for text in texts)
        for table, keys in ((COUNTRY_NAMES, COUNTRIES), (ASPECT_NAMES, GLOBAL_ASPECTS), (COLOR_NAMES, COLORS)):
            assert tuple(table[language]) == tuple(keys)
            assert len(set(table[language].values())) == len(keys)
    assert {c.country for c in concepts() if c.regional} == set(COUNTRIES)


def test_what_is_called_coloured_shows_its_colour() -> None:
    for concept in concepts():
        red, blue = (np.asarray(draw(concept, Scene(color, 1, "plain", 5)), int) for color in ("red", "blue"))
        share = (np.abs(red - blue).max(2) > 30).mean()
        assert (share > 0.06) >= (concept.key in COLORED), concept.key
    assert all("color" in kinds_of(concept) for concept in concepts() if concept.key in COLORED)


@pytest.mark.parametrize("split", ["validation", "test"])
def test_the_questions_of_a_split(split: Any) -> None:
    asked = questions(split)
    assert len({q.id for q in asked}) == len(asked)
    counts = Counter((q.side, q.kind, bool(q.options)) for q in asked)
    kinds = {side: {kind for s, kind, _ in counts if s == side} for side in ("global", "regional")}
    assert kinds == {"global": set(KINDS) - {"country"}, "regional": {"what", "country", "aspect"}}
    for side in kinds:
        for form in (False, True):
            assert sum(n for (s, _, f), n in counts.items() if s == side and f == form) > 500
    assert {q.language for q in asked} == set(LANGUAGES)
    backgrounds = {q.picture.scene.background for other in SPLITS if other != split for q in questions(other, 1)}
    assert not backgrounds & {q.picture.scene.background for q in asked}
    letters = Counter(q.options.index(q.answers[0]) for q in asked if q.options)
    assert max(letters.values()) < 1.2 * min(letters.values())
    for q in asked:
        assert q.text in QUESTIONS[q.language][q.kind][split]
        if q.options:
            assert len(set(q.options)) == OPTIONS
            assert sum(option in q.answers for option in q.options) == 1
    assert [q.id for q in questions(split)] == [q.id for q in asked]
    assert questions(split)[7] == asked[7]


def test_answers_follow_the_picture() -> None:
    asked = {q.id: q for q in questions("test")}
    for q in asked.values():
        scene = q.picture.scene
        expected = {
            "what": q.concept.names[q.language],
            "color": COLOR_NAMES[q.language][scene.color],
            "count": str(scene.count),
            "aspect": ASPECT_NAMES[q.language][q.concept.aspect],
            "country": q.concept.country and COUNTRY_NAMES[q.language][q.concept.country],
        }
        assert q.answers[0] == expected[q.kind]
    songket = next(q for q in asked.values() if q.concept.key == "songket" and q.kind == "country")
    assert len(songket.answers) == 2  # of Malaysia and of Indonesia
    counts = {q.picture.scene.count for q in asked.values() if q.kind == "count"}
    assert counts == {1, 2, 3, 4}
    assert {q.picture.scene.count for q in asked.values() if q.kind != "count"} == {1}


def test_a_question_can_be_made_for_any_picture(seed: int) -> None:
    rng = random.Random(seed)
    picture = questions("validation", 1)[0].picture
    made = question(picture, "what", "th", choice=True, rng=rng, name="mine")
    assert made.answers == (picture.concept.names["th"],)
    assert set(made.options) <= {c.names["th"] for c in concepts() if not c.regional}


@pytest.mark.parametrize(
    ("answer", "right", "expected"),
    [
        ("Rumah Gadang.", ("rumah gadang",), True),
        (" cầu  vồng", ("cầu vồng",), True),
        ("ｃａｔ", ("cat",), True),
        ("Indonesia", ("Malaysia", "Indonesia"), True),
        ("ice cream", ("ice cream cone",), False),
        ("cats", ("cat",), False),
        ("", ("cat",), False),
        ("¿?", ("cat",), False),
        ("3", ("3",), True),
        ("gado-gado", ("gado gado",), True),
        ("ဘာလဲ", ("ဘာလ",), False),
    ],
)
def test_answers_are_compared_normalised(answer: str, right: tuple[str, ...], expected: bool) -> None:
    assert normalised_match(answer, right) == expected


class Oracle:
    """A model that looks answers up, where it has the image; without one it always says the first option."""

    image_components = ()

    def __init__(self, asked: list[Question]) -> None:
        self._right = {q.picture.image.tobytes() + bool(q.options).to_bytes(): q for q in asked}
        self.unseen = 0

    def prepare(self, asked: list[VisualQuestion]) -> Prepared:
        return Prepared(tuple(asked), {})

    def answer(self, asked: Prepared, seen: Any = None) -> list[VisualAnswer]:
        found = []
        for one in asked.questions:
            chosen, text = 0, "A"
            if one.image is not None:
                q = self._right[one.image.tobytes() + bool(one.options).to_bytes()]
                chosen = q.options.index(q.answers[0]) if q.options else 0
                text = "nothing" if q.options else q.answers[-1].upper()
            self.unseen += one.image is None
            odds = tuple(0.7 if index == chosen else 0.1 for index in range(len(one.options)))
            found.append(VisualAnswer(text, True, odds, one.options))
        return found


def test_the_task_counts_what_is_right() -> None:
    examples = cast(Any, WorldQuestions().load("test", limit=200))
    assert len(examples) == 200
    model = cast(Any, Oracle(list(examples.questions)))
    asker = examples.prepare(model, Kept())
    answers = [answer for batch in asker.ask(model) for answer in batch]
    assert len(asker) == len(answers) == 200
    assert [a.id for a in answers] == [q.id for q in examples.questions]
    for q, answer in zip(examples.questions, answers, strict=True):
        first = float(bool(q.options) and q.options[0] in q.answers)
        expected = {CHOICE: 1.0, WRITTEN: 0.0, UNSEEN: first} if q.options else {OPEN: 1.0}
        assert answer.values == expected, q
        assert (answer.side, answer.cluster, answer.language) == (q.side, q.concept.key, q.language)
        assert (answer.country, answer.region is None) == (q.concept.country, q.side == "global")
    assert model.unseen == sum(bool(q.options) for q in examples.questions)


def ask(model: VisionLanguageModel, examples: Any, **named: Any) -> list[Answer]:
    return [answer for batch in examples.prepare(model, Kept()).ask(model, **named) for answer in batch]


@pytest.mark.parametrize("kind", ["gemma3", "smolvlm"])
def test_a_real_model_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    model = load_lvlm(open_checkpoint(saved(kind, 3, tmp_path / kind)))
    monkeypatch.setattr(world_questions, "ANSWER_TOKENS", 3)
    monkeypatch.setattr(world_questions, "BATCH", 7)
    examples = WorldQuestions().load("validation", limit=30)
    answers = ask(model, examples)
    assert ask(model, examples, start=17) == answers[17:]
    assert ask(model, examples, start=30) == []
    looked: list[int] = []
    see = VisionLanguageModel.see

    def counted(self: VisionLanguageModel, images: list[Image.Image]) -> Any:
        looked.append(len(images))
        return see(self, images)

    monkeypatch.setattr(VisionLanguageModel, "see", counted)
    asker = examples.prepare(model, Kept())
    for beta, components in ((0.0, 1), (0.5, 1), (0.0, 2)):
        at = {"language_model": beta, "vision_tower": components / 2, "multi_modal_projector": 0.0}
        assert [a for batch in asker.ask(model, at.__getitem__) for a in batch] == answers
    pictures = len({q.picture.id for q in cast(Any, examples).questions})
    assert sum(looked) == (2 * pictures if kind == "gemma3" else 0)


def test_what_cannot_be_loaded(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no split 'train'; it has: validation, test"):
        WorldQuestions().load("train")
    with pytest.raises(DataError, match="drawn by code"):
        WorldQuestions().load("test", data=tmp_path)


def test_the_content_tells_the_questions() -> None:
    one, other = (cast(Any, WorldQuestions().load(split, limit=20)) for split in ("test", "validation"))
    assert one.content == WorldQuestions().load("test", limit=20).content
    assert len({one.content, other.content, replace(one, questions=one.questions[:19]).content}) == 3
