"""Indonesia: cloths, instruments, houses, temples, boats, food, animals and festival figures."""

from __future__ import annotations

import math
from itertools import pairwise

from ..pen import Color, Pen, Point, arc_points, shade, smooth
from ..registry import concept

GOLD, CREAM, STONE = "#e3b23c", "#f3e3bf", "#8f8a80"


def _near(pen: Pen, color: Color, spread: float = 0.08) -> tuple[int, int, int]:
    """`color`, a little lighter or darker."""
    return shade(color, pen.rng.uniform(1 - spread, 1 + spread))


def _clip(points: list[Point], half: float) -> list[Point]:
    """The part of a polygon inside the square [-half, half]² (Sutherland-Hodgman)."""
    for axis, sign in ((0, 1), (0, -1), (1, 1), (1, -1)):
        kept: list[Point] = []
        for p, q in zip(points, [*points[1:], *points[:1]], strict=True):
            a, b = half - sign * p[axis], half - sign * q[axis]
            if a >= 0:
                kept.append(p)
            if a * b < 0:
                t = a / (a - b)
                kept.append((p[0] + (q[0] - p[0]) * t, p[1] + (q[1] - p[1]) * t))
        points = kept
    return points


@concept(
    "batik_kawung", aspect="clothing", countries=("ID",), generic="a piece of cloth",
    names={"en": "batik kawung", "id": "batik kawung", "jv": "bathik kawung", "su": "batik kawung"},
)
def batik_kawung(pen: Pen) -> None:
    dark, light = _near(pen, "#4a2a17", 0.15), _near(pen, "#f0dcae", 0.03)
    pen.rect(-0.93, -0.93, 0.93, 0.93, dark, "#2a170c", 0.05)
    for i in range(-1, 2):
        for j in range(-1, 2):
            x, y = i * 0.6, j * 0.6
            for angle in (45, 135, 225, 315):
                with pen.at(x, y, angle=angle):
                    pen.ellipse(0.21, 0, 0.18, 0.115, light)
                    pen.ellipse(0.21, 0, 0.09, 0.035, "#a5662a")
            for dx, dy in ((0.3, 0), (0, 0.3), (-0.3, 0), (0, -0.3)):
                pen.circle(x + dx * 0.93, y + dy * 0.93, 0.045, "#c98d3f")


@concept(
    "batik_parang", aspect="clothing", countries=("ID",), generic="a piece of cloth",
    names={"en": "batik parang", "id": "batik parang", "jv": "bathik parang", "su": "batik parang"},
)
def batik_parang(pen: Pen) -> None:
    dark, light, brown = _near(pen, "#5b2f14", 0.15), _near(pen, "#f3e6c6", 0.03), _near(pen, "#b8702c")
    half, c = 0.93, math.sqrt(0.5)

    def patch(points: list[Point], fill: Color) -> None:
        inside = _clip([((u - v) * c, (u + v) * c) for u, v in points], half)
        if len(inside) > 2:
            pen.polygon(inside, fill)

    pen.rect(-half, -half, half, half, light)
    for band in range(-2, 3):
        v = band * 0.72
        patch([(-2, v - 0.27), (2, v - 0.27), (2, v + 0.27), (-2, v + 0.27)], dark)
        for k in range(-5, 6):
            u = k * 0.36
            blade = [(0.24, -0.25), (0.02, -0.22), (-0.05, -0.04), (-0.12, 0.12), (-0.26, 0.25), (0.0, 0.22),
                     (0.12, 0.05), (0.12, -0.12)]
            patch([(u + x, v + y) for x, y in smooth(blade, closed=True, steps=4)], light)
            patch([(u + x * 0.4 + 0.015, v + y * 0.55) for x, y in smooth(blade, closed=True, steps=4)], brown)
            diamond = [(-0.13, 0.36), (0, 0.29), (0.13, 0.36), (0, 0.43)]
            patch([(u + x, v + y) for x, y in diamond], brown)
    pen.rect(-half, -half, half, half, None, "#2a170c", 0.05)


@concept(
    "angklung", aspect="craft", countries=("ID",), generic="a musical instrument",
    names={"en": "angklung", "id": "angklung", "jv": "angklung", "su": "angklung"},
)
def angklung(pen: Pen) -> None:
    bamboo, frame = _near(pen, "#dfae5a"), _near(pen, "#9a6426")
    for x, top in ((-0.78, -0.9), (-0.2, -0.72), (0.32, -0.5), (0.78, -0.3)):
        pen.line([(x, top), (x, 0.75)], frame, 0.07)
    pen.line([(-0.86, -0.55), (0.84, -0.12)], frame, 0.06)
    for x, top, w in ((-0.49, -0.85, 0.15), (0.06, -0.6, 0.13), (0.55, -0.35, 0.105)):
        cut = top + (0.7 - top) * 0.52
        pen.polygon([(x - w, 0.62), (x - w, cut - 0.08), (x - w * 0.45, cut - 0.18), (x - w * 0.3, top),
                     (x + w * 0.45, top), (x + w, top + 0.14), (x + w, 0.62)], bamboo, "#6b431a", 0.03)
        pen.line([(x - w, cut + 0.17), (x + w, cut + 0.17)], "#6b431a", 0.035)
        pen.rect(x - w * 0.45, 0.62, x + w * 0.45, 0.74, bamboo)
        pen.line([(x + w * 0.35, top + 0.2), (x + w * 0.35, cut)], shade(bamboo, 1.25), 0.04)
    pen.rect(-0.95, 0.68, 0.95, 0.9, bamboo, "#6b431a", 0.035, 0.1)
    for x in (-0.78, -0.2, 0.32, 0.78):
        pen.line([(x, 0.66), (x, 0.9)], "#b3302a", 0.06)


