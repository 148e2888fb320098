"""What a vision-language pair is asked: a question on a picture, answered by base | merged | regional alike.

Light until something is asked; used by the view and the endpoints.
"""

from __future__ import annotations

import difflib
import random
import re
import unicodedata
from collections.abc import Hashable
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from ggez_core.demo.world.questions import Kind, question
from ggez_core.errors import DataError
from ggez_core.families.visual_questions import VisualAnswer, VisualQuestion, check_question

from ... import world
from ...service import Service
from ...weights import Weights
from ..slowly import Asked, Part, SoFar, answer_each, three

if TYPE_CHECKING:
    from ...live import LivePair

LONGEST_QUESTION = 2000
MOST_TOKENS = 512
LOADING, TOKENS_A_SECOND = 45, 8  # of a lent graphics card: reading a model of some billion weights, and its answer

# What to click: a picture's concept, the kind of question, its language, and whether there are options to choose from.
EXAMPLES: tuple[tuple[str, Kind, str, bool], ...] = (
    ("jeepney", "what", "en", False), ("rumah_gadang", "country", "id", True), ("nasi_lemak", "aspect", "ms", True),
    ("tuk_tuk", "what", "th", False), ("ao_dai", "country", "vi", True), ("jeepney", "country", "fil", False),
    ("angkor_wat", "country", "km", True), ("pha_that_luang", "what", "lo", False), ("longyi", "what", "my", True),
    ("merlion", "country", "ta", True), ("merlion", "what", "zh", False), ("bicycle", "color", "en", True),
)  # fmt: skip


@dataclass(frozen=True)
class Example:
    """A question to click: its picture's id in the gallery, text, language (BCP 47), options, and the right answers."""

    picture: str
    text: str
    language: str
    options: tuple[str, ...]
    answers: tuple[str, ...]


@cache
def examples() -> tuple[Example, ...]:
    """Questions on the gallery's pictures in many languages, some with options; always the same."""
    pictures = {picture.concept.key: picture for picture in world.gallery()}
    found = []
    for key, kind, language, choice in EXAMPLES:
        asked = question(pictures[key], kind, language, choice=choice, rng=random.Random(f"{key}/{kind}/{language}"))
        found.append(Example(pictures[key].id, asked.text, language, asked.options, asked.answers))
    return tuple(found)


def asked(live: LivePair, picture: Hashable, asking: VisualQuestion) -> Asked:
    """The question as the pair is asked it; `picture` tells its image from others.

    Raises DataError for one that can't be asked.
    """
    from ggez_core.families.vision_language import VisionLanguageModel

    live.model(VisionLanguageModel)
    if len(asking.question) > LONGEST_QUESTION:
        raise DataError(f"the question has {len(asking.question)} characters; {LONGEST_QUESTION} are allowed")
    if asking.max_new_tokens > MOST_TOKENS:
        raise DataError(f"an answer of {asking.max_new_tokens} tokens is long; allow at most {MOST_TOKENS}")
    check_question(asking)
    key = (picture, replace(asking, image=None))
    seconds = LOADING + asking.max_new_tokens // TOKENS_A_SECOND
    return Asked(key, asking, lambda answer: 200 + 4 * len(answer.text), seconds)


def answer_question(
    service: Service, session: str, picture: Hashable, asking: VisualQuestion, weights: Weights
) -> SoFar:
    """Ask all three to the end: what programs ask for."""
    with service.errands.run(session, "question") as errand:
        live = service.live(session)
        return answer_each(live, asked(live, picture, asking), three(weights), given_up=errand.given_up)


def answer_of(part: Part) -> VisualAnswer | None:
    """What a part says so far, once it says something."""
    return part.result if isinstance(part.result, VisualAnswer) else None


@dataclass(frozen=True)
class Piece:
    """A piece of an answer's text; `new` if the base's answer hasn't it there."""

    text: str
    new: bool


def differing(text: str, base: str) -> tuple[Piece, ...]:
    """The text in pieces: which of its words differ from the base's; letter by letter where words aren't spaced."""
    ours, theirs = _words(text), _words(base)
    pieces = []
    blocks = difflib.SequenceMatcher(None, theirs, ours, autojunk=False).get_opcodes()
    for kind, _, _, start, end in blocks:
        if start < end:
            pieces.append(Piece("".join(ours[start:end]), kind != "equal"))
    return tuple(pieces)


_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"  # Thai, Lao, Burmese, Khmer, CJK


def _words(text: str) -> list[str]:
    """Words with the space behind them, and single letters with their marks in scripts without spaces."""
    runs = re.findall(rf"[{_UNSPACED}]+\s*|[^{_UNSPACED}\s]+\s*|\s+", text)
    words: list[str] = []
    for run in runs:
        words += _letters(run) if re.match(rf"[{_UNSPACED}]", run) else [run]
    return words


def _letters(run: str) -> list[str]:
    """Letters with the marks and spaces that follow them."""
    starts = [i for i, c in enumerate(run) if i == 0 or not (unicodedata.category(c).startswith("M") or c.isspace())]
    return [run[start:end] for start, end in pairwise([*starts, len(run)])]
