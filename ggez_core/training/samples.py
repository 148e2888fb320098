"""Samples: the same few things asked of every checkpoint of a training, for a person to look at.

What is asked comes from the data that is trained on, or from the config; what a model makes of it depends on what its
family does: embedding models search, diffusion models draw, vision-language models answer.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from PIL import Image
from pydantic import Field

from ..progress import Progress, Step, silent
from .settings import Positive, Settings

if TYPE_CHECKING:
    from ..families.embedding import EmbeddingModel
    from ..families.family import FamilyModel
    from .examples import Examples

GALLERY = 24  # pictures or lines among which is searched
LARGEST = 896  # pixels of a picture's longer side
SHOWN = 4  # of what is found
WORDS = 48  # tokens of an answer
_ENGLISH = ("en", "eng")
_AT_ONCE = 8  # pictures embedded between two looks at the clock


class SampleSettings(Settings):
    """Samples of the current checkpoint, made whenever it is evaluated.

    count: how many; 0 for none. texts: queries, prompts or questions of one's own, instead of the data's. seconds: the
    longest that one checkpoint may take; what isn't done by then is left out.
    """

    count: Annotated[int, Field(ge=0, le=12)] = 3
    texts: tuple[str, ...] = ()
    seconds: Positive = 120.0


@dataclass(frozen=True)
class Asked:
    """What every checkpoint is asked. texts: queries, prompts or questions; languages, wanted: of each, where known.

    pictures: of each question, its own; of searches, those that are searched. lines: those that are searched instead.
    own: of each query, the places of what is right among them.
    """

    texts: tuple[str, ...]
    languages: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    pictures: tuple[Image.Image, ...] = ()
    lines: tuple[str, ...] = ()
    own: tuple[frozenset[int], ...] = ()


@dataclass(frozen=True)
class Sample:
    """What a model made of one thing asked.

    said: its answer. drawn: its picture. found: places in what was searched, nearest first; rank: where the first right
    one is among all, from 1; None where nothing is known to be right.
    """

    said: str = ""
    drawn: Image.Image | None = None
    found: tuple[int, ...] = ()
    rank: int | None = None


def some_rows(texts: Sequence[str], languages: Sequence[str], count: int, seed: int = 0) -> list[int]:
    """Rows of different texts, of every language in turn; the same ones every time."""
    rows = list({text: row for row, text in reversed(list(enumerate(texts)))}.values())
    random.Random(seed).shuffle(rows)
    waiting: dict[str, list[int]] = {}
    for row in rows:
        waiting.setdefault(languages[row] if languages else "", []).append(row)
    found: list[int] = []
    while len(found) < count and waiting:
        for language in sorted(waiting):
            found.append(waiting[language].pop())
            if not waiting[language]:
                del waiting[language]
    return found[:count]


def searches(examples: Examples, same: Sequence[str], settings: SampleSettings) -> Asked:
    """Queries among pictures of the data. same: of every row, what makes another row's picture right too."""
    texts, languages = examples.column("text"), examples.column("language")
    rows = some_rows(texts, languages, settings.count)
    others = some_rows([str(row) for row in range(len(texts))], (), GALLERY, seed=1)
    places = list(dict.fromkeys([*rows, *others]))[: max(GALLERY, len(rows))]
    random.Random(2).shuffle(places)
    pictures = _held(examples, places)
    if settings.texts:
        return Asked(settings.texts[: settings.count], pictures=pictures)
    right = tuple(frozenset(i for i, place in enumerate(places) if same[place] == same[row]) for row in rows)
    return Asked(tuple(texts[row] for row in rows), tuple(languages[row] for row in rows), (), pictures, (), right)


