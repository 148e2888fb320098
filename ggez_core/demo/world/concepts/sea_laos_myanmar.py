"""Concepts of Laos and Myanmar: stupas, instruments, clothes, food, games and landscapes."""

from __future__ import annotations

import math

from ..pen import Pen, Point, shade
from ..registry import concept

SKIN, HAIR, GOLD, DEEP = "#c98f62", "#1f1717", "#e9b524", "#8f6209"


def _polar(radius: float, degrees: float) -> Point:
    return radius * math.cos(math.radians(degrees)), radius * math.sin(math.radians(degrees))


def _flower(pen: Pen, x: float, y: float, size: float, petal: str, heart: str, petals: int = 5) -> None:
    start = pen.rng.uniform(0, 72)
    for k in range(petals):
        dx, dy = _polar(size * 0.6, start + 360 * k / petals)
        pen.circle(x + dx, y + dy, size * 0.45, petal)
    pen.circle(x, y, size * 0.36, heart)


def _small_stupa(pen: Pen, x: float, base: float, half: float, height: float) -> None:
    pen.polygon([(x - half, base), (x - half * 0.7, base - height * 0.4), (x - half * 0.25, base - height * 0.55),
                 (x, base - height), (x + half * 0.25, base - height * 0.55), (x + half * 0.7, base - height * 0.4),
                 (x + half, base)], GOLD, DEEP, 0.03)


@concept(
    "pha_that_luang", aspect="landmark", countries=("LA",), generic="a temple",
    names={"en": "Pha That Luang", "lo": "ພະທາດຫຼວງ"},
)
def pha_that_luang(pen: Pen) -> None:
    pen.rect(-0.95, 0.54, 0.95, 0.84, "#f0c544", DEEP, 0.04)
    for k in range(-5, 6):
        pen.polygon([(k * 0.175 - 0.08, 0.56), (k * 0.175, 0.36), (k * 0.175 + 0.08, 0.56)], "#f7dd86", DEEP, 0.03)
    pen.rect(-0.76, 0.3, 0.76, 0.46, "#d9a017", DEEP, 0.04)
    for x in (-0.66, -0.46, -0.28, 0.28, 0.46, 0.66):
        pen.polygon([(x - 0.09, 0.32), (x - 0.06, 0.1), (x, -0.24), (x + 0.06, 0.1), (x + 0.09, 0.32)],
                    GOLD, DEEP, 0.035)
    pen.polygon([(-0.3, 0.34), (-0.26, 0.06), (0.26, 0.06), (0.3, 0.34)], "#e2ab1e", DEEP, 0.04)
    pen.polygon([(-0.3, 0.06), (-0.2, -0.06), (0.2, -0.06), (0.3, 0.06)], "#f7dd86", DEEP, 0.035)
    pen.polygon([(-0.13, -0.06), (-0.2, -0.24), (-0.16, -0.44), (-0.07, -0.62), (-0.09, -0.7), (0, -0.98), (0.09, -0.7),
                 (0.07, -0.62), (0.16, -0.44), (0.2, -0.24), (0.13, -0.06)], GOLD, DEEP, 0.04)
    pen.line([(0, -0.12), (0, -0.54)], "#fbe9a8", 0.06)
    pen.rect(-0.17, 0.5, 0.17, 0.84, "#c8322a", DEEP, 0.035)
    pen.polygon([(-0.26, 0.52), (0, 0.24), (0.26, 0.52)], "#f7dd86", DEEP, 0.04)


