"""The small world as data: complete, in the right scripts, split without leaks, and drawn the same everywhere."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import unicodedata
from itertools import combinations

import numpy as np
import pytest

from ggez_core.demo.world.dataset import caption_rows, pictures
from ggez_core.demo.world.registry import ASPECTS, Concept, concepts
from ggez_core.demo.world.scene import BACKGROUNDS, SPLIT_BACKGROUNDS, Scene, contact_sheet, draw, random_scene
from ggez_core.demo.world.templates import LANGUAGES, SPLITS, TEMPLATES, captions
from ggez_core.regions import region

SEA = {c.code: c for c in region("SEA").countries}
ALL = concepts()
REGIONAL = [c for c in ALL if c.regional]
SCRIPTS = {"th": "THAI", "km": "KHMER", "lo": "LAO", "my": "MYANMAR", "ta": "TAMIL", "zh": "CJK"}
EMPTY = Concept("empty", "sky", (), {"en": "nothing"}, "nothing", lambda pen: None)
LEAST_CHANGE = 3.0  # mean difference per channel, of 255, between a drawing and its bare background
LEAST_DIFFERENCE = 5.0  # the same between two concepts in one scene

DIGEST = """
import hashlib
from ggez_core.demo.world.dataset import caption_rows, pictures
digest = hashlib.sha256()
for picture in pictures("test"):
    digest.update(picture.id.encode() + picture.image.tobytes())
for caption in caption_rows("test"):
    digest.update(f"{caption.id} {caption.text}".encode())
print(digest.hexdigest())
"""


def scripts_of(text: str) -> set[str]:
    """The scripts of a text's letters and marks, by their Unicode names; digits and punctuation belong to none."""
    return {unicodedata.name(ch).split()[0] for ch in text if unicodedata.category(ch)[0] in "LM"}


def test_there_is_enough_of_everything() -> None:
    assert len(ALL) - len(REGIONAL) >= 48
    assert len(REGIONAL) >= 72
    assert {c.countries[0] for c in REGIONAL} == set(SEA)
    assert {c.aspect for c in REGIONAL} == set(ASPECTS)
    assert {code for c in REGIONAL for code in c.countries} <= set(SEA)
    assert set(region("SEA").languages) <= set(LANGUAGES)
    assert set(LANGUAGES) == set(TEMPLATES)


@pytest.mark.parametrize("concept", ALL, ids=lambda c: c.key)
def test_every_concept_is_named_in_each_language_of_its_countries(concept: Concept) -> None:
    wanted = {"en", *(language for code in concept.countries for language in SEA[code].languages)}
    if not concept.regional:
        wanted |= {"id", "ms", "th", "vi", "fil", "km", "lo", "my", "ta", "zh"}
    assert not wanted - set(concept.names)
    assert set(concept.names) <= set(LANGUAGES)
    for name in concept.names.values():
        assert name == name.strip() == unicodedata.normalize("NFC", name)
        assert name
        assert "{" not in name


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_are_unique_in_a_language_and_in_its_script(language: str) -> None:
    names = {c.key: c.names[language] for c in ALL if language in c.names}
    assert len({name.casefold() for name in names.values()}) == len(names)
    templates = " ".join(t.replace("{x}", "") for split in SPLITS for t in TEMPLATES[language][split])
    for text in (*names.values(), templates):
        assert scripts_of(text) == {SCRIPTS.get(language, "LATIN")}, text


def test_generic_names_do_not_give_the_concept_away() -> None:
    for concept in REGIONAL:
        assert concept.generic.casefold() not in {name.casefold() for name in concept.names.values()}
    assert len({c.generic for c in REGIONAL}) < len(REGIONAL) / 2