def translations(
    texts: Sequence[str], english: Sequence[str], languages: Sequence[str], settings: SampleSettings
) -> Asked:
    """Captions of every language among English ones, each with its own."""
    foreign = [row for row, text in enumerate(texts) if text != english[row] and languages[row] not in _ENGLISH]
    if not settings.texts and not foreign:
        return Asked(())
    picked = some_rows([texts[row] for row in foreign], [languages[row] for row in foreign], settings.count)
    rows = [foreign[place] for place in picked]
    others = some_rows(english, (), GALLERY, seed=1)
    lines = list(dict.fromkeys([*(english[row] for row in rows), *(english[row] for row in others)]))[:GALLERY]
    random.Random(2).shuffle(lines)
    if settings.texts:
        return Asked(settings.texts[: settings.count], lines=tuple(lines))
    own = tuple(frozenset({lines.index(english[row])}) for row in rows)
    return Asked(
        tuple(texts[row] for row in rows), tuple(languages[row] for row in rows), tuple(english[row] for row in rows),
        (), tuple(lines), own,
    )  # fmt: skip


def prompts(examples: Examples, settings: SampleSettings) -> Asked:
    """Captions of the data to be drawn."""
    if settings.texts:
        return Asked(settings.texts[: settings.count])
    texts, languages = examples.column("text"), examples.column("language")
    rows = some_rows(texts, languages, settings.count)
    return Asked(tuple(texts[row] for row in rows), tuple(languages[row] for row in rows))


def questions(
    examples: Examples, asked: Sequence[str], answers: Sequence[str], languages: Sequence[str], settings: SampleSettings
) -> Asked:
    """Questions of the data about their pictures, with the answers that it gives."""
    rows = some_rows(asked, languages, settings.count)
    pictures = _held(examples, rows)
    if settings.texts:
        texts = settings.texts[: settings.count]
        return Asked(texts, pictures=tuple(pictures[i % len(pictures)] for i in range(len(texts))))
    return Asked(
        tuple(asked[row] for row in rows), tuple(languages[row] for row in rows), tuple(answers[row] for row in rows),
        pictures,
    )  # fmt: skip


def _held(examples: Examples, rows: Sequence[int]) -> tuple[Image.Image, ...]:
    """Pictures of rows, no larger than models look at, since they stay in memory for as long as the training lasts."""
    found = []
    for row in rows:
        picture = examples.pictures([row])[0]
        picture.thumbnail((LARGEST, LARGEST))
        found.append(picture)
    return tuple(found)


def ask(model: FamilyModel, asked: Asked, progress: Progress = silent) -> Iterator[Sample]:
    """A sample of each thing asked, one after the other. `progress` may raise Cancelled."""
    family: Any = model
    if family.does == "embeds":
        yield from _found(family, asked, progress)
        return
    from ..families.drawing import Drawing
    from ..families.visual_questions import VisualQuestion

    for place, text in enumerate(asked.texts):
        progress(Step(place, len(asked.texts), "samples"))
        if family.does == "draws":
            *_, drawn = family.preview(Drawing(text, seed=place), progress=progress)
            yield Sample(drawn=drawn.image)
        else:
            language = asked.languages[place] if asked.languages else "en"
            question = VisualQuestion(text, asked.pictures[place], language=language, max_new_tokens=WORDS)
            *_, answer = family.preview(question, progress=progress)
            yield Sample(said=answer.text)


def _found(model: EmbeddingModel, asked: Asked, progress: Progress) -> Iterator[Sample]:
    """The nearest pictures or lines of every query."""
    import torch

    queries = model.encode_texts(asked.texts)
    if asked.lines:
        searched = model.encode_texts(asked.lines)
    else:
        parts = []
        for first in range(0, len(asked.pictures), _AT_ONCE):
            progress(Step(first, len(asked.pictures), "pictures"))
            parts.append(model.encode_images(asked.pictures[first : first + _AT_ONCE]))
        searched = torch.cat(parts)
    for place, row in enumerate((queries @ searched.T).argsort(dim=1, descending=True, stable=True).tolist()):
        right = asked.own[place] if asked.own else frozenset()
        rank = next((rank for rank, found in enumerate(row, 1) if found in right), None)
        yield Sample(found=tuple(row[:SHOWN]), rank=rank)