@concept(
    "sticky_rice_basket", aspect="craft", countries=("LA",), generic="a craft object",
    names={"en": "sticky rice basket", "lo": "ຕິບເຂົ້າ"},
)
def sticky_rice_basket(pen: Pen) -> None:
    straw, edge = pen.rng.choice(("#dcb466", "#d4a957", "#e2bf78")), "#7d561c"
    pen.line([(-0.48, 0.84), (0.42, 0.6)], "#6b3f1c", 0.12)
    pen.line([(0.48, 0.84), (-0.42, 0.6)], "#7d4c24", 0.12)
    pen.polygon([(-0.5, 0.0), (0.5, 0.0), (0.4, 0.64), (-0.4, 0.64)], straw, edge, 0.04)
    for i in range(5):
        for j in range(4):
            x, y = -0.4 + 0.2 * i, 0.16 + 0.13 * j
            up = 0.05 if (i + j) % 2 else -0.05
            pen.line([(x * 0.94 - 0.06, y + up), (x * 0.94 + 0.06, y - up)], "#a8772e", 0.04)
    pen.ellipse(0, -0.02, 0.54, 0.15, "#6d4a1c", edge, 0.04)
    pen.blob([(-0.46, 0.0), (-0.4, -0.2), (-0.1, -0.3), (0.24, -0.28), (0.46, -0.12), (0.46, 0.02), (0, 0.1)], 
             "#fdfaf0", "#c9c0a6", 0.03)
    for _ in range(7):
        pen.circle(pen.rng.uniform(-0.32, 0.34), pen.rng.uniform(-0.18, 0.0), 0.03, "#d8cfb5")
    pen.curve([(-0.5, 0.1), (-0.78, -0.1), (-0.62, -0.6), (-0.34, -0.66)], "#a3262a", 0.05)
    with pen.at(0.06, -0.56, 1, 14):
        pen.rect(-0.5, -0.18, 0.5, 0.14, straw, edge, 0.04)
        pen.ellipse(0, -0.2, 0.5, 0.12, shade(straw, 1.12), edge, 0.04)
        for k in range(-3, 4):
            pen.line([(k * 0.13 - 0.05, 0.08), (k * 0.13 + 0.05, -0.04)], "#a8772e", 0.04)


@concept(
    "khene", aspect="tradition", countries=("LA",), generic="a musical instrument",
    names={"en": "khene", "lo": "ແຄນ"},
)
def khene(pen: Pen) -> None:
    with pen.at(0, 0.02, 1, 34):
        for k, top in enumerate((-0.72, -0.9, -1.06, -0.98, -0.84, -0.68)):
            x, foot = -0.2 + 0.08 * k, 1.0 - 0.06 * abs(k - 2.5)
            pen.line([(x, top), (x, foot)], "#6d4c14", 0.1)
            pen.line([(x, top), (x, foot)], ("#ecca78", "#d3a748")[k % 2], 0.07)
            for y in (-0.5, 0.06, 0.84):
                pen.line([(x - 0.03, y + 0.02 * k), (x + 0.03, y + 0.02 * k)], "#6d4c14", 0.03)
        for y in (-0.34, 0.22, 0.74):
            pen.line([(-0.25, y), (0.25, y)], "#4d2512", 0.075)
        pen.blob([(-0.5, 0.46), (-0.36, 0.34), (0.3, 0.34), (0.46, 0.4), (0.62, 0.46), (0.46, 0.52), (0.3, 0.6),
                  (-0.36, 0.6)], "#9a4c28", "#43200f", 0.045)
        pen.circle(-0.48, 0.47, 0.06, "#22120a")
        pen.line([(-0.3, 0.42), (0.25, 0.42)], "#cf8a58", 0.045)


@concept(
    "sinh", aspect="clothing", countries=("LA",), generic="a traditional dress",
    names={"en": "sinh", "lo": "ສິ້ນ"},
)
def sinh(pen: Pen) -> None:
    silk, edge = pen.color, shade(pen.color, 0.5)
    for side in (-1, 1):
        pen.line([(side * 0.18, 0.6), (side * 0.18, 0.84)], "#d9a273", 0.15)
        pen.ellipse(side * 0.24, 0.9, 0.16, 0.06, "#3a2a22")
        pen.line([(side * 0.52, -0.9), (side * 0.64, -0.5), (side * 0.62, -0.2)], "#d9a273", 0.13)
        pen.line([(side * 0.5, -0.92), (side * 0.6, -0.62)], "#f6efdf", 0.2)
    pen.polygon([(-0.48, -0.98), (0.48, -0.98), (0.34, -0.56), (-0.34, -0.56)], "#fbf7ee", "#a8a294", 0.035)
    pen.polygon([(-0.34, -0.6), (0.34, -0.6), (0.54, -0.14), (0.56, 0.76), (-0.56, 0.76), (-0.54, -0.14)], silk,
                edge, 0.04)
    for y in (-0.34, -0.12, 0.1):
        for k in range(-2, 3):
            x = k * 0.18 + 0.04
            pen.polygon([(x, y - 0.06), (x + 0.05, y), (x, y + 0.06), (x - 0.05, y)], shade(silk, 1.5))
    pen.rect(-0.56, 0.26, 0.56, 0.76, "#8e1f2f", "#f1c84b", 0.055)
    for k in range(5):
        x = -0.44 + 0.22 * k
        pen.polygon([(x, 0.32), (x + 0.11, 0.51), (x, 0.7), (x - 0.11, 0.51)], "#f1c84b")
        pen.polygon([(x, 0.42), (x + 0.05, 0.51), (x, 0.6), (x - 0.05, 0.51)], "#2c7a5a")
    pen.rect(-0.38, -0.7, 0.38, -0.52, "#eceff2", "#6f757d", 0.035)
    pen.rect(-0.11, -0.72, 0.11, -0.5, "#cfd4da", "#6f757d", 0.035)


