"""Concepts of Vietnam and Cambodia: food, buildings, clothes, instruments, boats and plants."""

from __future__ import annotations

import math

from ..pen import Color, Pen, Point, arc_points, shade
from ..registry import concept

SKIN, HAIR, STRAW, STONE, GOLD, INK = "#e3ab7c", "#231a1a", "#e8d39a", "#a3937c", "#e3a91d", "#3a2a20"


def _polar(radius: float, degrees: float) -> Point:
    return radius * math.cos(math.radians(degrees)), radius * math.sin(math.radians(degrees))


def _conical_hat(pen: Pen, x: float, y: float, half: float, height: float) -> None:
    """A leaf hat whose rim is centred at (x, y)."""
    pen.polygon([(x - half, y), (x, y - height), (x + half, y), (x, y + half * 0.14)], STRAW, "#9a7d3c", 0.03)
    pen.line([(x - half * 0.5, y - height * 0.45), (x + half * 0.5, y - height * 0.45)], "#b99a55", 0.03)


def _lotus_tower(pen: Pen, x: float, base: float, half: float, height: float, paint: Color) -> None:
    """A Khmer tower: a stepped bud that narrows to a point."""
    outline = [(1.0, 0.0), (1.0, 0.3), (1.06, 0.42), (0.9, 0.6), (0.66, 0.77), (0.36, 0.9), (0.0, 1.0)]
    right = [(x + half * u, base - height * v) for u, v in outline]
    left = [(x - half * u, base - height * v) for u, v in reversed(outline[:-1])]
    pen.polygon([*right, *left], paint, shade(paint, 0.6), 0.035)
    for v, u in ((0.32, 0.98), (0.5, 0.96), (0.67, 0.78), (0.81, 0.5)):
        pen.line([(x - half * u, base - height * v), (x + half * u, base - height * v)], shade(paint, 0.62), 0.035)


@concept(
    "ao_dai", aspect="clothing", countries=("VN",), generic="a traditional dress",
    names={"en": "ao dai", "vi": "áo dài"},
)
def ao_dai(pen: Pen) -> None:
    dress, edge = pen.color, shade(pen.color, 0.55)
    pen.polygon([(-0.2, -0.1), (0.22, -0.1), (0.52, 0.9), (0.1, 0.9), (0.06, 0.5), (0.0, 0.9), (-0.4, 0.9)], "#fdfbf5",
                "#aaa396", 0.035)
    pen.blob([(-0.2, -0.86), (0, -0.94), (0.2, -0.86), (0.25, -0.4), (0.16, -0.2), (-0.16, -0.2), (-0.25, -0.4)], HAIR)
    for side in (-1, 1):
        pen.polygon([(side * 0.14, -0.48), (side * 0.27, -0.4), (side * 0.56, 0.06), (side * 0.42, 0.14),
                     (side * 0.14, -0.22)], dress, edge)
        pen.circle(side * 0.54, 0.16, 0.07, SKIN)
    pen.polygon([(-0.2, -0.48), (0.2, -0.48), (0.2, -0.3), (0.13, -0.1), (0.22, 0.1), (0.16, 0.42), (0.2, 0.78),
                 (-0.12, 0.84), (-0.56, 0.76), (-0.36, 0.42), (-0.22, 0.1), (-0.13, -0.1), (-0.2, -0.3)],
                  dress, edge, 0.04)
    pen.curve([(0.03, -0.48), (0.1, -0.34), (0.18, -0.3)], edge, 0.04)
    for x, y in ((-0.16, 0.3), (0.02, 0.48), (-0.28, 0.6), (-0.04, 0.7)):
        pen.star(x, y, 0.1, 0.05, 5, "#fff2c4", pen.rng.uniform(0, 72))
    pen.rect(-0.08, -0.6, 0.08, -0.46, dress, edge)
    pen.ellipse(0, -0.72, 0.14, 0.16, SKIN)
    pen.arc(0, -0.76, 0.24, 0.18, 180, 360, edge, 0.16)
    pen.arc(0, -0.76, 0.24, 0.18, 180, 360, dress, 0.11)
    pen.arc(0, -0.68, 0.05, 0.05, 20, 160, "#b03a3a", 0.035)


@concept(
    "non_la", aspect="clothing", countries=("VN",), generic="a hat",
    names={"en": "non la", "vi": "nón lá"},
)
def non_la(pen: Pen) -> None:
    ribbon = pen.rng.choice(("#b14aa0", "#d6457c", "#7a4bb5"))
    pen.curve([(-0.5, 0.3), (-0.3, 0.72), (0, 0.86), (0.3, 0.72), (0.5, 0.3)], ribbon, 0.1)
    pen.polygon([(0, -0.68), *arc_points(0, 0.28, 0.93, 0.19, 0, 180)], "#efdfae", "#94783a", 0.045)
    for k in range(1, 7):
        t = k / 7
        pen.arc(0, -0.68 + 0.96 * t, 0.93 * t, 0.19 * t, 8, 172, "#c5a861", 0.03)
    for x in (-0.55, -0.2, 0.2, 0.55):
        pen.line([(0, -0.68), (x, 0.28 + 0.18 * math.sqrt(1 - x * x))], "#d8c083", 0.03)
    pen.circle(0, -0.66, 0.05, "#94783a")