@concept(
    "wayang_kulit", aspect="tradition", countries=("ID",), generic="a craft object",
    names={"en": "wayang kulit", "id": "wayang kulit", "jv": "wayang kulit", "su": "wayang kulit"},
)
def wayang_kulit(pen: Pen) -> None:
    gold, dark, red = _near(pen, "#dca63a"), "#2b1a12", _near(pen, "#a62c22")
    for x in (-0.82, 0.8):
        pen.line([(x, 0.42), (x * 1.08, 0.94)], "#5a3a1c", 0.04)
    pen.line([(0.02, 0.3), (0.02, 0.97)], "#5a3a1c", 0.06)
    pen.blob([(-0.12, 0.02), (0.16, 0.0), (0.5, 0.5), (0.52, 0.76), (0.2, 0.7), (-0.02, 0.6), (-0.3, 0.78),
              (-0.42, 0.7), (-0.22, 0.35)], red, dark, 0.04)  # skirt
    for x, y in ((-0.18, 0.5), (0.05, 0.3), (0.2, 0.48), (0.38, 0.62), (0.0, 0.48)):
        pen.circle(x, y, 0.05, gold)
    pen.line([(-0.46, 0.82), (-0.2, 0.8)], gold, 0.07)
    pen.line([(0.24, 0.8), (0.56, 0.82)], gold, 0.07)
    pen.blob([(-0.42, -0.28), (-0.08, -0.3), (0.3, -0.3), (0.36, -0.22), (0.14, -0.06), (0.12, 0.08), (-0.1, 0.08),
              (-0.12, -0.06), (-0.44, -0.2)], gold, dark, 0.035)  # shoulders and waist
    for arm in ([(-0.4, -0.24), (-0.66, 0.08), (-0.82, 0.42)], [(0.32, -0.25), (0.64, 0.04), (0.8, 0.42)]):
        pen.line(arm, dark, 0.15)
        pen.line(arm, gold, 0.09)
        for (x0, y0), (x1, y1) in pairwise(arm):  # bracelets
            pen.circle(x0 + (x1 - x0) * 0.6, y0 + (y1 - y0) * 0.6, 0.06, red)
    pen.line([(0.0, -0.3), (0.0, -0.44)], gold, 0.13)
    pen.curve([(0.02, -0.5), (0.3, -0.42), (0.5, -0.58), (0.42, -0.86), (0.16, -0.9), (0.1, -0.74), (0.24, -0.68)],
              dark, 0.18)
    pen.blob([(0.16, -0.68), (0.14, -0.48), (-0.02, -0.42), (-0.22, -0.46), (-0.2, -0.52), (-0.58, -0.5), (-0.2, -0.7),
              (0.0, -0.78)], gold, dark, 0.035)  # head with the long nose
    pen.arc(0.0, -0.32, 0.2, 0.12, 20, 160, red, 0.05)
    pen.line([(-0.2, -0.6), (-0.08, -0.62)], dark, 0.04)
    pen.line([(-0.02, -0.8), (0.18, -0.62)], red, 0.08)


def _horned_roof(pen: Pen, x0: float, x1: float, eave: float, tip: float, sag: float, paint: Color) -> None:
    """A roof between x0 and x1 whose ridge rises to a horn at both ends."""
    mid, w = (x0 + x1) / 2, (x1 - x0) / 2
    ridge = smooth([(x0, tip), (x0 + w * 0.3, tip + sag * 0.7), (mid, tip + sag), (x1 - w * 0.3, tip + sag * 0.7),
                    (x1, tip)], False)
    lower = [(x1 - w * 0.12, eave), (x0 + w * 0.12, eave)]
    pen.polygon([*ridge, *lower], paint)
    pen.line(ridge, shade(paint, 0.6), 0.05)