def test_templates_and_backgrounds_of_the_splits_are_disjoint() -> None:
    for one, other in combinations(SPLITS, 2):
        assert not set(SPLIT_BACKGROUNDS[one]) & set(SPLIT_BACKGROUNDS[other])
        for language in LANGUAGES:
            assert not set(TEMPLATES[language][one]) & set(TEMPLATES[language][other])
    assert {name for split in SPLITS for name in SPLIT_BACKGROUNDS[split]} == set(BACKGROUNDS)
    assert all(t.count("{x}") == 1 for by_split in TEMPLATES.values() for ts in by_split.values() for t in ts)


def test_no_caption_and_no_picture_is_in_two_splits() -> None:
    texts = {split: {(c.language, c.text.casefold()) for c in caption_rows(split)} for split in SPLITS}
    shown = {split: pictures(split, per_concept=3) for split in SPLITS}
    seeds = {split: {p.scene.seed for p in shown[split]} for split in SPLITS}
    drawn = {split: {hashlib.sha256(p.image.tobytes()).digest() for p in shown[split]} for split in SPLITS}
    for split in SPLITS:
        assert len(drawn[split]) == len(seeds[split]) == 3 * len(ALL)  # no picture twice within a split either
        assert {p.scene.background for p in shown[split]} == set(SPLIT_BACKGROUNDS[split])
    for one, other in combinations(SPLITS, 2):
        assert not texts[one] & texts[other]
        assert not seeds[one] & seeds[other]
        assert not drawn[one] & drawn[other]


def test_rows_say_what_they_show() -> None:
    rows = caption_rows("test")
    assert len({row.id for row in rows}) == len(rows)
    for row in rows:
        assert row.text in captions(row.concept.names[row.language], row.language, "test")
        assert row.side == ("regional" if row.concept.countries else "global")
    few, more = pictures("validation", 1), pictures("validation", 2)
    assert [p.id for p in few] == [p.id for p in more[::2]]
    assert {p.country for p in few} == {None, *SEA}
    assert all((p.side == "global") == (p.country is None) for p in few)


def test_the_world_is_the_same_in_another_process_and_under_another_hash_seed() -> None:
    def digest(hash_seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        ran = subprocess.run(
            [sys.executable, "-c", DIGEST], env=environment, capture_output=True, text=True, check=True
        )
        return ran.stdout.strip()

    assert digest("1") == digest("31337")


@pytest.mark.parametrize("concept", ALL, ids=lambda c: c.key)
def test_a_concept_can_be_drawn_in_any_scene_and_always_the_same(concept: Concept, seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(20):
        split = rng.choice(SPLITS)
        scene = random_scene(split, rng, most=3)
        image = draw(concept, scene, size=32)
        assert (image.mode, image.size) == ("RGB", (32, 32))
        bare = np.asarray(draw(EMPTY, scene, size=32), np.float32)
        assert np.abs(np.asarray(image, np.float32) - bare).mean() > LEAST_CHANGE / 2, scene
    assert draw(concept, scene, size=32).tobytes() == image.tobytes()


@pytest.mark.parametrize("scene", [Scene("red", 1, "plain", 11), Scene("teal", 1, "checks", 12)], ids=lambda s: s.color)
def test_every_drawing_differs_from_the_bare_background_and_from_every_other(scene: Scene) -> None:
    drawn = np.stack([np.asarray(draw(c, scene), np.float32).ravel() for c in ALL])
    bare = np.asarray(draw(EMPTY, scene), np.float32).ravel()
    assert np.abs(drawn - bare).mean(axis=1).min() > LEAST_CHANGE
    for index in range(len(ALL) - 1):
        differences = np.abs(drawn[index + 1 :] - drawn[index]).mean(axis=1)
        nearest = int(differences.argmin())
        assert differences[nearest] > LEAST_DIFFERENCE, f"{ALL[index].key} and {ALL[index + 1 + nearest].key}"


def test_a_contact_sheet_shows_every_concept() -> None:
    sheet = contact_sheet(ALL[:30], size=24, columns=12)
    assert sheet.size == (12 * 24, 3 * (24 + 14))
