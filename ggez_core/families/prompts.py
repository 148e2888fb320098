"""How a question becomes a prompt for a vision-language model: its options lettered, its model type's own form."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_uppercase

LETTERS = ascii_uppercase
ANSWER_WITH_LETTER = "Answer with the letter."


def with_options(question: str, options: Sequence[str]) -> str:
    """The question with its options below it, lettered from A, and what to answer with; alone if there are none."""
    if not options:
        return question
    lines = [f"{letter}. {option}" for letter, option in zip(LETTERS, options, strict=False)]
    return "\n".join([question, *lines, ANSWER_WITH_LETTER])