@concept(
    "rumah_gadang", aspect="landmark", countries=("ID",), generic="a house",
    names={"en": "rumah gadang", "id": "rumah gadang"},
)
def rumah_gadang(pen: Pen) -> None:
    roof, wall = _near(pen, "#4b3a33"), _near(pen, "#b3441f")
    for k in range(7):
        pen.line([(-0.72 + k * 0.24, 0.5), (-0.72 + k * 0.24, 0.85)], "#5d3a20", 0.05)
    pen.polygon([(-0.86, 0.12), (0.86, 0.12), (0.78, 0.6), (-0.78, 0.6)], wall, "#6d260f", 0.03)
    pen.line([(-0.8, 0.5), (0.8, 0.5)], GOLD, 0.05)
    pen.line([(-0.83, 0.24), (0.83, 0.24)], GOLD, 0.04)
    for x in (-0.6, -0.36, 0.36, 0.6):
        pen.rect(x - 0.07, 0.28, x + 0.07, 0.46, "#2e1a10")
    _horned_roof(pen, -0.97, 0.97, 0.16, -0.62, 0.46, roof)
    _horned_roof(pen, -0.62, 0.62, 0.12, -0.8, 0.5, shade(roof, 1.25))
    _horned_roof(pen, -0.3, 0.3, 0.12, -0.62, 0.42, shade(roof, 0.85))
    pen.polygon([(-0.19, 0.12), (0, -0.12), (0.19, 0.12)], GOLD)
    pen.rect(-0.17, 0.12, 0.17, 0.6, shade(wall, 0.8), GOLD, 0.03)
    pen.rect(-0.08, 0.28, 0.08, 0.6, "#2e1a10")
    pen.polygon([(-0.1, 0.6), (0.1, 0.6), (0.18, 0.88), (-0.18, 0.88)], "#d8b98a", "#7a5a34", 0.03)
    pen.line([(-0.13, 0.74), (0.13, 0.74)], "#7a5a34", 0.03)


@concept(
    "tongkonan", aspect="landmark", countries=("ID",), generic="a house",
    names={"en": "tongkonan", "id": "tongkonan"},
)
def tongkonan(pen: Pen) -> None:
    roof, wall = _near(pen, "#8a6748"), "#7c2217"
    for x in (-0.7, 0.7):
        pen.line([(x, -0.35), (x, 0.9)], "#6e4a2b", 0.06)
        for k in range(3):
            pen.arc(x, 0.12 + k * 0.2, 0.12, 0.1, 15, 165, "#2b2420", 0.05)
    for x in (-0.34, -0.11, 0.11, 0.34):
        pen.line([(x, 0.5), (x, 0.88)], "#6e4a2b", 0.08)
    pen.polygon([(-0.4, 0.02), (0.4, 0.02), (0.46, 0.58), (-0.46, 0.58)], wall, "#1d1512", 0.04)
    for y in (0.2, 0.42):
        pen.line([(-0.42, y), (0.42, y)], "#1d1512", 0.05)
    for x in (-0.28, 0.0, 0.28):
        pen.circle(x, 0.31, 0.06, GOLD)
        pen.circle(x, 0.5, 0.045, CREAM)
    hull = smooth([(-0.98, -0.82), (-0.6, -0.42), (0, -0.27), (0.6, -0.42), (0.98, -0.82)], False)
    under = smooth([(0.9, -0.5), (0.62, -0.08), (0.52, 0.12), (0, 0.16), (-0.52, 0.12), (-0.62, -0.08),
                    (-0.9, -0.5)], False)
    pen.polygon([*hull, *under], roof, "#3b281a", 0.04)
    for y in (0.16, 0.28):
        pen.curve([(-0.9 + y, -0.76 + y * 1.7), (-0.5, -0.4 + y), (0, -0.26 + y), (0.5, -0.4 + y),
                   (0.9 - y, -0.76 + y * 1.7)],
                  shade(roof, 0.7), 0.035)


def _stupa(pen: Pen, x: float, y: float, size: float, stone: Color) -> None:
    """A bell-shaped stupa standing on (x, y)."""
    with pen.at(x, y, size):
        pen.rect(-1, -0.25, 1, 0, shade(stone, 0.7))
        pen.blob([(-0.9, -0.2), (-0.85, -0.8), (-0.45, -1.3), (0.45, -1.3), (0.85, -0.8), (0.9, -0.2)], stone)
        pen.rect(-0.3, -1.55, 0.3, -1.2, shade(stone, 0.7))
        pen.polygon([(-0.18, -1.5), (0, -2.3), (0.18, -1.5)], shade(stone, 0.8))


@concept(
    "borobudur", aspect="landmark", countries=("ID",), generic="a temple",
    names={"en": "Borobudur", "id": "Borobudur", "jv": "Barabudhur", "su": "Borobudur"},
)
def borobudur(pen: Pen) -> None:
    stone = _near(pen, STONE)
    _stupa(pen, 0, -0.22, 0.3, stone)
    for x in (-0.44, 0.44):
        _stupa(pen, x, -0.14, 0.12, shade(stone, 0.85))
    for k, (w, y) in enumerate(((0.54, -0.22), (0.66, -0.02), (0.78, 0.2), (0.88, 0.42), (0.97, 0.64))):
        pen.rect(-w, y, w, y + 0.24, shade(stone, 1.05 - 0.12 * (k % 2)))
        pen.line([(-w, y + 0.02), (w, y + 0.02)], shade(stone, 0.6), 0.04)
        for j in range(-4, 5):
            if k < 2 and j and j % 2 == 0:
                _stupa(pen, j * w / 4.4, y + 0.2, 0.085, shade(stone, 1.25))
            elif k >= 2 and j:
                pen.rect(j * w / 4.4 - 0.05, y + 0.09, j * w / 4.4 + 0.05, y + 0.22, shade(stone, 0.5))
    pen.polygon([(-0.06, -0.02), (0.06, -0.02), (0.15, 0.88), (-0.15, 0.88)],
                shade(stone, 1.3), shade(stone, 0.6), 0.03)
    for k in range(4):
        pen.line([(-0.09, 0.18 + k * 0.19), (0.09, 0.18 + k * 0.19)], shade(stone, 0.6), 0.03)