@concept(
    "pho", aspect="cuisine", countries=("VN",), generic="a bowl of food",
    names={"en": "pho", "vi": "phở"},
)
def pho(pen: Pen) -> None:
    pen.segment(0, -0.05, 0.85, 0.82, 0, 180, "#fdfdfb", "#2c4f9e", 0.05)
    pen.rect(-0.34, 0.7, 0.34, 0.84, "#e8ebf2", "#2c4f9e", 0.04)
    for x in (-0.5, -0.17, 0.17, 0.5):
        pen.circle(x, 0.42 - abs(x) * 0.2, 0.09, None, "#2c4f9e", 0.045)
    pen.ellipse(0, -0.05, 0.85, 0.36, "#fdfdfb", "#2c4f9e", 0.05)
    pen.ellipse(0, -0.05, 0.75, 0.29, "#d9a765")
    for k in range(5):
        y = -0.06 + 0.055 * k
        pen.curve([(-0.6, y - 0.03), (-0.3, y + 0.05), (0.0, y - 0.02), (0.25, y + 0.05)], "#fff8e6", 0.045)
    for x, y in ((0.14, -0.12), (0.36, -0.02), (0.53, -0.14)):
        pen.ellipse(x, y, 0.2, 0.09, "#a95f4d", "#6e3327", 0.03, angle=-20)
    for _ in range(8):
        pen.circle(pen.rng.uniform(-0.5, 0.4), pen.rng.uniform(-0.2, 0.12), 0.045, "#3f9a37")
    pen.blob([(-0.4, -0.3), (-0.15, -0.32), (-0.05, -0.18), (-0.3, -0.16)], "#2f8a3a", "#1d5c26")
    pen.circle(0.02, 0.1, 0.06, "#d8322a")
    for dx in (0.0, 0.13):
        pen.line([(-0.42 + dx, -0.12), (0.5 + dx, -0.85)], "#7c3f22", 0.055)


@concept(
    "banh_mi", aspect="cuisine", countries=("VN",), generic="a dish",
    names={"en": "banh mi", "vi": "bánh mì"},
)
def banh_mi(pen: Pen) -> None:
    crust = pen.rng.choice(("#d9923f", "#d18836", "#dd9c4c"))
    pen.blob([(-0.92, 0.1), (-0.6, -0.42), (0, -0.56), (0.6, -0.42), (0.92, 0.1), (0, 0.02)], crust, "#8c5217", 0.04)
    for x in (-0.48, -0.08, 0.32):
        pen.polygon([(x, -0.2), (x + 0.1, -0.46), (x + 0.22, -0.42), (x + 0.1, -0.16)], "#f4d697")
    pen.blob([(-0.92, 0.12), (-0.55, 0.5), (0, 0.6), (0.55, 0.5), (0.92, 0.12), (0, 0.24)], crust, "#8c5217", 0.04)
    pen.blob([(-0.88, 0.11), (0, -0.08), (0.88, 0.11), (0, 0.36)], "#8a4a35")
    for k in range(9):
        x = -0.68 + 0.17 * k
        pen.curve([(x - 0.06, -0.12), (x, 0.0), (x + 0.05, -0.14)], "#3f9d3a", 0.06)
    for x in (-0.5, -0.1, 0.3, 0.6):
        pen.line([(x - 0.16, 0.08), (x + 0.12, 0.0)], "#f0842a", 0.06)
        pen.line([(x - 0.14, 0.0), (x + 0.06, 0.12)], "#fbf6e8", 0.05)
    for x in (-0.42, 0.0, 0.42):
        pen.ellipse(x, 0.2 - abs(x) * 0.1, 0.17, 0.08, "#c9e6a4", "#3d8a35", 0.04)
    pen.line([(-0.22, 0.16), (-0.1, 0.26)], "#d52b20", 0.06)
    pen.line([(0.2, 0.16), (0.28, 0.25)], "#d52b20", 0.06)


@concept(
    "dan_bau", aspect="tradition", countries=("VN",), generic="a musical instrument",
    names={"en": "dan bau", "vi": "đàn bầu"},
)
def dan_bau(pen: Pen) -> None:
    wood = pen.rng.choice(("#8a4b26", "#7c3f20", "#96552c"))
    pen.polygon([(-0.86, 0.3), (0.92, 0.38), (0.92, 0.62), (-0.86, 0.66)], shade(wood, 0.8), "#3d1d0e", 0.04)
    pen.polygon([(-0.86, 0.3), (-0.74, 0.18), (0.88, 0.28), (0.92, 0.38)], "#d9a468", "#3d1d0e", 0.04)
    for x in (-0.7, 0.76):
        pen.rect(x - 0.06, 0.62, x + 0.06, 0.76, "#3d1d0e")
    for x in (-0.3, 0.05, 0.4):
        pen.star(x, 0.5, 0.1, 0.05, 4, "#f1dfb2")
    pen.line([(-0.6, -0.12), (0.82, 0.3)], "#f3f3f3", 0.05)
    pen.line([(-0.6, -0.12), (0.82, 0.3)], "#55585e", 0.03)
    pen.curve([(-0.62, 0.24), (-0.6, -0.1), (-0.66, -0.48), (-0.86, -0.78)], "#2d1c12", 0.06)
    pen.blob([(-0.6, -0.3), (-0.47, -0.22), (-0.47, -0.1), (-0.38, 0.02), (-0.6, 0.14), (-0.82, 0.02),
              (-0.73, -0.1), (-0.73, -0.22)], "#cf8f3d", "#6d4213", 0.04)
    pen.line([(0.82, 0.3), (0.92, 0.12)], "#3d1d0e", 0.07)


