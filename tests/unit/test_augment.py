"""What is changed about a row each time it is seen: what the settings say, nothing else, the same for a seed."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ggez_core.training.augment import Augment, AugmentSettings, all_words, common_words

PICTURE = Image.fromarray(np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3))


def changed(seed: int = 1, **settings: float) -> np.ndarray:
    return np.asarray(Augment(AugmentSettings(**settings)).picture(PICTURE, seed), np.float64)  # type: ignore[arg-type]


def test_nothing_is_changed_unasked() -> None:
    none = Augment(AugmentSettings(), ["a photo of a cat"] * 9)
    assert none.picture(PICTURE, 1) is PICTURE
    assert none.text("a cat", 1) == "a cat"


def test_pictures_are_changed_as_the_settings_say(seed: int) -> None:
    plain = np.asarray(PICTURE, np.float64)
    assert (changed(seed, mirror=1) == plain[:, ::-1]).all()
    mirrored = sum(not (changed(s, mirror=0.25) == plain).all() for s in range(400))
    assert 60 < mirrored < 145
    shift = changed(seed, tint=0.1) - plain
    middle = (plain > 30) & (plain < 225)
    for colour in range(3):
        assert np.ptp(shift[..., colour][middle[..., colour]]) <= 1  # one shift a colour, but for rounding
    assert np.abs(shift).max() <= 26
    spread = changed(seed, contrast=0.3)[middle].std() / plain[middle].std()
    assert 0.65 < spread < 1.35
    over = changed(seed, pattern=0.2) - plain
    assert np.abs(over).max() <= 26
    assert np.ptp(over, axis=2).max() <= 2  # the same in all colours
    for some in ({"tint": 0.1}, {"contrast": 0.3}, {"pattern": 0.2}):  # one draw may be too small to be seen
        assert any((changed(seed + other, **some) != plain).any() for other in range(10)), some


def test_a_seed_says_it_all(seed: int) -> None:
    everything = {"mirror": 0.5, "contrast": 0.2, "tint": 0.1, "pattern": 0.2}
    assert (changed(seed, **everything) == changed(seed, **everything)).all()
    assert not (changed(seed, **everything) == changed(seed + 1, **everything)).all()


def test_words_are_put_around_that_many_texts_have() -> None:
    texts = [f"{start} {name}" for name in map(chr, range(0x41, 0x5B)) for start in ("a photo of", "this is")]
    assert common_words(texts) == ("a", "is", "of", "photo", "this")  # every name is in two of 52
    augment = Augment(AugmentSettings(words=3), texts)
    found = [augment.text("durian", seed).split() for seed in range(200)]
    assert found[7] == augment.text("durian", 7).split()
    assert {len(words) for words in found} == {1, 2, 3, 4}
    assert all(words.count("durian") == 1 for words in found)
    assert {w for words in found for w in words} == {"durian", "a", "is", "of", "photo", "this"}
    assert any(words[0] == "durian" != words[-1] for words in found)
    assert any(words[-1] == "durian" != words[0] for words in found)


def test_made_up_words_are_pieces_of_words() -> None:
    texts = [f"photo {name}" for name in ("durian", "rambutan", "salak")] * 10  # no word but "photo" is in many texts
    assert all_words(texts) == ("durian", "photo", "rambutan", "salak")
    augment = Augment(AugmentSettings(words=2, made_up=1), texts)
    found = [augment.text("mango", seed).split() for seed in range(200)]
    assert found[7] == augment.text("mango", 7).split()
    assert {len(words) for words in found} == {1, 2, 3}
    made_up = {word for words in found for word in words} - {"mango"}
    pieces = {word[a:b] for word in all_words(texts) for a in range(len(word)) for b in range(a + 1, a + 6)}
    assert len(made_up) > 100
    assert all(any(w[:n] in pieces and w[n:] in pieces | {""} for n in range(1, len(w) + 1)) for w in made_up)


def test_as_many_words_are_made_up_as_asked() -> None:
    texts = [f"photo {name}" for name in map(chr, range(0x41, 0x5B))]
    augment = Augment(AugmentSettings(words=1, made_up=0.25), texts)
    words = [word for seed in range(4000) for word in augment.text("mango", seed).split() if word != "mango"]
    assert words.count("photo") / len(words) == pytest.approx(0.75, abs=0.05)


@pytest.mark.parametrize("settings", [{"mirror": 2}, {"words": -1}, {"flip": 1}, {"made_up": 0.5}])
def test_settings_are_checked(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (pydantic's own words)
        AugmentSettings(**settings)  # type: ignore[arg-type]