@concept(
    "candi_bentar", aspect="landmark", countries=("ID",), generic="a temple",
    names={"en": "candi bentar", "id": "candi bentar"},
)
def candi_bentar(pen: Pen) -> None:
    brick, stone = _near(pen, "#c2643a"), _near(pen, "#6f6b66")
    pen.polygon([(-0.14, 0.5), (0.14, 0.5), (0.34, 0.92), (-0.34, 0.92)], "#bdb4a4")
    for y in (0.58, 0.7, 0.82):
        pen.line([(-0.26, y), (0.26, y)], "#867d6e", 0.03)
    steps = ((0.24, -0.92, -0.6), (0.36, -0.6, -0.3), (0.48, -0.3, 0.02), (0.6, 0.02, 0.5), (0.72, 0.5, 0.92))
    for flip in (False, True):
        with pen.at(flip=flip):
            for w, top, bottom in steps:
                pen.rect(0.16, top + 0.1, 0.14 + w, bottom, brick)
                pen.rect(0.16, top + 0.06, 0.2 + w, top + 0.15, stone)
                pen.polygon([(0.08 + w, top + 0.07), (0.24 + w, top - 0.1), (0.2 + w, top + 0.09)], stone)
            pen.polygon([(0.16, -0.97), (0.36, -0.83), (0.16, -0.8)], stone)
            pen.rect(0.32, 0.18, 0.58, 0.44, shade(brick, 0.65))
            pen.circle(0.45, 0.31, 0.08, stone)
            pen.line([(0.16, -0.94), (0.16, 0.9)], shade(brick, 0.6), 0.04)


@concept(
    "tumpeng", aspect="cuisine", countries=("ID",), generic="a dish",
    names={"en": "tumpeng", "id": "tumpeng", "jv": "tumpeng", "su": "tumpeng"},
)
def tumpeng(pen: Pen) -> None:
    rice = _near(pen, "#f5c928", 0.05)
    pen.ellipse(0, 0.58, 0.95, 0.36, "#c08a48", "#7d5424", 0.05)
    for k in range(14):
        t = 2 * math.pi * k / 14
        pen.ellipse(0.72 * math.cos(t), 0.57 + 0.22 * math.sin(t), 0.17, 0.1, ("#2f8a3a", "#3fa34a")[k % 2])
    pen.polygon([(-0.04, -0.72), (0.04, -0.72), (0.52, 0.5), (0.3, 0.62), (0, 0.66), (-0.3, 0.62), (-0.52, 0.5)], rice)
    pen.polygon([(0.0, -0.72), (0.05, -0.72), (0.52, 0.5), (0.3, 0.62), (0.14, 0.64)], shade(rice, 0.88))
    for _ in range(14):
        y = pen.rng.uniform(-0.4, 0.5)
        x = pen.rng.uniform(-0.3, 0.3) * (y + 0.75)
        pen.line([(x, y), (x + 0.04, y + 0.02)], "#fff0a0", 0.03)
    pen.polygon([(-0.17, -0.46), (0, -0.93), (0.17, -0.46), (0.08, -0.53), (0, -0.46), (-0.08, -0.53)], "#2f8a3a")
    pen.curve([(0.02, -0.95), (-0.06, -0.8), (-0.02, -0.62)], "#d8281e", 0.07)
    for x, y, side in ((-0.66, 0.56, 0), (-0.4, 0.72, 1), (-0.1, 0.79, 2), (0.2, 0.78, 0), (0.46, 0.7, 1),
                       (0.68, 0.56, 2)):
        if side == 0:
            pen.ellipse(x, y, 0.15, 0.11, "#fffdf4")
            pen.circle(x, y, 0.065, "#f09a1a")
        else:
            pen.ellipse(x, y, 0.15, 0.1, ("", "#8a4320", "#d8281e")[side])


@concept(
    "keris", aspect="craft", countries=("ID",), generic="a weapon",
    names={"en": "keris", "id": "keris", "jv": "keris", "su": "keris"},
)
def keris(pen: Pen) -> None:
    steel, wood = _near(pen, "#6d7681"), _near(pen, "#7a431d")
    with pen.at(-0.3, 0, 1.0, 22):
        left, right = [], []
        for k in range(41):
            t = k / 40
            y, mid, w = 0.3 - 1.24 * t, 0.09 * math.sin(t * 5 * math.pi), 0.17 * (1 - t) ** 0.7
            left.append((mid - w, y))
            right.append((mid + w, y))
        pen.polygon([*left, *reversed(right)], steel, "#2e343b", 0.04)
        spine = [((a[0] + b[0]) / 2, a[1]) for a, b in zip(left, right, strict=True)]
        pen.line(spine[2:34], "#dfe5ea", 0.05)
        pen.polygon([(-0.4, 0.24), (-0.16, 0.1), (0.16, 0.14), (0.3, 0.26), (0.26, 0.34), (-0.28, 0.38)],
                    steel, "#2e343b", 0.035)
        pen.rect(-0.12, 0.36, 0.12, 0.47, GOLD, "#9a6f12", 0.03)
        pen.blob([(-0.1, 0.47), (0.11, 0.47), (0.14, 0.64), (0.06, 0.78), (-0.02, 0.92), (-0.22, 0.96), (-0.3, 0.84),
                  (-0.18, 0.74), (-0.14, 0.6)], wood, "#3d1f0b", 0.035)
        pen.line([(-0.1, 0.62), (0.1, 0.66)], GOLD, 0.04)
    with pen.at(0.42, 0.08, 1.0, 22):  # the sheath with its boat-shaped mouth
        pen.polygon([(-0.13, -0.5), (0.13, -0.5), (0.08, 0.8), (0, 0.88), (-0.08, 0.8)], GOLD, "#8a6212", 0.035)
        for y in (-0.2, 0.05, 0.3, 0.55):
            pen.circle(0, y, 0.05, "#9c2a1c")
        pen.blob([(-0.44, -0.86), (-0.3, -0.7), (0.2, -0.72), (0.42, -0.86), (0.36, -0.58), (0.12, -0.48),
                  (-0.24, -0.5)],
                 wood, "#3d1f0b", 0.035)