@concept(
    "one_pillar_pagoda", aspect="landmark", countries=("VN",), generic="a temple",
    names={"en": "One Pillar Pagoda", "vi": "Chùa Một Cột"},
)
def one_pillar_pagoda(pen: Pen) -> None:
    roof = pen.rng.choice(("#8c4a35", "#7d4434", "#964f37"))
    pen.ellipse(0, 0.76, 0.88, 0.2, "#5ba7b0", "#a69a88", 0.05)
    pen.rect(-0.14, 0.2, 0.14, 0.78, "#b9b2a4", "#6b655a", 0.04)
    for side in (-1, 1):
        pen.line([(side * 0.1, 0.56), (side * 0.28, 0.42), (side * 0.44, 0.2)], "#6b3d22", 0.08)
        pen.ellipse(side * 0.48, 0.78, 0.15, 0.06, "#3c8f4a")
        pen.pie(side * 0.48, 0.76, 0.08, 0.12, 180, 360, "#ee7fae")
    pen.rect(-0.56, 0.1, 0.56, 0.22, "#6b3d22")
    pen.rect(-0.44, -0.26, 0.44, 0.1, "#d8a85a", "#6b3d22", 0.04)
    pen.rect(-0.14, -0.24, 0.14, 0.1, "#a32822")
    for x in (-0.54, -0.3, 0.3, 0.54):
        pen.line([(x, -0.08), (x, 0.12)], "#6b3d22", 0.04)
    pen.line([(-0.54, -0.06), (-0.44, -0.06)], "#6b3d22", 0.04)
    pen.polygon([(-0.92, -0.42), (-0.6, -0.42), (-0.42, -0.74), (0.42, -0.74), (0.6, -0.42), (0.92, -0.42),
                 (0.72, -0.24), (-0.72, -0.24)], roof, "#4d261b", 0.04)
    for x in (-0.36, -0.12, 0.12, 0.36):
        pen.line([(x, -0.7), (x * 1.5, -0.28)], shade(roof, 0.7), 0.03)
    pen.circle(0, -0.82, 0.09, "#e2b33b", "#4d261b")
    for side in (-1, 1):
        pen.curve([(side * 0.42, -0.74), (side * 0.3, -0.82), (side * 0.16, -0.76)], "#4d261b", 0.06)


@concept(
    "water_puppet", aspect="tradition", countries=("VN",), generic="a toy",
    names={"en": "water puppet", "vi": "rối nước"},
)
def water_puppet(pen: Pen) -> None:
    skin, vest = "#f0b48a", pen.rng.choice(("#c8251f", "#b8202a", "#d23a1c"))
    for side in (-1, 1):
        pen.line([(side * 0.3, -0.05), (side * 0.62, -0.05), (side * 0.74, -0.36)], skin, 0.17)
        pen.line([(side * 0.28, -0.05), (side * 0.55, -0.05)], vest, 0.2)
    pen.blob([(-0.3, -0.2), (0.3, -0.2), (0.42, 0.2), (0.4, 0.6), (-0.4, 0.6), (-0.42, 0.2)], skin, "#8a5031")
    for side in (-1, 1):
        pen.polygon([(side * 0.34, -0.2), (side * 0.1, -0.2), (side * 0.24, 0.36), (side * 0.45, 0.36)], vest, GOLD)
    pen.circle(0, 0.2, 0.035, "#8a5031")
    pen.rect(-0.42, 0.36, 0.42, 0.62, "#2c8a45", GOLD)
    pen.circle(0, -0.48, 0.32, skin, "#8a5031")
    pen.segment(0, -0.5, 0.32, 0.32, 205, 335, HAIR)
    pen.circle(-0.2, -0.84, 0.1, HAIR)
    pen.circle(0.2, -0.84, 0.1, HAIR)
    for side in (-1, 1):
        pen.circle(side * 0.12, -0.5, 0.055, "#1c1414")
        pen.circle(side * 0.2, -0.38, 0.06, "#ee7c72")
    pen.segment(0, -0.38, 0.13, 0.12, 0, 180, "#b31b1b")
    pen.blob([(-0.92, 0.62), (-0.5, 0.5), (0, 0.58), (0.5, 0.5), (0.92, 0.62), (0.7, 0.88), (-0.7, 0.88)], "#2f9aa6")
    for y, x in ((0.64, 0.62), (0.77, 0.45)):
        pen.curve([(-x, y), (-x / 2, y - 0.06), (0, y), (x / 2, y - 0.06), (x, y)], "#bfe9ea", 0.04)


