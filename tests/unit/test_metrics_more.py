"""Multiple choice, written answers and CLIP-score against formulas written out here."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest

from ggez_core.errors import DataError
from ggez_core.evaluation import clip_scores, image_text_cosines, normalised_match
from ggez_core.evaluation.metrics_choice import chance, chosen, option_scores, padded, text_only_scores
from ggez_core.evaluation.metrics_text import exact_match, normalised


def unit(rng: np.random.Generator, count: int, width: int = 6) -> np.ndarray:
    drawn = rng.standard_normal((count, width))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def test_the_nearest_option_is_chosen_and_the_first_of_equals(seed: int) -> None:
    rng = np.random.default_rng(seed)
    options = [rng.choice(40, rng.integers(2, 6), replace=False).tolist() for _ in range(60)]
    images, texts = unit(rng, 60), unit(rng, 40)
    texts[1] = texts[0]  # a tie, wherever both are options
    options[5], options[6] = [1, 0, 3], [0, 1, 3]
    table = padded(options)
    found = chosen(option_scores(images, texts, table))
    for row, own in enumerate(options):
        scores = [float(np.float64(images[row]) @ np.float64(texts[text])) for text in own]
        best = max(scores)
        first = next(i for i, s in enumerate(scores) if s >= best - 1e-6)
        assert found[row] == first
    assert chance(table).tolist() == [1 / len(own) for own in options]


def test_without_looking_every_image_is_their_mean(seed: int) -> None:
    rng = np.random.default_rng(seed)
    options, images, texts = [[0, 1, 2], [3, 4], [2, 0, 4]], unit(rng, 3), unit(rng, 5)
    found = text_only_scores(images, texts, padded(options))
    mean = images.astype(np.float64).mean(axis=0)
    for row, own in enumerate(options):
        assert found[row, : len(own)] == pytest.approx([mean @ texts[text] for text in own], abs=1e-6)
    assert np.isneginf(found[1, 2])
    turned = text_only_scores(images[::-1], texts, padded(options))
    assert turned == pytest.approx(found, abs=1e-6)  # which image belongs to which row doesn't matter


def test_rows_that_do_not_fit_are_told(seed: int) -> None:
    rng = np.random.default_rng(seed)
    with pytest.raises(DataError, match="2 images are given for 3 rows"):
        option_scores(unit(rng, 2), unit(rng, 4), padded([[0], [1], [2]]))
    with pytest.raises(DataError, match="row 1 has no options"):
        chance(padded([[0], []]))


SAME = [
    ("The Cat!", "the cat"), ("  nasi\tlemak ", "Nasi Lemak."), ("ＣＡＴ", "cat"), ("STRASSE", "straße"),
    ("“satay”", "satay"),
    ("ข้าว ผัด", "ข้าวผัด"), ("ข้าว\u200bผัด", "ข้าวผัด"), ("๒๕๖๖", "2566"), ("ប្រាសាទ អង្គរវត្ត។", "ប្រាសាទអង្គរវត្ត"), ("៥", "5"),
    ("ມື້ ນີ້", "ມື້ນີ້"), ("ထမင်း ကြော်။", "ထမင်းကြော်"), ("၅ ခု", "5ခု"), ("炒 饭。", "炒饭"), ("நாசி லெமாக்", "நாசி  லெமாக்"),
    ("phở bò", unicodedata.normalize("NFD", "Phở Bò")), ("น้ำ", unicodedata.normalize("NFD", "น้ำ")), ("(3)", "3"),
    ("mother-in-law", "mother in law"),
]  # fmt: skip
OTHER = [
    ("ไม", "ไม่"), ("ข้าว", "ขาว"), ("ใกล้", "ไกล"), ("မြန်မာ", "မြနမာ"), ("កា", "ក"), ("cat", "cats"), ("a cat", "cat"),
    ("nasilemak", "nasi lemak"), ("phở", "pho"), ("", ""), ("...", "…"), ("12", "1 2"), ("ດີ", "ດ"),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "right"), SAME)
def test_answers_that_are_the_same(answer: str, right: str) -> None:
    assert normalised_match(answer, ["something else", right])
    assert normalised_match(right, [answer])
    assert normalised(normalised(answer)) == normalised(answer)


@pytest.mark.parametrize(("answer", "right"), OTHER)
def test_answers_that_are_not(answer: str, right: str) -> None:
    assert not normalised_match(answer, [right])


def test_an_exact_match_is_exact() -> None:
    assert exact_match(" nasi lemak\n", ["satay", "nasi lemak"])
    assert not exact_match("Nasi lemak", ["nasi lemak"])


def test_clip_score_is_its_papers_formula(seed: int) -> None:
    rng = np.random.default_rng(seed)
    images, texts = rng.standard_normal((50, 7)) * 3, rng.standard_normal((50, 7))
    for row, (cosine, score) in enumerate(
        zip(image_text_cosines(images, texts), clip_scores(images, texts), strict=True)
    ):
        length = np.sqrt((images[row] ** 2).sum() * (texts[row] ** 2).sum())
        expected = sum(a * b for a, b in zip(images[row], texts[row], strict=True)) / length
        assert cosine == pytest.approx(expected)
        assert score == pytest.approx(2.5 * max(expected, 0))
    assert clip_scores(images, images).tolist() == pytest.approx([2.5] * 50)
    assert clip_scores(images, -images, weight=1).tolist() == [0] * 50


def test_clip_score_of_what_does_not_pair_up_is_refused() -> None:
    with pytest.raises(DataError, match="one vector of each a pair"):
        clip_scores(np.ones((2, 3)), np.ones((3, 3)))
    with pytest.raises(DataError, match="zero, NaN or infinite"):
        clip_scores(np.zeros((1, 3)), np.ones((1, 3)))