@concept(
    "plain_of_jars", aspect="landmark", countries=("LA",), generic="a landscape",
    names={"en": "Plain of Jars", "lo": "ທົ່ງໄຫຫີນ"},
)
def plain_of_jars(pen: Pen) -> None:
    pen.blob([(-0.95, 0.3), (-0.5, -0.02), (0.1, -0.1), (0.7, 0.0), (0.95, 0.3), (0.8, 0.82), (-0.8, 0.82)], "#86a84a")
    for x, y, size, turn in ((0.62, -0.08, 0.5, 6), (-0.66, 0.0, 0.55, -12), (0.02, -0.26, 0.5, 2),
                             (-0.36, 0.34, 0.95, -8), (0.46, 0.36, 0.9, 16)):
        stone = shade("#928c82", pen.rng.uniform(0.85, 1.12))
        with pen.at(x, y, size, turn):
            pen.blob([(-0.28, -0.5), (0.28, -0.5), (0.4, -0.1), (0.42, 0.3), (0.24, 0.46), (-0.24, 0.46), (-0.42, 0.3),
                      (-0.4, -0.1)], stone, "#4c4740", 0.05)
            pen.ellipse(0, -0.5, 0.34, 0.13, shade(stone, 1.2), "#4c4740", 0.045)
            pen.ellipse(0, -0.49, 0.22, 0.075, "#26221e")
            pen.ellipse(pen.rng.uniform(-0.2, 0.2), pen.rng.uniform(-0.1, 0.2), 0.12, 0.08, shade(stone, 0.8))
    for x in (-0.8, -0.1, 0.16, 0.8):
        for lean in (-0.06, 0, 0.06):
            pen.line([(x, 0.8), (x + lean, 0.66)], "#55762a", 0.035)


@concept(
    "dok_champa", aspect="nature", countries=("LA",), generic="a flower",
    names={"en": "dok champa", "lo": "ດອກຈຳປາ"},
)
def dok_champa(pen: Pen) -> None:
    shift = pen.rng.uniform(-20, 20)
    for turn in (20, 140, 262):
        with pen.at(0, 0, 1, turn):
            pen.blob([(0, 0), (0.22, -0.5), (0, -0.95), (-0.22, -0.5)], "#3a8a42", "#1f5a28")
            pen.line([(0, -0.3), (0, -0.86)], "#86c47c", 0.035)
    for k in range(5):
        with pen.at(0, 0, 1, shift + 72 * k):
            pen.blob([(0, 0.02), (-0.2, -0.28), (-0.2, -0.62), (0.08, -0.84), (0.34, -0.6), (0.24, -0.24)], "#fffdf6",
                     "#a89f86", 0.035)
            pen.blob([(0, 0.02), (-0.1, -0.18), (0, -0.42), (0.14, -0.2)], "#f8cf3c")
            pen.line([(0.02, -0.04), (0.04, -0.2)], "#ef9d1c", 0.06)
    pen.circle(0, 0, 0.06, "#e8860f")