@concept(
    "cyclo", aspect="transport", countries=("VN",), generic="a vehicle",
    names={"en": "cyclo", "vi": "xích lô"},
)
def cyclo(pen: Pen) -> None:
    for x in (-0.54, 0.46):
        for turn in range(0, 180, 45):
            dx, dy = _polar(0.3, turn)
            pen.line([(x - dx, 0.57 - dy), (x + dx, 0.57 + dy)], "#9aa0a6", 0.03)
        pen.circle(x, 0.57, 0.3, None, "#2b2b2b", 0.07)
    pen.curve([(-0.52, 0.55), (-0.3, 0.32), (-0.1, 0.5), (0.16, 0.56), (0.46, 0.57)], "#7d8790", 0.07)
    pen.line([(-0.45, 0.05), (-0.4, 0.35)], "#7d8790", 0.06)
    pen.line([(-0.56, 0.04), (-0.34, 0.04)], "#2b2b2b", 0.09)
    pen.polygon([(0.06, -0.24), (0.2, -0.24), (0.26, 0.1), (0.76, 0.1), (0.8, 0.26), (0.16, 0.3)], pen.color,
                shade(pen.color, 0.55), 0.04)
    pen.line([(0.24, -0.02), (0.66, -0.04), (0.7, 0.1)], "#c9ced3", 0.06)
    pen.line([(0.78, 0.24), (0.95, 0.6)], "#7d8790", 0.07)
    pen.blob([(-0.02, -0.42), (0.2, -0.66), (0.7, -0.62), (0.84, -0.46), (0.4, -0.5), (0.12, -0.3)], pen.color,
             shade(pen.color, 0.55), 0.04)
    pen.line([(0.1, -0.3), (0.12, -0.2)], "#7d8790", 0.06)
    pen.line([(-0.44, -0.02), (-0.14, 0.14), (-0.2, 0.46)], "#34465f", 0.13)
    pen.line([(-0.46, 0.0), (-0.4, -0.4)], "#f2efe6", 0.2)
    pen.line([(-0.38, -0.36), (-0.14, -0.16), (0.08, -0.16)], SKIN, 0.08)
    pen.circle(-0.36, -0.56, 0.12, SKIN)
    _conical_hat(pen, -0.36, -0.6, 0.32, 0.28)


@concept(
    "thung_chai", aspect="transport", countries=("VN",), generic="a boat",
    names={"en": "basket boat", "vi": "thuyền thúng"},
)
def thung_chai(pen: Pen) -> None:
    weave = pen.rng.choice(("#b98546", "#a97a3f", "#c08f50"))
    pen.ellipse(0, 0.66, 0.92, 0.2, "#58a9c4")
    pen.segment(0, 0.1, 0.82, 0.68, 0, 180, weave, "#5a3a17", 0.05)
    for k in range(-3, 4):
        pen.curve([(k * 0.22, 0.22), (k * 0.19 + 0.1, 0.42), (k * 0.12, 0.7 - abs(k) * 0.05)], "#6f4a20", 0.035)
    for y, half in ((0.36, 0.72), (0.52, 0.58)):
        pen.curve([(-half, y), (0, y + 0.16), (half, y)], "#e0b878", 0.04)
    pen.ellipse(0, 0.1, 0.82, 0.27, "#6d4a24", weave, 0.11)
    pen.line([(-0.02, -0.25), (0.0, 0.12)], pen.color, 0.34)
    pen.circle(0, -0.48, 0.13, SKIN)
    _conical_hat(pen, 0, -0.52, 0.4, 0.34)
    pen.line([(0.05, -0.25), (0.34, -0.12)], SKIN, 0.1)
    pen.line([(0.22, -0.36), (0.78, 0.46)], "#5a3a17", 0.06)
    pen.ellipse(0.82, 0.54, 0.09, 0.2, "#8a5a2a", "#5a3a17", 0.03, angle=-35)
    pen.curve([(-0.9, 0.68), (-0.5, 0.76), (0, 0.7), (0.5, 0.78), (0.9, 0.68)], "#d6eff5", 0.05)


@concept(
    "banh_chung", aspect="cuisine", countries=("VN",), generic="a dish",
    names={"en": "banh chung", "vi": "bánh chưng"},
)
def banh_chung(pen: Pen) -> None:
    leaf = pen.rng.choice(("#3f7d33", "#4a8538", "#386f31"))
    pen.polygon([(-0.8, -0.72), (0.62, -0.72), (0.62, 0.42), (-0.8, 0.42)], leaf, "#1f4519", 0.045)
    pen.polygon([(-0.8, 0.42), (0.62, 0.42), (0.62, 0.6), (-0.8, 0.6)], shade(leaf, 0.75), "#1f4519", 0.045)
    pen.polygon([(-0.8, -0.72), (-0.1, -0.72), (-0.8, 0.0)], shade(leaf, 1.18))
    for x in (-0.42, 0.02, 0.36):
        pen.line([(x, -0.72), (x, 0.6)], "#e6d6a0", 0.055)
    for y in (-0.42, -0.06):
        pen.line([(-0.8, y), (0.62, y)], "#e6d6a0", 0.055)
    pen.polygon([(0.06, 0.8), (0.9, 0.8), (0.9, 0.1), (0.48, 0.26), (0.06, 0.1)], "#dfe6b2", "#3f7d33", 0.05)
    pen.polygon([(0.16, 0.62), (0.8, 0.62), (0.8, 0.36), (0.48, 0.44), (0.16, 0.36)], "#f0c743")
    pen.ellipse(0.48, 0.53, 0.2, 0.08, "#d98a77", "#a8553f")


