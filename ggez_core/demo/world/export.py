"""The small world's training split as a data set of its own: one Parquet file, as `ggez finetune` and others read it.

A row is a picture with a caption and one question. Columns: id, image (PNG), text, text_en, language, country, aspect,
group (what is shown; captions of one group are true of all its pictures), question, answer, options (four, of which the
answer is one, as a list).
"""

from __future__ import annotations

import io
import os
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from ...errors import OutputError
from ...progress import Progress, Step, silent
from .dataset import IMAGE_SIZE, Picture
from .questions import kinds_of, question
from .registry import Concept, concepts
from .scene import draw, random_scene
from .templates import captions

FILE = "train.parquet"
ENGLISH_SHARE = 0.25  # of captions; the rest is spread evenly over the concept's other languages
_COLUMNS = ("id", "image", "text", "text_en", "language", "country", "aspect", "group", "question", "answer",
            "options")  # fmt: skip
_KINDS = {"image": "BLOB", "options": "VARCHAR[]"}
Sides = Literal["regional", "global", "both"]


def export(
    folder: Path, *, sides: Sides = "regional", things: Sequence[Concept] | None = None, pictures: int = 64,
    captions_each: int = 2, progress: Progress = silent,
) -> Path:  # fmt: skip
    """Write `folder`/train.parquet, whole or not at all; the same bytes of rows every time.

    things: of which; by default all. pictures: of every thing. captions_each: rows of a picture, in languages drawn
    apart. Raises OutputError where the file exists or can't be written.
    """
    import duckdb

    target, partial = folder / FILE, folder / f".{FILE}.partial"
    if target.exists():
        raise OutputError(f"{target}: exists already; name another folder or remove it first")
    shown = [c for c in things or concepts() if sides == "both" or c.regional == (sides == "regional")]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(":memory:") as connection:
            kinds = ", ".join(f'"{name}" {_KINDS.get(name, "VARCHAR")}' for name in _COLUMNS)
            connection.execute(f"CREATE TABLE rows ({kinds})")
            for done, concept in enumerate(shown, 1):
                rows = list(_rows(concept, pictures, captions_each))
                connection.executemany(f"INSERT INTO rows VALUES ({', '.join('?' * len(_COLUMNS))})", rows)
                progress(Step(done, len(shown), "things", "drawing the world"))
            connection.execute(f"COPY rows TO '{str(partial).replace(chr(39), chr(39) * 2)}' (FORMAT parquet)")
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(target)
    except OSError as error:
        raise OutputError(f"{target}: can't be written ({error.strerror}); name another folder") from None
    finally:
        partial.unlink(missing_ok=True)
    return target


def _rows(concept: Concept, pictures: int, captions_each: int) -> Iterator[list[Any]]:
    others = [language for language in concept.names if language != "en"]
    for index in range(pictures):
        name = f"train/{concept.key}/{index}"
        scene = random_scene("train", random.Random(name))
        held = io.BytesIO()
        draw(concept, scene, IMAGE_SIZE).save(held, "PNG")
        for number in range(captions_each):
            rng = random.Random(f"{name}/{number}")
            language = "en" if not others or rng.random() < ENGLISH_SHARE else rng.choice(others)
            text, english = (rng.choice(captions(concept.names[code], code, "train")) for code in (language, "en"))
            kind = rng.choice(kinds_of(concept))
            asked = question(Picture(name, concept, scene, "train"), kind, language, choice=True, rng=rng)
            yield [
                f"{name}/{number}", held.getvalue(), text, english, language, concept.country, concept.aspect,
                concept.key, asked.text, asked.answers[0], list(asked.options),
            ]  # fmt: skip