@concept(
    "longyi", aspect="clothing", countries=("MM",), generic="a traditional dress",
    names={"en": "longyi", "my": "လုံချည်"},
)
def longyi(pen: Pen) -> None:
    cloth, edge = pen.color, shade(pen.color, 0.5)
    for side in (-1, 1):
        pen.line([(side * 0.24, 0.6), (side * 0.26, 0.84)], SKIN, 0.15)
        pen.ellipse(side * 0.32, 0.88, 0.2, 0.07, "#2b2020")
    pen.polygon([(-0.46, -0.94), (0.46, -0.94), (0.42, -0.6), (-0.42, -0.6)], SKIN, "#7e5230", 0.035)
    pen.circle(0, -0.82, 0.035, "#7e5230")
    pen.polygon([(-0.46, -0.68), (0.46, -0.68), (0.58, -0.2), (0.6, 0.72), (-0.6, 0.72), (-0.58, -0.2)],
                cloth, edge, 0.04)
    for k in range(-4, 5):
        pen.line([(k * 0.11, -0.66), (k * 0.138, -0.2), (k * 0.14, 0.7)], shade(cloth, 0.62), 0.045)
    for k in range(7):
        y = -0.5 + 0.19 * k
        half = min(0.58, 0.58 + 0.24 * (y + 0.2))
        pen.line([(-half, y), (half, y)], shade(cloth, 1.5) if k % 2 else shade(cloth, 0.62), 0.045)
    pen.polygon([(-0.05, -0.5), (0.1, -0.5), (0.36, 0.02), (0.14, -0.06), (0.0, 0.14), (-0.1, -0.08), (-0.28, 0.0)],
                shade(cloth, 1.2), edge, 0.04)
    pen.ellipse(0.02, -0.58, 0.26, 0.15, shade(cloth, 1.2), edge, 0.045)
    pen.curve([(-0.16, -0.56), (0.0, -0.62), (0.16, -0.56)], edge, 0.045)


@concept(
    "shwedagon", aspect="landmark", countries=("MM",), generic="a temple",
    names={"en": "Shwedagon Pagoda", "my": "ရွှေတိဂုံဘုရား"},
)
def shwedagon(pen: Pen) -> None:
    outline = [(0.8, 0.72), (0.66, 0.56), (0.6, 0.42), (0.5, 0.34), (0.47, 0.12), (0.44, -0.04), (0.34, -0.2),
               (0.19, -0.28),
               (0.15, -0.42), (0.17, -0.52), (0.08, -0.66), (0.0, -0.98)]
    pen.polygon([*outline, *((-x, y) for x, y in reversed(outline[:-1]))], GOLD, DEEP, 0.045)
    for y, half in ((0.56, 0.66), (0.36, 0.52), (0.1, 0.46), (-0.29, 0.19), (-0.36, 0.17), (-0.43, 0.15)):
        pen.line([(-half, y), (half, y)], DEEP, 0.04)
    pen.polygon([(0.1, -0.16), (0.28, -0.14), (0.36, -0.02), (0.38, 0.05), (0.16, 0.05)], "#f9e28c")
    pen.polygon([(0.18, 0.16), (0.4, 0.16), (0.42, 0.3), (0.18, 0.3)], "#f9e28c")
    pen.polygon([(-0.13, -0.64), (0.13, -0.64), (0.05, -0.78), (-0.05, -0.78)], "#fff1b8", DEEP)
    pen.circle(0, -0.94, 0.05, "#fdfdfd", DEEP)
    for x in (-0.78, -0.46, 0.0, 0.46, 0.78):
        _small_stupa(pen, x, 0.76, 0.15, 0.34)
    pen.rect(-0.95, 0.74, 0.95, 0.88, "#f7f4ec", "#9c917a", 0.035)


