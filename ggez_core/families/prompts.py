"""How a question becomes a prompt for a vision-language model, and how a letter is read from its answer.

One table says what each model type needs; types without an entry are asked through their own chat template.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase

LETTERS = ascii_uppercase
ANSWER_WITH_LETTER = "Answer with the letter."


@dataclass(frozen=True)
class Prompting:
    """What a model type needs.

    form: the text beside the image where there is no chat template; {language} is a BCP 47 code. image_components:
    those whose weights decide what the language model sees of an image, where all images take the same number of
    tokens: its features are then worth keeping.
    """

    form: str | None = None
    image_components: tuple[str, ...] = ()


_SIGLIP_TOWER = ("vision_tower", "multi_modal_projector")
PROMPTING = {
    "gemma3": Prompting(image_components=_SIGLIP_TOWER),
    # PaliGemma 1 and 2 were trained on task prefixes; "answer" is the one of visual questions, in 35 languages.
    "paligemma": Prompting("answer {language} {question}", _SIGLIP_TOWER),
}
BY_CHAT_TEMPLATE = Prompting()


def prompting_of(model_type: str) -> Prompting:
    """What a model type needs; a chat template alone where nothing else is known."""
    return PROMPTING.get(model_type, BY_CHAT_TEMPLATE)


def with_options(question: str, options: Sequence[str]) -> str:
    """The question with its options below it, lettered from A, and what to answer with; alone if there are none."""
    if not options:
        return question
    lines = [f"{letter}. {option}" for letter, option in zip(LETTERS, options, strict=False)]
    return "\n".join([question, *lines, ANSWER_WITH_LETTER])


def parse_letter(answer: str, options: Sequence[str]) -> int | None:
    """Which option a written answer chooses: by its letter ("B", "(b) durian", "The answer is B."), or its whole text.

    None where it says neither, or several.
    """
    known = LETTERS[: len(options)]
    text = answer.strip()
    if alone := re.fullmatch(rf"\W*([{known}{known.lower()}])\W*", text):
        return known.index(alone[1].upper())
    if opening := re.match(rf"\W*([{known}])\W*[.):,]", text) or re.match(rf"\(([{known.lower()}])\)", text):
        return known.index(opening[1].upper())
    named = {index for index, option in enumerate(options) if option.casefold() == text.strip(" .\n").casefold()}
    if not named and not re.search(r"(?<!\w)[AI] [a-z]", text):  # "A dog" begins with an article
        named = {known.index(letter) for letter in re.findall(rf"(?<!\w)([{known}])(?!\w)", text)}
    return named.pop() if len(named) == 1 else None
