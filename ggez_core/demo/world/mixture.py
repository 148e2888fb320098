"""The small world as the web would hold it: few regional rows among many others, with everything that goes wrong there.

What Curate is shown with: most rows don't say where they belong, some say it wrongly, some are spoiled. The same for
the same seed.
"""

from __future__ import annotations

import io
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from PIL import Image, ImageFilter

from .dataset import Picture
from .questions import kinds_of, question
from .registry import Concept, concepts
from .scene import Scene, draw, random_scene
from .templates import captions

SIZE = 128
WORLD = ("US", "FR", "BR", "KE", "DE", "AU", "MX", "PT")
_PLACES = {  # a city of each country: latitude, longitude
    "ID": (-6.2, 106.8), "MY": (3.1, 101.7), "TH": (13.8, 100.5), "VN": (21.0, 105.8), "PH": (14.6, 121.0),
    "KH": (11.6, 104.9), "LA": (18.0, 102.6), "MM": (16.8, 96.2), "SG": (1.35, 103.8), "BN": (4.9, 114.9),
    "TL": (-8.55, 125.6), "US": (40.7, -74.0), "FR": (48.9, 2.35), "BR": (-23.6, -46.6), "KE": (-1.3, 36.8),
    "DE": (52.5, 13.4), "AU": (-33.9, 151.2), "MX": (19.4, -99.1), "PT": (38.7, -9.1),
}  # fmt: skip
_JUNK = ("IMG_{n}.JPG", "https://example.com/{n}", "image {n}", "click here to enlarge", "{n}", "CafÃ© {n}")


def mixture(
    count: int = 900, *, regional: float = 0.1, spoiled: float = 0.15, seed: int = 0, questions: bool = False
) -> Iterator[dict[str, Any]]:
    """Rows: id, image (bytes of a PNG or JPEG), text, and, where they say so, language, country, url, lat, lon; aspect.

    questions: with question, answer and options too, about what the picture was drawn to show.
    regional: the share of rows that show something of Southeast Asia. spoiled: the share with a broken, blank, blurred
    or tiny picture, junk or another thing's words for a caption, or the picture of an earlier row, encoded again.
    """
    rng = random.Random(seed)
    known = concepts()
    own, others = [c for c in known if c.regional], [c for c in known if not c.regional]
    earlier: list[Image.Image] = []
    for number in range(count):
        thing = rng.choice(own if rng.random() < regional else others)
        scene = random_scene("train", rng)
        image = draw(thing, scene, SIZE)
        row = _described(number, thing, rng)
        if questions:
            row |= _asked(row["id"], thing, scene, random.Random(f"{seed}/{number}"))
        if rng.random() < spoiled:
            image = _spoiled(row, image, earlier, others, rng)
        earlier.append(image)
        row["image"] = row.get("image") or _encoded(image, "PNG")
        yield row


def write_mixture(path: Path, count: int = 900, **settings: Any) -> Path:
    """Write the rows of `mixture` as one Parquet file, which appears whole or not at all."""
    import pyarrow
    import pyarrow.parquet

    text, number = pyarrow.string(), pyarrow.float64()
    schema = pyarrow.schema(
        {"id": text, "image": pyarrow.binary(), "text": text, "language": text, "country": text, "url": text,
         "lat": number, "lon": number, "aspect": text}
    )  # fmt: skip
    if settings.get("questions"):
        for name, kind in (("question", text), ("answer", text), ("options", pyarrow.list_(text))):
            schema = schema.append(pyarrow.field(name, kind))
    part = path.with_name(f".{path.name}.{os.getpid()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(list(mixture(count, **settings)), schema), part)
    part.replace(path)
    return path


def _asked(name: str, thing: Concept, scene: Scene, rng: random.Random) -> dict[str, Any]:
    """A question on the picture in one of the thing's languages, with its answer and four options."""
    kind, language = rng.choice(kinds_of(thing)), rng.choice(list(thing.names))
    asked = question(Picture(name, thing, scene, "train"), kind, language, choice=True, rng=rng)
    return {"question": asked.text, "answer": asked.answers[0], "options": list(asked.options)}


def _described(number: int, thing: Concept, rng: random.Random) -> dict[str, Any]:
    """A row's words: in any language that the thing has a name in, global things mostly in languages of the world."""
    languages = list(thing.names)
    if not thing.regional and rng.random() < 0.85:
        languages = [language for language in ("en", "pt", "zh") if language in thing.names]
    language = rng.choice(languages)
    country = rng.choice(thing.countries or WORLD)
    row: dict[str, Any] = {
        "id": f"row-{number:05d}",
        "text": rng.choice(captions(thing.names[language], language, "train")[1:]),
        "aspect": thing.aspect,
    }
    if rng.random() < 0.5:
        row["language"] = language
    if rng.random() < 0.35:
        row["country"] = country
    elif rng.random() < 0.03:
        row["country"] = rng.choice(WORLD if thing.regional else list(_PLACES)[:11])  # said wrongly
    if rng.random() < 0.5:
        row["url"] = f"https://www.example.{rng.choice((country.lower(), 'com', 'org'))}/pictures/{number}"
    if rng.random() < 0.12:
        lat, lon = _PLACES[country]
        row["lat"], row["lon"] = lat + rng.uniform(-0.1, 0.1), lon + rng.uniform(-0.1, 0.1)
    return row


def _spoiled(
    row: dict[str, Any], image: Image.Image, earlier: list[Image.Image], others: list[Concept], rng: random.Random
) -> Image.Image:
    """The picture, or what takes its place; the row's words are spoiled where it is they that go wrong."""

    def broken() -> Image.Image:
        row["image"] = _encoded(image, "PNG")[: rng.randrange(40, 400)]
        return image

    def junk() -> Image.Image:
        row["text"] = rng.choice(_JUNK).format(n=rng.randrange(1000, 9999))
        return image

    def mismatched() -> Image.Image:
        row["text"] = captions(rng.choice(others).names["en"], "en", "train")[1]
        return image

    def again() -> Image.Image:
        if not earlier:
            return image
        row["image"] = _encoded(rng.choice(earlier).resize((SIZE - 16, SIZE - 16)), "JPEG")
        return image

    ways: tuple[Callable[[], Image.Image], ...] = (
        broken, junk, mismatched, again, again,
        lambda: Image.new("RGB", image.size, rng.choice(("white", "black", "#889988"))),
        lambda: image.filter(ImageFilter.GaussianBlur(7)),
        lambda: image.resize((24, 24)),
        lambda: image.resize((SIZE * 4, SIZE)),
    )  # fmt: skip
    return rng.choice(ways)()


def _encoded(image: Image.Image, form: str) -> bytes:
    file = io.BytesIO()
    image.save(file, form)
    return file.getvalue()