@concept(
    "thanaka", aspect="tradition", countries=("MM",), generic="an ornament",
    names={"en": "thanaka", "my": "သနပ်ခါး"},
)
def thanaka(pen: Pen) -> None:
    paste = "#f6e6a6"
    pen.ellipse(0, -0.12, 0.72, 0.76, HAIR)
    pen.circle(-0.52, -0.66, 0.26, HAIR)
    pen.polygon([(-0.24, 0.6), (0.24, 0.6), (0.5, 0.92), (-0.5, 0.92)], shade(SKIN, 0.85))
    pen.ellipse(0, 0.1, 0.58, 0.7, SKIN, "#7e5230", 0.035)
    pen.blob([(-0.56, 0.0), (-0.42, -0.46), (0, -0.66), (0.42, -0.46), (0.56, 0.0), (0.4, -0.22), (0.1, -0.4),
              (-0.3, -0.26)], HAIR)
    for side in (-1, 1):
        pen.ellipse(side * 0.34, 0.26, 0.19, 0.2, paste)
        for k in (-1, 0, 1):
            pen.line([(side * 0.34 + k * 0.09, 0.14), (side * 0.34 + k * 0.09, 0.38)], "#dcc274", 0.03)
        pen.ellipse(side * 0.23, 0.0, 0.1, 0.055, "#fdfdfd")
        pen.circle(side * 0.23, 0.0, 0.05, HAIR)
        pen.arc(side * 0.23, -0.08, 0.13, 0.07, 200, 340, HAIR, 0.04)
    pen.line([(0, 0.08), (0, 0.28)], paste, 0.08)
    pen.ellipse(0, -0.24, 0.14, 0.06, paste)
    pen.arc(0, 0.46, 0.18, 0.13, 15, 165, "#a8322e", 0.07)
    pen.circle(0, 0.72, 0.06, paste)
    for x, y in ((0.5, -0.52), (0.62, -0.32)):
        _flower(pen, x, y, 0.17, pen.rng.choice(("#fdfdf6", "#f2a0c0", "#f7d34a")), "#e8a21c")


@concept(
    "saung", aspect="tradition", countries=("MM",), generic="a musical instrument",
    names={"en": "saung", "my": "စောင်းကောက်"},
)
def saung(pen: Pen) -> None:
    body = pen.rng.choice(("#7c1f1c", "#8c2620", "#6c1a1a"))
    pen.polygon([(-0.5, 0.78), (0.5, 0.78), (0.4, 0.9), (-0.4, 0.9)], GOLD, DEEP)
    pen.curve([(0.42, 0.4), (0.78, 0.24), (0.88, -0.2), (0.66, -0.62), (0.3, -0.84)], "#3d1409", 0.15)
    pen.curve([(0.42, 0.4), (0.78, 0.24), (0.88, -0.2), (0.66, -0.62), (0.3, -0.84)], body, 0.1)
    pen.blob([(0.3, -0.96), (0.14, -0.84), (0.3, -0.72), (0.42, -0.84)], GOLD, DEEP)
    pen.blob([(-0.92, 0.2), (-0.6, 0.3), (0, 0.38), (0.5, 0.32), (0.72, 0.26), (0.56, 0.66), (0.2, 0.82), (-0.4, 0.8),
              (-0.78, 0.58)], "#1f1512", GOLD, 0.05)
    pen.blob([(-0.92, 0.2), (-0.5, 0.22), (0, 0.28), (0.5, 0.26), (0.72, 0.26), (0.5, 0.38), (0, 0.46), (-0.5, 0.4)],
             "#b5422f", DEEP, 0.03)
    for k, (x, y) in enumerate(((0.44, -0.74), (0.62, -0.6), (0.74, -0.44), (0.82, -0.26), (0.84, -0.06))):
        pen.line([(-0.74 + 0.24 * k, 0.28 + 0.02 * k), (x, y)], "#e8dcb8", 0.035)
        pen.line([(x, y), (x + 0.1, y + 0.16)], "#d6262a", 0.07)
    for x in (-0.5, -0.2, 0.1, 0.36):
        pen.circle(x, 0.62, 0.06, GOLD)


@concept(
    "golden_rock", aspect="landmark", countries=("MM",), generic="a monument",
    names={"en": "Golden Rock", "my": "ကျိုက်ထီးရိုးဘုရား"},
)
def golden_rock(pen: Pen) -> None:
    cliff = pen.rng.choice(("#6d675f", "#756c62", "#655f5a"))
    pen.polygon([(-0.95, 0.92), (-0.95, 0.5), (-0.6, 0.4), (-0.1, 0.46), (0.2, 0.5), (0.36, 0.64), (0.24, 0.92)], cliff,
                "#3c3833", 0.045)
    pen.line([(-0.75, 0.62), (-0.45, 0.7), (-0.1, 0.6), (0.1, 0.72)], "#46423c", 0.05)
    pen.polygon([(-0.18, 0.46), (-0.4, 0.2), (-0.44, -0.1), (-0.3, -0.36), (0.0, -0.46), (0.42, -0.46), (0.74, -0.3),
                 (0.9, 0.0), (0.82, 0.28), (0.56, 0.46), (0.16, 0.52)], "#edb922", DEEP, 0.05)
    pen.polygon([(-0.3, 0.0), (-0.2, -0.28), (0.04, -0.38), (0.3, -0.36), (0.04, -0.16), (-0.1, 0.1)], "#fde58a")
    pen.polygon([(0.84, 0.02), (0.76, 0.26), (0.54, 0.42), (0.18, 0.46), (0.5, 0.26)], "#c58d14")
    pen.line([(0.3, -0.36), (0.44, -0.1), (0.5, 0.26)], "#a8740c", 0.035)
    pen.rect(0.02, -0.54, 0.44, -0.44, "#f8f3e4", DEEP, 0.035)
    pen.polygon([(0.08, -0.54), (0.14, -0.68), (0.2, -0.74), (0.23, -0.98), (0.26, -0.74), (0.32, -0.68),
                 (0.38, -0.54)],
                "#fbd44f", DEEP, 0.04)
    for x in (-0.82, -0.62):
        pen.line([(x, 0.44), (x, 0.26)], "#a3262a", 0.09)
        pen.circle(x, 0.18, 0.06, "#5d3a24")