@concept(
    "dragon_fruit", aspect="nature", countries=("VN",), generic="a fruit",
    names={"en": "dragon fruit", "vi": "thanh long"},
)
def dragon_fruit(pen: Pen) -> None:
    skin = pen.rng.choice(("#e0357e", "#d92c74", "#e5468a"))
    for x, y, turn in ((-0.86, -0.2, -80), (-0.8, 0.3, -105), (-0.72, -0.56, -50), (-0.34, -0.86, -15),
                       (0.02, -0.82, 15), (0.28, -0.52, 45)):
        with pen.at(x * 0.82, y * 0.82, 1, turn):
            pen.polygon([(-0.15, 0.12), (0, -0.22), (0.15, 0.12)], "#7cbb45", "#4a8a2e")
    pen.ellipse(-0.28, -0.06, 0.5, 0.62, skin, "#9c1d55", 0.04)
    for x, y in ((-0.5, -0.3), (-0.16, -0.4), (-0.6, 0.06), (-0.3, -0.06), (-0.45, 0.36)):
        pen.polygon([(x - 0.11, y + 0.1), (x - 0.04, y - 0.16), (x + 0.13, y + 0.08)], "#a8cf5f", "#9c1d55")
    pen.ellipse(0.36, 0.28, 0.5, 0.58, skin, "#9c1d55", 0.04)
    pen.ellipse(0.36, 0.28, 0.4, 0.48, "#fdfbf7")
    for ring, radius in ((5, 0.13), (9, 0.25), (13, 0.34)):
        shift = pen.rng.uniform(0, 60)
        for k in range(ring):
            dx, dy = _polar(radius, shift + 360 * k / ring)
            pen.circle(0.36 + dx, 0.28 + dy * 1.2, 0.027, "#1d1a1a")


@concept(
    "hoi_an_lantern", aspect="craft", countries=("VN",), generic="a lamp",
    names={"en": "Hoi An lantern", "vi": "đèn lồng Hội An"},
)
def hoi_an_lantern(pen: Pen) -> None:
    paints = pen.rng.sample(["#d9302a", "#f2b21b", "#2f7fd0", "#7d3fb0", "#2f9e54", "#ec6f9f", "#f07c1b"], 3)
    shapes = (
        (-0.58, -0.1, ((0.1, -0.34), (0.34, -0.1), (0.34, 0.1), (0.1, 0.34))),
        (0.02, 0.18, ((0.08, -0.46), (0.42, -0.1), (0.26, 0.16), (0.08, 0.38))),
        (0.62, -0.14, ((0.08, -0.38), (0.2, -0.26), (0.26, 0.16), (0.08, 0.36))),
    )
    pen.curve([(-0.95, -0.82), (-0.4, -0.7), (0.2, -0.7), (0.95, -0.84)], "#4b3a2c", 0.045)
    for (x, y, half), paint in zip(shapes, paints, strict=True):
        top, bottom = y + half[0][1], y + half[-1][1]
        pen.line([(x, -0.72), (x, top)], "#4b3a2c", 0.04)
        pen.line([(x, bottom), (x, bottom + 0.34)], "#c8242a", 0.09)
        pen.blob([*((x + u, y + v) for u, v in half), *((x - u, y + v) for u, v in reversed(half))], paint,
                 shade(paint, 0.55), 0.04)
        for lean in (-0.5, 0.0, 0.5):
            pen.curve([(x + u * lean, y + v) for u, v in half], shade(paint, 1.5), 0.035)
        for at in (top, bottom):
            pen.line([(x - 0.1, at), (x + 0.1, at)], "#5a3a1c", 0.07)


@concept(
    "angkor_wat", aspect="landmark", countries=("KH",), generic="a temple",
    names={"en": "Angkor Wat", "km": "អង្គរវត្ត"},
)
def angkor_wat(pen: Pen) -> None:
    stone = shade(STONE, pen.rng.uniform(0.9, 1.08))
    for x in (-0.52, 0.52):
        _lotus_tower(pen, x, 0.2, 0.14, 0.6, shade(stone, 0.9))
    pen.rect(-0.66, 0.0, 0.66, 0.24, shade(stone, 0.92), shade(stone, 0.6), 0.035)
    for x in (-0.27, 0.27):
        _lotus_tower(pen, x, 0.16, 0.15, 0.72, stone)
    _lotus_tower(pen, 0, 0.16, 0.2, 1.02, shade(stone, 1.08))
    pen.rect(-0.95, 0.22, 0.95, 0.46, stone, shade(stone, 0.6), 0.04)
    for k in range(-7, 8):
        if abs(k) > 1:
            pen.rect(k * 0.12 - 0.025, 0.28, k * 0.12 + 0.025, 0.44, shade(stone, 0.5))
    pen.polygon([(-0.16, 0.46), (-0.16, 0.24), (0, 0.06), (0.16, 0.24), (0.16, 0.46)], shade(stone, 1.12),
                shade(stone, 0.55), 0.035)
    pen.rect(-0.06, 0.28, 0.06, 0.46, shade(stone, 0.4))
    pen.rect(-0.95, 0.46, 0.95, 0.56, "#6f9a4c")
    pen.rect(-0.95, 0.56, 0.95, 0.82, "#8fb6c4")
    for x, h in ((-0.27, 0.12), (0, 0.2), (0.27, 0.12), (-0.52, 0.1), (0.52, 0.1)):
        pen.polygon([(x - 0.1, 0.57), (x, 0.58 + h), (x + 0.1, 0.57)], "#7d8f8f")
    pen.polygon([(-0.06, 0.46), (0.06, 0.46), (0.14, 0.82), (-0.14, 0.82)], shade(stone, 1.2))


