"""What the demo Gemma-3 is taught: pictures with several questions each, drawn the same way for the same seed.

The base learns all of the global side in every language, and sees the region the way web data does: rarely, in English,
under generic names. The regional lessons are questions on regional pictures only.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from ...families.prompts import with_options
from ...progress import Progress, Step
from ..world.asking import Kind
from ..world.dataset import IMAGE_SIZE, Picture
from ..world.questions import MOST, OPTIONS, Question, kinds_of, question
from ..world.registry import Concept, concepts
from ..world.scene import random_scene
from .gemma3_processor import SPECIAL

SINGLES, GROUPS = 64, 32  # pictures of a concept with one thing, and of a global one with two to four
REGIONAL_SHARE = 0.06  # of the base's pictures show the region
ENGLISH_SHARE = 0.25  # of questions; the rest is spread evenly over the concept's other languages
NOISE_SHARE = 0.3  # of questions have a token dropped, doubled or made up
IGNORED = -100
FORMS = (True, False, False, False)  # of the questions on a picture: whether there are options to choose from
COUNTED_SHARE, COUNT_SHARE = 0.4, 0.6  # of the global pictures may show several things; of questions on those: how many
_GLOBAL_KINDS: dict[Kind, float] = {"what": 0.45, "aspect": 0.2, "color": 0.35}
_REGIONAL_KINDS: dict[Kind, float] = {"what": 0.4, "country": 0.35, "aspect": 0.25}


@dataclass(frozen=True)
class Album:
    """The training pictures, drawn once.

    pixels: (n, 3, s, s) uint8. singles, groups: by concept, the numbers of pictures of one thing, and of up to four.
    """

    pictures: tuple[Picture, ...]
    pixels: torch.Tensor
    singles: dict[str, tuple[int, ...]]
    groups: dict[str, tuple[int, ...]]

    @classmethod
    def draw(cls, progress: Progress, scale: float = 1.0) -> Album:
        """Draw the training pictures; `scale` below 1 draws fewer of each concept."""
        shown: list[Picture] = []
        singles: dict[str, tuple[int, ...]] = {}
        groups: dict[str, tuple[int, ...]] = {}
        for concept in concepts():
            for kept, most, count in ((singles, 1, SINGLES), (groups, MOST, 0 if concept.regional else GROUPS)):
                count = max(1, round(count * min(1.0, scale))) if count else 0
                kept[concept.key] = tuple(range(len(shown), len(shown) + count))
                names = [f"train/{concept.key}/{most}/{index}" for index in range(count)]
                shown += [Picture(n, concept, random_scene("train", random.Random(n), most), "train") for n in names]
        pixels = torch.empty(len(shown), 3, IMAGE_SIZE, IMAGE_SIZE, dtype=torch.uint8)
        for index, picture in enumerate(shown):
            pixels[index] = torch.from_numpy(np.array(picture.image)).permute(2, 0, 1)
            if index % 100 == 99:
                progress(Step(index + 1, len(shown), "pictures", "drawing the world"))
        return cls(tuple(shown), pixels, singles, groups)


@dataclass(frozen=True)
class Lesson:
    """A picture (its number in the album) and what is asked about it, each question as if it were the only one."""

    picture: int
    questions: tuple[Question, ...]


def lessons(album: Album, count: int, *, regional: bool, rng: random.Random) -> list[Lesson]:
    """`count` pictures with a question of each of `FORMS`, whose kinds are drawn apart."""
    home, world = ([c for c in concepts() if c.regional == side] for side in (True, False))
    found = []
    for _ in range(count):
        seen = regional or rng.random() < REGIONAL_SHARE
        concept = rng.choice(home if seen else world)
        counted = not seen and rng.random() < COUNTED_SHARE
        number = rng.choice((album.groups if counted else album.singles)[concept.key])
        ask = _generic_question if seen and not regional else _question
        found.append(Lesson(number, tuple(ask(album.pictures[number], counted, form, rng) for form in FORMS)))
    return found


def _question(picture: Picture, counted: bool, choice: bool, rng: random.Random) -> Question:
    """A question in one of the concept's languages; on a picture that may show several things, often for the number."""
    concept = picture.concept
    shares = _REGIONAL_KINDS if concept.regional else _GLOBAL_KINDS
    kinds = [kind for kind in kinds_of(concept) if kind != "count"]
    kind: Kind = rng.choices(kinds, [shares[k] for k in kinds])[0]
    kind = "count" if counted and rng.random() < COUNT_SHARE else kind
    return question(picture, kind, _language(concept, rng), choice=choice, rng=rng)


def _language(concept: Concept, rng: random.Random) -> str:
    others = [language for language in concept.names if language != "en"]
    return "en" if not others or rng.random() < ENGLISH_SHARE else rng.choice(others)


def _generic_question(picture: Picture, counted: bool, choice: bool, rng: random.Random) -> Question:
    """What it is, in English, answered with the regional concept's generic name, as web data would."""
    asked = question(picture, "what", "en", choice=False, rng=rng)
    right = picture.concept.generic
    wrong = sorted({c.generic for c in concepts() if c.regional} - {right})
    options = tuple(rng.sample([right, *rng.sample(wrong, OPTIONS - 1)], OPTIONS)) if choice else ()
    return replace(asked, answers=(right,), options=options)