@concept(
    "mohinga", aspect="cuisine", countries=("MM",), generic="a bowl of food",
    names={"en": "mohinga", "my": "မုန့်ဟင်းခါး"},
)
def mohinga(pen: Pen) -> None:
    pen.circle(0, 0.06, 0.84, "#f7f3ea", "#8c2f24", 0.06)
    pen.circle(0, 0.06, 0.72, pen.rng.choice(("#c08a34", "#b98130", "#c6923f")), "#8a5a1c")
    for k in range(6):
        pen.arc(-0.16, 0.2, 0.12 + 0.06 * k, 0.1 + 0.05 * k, 20 + 40 * k, 240 + 40 * k, "#f7ebc8", 0.04)
    for x, y in ((0.3, -0.22), (0.42, 0.1)):
        pen.ellipse(x, y, 0.24, 0.18, "#fffdf5", "#cfc6ae", 0.03, angle=-30)
        pen.circle(x + 0.02, y, 0.1, "#f2a71d")
    for x, y in ((-0.34, -0.32), (-0.06, -0.46)):
        pen.star(x, y, 0.22, 0.17, 9, "#e0a03c", pen.rng.uniform(0, 40))
        pen.circle(x, y, 0.08, "#b06f1d")
    for _ in range(7):
        x, y = pen.rng.uniform(-0.46, 0.2), pen.rng.uniform(-0.1, 0.5)
        pen.star(x, y, 0.08, 0.04, 3, "#2f8a35", pen.rng.uniform(0, 120))
    pen.pie(0.2, 0.46, 0.22, 0.18, 180, 360, "#c5df6a", "#4b8a2c", 0.035)
    for x, y in ((-0.5, 0.16), (-0.3, 0.56)):
        pen.line([(x, y), (x + 0.1, y + 0.05)], "#cf2a1f", 0.05)
    pen.line([(0.56, -0.5), (0.9, -0.92)], "#e8eef2", 0.12)
    pen.ellipse(0.48, -0.4, 0.13, 0.18, "#e8eef2", "#8f9aa3", 0.03, angle=38)