@concept(
    "krama", aspect="clothing", countries=("KH",), generic="a scarf",
    names={"en": "krama", "km": "ក្រមា"},
)
def krama(pen: Pen) -> None:
    paint = pen.rng.choice(("#c4232b", "#c4232b", "#2a4f9e"))
    edge = shade(paint, 0.55)

    def band(x: float, y: float, angle: float, length: float, fringe: bool) -> None:
        with pen.at(x, y, 1, angle):
            for k in range(5 if fringe else 0):
                pen.line([(-0.2 + 0.1 * k, length), (-0.2 + 0.1 * k, length + 0.14)], edge, 0.045)
            pen.rect(-0.24, 0, 0.24, length, "#fbf5ee", edge, 0.06)
            for i in range(4):
                for j in range(round(length / 0.12)):
                    dark = (i % 2 == 0) + (j % 2 == 0)
                    if dark:
                        u, v = -0.24 + 0.12 * i, 0.12 * j
                        pen.rect(u, v, u + 0.12, v + 0.12, paint if dark == 2 else shade(paint, 1.55))

    pen.blob([(-0.56, -0.72), (0, -0.9), (0.56, -0.72), (0.3, -0.5), (0, -0.46), (-0.3, -0.5)],
             shade(paint, 0.75), edge, 0.04)
    band(-0.08, -0.06, 12, 0.84, True)
    band(0.1, -0.06, -18, 0.72, True)
    band(-0.56, -0.78, -40, 0.84, False)
    band(0.56, -0.78, 40, 0.84, False)
    pen.rect(-0.2, -0.24, 0.2, 0.08, paint, edge, 0.045, radius=0.08)
    pen.line([(-0.07, -0.18), (-0.07, 0.02)], "#fbf5ee", 0.06)
    pen.line([(0.08, -0.18), (0.08, 0.02)], "#fbf5ee", 0.06)


@concept(
    "apsara_crown", aspect="clothing", countries=("KH",), generic="an ornament",
    names={"en": "Apsara crown", "km": "មកុដអប្សរា"},
)
def apsara_crown(pen: Pen) -> None:
    deep = "#8c5c0a"
    pen.blob([(-0.36, 0.14), (0.36, 0.14), (0.42, 0.6), (0.3, 0.88), (-0.3, 0.88), (-0.42, 0.6)], HAIR)
    pen.ellipse(0, 0.46, 0.33, 0.42, SKIN, "#a06a42")
    for side in (-1, 1):
        pen.arc(side * 0.14, 0.44, 0.08, 0.05, 10, 170, HAIR, 0.04)
        pen.polygon([(side * 0.34, 0.2), (side * 0.56, 0.36), (side * 0.48, 0.78), (side * 0.36, 0.6)], GOLD, deep)
        pen.circle(side * 0.45, 0.42, 0.06, "#c4232b")
        pen.polygon([(side * 0.24, 0.1), (side * 0.58, 0.1), (side * 0.42, -0.58)], GOLD, deep, 0.04)
        for y, half in ((-0.06, 0.13), (-0.24, 0.08)):
            pen.line([(side * 0.42 - half, y), (side * 0.42 + half, y)], deep, 0.035)
    pen.segment(0, 0.7, 0.11, 0.08, 0, 180, "#c03a3a")
    pen.polygon([(-0.24, 0.1), (-0.18, -0.3), (0, -0.96), (0.18, -0.3), (0.24, 0.1)], GOLD, deep, 0.04)
    for y, half in ((-0.1, 0.19), (-0.32, 0.15), (-0.52, 0.1), (-0.7, 0.06)):
        pen.line([(-half, y), (half, y)], deep, 0.04)
    pen.polygon([(-0.58, 0.06), (0.58, 0.06), (0.44, 0.28), (0, 0.18), (-0.44, 0.28)], "#f3c43a", deep, 0.04)
    for x in (-0.4, -0.2, 0, 0.2, 0.4):
        pen.circle(x, 0.13, 0.06, "#c4232b" if pen.rng.random() < 0.7 else "#2f9e54", deep)
    pen.star(0.52, 0.0, 0.17, 0.08, 5, "#fdfdf6", pen.rng.uniform(0, 60))
    pen.circle(0.52, 0.0, 0.05, "#f2b21b")