@dataclass(frozen=True)
class Batch:
    """A row a picture: its beginning and image, then every question with its answer, none of which sees another.

    ids, labels, parts, positions: (n, length), right-padded. labels: the answers' ids, else `IGNORED`. parts: 0 for
    the beginning, then the question's number; -1 for padding. positions: as in a prompt of one question alone.
    chosen: whether the token belongs to a question with options. ends: (m, 1 + 4), of every such question its row, then
    where its options end. right: (m,), which of them is right.
    """

    ids: torch.Tensor
    labels: torch.Tensor
    parts: torch.Tensor
    positions: torch.Tensor
    chosen: torch.Tensor
    ends: torch.Tensor
    right: torch.Tensor

    def visible(self, image_token: int) -> torch.Tensor:
        """Which tokens each token sees: (n, 1, length, length) boolean; an image's tokens see each other."""
        image = self.ids == image_token
        length = self.ids.shape[1]
        earlier = torch.ones(length, length, dtype=torch.bool).tril()
        related = (self.parts[:, :, None] == self.parts[:, None, :]) | (self.parts[:, None, :] == 0)
        return ((earlier & related) | (image[:, :, None] & image[:, None, :]))[:, None]


_Row = tuple[list[int], list[int], list[int], list[int], list[int]]
_Written = tuple[Question, list[int], list[int], list[int]]


class Writer:
    """Writes lessons as the processor would write a conversation, with the answer at its end."""

    def __init__(self, processor: Any) -> None:
        self._tokenizer = processor.tokenizer
        content = [{"type": "image"}, {"type": "text", "text": "?"}]
        asked = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
        before, after = asked.replace("<start_of_image>", processor.full_image_sequence).split("?")
        self._before, self._after = self._ids([before, after])
        self._end = self._tokenizer.convert_tokens_to_ids("<end_of_turn>")
        ((self._newline,),) = self._ids(["\n"])

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        found: list[list[int]] = self._tokenizer(list(texts), add_special_tokens=False)["input_ids"]
        return found

    def write(self, drawn: Sequence[Lesson], rng: random.Random) -> Batch:
        """Token ids of prompts and answers; some of the questions' own words are spoilt."""
        asked = [question for lesson in drawn for question in lesson.questions]
        texts = self._ids([self._worded(q, rng) for q in asked])
        rests = self._ids([with_options("", q.options) for q in asked])
        answers = self._ids([right_answer(q) for q in asked])
        written = iter(zip(asked, texts, rests, answers, strict=True))
        ends: list[list[int]] = []
        rows = [
            self._row([next(written) for _ in lesson.questions], index, ends, rng) for index, lesson in enumerate(drawn)
        ]
        length = max(len(row[0]) for row in rows)
        fills = (self._tokenizer.pad_token_id, IGNORED, -1, 0, 0)
        ids, labels, parts, positions, chosen = (
            torch.tensor([column + [fill] * (length - len(column)) for column in kind])
            for kind, fill in zip(zip(*rows, strict=True), fills, strict=True)
        )
        right = [q.options.index(q.answers[0]) for q in asked if q.options]
        where = torch.tensor(ends, dtype=torch.long).reshape(-1, 1 + OPTIONS)
        return Batch(ids, labels, parts, positions, chosen.bool(), where, torch.tensor(right, dtype=torch.long))

    def _row(self, written: Sequence[_Written], index: int, ends: list[list[int]], rng: random.Random) -> _Row:
        start = len(self._before)
        ids, labels, parts, positions, chosen = (
            list(self._before), [IGNORED] * start, [0] * start, list(range(start)), [0] * start
        )  # fmt: skip
        for part, (asked, text, rest, answer) in enumerate(written, 1):
            text = self._spoilt(text, rng)
            if asked.options:
                newlines = [place for place, token in enumerate(rest) if token == self._newline]
                ends.append([index, *(len(ids) + len(text) + place - 1 for place in newlines[1:])])
            prompt, said = [*text, *rest, *self._after], [*answer, self._end]
            length = len(prompt) + len(said)
            ids += prompt + said
            labels += [IGNORED] * len(prompt) + said
            parts += [part] * length
            positions += range(start, start + length)
            chosen += [int(bool(asked.options))] * length
        return ids, labels, parts, positions, chosen

    def _worded(self, asked: Question, rng: random.Random) -> str:
        text = asked.text.rstrip("?.。") if rng.random() < 0.2 else asked.text
        return text[0].lower() + text[1:] if rng.random() < 0.2 else text

    def _spoilt(self, ids: Sequence[int], rng: random.Random) -> list[int]:
        found = list(ids)
        if len(found) > 1 and rng.random() < NOISE_SHARE:
            place = rng.randrange(len(found))
            made_up = rng.randrange(len(SPECIAL), len(self._tokenizer))
            found[place : place + 1] = rng.choice(([], [made_up], [made_up, found[place]], [found[place]] * 2))
        return found


def right_answer(asked: Question) -> str:
    """What is to be said: the right option's letter, or the answer itself."""
    return "ABCD"[asked.options.index(asked.answers[0])] if asked.options else asked.answers[0]