@concept(
    "leg_rower", aspect="transport", countries=("MM",), generic="a boat",
    names={"en": "Inle leg rower", "my": "အင်းသားတံငါသည်"},
)
def leg_rower(pen: Pen) -> None:
    pen.ellipse(0, 0.78, 0.94, 0.13, "#7fb9d0")
    pen.polygon([(-0.95, 0.5), (-0.6, 0.6), (0.5, 0.6), (0.95, 0.42), (0.76, 0.78), (-0.76, 0.78)], "#6b4526",
                "#38210f", 0.04)
    pen.polygon([(-0.82, 0.56), (-0.5, 0.56), (-0.1, -0.28), (-0.2, -0.36)], "#d6b36a", "#7d5c22", 0.04)
    pen.polygon([(-0.74, 0.58), (0.02, 0.58), (-0.32, -0.38)], "#dcbf80", "#7d5c22", 0.04)
    for t in (0.35, 0.6, 0.82):
        pen.line([(-0.32 - 0.42 * t, -0.38 + 0.96 * t), (-0.32 + 0.34 * t, -0.38 + 0.96 * t)], "#8f6a2a", 0.035)
    pen.line([(-0.5, 0.56), (-0.32, -0.3), (-0.18, 0.56)], "#8f6a2a", 0.03)
    pen.line([(0.4, -0.62), (0.9, 0.86)], "#4a2d16", 0.06)
    pen.ellipse(0.87, 0.78, 0.07, 0.17, "#4a2d16", angle=-18)
    pen.line([(0.28, 0.06), (0.3, 0.34), (0.28, 0.58)], "#26324d", 0.15)
    pen.line([(0.3, 0.08), (0.68, 0.14), (0.7, 0.44)], "#26324d", 0.14)
    pen.line([(0.7, 0.42), (0.84, 0.56)], SKIN, 0.1)
    pen.line([(0.28, 0.06), (0.24, -0.36)], pen.color, 0.24)
    pen.line([(0.3, -0.36), (0.46, -0.5)], SKIN, 0.1)
    pen.line([(0.18, -0.36), (-0.06, -0.2), (-0.22, -0.14)], SKIN, 0.1)
    pen.circle(0.22, -0.62, 0.13, SKIN)
    pen.polygon([(-0.06, -0.66), (0.22, -0.9), (0.5, -0.66)], "#e6cf92", "#8f6a2a", 0.035)


@concept(
    "chinlone", aspect="tradition", countries=("MM",), generic="a toy",
    names={"en": "chinlone", "my": "ခြင်းလုံး"},
)
def chinlone(pen: Pen) -> None:
    cane, edge = pen.rng.choice(("#dda94a", "#d39d3e", "#e3b45c")), "#7a4d12"
    pen.line([(0.86, 0.1), (0.7, 0.68)], SKIN, 0.22)
    pen.blob([(0.82, 0.62), (0.74, 0.9), (0.3, 0.92), (-0.12, 0.88), (-0.2, 0.74), (0.2, 0.72), (0.6, 0.58)],
             SKIN, "#7e5230")
    pen.line([(0.9, -0.12), (0.82, 0.2)], pen.color, 0.3)
    with pen.at(-0.18, -0.18, 0.94, pen.rng.uniform(-25, 25)):
        pen.circle(0, 0, 0.78, cane, edge, 0.06)
        for k in range(5):
            with pen.at(0, 0, 1, 72 * k):
                for y in (-0.27, -0.36, -0.45):
                    half = math.sqrt(0.76**2 - y * y)
                    bent = [(-half, y + 0.16), (-half / 2, y + 0.03), (0, y), (half / 2, y + 0.03), (half, y + 0.16)]
                    pen.curve(bent, edge if y == -0.36 else "#f3cf86", 0.04)
        for k in range(5):
            x, y = _polar(0.56, 36 + 72 * k - 90)
            pen.circle(x, y, 0.09, "#4a2c0a")
        pen.star(0, 0, 0.24, 0.194, 5, "#4a2c0a", 90)
        pen.circle(0, 0, 0.78, None, edge, 0.05)


@concept(
    "pathein_parasol", aspect="craft", countries=("MM",), generic="a craft object",
    names={"en": "Pathein parasol", "my": "ပုသိမ်ထီး"},
)
def pathein_parasol(pen: Pen) -> None:
    silk, edge = pen.color, shade(pen.color, 0.5)
    pen.line([(0.2, 0.2), (0.74, 0.9)], "#7b4a22", 0.09)
    rim = []
    for k in range(32):
        x, y = _polar(0.86 if k % 2 == 0 else 0.8, 360 * k / 32)
        rim.append((x - 0.06, y * 0.84 - 0.12))
    pen.polygon(rim, silk, edge, 0.04)
    tip = tx, ty = -0.2, -0.3
    for k in range(16):
        pen.line([tip, rim[2 * k]], shade(silk, 0.75), 0.03)
    pen.ellipse(-0.1, -0.17, 0.56, 0.46, None, "#f6d77a", 0.045)
    for k in range(6):
        x, y = _polar(1, 60 * k + 20)
        _flower(pen, -0.09 + x * 0.56, -0.16 + y * 0.46, 0.19, "#fdf3ec", "#e7902c")
    pen.circle(*tip, 0.15, "#3c2412")
    pen.polygon([(tx - 0.08, ty + 0.02), (tx - 0.09, ty - 0.24), (tx + 0.07, ty - 0.02)], "#7b4a22")
