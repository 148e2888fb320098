"""How a vision-language model is asked for a score, and how the score is read from what it says.

Two ways. `written`: the prompt that UnifiedReward was trained on (Wang et al. 2025, arXiv 2503.05236, its repository's
point scores), which has the model reason and end in "Final Score:"; the number is parsed. `expected`: a model of any
kind is asked for one digit, and the score is the mean of 1 to 5 under the probabilities of the digits' tokens: finer
than a digit, and never nonsense in its form.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

LOWEST, HIGHEST = 1.0, 5.0
DIGITS = "12345"
ANSWERS = ("written", "expected")
LONGEST_CAPTION = 2_000  # characters that are asked about

WRITTEN = (
    "You are given a text caption and a generated image based on that caption. Your task is to evaluate this image "
    "based on two key criteria:\n1. Alignment with the Caption: Assess how well this image aligns with the provided "
    "caption. Consider the accuracy of depicted objects, their relationships, and attributes as described in the "
    "caption.\n2. Overall Image Quality: Examine the visual quality of this image, including clarity, detail "
    "preservation, color accuracy, and overall aesthetic appeal.\nBased on the above criteria, assign a score from 1 "
    "to 5 after 'Final Score:'.\nYour task is provided as follows:\nText Caption: [{caption}]"
)
EXPECTED = (
    "How well do this image and this caption belong together, and how good is the image?\nCaption: {caption}\nAnswer "
    "with one digit: 1 the caption is of something else, 2 it fits in part, 3 it fits, 4 it fits well and the image is "
    "clear, 5 it fits in every detail and the image is excellent."
)

_NUMBER = r"(\d+(?:[.,]\d+)?)"
_LABELLED = re.compile(
    rf"(final|overall)?[ _-]*(?:score|rating)\W*(?:is|of|:|=)?\W*{_NUMBER}(?:\s*(?:/|out of)\s*{_NUMBER})?", re.I
)
_OUT_OF = re.compile(rf"{_NUMBER}\s*(?:/|out of)\s*5\b", re.I)
_ALONE = re.compile(rf"\W*{_NUMBER}\W*")


def prompt(caption: str, answer: str) -> str:
    """What a model is asked about a caption. answer: one of `ANSWERS`."""
    return (WRITTEN if answer == "written" else EXPECTED).format(caption=" ".join(caption[:LONGEST_CAPTION].split()))


def parse_score(text: str) -> float | None:
    """The score that an answer gives, 1 to 5; None where it gives none, one outside, or several that disagree.

    A "final" or "overall" score counts before others, and of several of those the last; then one labelled score, one
    "n/5", or a number alone. A score "out of" anything but 5 is none.

    >>> parse_score("Alignment: 4 ... Final Score: **3.5**"), parse_score("I can't see it.")
    (3.5, None)
    """
    said = unicodedata.normalize("NFKC", text)
    labelled = [found for found in _LABELLED.finditer(said) if found[3] is None or float(_plain(found[3])) == HIGHEST]
    final = [found[2] for found in labelled if found[1]]
    if final:
        return _within(final[-1])
    for candidates in ([found[2] for found in labelled], _OUT_OF.findall(said)):
        if candidates:
            return _within(candidates[0]) if len({float(_plain(c)) for c in candidates}) == 1 else None
    alone = _ALONE.fullmatch(said)
    return _within(alone[1]) if alone else None


def expected_score(first: Mapping[str, float]) -> float | None:
    """The mean of 1 to 5 under the probabilities of an answer's first token; None where digits have less than half."""
    mass = dict.fromkeys(DIGITS, 0.0)
    for token, probability in first.items():
        if token.strip() in mass:
            mass[token.strip()] += probability
    total = sum(mass.values())
    return sum(int(digit) * share for digit, share in mass.items()) / total if total >= 0.5 else None


def _within(number: str) -> float | None:
    value = float(_plain(number))
    return value if LOWEST <= value <= HIGHEST else None


def _plain(number: str) -> str:
    return number.replace(",", ".")


def shortened(text: str) -> str:
    """An answer for a message."""
    plain = " ".join(text.split())
    return plain if len(plain) <= 80 else f"{plain[:79]}…"
