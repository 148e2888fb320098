"""Cross-lingual consistency against scipy, scikit-learn and cases worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ggez_core.errors import DataError
from ggez_core.evaluation.consistency import (
    meaning_v_measure,
    rank_correlation,
    ranking_agreement,
    translation_cosine,
)


def test_agreement_by_hand() -> None:
    scores = np.array([[0.9, 0.8, 0.1, 0.0], [0.9, 0.8, 0.1, 0.0], [0.5, 0.5, 0.5, 0.5]])
    others = np.array([[0.8, 0.9, 0.0, 0.1], [0.0, 0.9, 0.8, 0.1], [0.1, 0.2, 0.3, 0.4]])
    assert ranking_agreement(scores, others, 2).tolist() == [1.0, 0.5, 0.0]
    assert ranking_agreement(scores, others, 10).tolist() == [1.0, 1.0, 1.0]


def test_rank_correlation_is_spearmans(seed: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(seed)
    scores, others = (rng.integers(0, 12, (20, 30)).astype(float) for _ in range(2))  # with many ties
    expected = [stats.spearmanr(a, b).statistic for a, b in zip(scores, others, strict=True)]
    assert rank_correlation(scores, others) == pytest.approx(expected, abs=1e-12)


def test_a_language_agrees_with_itself_and_not_with_its_reverse(seed: int) -> None:
    scores = np.random.default_rng(seed).normal(size=(5, 40))
    assert ranking_agreement(scores, scores).tolist() == [1.0] * 5
    assert rank_correlation(scores, -scores) == pytest.approx([-1.0] * 5)
    assert ranking_agreement(scores, -scores).tolist() == [0.0] * 5


def test_cosine_of_translations(seed: int) -> None:
    rng = np.random.default_rng(seed)
    texts = rng.normal(size=(7, 16))
    assert translation_cosine(texts, 3 * texts) == pytest.approx(np.ones(7))
    expected = [float(a @ b / np.sqrt(a @ a) / np.sqrt(b @ b)) for a, b in zip(texts, texts[::-1], strict=True)]
    assert translation_cosine(texts, texts[::-1]) == pytest.approx(expected)


def test_v_measure_tells_meaning_from_language(seed: int) -> None:
    rng = np.random.default_rng(seed)
    meanings, languages = np.repeat(np.arange(6), 8), np.tile(np.arange(8), 6)
    centres = 10 * rng.normal(size=(8, 12))
    by_meaning = centres[meanings] + 0.01 * rng.normal(size=(48, 12))
    by_language = centres[languages] + 0.01 * rng.normal(size=(48, 12))
    said = [str(m) for m in meanings]
    assert meaning_v_measure(by_meaning, said) == pytest.approx(1.0)
    assert meaning_v_measure(by_language, said) < 0.2


@pytest.mark.parametrize("bad", [np.zeros((2, 3)), np.full((2, 4), np.nan)])
def test_arrays_that_cannot_be_compared_are_named(bad: np.ndarray) -> None:
    with pytest.raises(DataError, match=r"shapes|NaN"):
        ranking_agreement(np.zeros((2, 4)), bad)
    with pytest.raises(DataError, match=r"zero"):
        translation_cosine(np.zeros((2, 4)), np.ones((2, 4)))