@concept(
    "fish_amok", aspect="cuisine", countries=("KH",), generic="a dish",
    names={"en": "fish amok", "km": "អាម៉ុក"},
)
def fish_amok(pen: Pen) -> None:
    leaf, dark = "#3f8f3a", "#205420"
    pen.polygon([(-0.9, -0.3), (-0.5, -0.06), (0.5, -0.06), (0.9, -0.3), (0.62, 0.66), (-0.62, 0.66)], leaf, dark, 0.04)
    for x in (-0.66, -0.4, -0.14, 0.14, 0.4, 0.66):
        pen.line([(x, 0.0), (x * 0.84, 0.62)], "#68b055", 0.035)
    pen.polygon([(-0.9, -0.3), (-0.42, -0.62), (0.42, -0.62), (0.9, -0.3), (0.5, 0.1), (-0.5, 0.1)], leaf, dark, 0.045)
    pen.polygon([(-0.72, -0.28), (-0.38, -0.5), (0.38, -0.5), (0.72, -0.28), (0.42, 0.0), (-0.42, 0.0)], "#ee9d33",
                "#c4741b")
    pen.blob([(-0.36, -0.28), (-0.1, -0.42), (0.34, -0.34), (0.3, -0.16), (0, -0.12), (-0.3, -0.16)], "#fff7e2")
    for _ in range(3):
        x, y = pen.rng.uniform(-0.28, 0.2), pen.rng.uniform(-0.34, -0.2)
        pen.line([(x, y), (x + 0.16, y + pen.rng.uniform(-0.06, 0.06))], "#d4261e", 0.055)
        pen.line([(x + 0.05, y + 0.06), (x - 0.08, y + 0.02)], "#2c7a34", 0.045)
    for side in (-1, 1):
        pen.polygon([(side * 0.9, -0.3), (side * 0.5, -0.06), (side * 0.6, 0.34)], "#57a548", dark, 0.04)
        pen.line([(side * 0.78, -0.02), (side * 0.52, 0.08)], "#ead9a2", 0.05)
        pen.polygon([(side * 0.9, -0.3), (side * 0.42, -0.62), (side * 0.6, -0.72)], "#57a548", dark, 0.04)


@concept(
    "roneat", aspect="tradition", countries=("KH",), generic="a musical instrument",
    names={"en": "roneat", "km": "រនាត"},
)
def roneat(pen: Pen) -> None:
    wood = pen.rng.choice(("#8b3f22", "#7a3520", "#974a28"))
    pen.polygon([(-0.14, 0.4), (0.14, 0.4), (0.34, 0.78), (-0.34, 0.78)], shade(wood, 0.8), "#3b170c", 0.04)
    pen.rect(-0.42, 0.74, 0.42, 0.84, wood, "#3b170c")
    pen.polygon([(-0.95, -0.36), *((x / 10, 0.14 - 0.42 * (x / 9) ** 2) for x in range(-9, 10)), (0.95, -0.36),
                 (0.88, 0.0), (0.55, 0.38), (0, 0.52), (-0.55, 0.38), (-0.88, 0.0)], wood, "#3b170c", 0.045)
    pen.curve([(-0.78, 0.08), (-0.45, 0.3), (0, 0.4), (0.45, 0.3), (0.78, 0.08)], GOLD, 0.05)
    for k in range(-6, 7):
        x, y = k * 0.135, 0.02 - 0.4 * (k / 6.5) ** 2
        with pen.at(x, y, 1, -k * 5):
            pen.rect(-0.055, -0.24, 0.055, 0.16, "#e0ab5c", "#6d3d14", 0.03)
    pen.curve([(-0.86, -0.42), (-0.45, -0.16), (0, -0.08), (0.45, -0.16), (0.86, -0.42)], "#f6ead0", 0.035)
    for side in (-1, 1):
        pen.line([(side * 0.12, -0.24), (side * 0.6, -0.8)], "#b98a4a", 0.05)
        pen.circle(side * 0.12, -0.24, 0.09, "#b3261f")


