"""Pictures of the small world: a concept in a random pose and colour, on a background, among clutter.

A `Scene` says everything about one picture and comes from a seed; `draw` turns it into pixels. Backgrounds and
clutter are disjoint between the splits, so that a model can't recognise a test picture by them.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from PIL import Image

from .pen import Color, Pen, placement, shade
from .registry import Concept

SUPERSAMPLE = 3

COLORS: dict[str, str] = {
    "red": "#d8342c", "blue": "#2a62c9", "green": "#2f9e44", "yellow": "#f2c21a", "orange": "#f07c1b",
    "purple": "#7a3fb3", "brown": "#8a5a34", "pink": "#ec7fae", "grey": "#7d8590", "teal": "#159a9a",
}  # fmt: skip


@dataclass(frozen=True)
class Scene:
    """One picture: the thing's colour name, how many of it, the background's name and the seed of all the rest."""

    color: str
    count: int
    background: str
    seed: int


def _plain(pen: Pen) -> None:
    pen.rect(-2, -2, 2, 2, _tint(pen, 0.86, 0.97))


def _horizon(pen: Pen) -> None:
    y = pen.rng.uniform(0.1, 0.6)
    pen.rect(-2, -2, 2, 2, _tint(pen, 0.82, 0.95))
    pen.rect(-2, y, 2, 2, _tint(pen, 0.6, 0.8))


def _wall(pen: Pen) -> None:
    paint = _tint(pen, 0.75, 0.9)
    pen.rect(-2, -2, 2, 2, paint)
    for k in range(-6, 7):
        pen.line([(-2, k * 0.3), (2, k * 0.3)], shade(paint, 0.93), 0.02)


def _dots(pen: Pen) -> None:
    paint = _tint(pen, 0.82, 0.95)
    pen.rect(-2, -2, 2, 2, paint)
    for _ in range(26):
        pen.circle(pen.rng.uniform(-1, 1), pen.rng.uniform(-1, 1), pen.rng.uniform(0.02, 0.06), shade(paint, 0.88))


def _hills(pen: Pen) -> None:
    pen.rect(-2, -2, 2, 2, _tint(pen, 0.85, 0.96))
    for _ in range(3):
        pen.ellipse(
            pen.rng.uniform(-1.2, 1.2),
            1.2,
            pen.rng.uniform(0.6, 1.1),
            pen.rng.uniform(0.4, 0.8),
            _tint(pen, 0.66, 0.82),
        )


def _stripes(pen: Pen) -> None:
    paint, slope = _tint(pen, 0.8, 0.95), pen.rng.uniform(-0.8, 0.8)
    pen.rect(-2, -2, 2, 2, paint)
    for k in range(-8, 9, 2):
        pen.line([(k * 0.2 - slope, -1.5), (k * 0.2 + slope, 1.5)], shade(paint, 0.93), 0.12)


def _spotlight(pen: Pen) -> None:
    paint, x, y = _tint(pen, 0.62, 0.8), pen.rng.uniform(-0.3, 0.3), pen.rng.uniform(-0.3, 0.3)
    pen.rect(-2, -2, 2, 2, paint)
    for k in range(4):
        pen.circle(x, y, 1.3 - 0.28 * k, shade(paint, 1.05 + 0.06 * k))


def _checks(pen: Pen) -> None:
    paint, step = _tint(pen, 0.8, 0.94), pen.rng.uniform(0.28, 0.45)
    pen.rect(-2, -2, 2, 2, paint)
    for i in range(-4, 5):
        for j in range(-4, 5):
            if (i + j) % 2:
                pen.rect(i * step, j * step, (i + 1) * step, (j + 1) * step, shade(paint, 0.94))


BACKGROUNDS = {
    "plain": _plain, "horizon": _horizon, "wall": _wall, "dots": _dots,
    "hills": _hills, "stripes": _stripes, "spotlight": _spotlight, "checks": _checks,
}  # fmt: skip

SPLIT_BACKGROUNDS: dict[str, tuple[str, ...]] = {
    "train": ("plain", "horizon", "wall", "dots"),
    "validation": ("hills", "stripes"),
    "test": ("spotlight", "checks"),
}


def _tint(pen: Pen, low: float, high: float) -> Color:
    import colorsys

    red, green, blue = colorsys.hls_to_rgb(pen.rng.random(), pen.rng.uniform(low, high), pen.rng.uniform(0.05, 0.5))
    return round(red * 255), round(green * 255), round(blue * 255)


def _clutter(pen: Pen) -> None:
    for _ in range(pen.rng.randrange(0, 5)):
        angle, distance = pen.rng.uniform(0, 2 * math.pi), pen.rng.uniform(0.8, 1.15)
        x, y, size = distance * math.cos(angle), distance * math.sin(angle), pen.rng.uniform(0.05, 0.13)
        paint = _tint(pen, 0.4, 0.7)
        kind = pen.rng.randrange(3)
        if kind == 0:
            pen.circle(x, y, size, paint)
        elif kind == 1:
            pen.star(x, y, size, size * 0.5, 3 + pen.rng.randrange(4), paint, pen.rng.uniform(0, 90))
        else:
            pen.line([(x, y), (x + pen.rng.uniform(-0.3, 0.3), y + pen.rng.uniform(-0.3, 0.3))], paint, size * 0.6)


def random_scene(split: str, rng: random.Random, most: int = 1) -> Scene:
    """A scene of the split: any colour, one to `most` things, one of the split's own backgrounds."""
    return Scene(
        rng.choice(list(COLORS)), rng.randint(1, most), rng.choice(SPLIT_BACKGROUNDS[split]), rng.getrandbits(48)
    )