@concept(
    "becak", aspect="transport", countries=("ID",), generic="a vehicle",
    names={"en": "becak", "id": "becak", "jv": "bécak", "su": "becak"},
)
def becak(pen: Pen) -> None:
    hood = pen.color
    for x, r in ((0.62, 0.32), (-0.42, 0.32)):
        pen.circle(x, 0.58, r, None, "#2a2a2e", 0.07)
        for k in range(4):
            dx, dy = r * math.cos(k * math.pi / 4), r * math.sin(k * math.pi / 4)
            pen.line([(x - dx, 0.58 - dy), (x + dx, 0.58 + dy)], "#8d939b", 0.03)
    pen.line([(0.62, 0.58), (0.5, 0.0), (0.02, 0.5), (-0.1, 0.5)], "#c2281e", 0.06)
    pen.line([(0.62, 0.58), (0.2, 0.6), (0.0, 0.5)], "#c2281e", 0.06)
    pen.line([(0.36, -0.04), (0.64, -0.08)], "#2a2a2e", 0.1)  # saddle, behind the seat
    pen.line([(0.1, -0.02), (0.26, -0.22)], "#2a2a2e", 0.06)
    pen.polygon([(-0.92, 0.42), (-0.62, 0.3), (-0.6, 0.02), (0.12, -0.06), (0.1, 0.48), (-0.88, 0.5)],
                "#f0c419", "#2a2a2e", 0.04)
    pen.polygon([(-0.5, 0.12), (0.02, 0.06), (0.0, 0.38), (-0.52, 0.4)], "#2469b8")
    pen.polygon([(-0.5, 0.4), (-0.3, 0.16), (-0.16, 0.3), (-0.06, 0.2), (0.0, 0.38)], "#2f9e44")
    pen.polygon([(0.12, -0.04), *arc_points(-0.12, -0.28, 0.42, 0.5, 20, -150)], hood, shade(hood, 0.5), 0.04)
    for x in (-0.4, -0.24, -0.06):
        pen.line([(0.1, -0.08), (x + 0.04, -0.7 + abs(x + 0.1) * 0.35)], shade(hood, 0.6), 0.035)
    pen.line([(-0.42, -0.48), (-0.54, 0.05)], "#2a2a2e", 0.04)


@concept(
    "barong_mask", aspect="tradition", countries=("ID",), generic="a mask",
    names={"en": "Barong mask", "id": "topeng barong"},
)
def barong(pen: Pen) -> None:
    red, gold = _near(pen, "#c4231c"), _near(pen, "#e6b52f")
    pen.star(0, 0.1, 0.97, 0.74, 22, "#efe6d2")
    for x in (-0.72, 0.72):
        pen.ellipse(x, 0.02, 0.2, 0.3, gold, "#9a6f12", 0.04)
    points = [(0.95 * math.cos(t),
               -0.3 + 0.66 * math.sin(t)) for t in (math.radians(180 + 180 * k / 16) for k in range(17))]
    pen.polygon([p if k % 2 else (p[0] * 0.78, p[1] * 0.78 - 0.02) for k, p in enumerate(points)], gold)
    for x, y in ((-0.42, -0.52), (0, -0.64), (0.42, -0.52)):
        pen.circle(x, y, 0.1, red, "#7a1410", 0.03)
    pen.blob([(-0.6, -0.28), (0, -0.42), (0.6, -0.28), (0.62, 0.15), (0.4, 0.5), (-0.4, 0.5), (-0.62, 0.15)],
             red, "#4a0d0a", 0.04)
    for x in (-0.28, 0.28):
        pen.circle(x, -0.1, 0.17, "white", "#1c1410", 0.05)
        pen.circle(x, -0.08, 0.08, "#1c1410")
        pen.arc(x, -0.13, 0.24, 0.2, 205, 335, "#1c1410", 0.07)
    pen.ellipse(0, 0.12, 0.2, 0.12, shade(red, 0.75), "#4a0d0a", 0.03)
    pen.rect(-0.46, 0.27, 0.46, 0.5, "#1c1410", gold, 0.04, 0.08)
    for k in range(-2, 3):
        pen.rect(k * 0.13 - 0.05, 0.29, k * 0.13 + 0.05, 0.42, "white")
    for x in (-0.38, 0.38):
        pen.polygon([(x - 0.07, 0.48), (x + 0.07, 0.48), (x * 1.15, 0.18)], "white")
    pen.polygon([(-0.3, 0.5), (0.3, 0.5), (0.16, 0.78), (0, 0.97), (-0.16, 0.78)], "#1c1410")