@concept(
    "bayon", aspect="landmark", countries=("KH",), generic="a temple",
    names={"en": "Bayon", "km": "ប្រាសាទបាយ័ន"},
)
def bayon(pen: Pen) -> None:
    stone = shade("#9d9688", pen.rng.uniform(0.92, 1.06))
    dark = shade(stone, 0.5)
    pen.polygon([(-0.72, 0.88), (-0.66, 0.5), (-0.6, -0.26), (-0.46, -0.42), (-0.4, -0.6), (-0.24, -0.7),
                 (-0.16, -0.86), (0, -0.95), (0.16, -0.86), (0.24, -0.7), (0.4, -0.6), (0.46, -0.42), (0.6, -0.26),
                  (0.66, 0.5),
                 (0.72, 0.88)], shade(stone, 0.86), dark, 0.045)
    for side in (-1, 1):
        pen.blob([(side * 0.5, 0.0), (side * 0.74, 0.1), (side * 0.86, 0.34), (side * 0.7, 0.62), (side * 0.54, 0.6)],
                 shade(stone, 0.72), dark, 0.035)
        pen.ellipse(side * 0.46, 0.3, 0.08, 0.24, stone, dark)
    pen.polygon([(-0.48, -0.12), (-0.4, -0.34), (0.4, -0.34), (0.48, -0.12)], shade(stone, 0.95), dark, 0.035)
    for y, half in ((-0.48, 0.4), (-0.64, 0.3), (-0.78, 0.18)):
        pen.line([(-half, y), (half, y)], dark, 0.035)
    pen.blob([(-0.42, -0.12), (0, -0.18), (0.42, -0.12), (0.44, 0.34), (0.26, 0.74), (0, 0.82), (-0.26, 0.74),
              (-0.44, 0.34)], shade(stone, 1.16), dark, 0.035)
    for side in (-1, 1):
        pen.arc(side * 0.2, 0.06, 0.16, 0.08, 190, 350, dark, 0.05)
        pen.ellipse(side * 0.2, 0.17, 0.13, 0.05, shade(stone, 1.3), dark, 0.035)
    pen.polygon([(-0.05, 0.08), (0.05, 0.08), (0.13, 0.4), (-0.13, 0.4)], shade(stone, 1.3), dark)
    pen.curve([(-0.28, 0.5), (-0.14, 0.58), (0, 0.57), (0.14, 0.58), (0.28, 0.5)], dark, 0.06)
    pen.arc(0, 0.57, 0.2, 0.1, 20, 160, dark, 0.04)
    pen.line([(-0.64, 0.86), (-0.3, 0.8), (0.3, 0.86), (0.66, 0.84)], "#6d8f45", 0.08)


@concept(
    "rumdul", aspect="nature", countries=("KH",), generic="a flower",
    names={"en": "rumdul", "km": "ផ្ការំដួល"},
)
def rumdul(pen: Pen) -> None:
    petal, edge = pen.rng.choice(("#f0d878", "#ecd06a", "#f3df8d")), "#8a6a16"
    pen.line([(-0.9, -0.7), (0.9, -0.84)], "#6b4a2a", 0.08)
    for x, turn in ((-0.5, 215), (0.5, 140), (0.78, 200), (-0.8, 160)):
        with pen.at(x, -0.74, 0.9, turn):
            pen.blob([(0, 0), (0.17, -0.26), (0, -0.66), (-0.17, -0.26)], "#3c8a3c", "#1f5a24")
            pen.line([(0, -0.05), (0, -0.5)], "#8cc47a", 0.03)
    pen.curve([(0, -0.78), (0.05, -0.5), (0, -0.2)], "#5a7a34", 0.08)
    for turn in (-84, 84, 0):
        with pen.at(0, 0.06, 1, turn + pen.rng.uniform(-5, 5)):
            pen.blob([(-0.14, 0), (-0.36, 0.36), (-0.2, 0.68), (0, 0.84), (0.2, 0.68), (0.36, 0.36), (0.14, 0)],
                     petal, edge,
                     0.045)
            pen.line([(0, 0.4), (0, 0.7)], shade(petal, 0.78), 0.035)
    pen.circle(0, 0.14, 0.32, "#f7e9a9", edge, 0.045)
    for turn in (0, 120, 240):
        x, y = _polar(0.3, turn + 30)
        pen.line([(0, 0.16), (x, 0.14 + y)], edge, 0.04)
    pen.circle(0, 0.16, 0.1, "#b5453a")
    pen.polygon([(-0.2, -0.14), (0, -0.34), (0.2, -0.14), (0, -0.08)], "#6f9a3e", "#3d6420")


@concept(
    "sugar_palm", aspect="nature", countries=("KH",), generic="a plant",
    names={"en": "sugar palm", "km": "ដើមត្នោត"},
)
def sugar_palm(pen: Pen) -> None:
    trunk = "#75604e"
    pen.ellipse(0, 0.86, 0.7, 0.1, "#86b04e")
    pen.polygon([(-0.14, 0.88), (-0.06, -0.3), (0.06, -0.3), (0.14, 0.88)], trunk, "#463628", 0.035)
    for k in range(7):
        pen.line([(-0.09, 0.74 - 0.14 * k), (0.09, 0.74 - 0.14 * k)], "#463628", 0.03)
    pen.line([(0.27, 0.88), (0.17, 0.0)], "#c7a25a", 0.05)
    for k in range(6):
        pen.line([(0.08, 0.76 - 0.14 * k), (0.34, 0.74 - 0.14 * k)], "#c7a25a", 0.045)
    shift = pen.rng.uniform(-6, 6)
    pen.circle(0, -0.42, 0.26, "#2d6428")
    for k, turn in enumerate((-128, 128, -92, 92, -58, 58, -24, 24, 0)):
        dx, dy = _polar(0.3, turn - 90 + shift)
        with pen.at(dx, -0.42 + dy, 1, turn + shift):
            fan = [(0.0, 0.22), *(_polar((0.3, 0.21)[j % 2], -205 + 19.2 * j) for j in range(13))]
            pen.polygon(fan, ("#3b7a34", "#55a045")[k % 2], "#1e4a20", 0.03)
    for x, y in ((-0.15, -0.26), (0.14, -0.24), (0.0, -0.18), (-0.05, -0.34), (0.1, -0.36)):
        pen.circle(x, y, 0.1, "#542840", "#2a0f1c")