def draw(concept: Concept, scene: Scene, size: int = 48) -> Image.Image:
    """The picture of `concept` in `scene`: RGB, `size` × `size` pixels, antialiased, the same for the same scene."""
    rng = random.Random(scene.seed)
    canvas = Image.new("RGB", (size * SUPERSAMPLE, size * SUPERSAMPLE))
    base = Pen(canvas, placement(), COLORS[scene.color], rng)
    BACKGROUNDS[scene.background](base)
    _clutter(base)
    for index in range(scene.count):
        if scene.count == 1:
            x, y, scale = rng.uniform(-0.16, 0.16), rng.uniform(-0.16, 0.16), rng.uniform(0.68, 0.92)
        else:
            turn = 2 * math.pi * (index + 0.25) / scene.count
            x, y, scale = 0.5 * math.cos(turn), 0.5 * math.sin(turn), rng.uniform(0.36, 0.42)
        pose = placement(x, y, scale, rng.uniform(-14, 14), rng.random() < 0.5, rng.uniform(-0.12, 0.12))
        concept.draw(Pen(canvas, pose, _vary(COLORS[scene.color], rng), rng))
    return canvas.resize((size, size), Image.Resampling.BOX)


def _vary(color: Color, rng: random.Random) -> Color:
    return shade(color, rng.uniform(0.85, 1.15))


def contact_sheet(
    concepts: tuple[Concept, ...], size: int = 96, columns: int = 12, copies: int = 1, seed: int = 0
) -> Image.Image:
    """A sheet of drawings with their English names below, for a person to look at."""
    from PIL import ImageDraw

    label = 14
    rows = math.ceil(len(concepts) * copies / columns)
    sheet = Image.new("RGB", (columns * size, rows * (size + label)), "white")
    pen = ImageDraw.Draw(sheet)
    rng = random.Random(seed)
    for index in range(len(concepts) * copies):
        thing = concepts[index // copies]
        x, y = (index % columns) * size, (index // columns) * (size + label)
        sheet.paste(draw(thing, random_scene("train", rng), size), (x, y))
        pen.text((x + 2, y + size + 1), thing.names["en"][: size // 6], fill="black")
    return sheet