@concept(
    "rafflesia", aspect="nature", countries=("ID",), generic="a flower",
    names={"en": "rafflesia", "id": "bunga rafflesia"},
)
def rafflesia(pen: Pen) -> None:
    red, first = _near(pen, "#b5341f"), pen.rng.uniform(-110, -70)
    for k in range(5):
        with pen.at(angle=first + 72 * k):
            pen.blob([(0.2, -0.26), (0.55, -0.5), (0.88, -0.3), (0.94, 0), (0.88, 0.3), (0.55, 0.5), (0.2, 0.26)],
                     red, shade(red, 0.5), 0.045)
            for x, y, r in ((0.58, -0.28, 0.07), (0.78, -0.12, 0.06), (0.6, 0.04, 0.075), (0.8, 0.16, 0.06),
                            (0.58, 0.32, 0.06)):
                pen.circle(x, y, r, "#f6d9b8")
    pen.circle(0, 0, 0.44, shade(red, 1.15), shade(red, 0.5), 0.06)
    for k in range(10):
        t = math.radians(36 * k)
        pen.circle(0.36 * math.cos(t), 0.36 * math.sin(t), 0.04, "#f6d9b8")
    pen.circle(0, 0, 0.28, "#3f0f0a")
    pen.circle(0, 0.02, 0.19, "#d9772f")
    for x, y in ((0, 0.02), (-0.1, 0.0), (0.1, 0.0), (0, 0.12), (0, -0.08)):
        pen.circle(x, y, 0.035, "#5a1a0d")


@concept(
    "komodo_dragon", aspect="nature", countries=("ID",), generic="an animal",
    names={"en": "Komodo dragon", "id": "komodo", "jv": "komodho", "su": "komodo"},
)
def komodo_dragon(pen: Pen) -> None:
    skin = _near(pen, "#7d7355")
    dark = shade(skin, 0.6)
    pen.curve([(-0.84, -0.26), (-0.93, -0.16), (-0.98, 0.0)], "#f0a12e", 0.05)
    pen.line([(-0.93, -0.16), (-1.0, -0.16)], "#f0a12e", 0.045)
    for x in (-0.26, 0.22):  # far legs
        pen.curve([(x, 0.1), (x + 0.14, 0.26), (x + 0.02, 0.44)], dark, 0.15)
    pen.blob([(-0.94, -0.38), (-0.84, -0.52), (-0.62, -0.56), (-0.44, -0.4), (-0.2, -0.26), (0.1, -0.24), (0.36, -0.1),
              (0.6, 0.08), (0.8, 0.02), (0.84, -0.16), (0.72, -0.32), (0.76, -0.38), (0.97, -0.16), (0.95, 0.14),
              (0.72, 0.32), (0.4, 0.34), (-0.1, 0.36), (-0.42, 0.26), (-0.58, -0.04), (-0.72, -0.2), (-0.9, -0.26)],
             skin, dark, 0.04)
    for x in (-0.44, 0.26):  # near legs: elbows out, clawed feet forward
        leg = [(x + 0.06, 0.06), (x + 0.22, 0.3), (x - 0.02, 0.52)]
        pen.line(leg, dark, 0.25)
        pen.line(leg, skin, 0.18)
        for k in range(4):
            pen.line([(x - 0.02, 0.54), (x - 0.22 + k * 0.1, 0.67 - 0.02 * k)], dark, 0.05)
    for x, y in ((-0.54, -0.06), (-0.46, 0.06)):  # folds of the neck
        pen.curve([(x, y), (x + 0.1, y - 0.1), (x + 0.12, y - 0.26)], dark, 0.035)
    pen.line([(-0.93, -0.33), (-0.66, -0.34)], "#2a2418", 0.045)
    pen.circle(-0.71, -0.46, 0.05, "#1a1610")
    for k in range(9):
        x = -0.2 + (k % 5) * 0.13 + pen.rng.uniform(-0.04, 0.04)
        pen.circle(x, -0.1 + (k // 5) * 0.14, 0.035, shade(skin, 1.35))


@concept(
    "congklak", aspect="tradition", countries=("ID",), generic="a toy",
    names={"en": "congklak", "id": "congklak", "jv": "dhakon", "su": "congklak"},
)
def congklak(pen: Pen) -> None:
    wood, hollow = _near(pen, "#b06a30"), "#5a2f12"
    pen.blob([(-1.0, 0), (-0.9, -0.2), (-0.76, -0.32), (-0.6, -0.46), (0, -0.52), (0.6, -0.46), (0.76, -0.32),
              (0.9, -0.2),
              (1.0, 0), (0.9, 0.2), (0.76, 0.32), (0.6, 0.46), (0, 0.52), (-0.6, 0.46), (-0.76, 0.32), (-0.9, 0.2)],
             wood, "#4a2610", 0.05)
    pen.line([(-0.6, 0), (0.6, 0)], shade(wood, 1.35), 0.04)
    for x in (-0.78, 0.78):
        pen.ellipse(x, 0, 0.12, 0.17, hollow)
        for k in range(5):
            pen.circle(x + 0.06 * math.cos(k * 1.26), 0.1 * math.sin(k * 1.26), 0.04, CREAM)
    for k in range(7):
        for y in (-0.23, 0.23):
            x = (k - 3) * 0.185
            pen.ellipse(x, y, 0.08, 0.15, hollow)
            for _ in range(pen.rng.randrange(2, 5)):
                pen.circle(x + pen.rng.uniform(-0.03, 0.03), y + pen.rng.uniform(-0.08, 0.08), 0.035, CREAM)


@concept(
    "gong", aspect="craft", countries=("ID",), generic="a musical instrument",
    names={"en": "Javanese gong", "id": "gong", "jv": "gong", "su": "goong"},
)
def gong(pen: Pen) -> None:
    wood, bronze = _near(pen, "#8e1f1a"), _near(pen, "#c48a2c")
    for x in (-0.8, 0.8):
        pen.line([(x, -0.62), (x, 0.85)], wood, 0.13)
        pen.line([(x - 0.15, 0.88), (x + 0.15, 0.88)], wood, 0.13)
        pen.line([(x, -0.3), (x, 0.6)], GOLD, 0.04)
    pen.curve([(-0.95, -0.86), (-0.82, -0.7), (0, -0.7), (0.82, -0.7), (0.95, -0.86)], wood, 0.16)
    pen.blob([(-0.3, -0.72), (-0.16, -0.86), (0, -0.95), (0.16, -0.86), (0.3, -0.72)], GOLD, wood, 0.04)
    pen.line([(-0.7, -0.68), (0.7, -0.68)], GOLD, 0.04)
    for x in (-0.22, 0.22):
        pen.line([(x, -0.68), (x * 1.2, -0.35)], "#efe0c0", 0.045)
    pen.circle(0, 0.16, 0.6, bronze, shade(bronze, 0.5), 0.06)
    pen.circle(0, 0.16, 0.45, None, shade(bronze, 0.65), 0.04)
    pen.circle(0, 0.16, 0.21, shade(bronze, 1.3), shade(bronze, 0.55), 0.04)
    pen.circle(-0.05, 0.1, 0.07, "#fbe9b4")


@concept(
    "pinisi", aspect="transport", countries=("ID",), generic="a boat",
    names={"en": "pinisi", "id": "kapal pinisi"},
)
def pinisi(pen: Pen) -> None:
    hull, sail = _near(pen, "#6b3d1e"), _near(pen, "#f7f1e2", 0.03)
    edge = "#8d8470"
    pen.line([(-0.7, 0.46), (-0.98, 0.28)], "#4a2a14", 0.05)
    for x, top in ((-0.14, -0.92), (0.44, -0.78)):
        pen.line([(x, top), (x, 0.5)], "#4a2a14", 0.055)
    for tip, foot in ((-0.94, -0.3), (-0.82, -0.1), (-0.68, 0.1)):
        pen.polygon([(tip, 0.28 + (tip + 0.94) * 0.5), (-0.17, -0.82 + (foot + 0.3) * 0.7), (tip + 0.32, 0.34)],
                    sail, edge, 0.03)
    for x, top, far in ((-0.1, -0.5, 0.36), (0.48, -0.4, 0.93)):
        pen.polygon([(x, top), (far, top - 0.12), (far + 0.02, 0.34), (x, 0.34)], sail, edge, 0.03)
        pen.polygon([(x, top - 0.36), (x, top - 0.06), (far - 0.04, top - 0.18)], sail, edge, 0.03)
    pen.polygon([(-0.8, 0.4), (-0.4, 0.5), (0.7, 0.5), (0.96, 0.38), (0.88, 0.72), (0.6, 0.82), (-0.4, 0.82),
                 (-0.62, 0.7)], hull)
    pen.line([(-0.74, 0.47), (-0.4, 0.56), (0.7, 0.56), (0.92, 0.47)], "#f4efe4", 0.05)
    pen.curve([(-0.95, 0.86), (-0.6, 0.82), (-0.3, 0.88), (0, 0.82), (0.3, 0.88), (0.6, 0.82), (0.95, 0.88)],
              "#2f7fb8", 0.1)


@concept(
    "gado_gado", aspect="cuisine", countries=("ID",), generic="a dish",
    names={"en": "gado-gado", "id": "gado-gado", "jv": "gadho-gadho", "su": "gado-gado"},
)
def gado_gado(pen: Pen) -> None:
    sauce = _near(pen, "#a9622a")
    pen.circle(0, 0, 0.93, "#f4f4f0", "#9db4c6", 0.05)
    pen.circle(0, 0, 0.74, "#4e9a3c")
    for k in range(16):
        t = math.radians(22.5 * k)
        pen.line([(0.5 * math.cos(t), 0.5 * math.sin(t)), (0.74 * math.cos(t + 0.2), 0.74 * math.sin(t + 0.2))],
                 ("#2f7a2a", "#86c25a")[k % 2], 0.06)
    for x, y in ((0.36, 0.44), (0.56, 0.28), (0.5, 0.5)):  # tofu
        pen.rect(x - 0.12, y - 0.12, x + 0.12, y + 0.12, "#e8b552", "#a9701e", 0.03)
    for x, y in ((-0.56, 0.16), (-0.48, 0.38), (-0.3, 0.54)):  # cucumber
        pen.circle(x, y, 0.15, "#d5efb0", "#3f8a35", 0.045)
    for x, y, angle in ((-0.44, -0.36, 50), (0.06, -0.56, 0)):  # eggs
        pen.ellipse(x, y, 0.24, 0.18, "#fffef8", "#d8d2c0", 0.03, angle)
        pen.circle(x, y, 0.1, "#f5a81c")
    for k in range(3):  # tomato
        pen.ellipse(0.42 + k * 0.11, -0.4 + k * 0.16, 0.12, 0.08, "#dd3527", "#9c1c14", 0.03, 45)
    pen.blob([(-0.36, -0.08), (-0.08, -0.3), (0.3, -0.2), (0.38, 0.08), (0.14, 0.3), (0.06, 0.56), (-0.08, 0.34),
              (-0.3, 0.22)],
             sauce, shade(sauce, 0.7), 0.035)
    for _ in range(8):
        pen.circle(pen.rng.uniform(-0.22, 0.25), pen.rng.uniform(-0.15, 0.18), 0.04, "#e9c188")


def _giant(pen: Pen, face: Color, coat: Color, man: bool) -> None:
    """One ondel-ondel puppet, from the sparkling headdress to the hem."""
    for k in range(11):
        t = math.radians(190 + 16 * k)
        tip = (0.43 * math.cos(t), -0.46 + 0.48 * math.sin(t))
        pen.line([(0, -0.36), tip], GOLD, 0.03)
        pen.circle(*tip, 0.06, ("#e5358c", "#f4d21f", "#27a348", "#e23a22", "#2b76d2")[k % 5])
    pen.polygon([(-0.28, 0.1), (0.28, 0.1), (0.42, 0.5), (0.42, 0.94), (-0.42, 0.94), (-0.42, 0.5)],
                coat, shade(coat, 0.6), 0.03)
    pen.line([(-0.3, 0.2), (0.34, 0.66)], "#f4d21f", 0.11)
    for k in range(4):
        pen.circle(-0.3 + 0.2 * k, 0.84, 0.05, GOLD)
    pen.ellipse(0, -0.2, 0.33, 0.36, face, "#2a1a14", 0.03)
    pen.segment(0, -0.4, 0.31, 0.2, 180, 360, "#1c1410" if man else GOLD)
    for x in (-0.12, 0.12):
        pen.circle(x, -0.24, 0.085, "white", "#1c1410", 0.03)
        pen.circle(x, -0.24, 0.035, "#1c1410")
    if man:
        pen.curve([(-0.2, -0.02), (-0.1, -0.09), (0, -0.07), (0.1, -0.09), (0.2, -0.02)], "#1c1410", 0.07)
    pen.ellipse(0, 0.04, 0.1, 0.04, "#fff" if man else "#d8281e")


@concept(
    "ondel_ondel", aspect="tradition", countries=("ID",), generic="a festival object",
    names={"en": "ondel-ondel", "id": "ondel-ondel"},
)
def ondel_ondel(pen: Pen) -> None:
    with pen.at(-0.47, 0.02):
        _giant(pen, _near(pen, "#c8281e"), "#2a5db0", True)
    with pen.at(0.47, 0.02):
        _giant(pen, "#fbf3e8", _near(pen, "#d8417c"), False)


@concept(
    "canang_sari", aspect="tradition", countries=("ID",), generic="a festival object",
    names={"en": "canang sari", "id": "canang sari"},
)
def canang_sari(pen: Pen) -> None:
    leaf = _near(pen, "#cdd47a", 0.05)
    for side in range(4):
        with pen.at(angle=90 * side):
            for k in range(-3, 4):
                pen.polygon([(k * 0.22 - 0.11, -0.68), (k * 0.22, -0.93), (k * 0.22 + 0.11, -0.68)], shade(leaf, 0.85))
    pen.rect(-0.74, -0.74, 0.74, 0.74, leaf, "#7f8f35", 0.06)
    pen.rect(-0.6, -0.6, 0.6, 0.6, "#8fb04a")
    for k, paint in enumerate(("#fffdf6", "#e0332a", "#f6c81e", "#5b55c8")):
        with pen.at(angle=90 * k):
            for x, y in ((-0.42, -0.42), (-0.42, -0.14), (-0.16, -0.44)):
                for j in range(5):
                    t = math.radians(72 * j + 20 * k)
                    pen.circle(x + 0.09 * math.cos(t), y + 0.09 * math.sin(t), 0.085, paint)
                pen.circle(x, y, 0.06, shade(paint, 0.75))
    for k in range(9):
        t = pen.rng.uniform(0, math.pi)
        pen.line([(-0.2 * math.cos(t), -0.2 * math.sin(t)), (0.2 * math.cos(t), 0.2 * math.sin(t))],
                 ("#2c7a30", "#4fa845")[k % 2], 0.045)
    pen.line([(0.1, 0.1), (0.86, -0.86)], "#7a3d1c", 0.05)
    pen.circle(0.86, -0.86, 0.055, "#f0501e")
