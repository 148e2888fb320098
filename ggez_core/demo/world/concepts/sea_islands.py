"""Small world: Malaysia, Singapore, Brunei and East Timor."""

from __future__ import annotations

import math

from ..pen import Color, Pen, Point, arc_points, shade
from ..registry import concept

GOLD = "#e6b422"
LEAF = "#3f8f3a"
INK = "#2b2420"
WATER = "#4a9fd8"


def _leaf(pen: Pen, x: float, y: float, length: float, width: float, angle: float, fill: Color = LEAF) -> None:
    """A pointed leaf with a midrib; it starts at (x, y) and points to the right at angle 0."""
    with pen.at(x, y, 1, angle):
        pen.blob([(0, 0), (length * 0.45, -width / 2), (length, 0), (length * 0.45, width / 2)], fill)
        pen.line([(0.03, 0), (length * 0.85, 0)], shade(fill, 0.72), 0.035)


def _egg(pen: Pen, x: float, y: float, r: float, angle: float = 0) -> None:
    """Half a boiled egg, cut face up."""
    pen.ellipse(x, y, r, r * 0.78, "#fffdf2", "#d9d2bd", 0.03, angle)
    pen.circle(x, y, r * 0.45, "#f6a81c")


def _prawn(pen: Pen, x: float, y: float, scale: float, angle: float = 0) -> None:
    """A cooked, curled prawn."""
    with pen.at(x, y, scale, angle):
        pen.arc(0, 0, 0.24, 0.24, 130, 400, "#f0643a", 0.24)
        for t in (170, 215, 260, 305, 350):
            c, s = math.cos(math.radians(t)), math.sin(math.radians(t))
            pen.line([(0.15 * c, 0.15 * s), (0.33 * c, 0.33 * s)], "#fbe0cf", 0.05)
        pen.polygon([(-0.1, 0.12), (-0.02, 0.42), (-0.34, 0.38)], "#c93a1c")


def _plate(pen: Pen, x: float, y: float, rx: float, ry: float) -> None:
    """A white plate seen at a slant."""
    pen.ellipse(x, y, rx, ry, "#f7f7f4", "#a9b2bb", 0.04)
    pen.ellipse(x, y, rx * 0.78, ry * 0.78, "#e6e9ea")


def _crescent(cx: float, cy: float, r: float, thick: float, start: float, end: float,
              squash: float = 1) -> list[Point]:
    """A moon's outline: an outer arc and an inner one moved up by `thick`, with their tips together."""
    outer = arc_points(cx, cy, r, r * squash, start, end)
    (x0, y0), (x1, y1) = outer[0], outer[-1]
    inner = []
    for k in range(25):
        t = k / 24
        x, y = outer[24 - k]
        inner.append((x, y - thick * math.sin(math.pi * t)))
    return [(x0, y0), *outer, (x1, y1), *inner]


@concept(
    "nasi_lemak", aspect="cuisine", countries=("MY",), generic="a dish",
    names={"en": "nasi lemak", "ms": "nasi lemak", "zh": "椰浆饭", "ta": "நாசி லெமாக்"},
)
def nasi_lemak(pen: Pen) -> None:
    """Rice dome, sambal, egg, cucumber, peanuts and anchovies on a banana leaf."""
    pen.blob([(-0.95, 0.1), (-0.6, -0.62), (0.55, -0.72), (0.95, -0.1), (0.65, 0.75), (-0.55, 0.82)], "#3c8d3e")
    pen.blob([(-0.84, 0.1), (-0.5, -0.52), (0.5, -0.6), (0.84, -0.08), (0.56, 0.64), (-0.48, 0.7)], "#58ad4c")
    for k in range(-3, 4):
        pen.line([(k * 0.24 - 0.1, -0.5), (k * 0.24 + 0.06, 0.62)], "#469a40", 0.03)
    pen.circle(0, -0.1, 0.45, "#fdfcf5", "#d8d4c2", 0.04)
    pen.arc(0, -0.1, 0.31, 0.31, 190, 280, "#e8e5d6", 0.05)
    pen.blob([(-0.28, -0.12), (0.02, -0.34), (0.3, -0.14), (0.24, 0.14), (-0.05, 0.1), (-0.22, 0.2)], "#b51f12")
    pen.circle(0.08, -0.14, 0.06, "#e04a2a")
    _egg(pen, 0.52, 0.32, 0.27, -20)
    for x, y in ((-0.66, -0.12), (-0.57, 0.14)):
        pen.circle(x, y, 0.17, "#d9efb0", "#2f7a2f", 0.05)
    for _ in range(pen.rng.randint(5, 7)):
        pen.ellipse(pen.rng.uniform(-0.35, -0.05), pen.rng.uniform(0.44, 0.64), 0.07, 0.05, "#b5651d", "#7a3d12", 0.03)
    for k in range(3):
        pen.curve([(0.42, -0.5 + k * 0.1), (0.57, -0.44 + k * 0.1), (0.74, -0.42 + k * 0.12)], "#7d6a58", 0.055)


@concept(
    "petronas_towers", aspect="landmark", countries=("MY",), generic="a tower",
    names={"en": "Petronas Twin Towers", "ms": "Menara Berkembar Petronas", "zh": "双峰塔",
           "ta": "பெட்ரோனாஸ் இரட்டைக் கோபுரங்கள்"},
)
def petronas_towers(pen: Pen) -> None:
    """Two stepped steel towers with spires, joined by a skybridge."""
    steel = shade("#9fb2c4", pen.rng.uniform(0.92, 1.05))
    for x in (-0.42, 0.42):
        pen.line([(x, -0.97), (x, -0.6)], "#6f8296", 0.05)
        pen.circle(x, -0.78, 0.05, "#6f8296")
        pen.polygon([(x - 0.09, -0.48), (x, -0.74), (x + 0.09, -0.48)], "#dfe8ef", "#64788c", 0.03)
        for w, y0, y1 in ((0.14, -0.5, -0.34), (0.2, -0.36, -0.14), (0.25, -0.16, 0.2), (0.29, 0.18, 0.95)):
            pen.rect(x - w, y0, x + w, y1, steel, "#64788c", 0.035)
            pen.rect(x - w * 0.45, y0 + 0.02, x - w * 0.1, y1 - 0.02, "#e3ecf3")
        for k in range(9):
            y = -0.28 + k * 0.14
            w = 0.18 if y < -0.16 else 0.23 if y < 0.18 else 0.27
            pen.line([(x - w, y), (x + w, y)], "#5d7186", 0.035)
    pen.rect(-0.2, 0.1, 0.2, 0.2, "#e3ecf3", "#4f6276", 0.04)
    pen.line([(-0.13, 0.5), (0, 0.2), (0.13, 0.5)], "#4f6276", 0.05)
    pen.rect(-0.85, 0.86, 0.85, 0.97, "#7a8a99")


@concept(
    "wau_bulan", aspect="tradition", countries=("MY",), generic="a toy",
    names={"en": "wau bulan", "ms": "wau bulan", "zh": "月亮风筝", "ta": "வாவ் புலான்"},
)
def wau_bulan(pen: Pen) -> None:
    """A kite with a leaf-shaped wing above and a crescent moon below."""
    paper = shade(pen.color, 0.95)
    dark = shade(paper, 0.5)
    pen.arc(0, -0.78, 0.4, 0.17, 185, 355, "#8a5a2b", 0.055)
    pen.polygon([(-0.06, -0.2), (0.06, -0.2), (0.15, 0.6), (-0.15, 0.6)], paper, dark, 0.04)
    pen.polygon(_crescent(0, 0.3, 0.6, 0.52, -8, 188), paper, dark, 0.045)
    upper, lower = arc_points(0, 0.7, 1.7, 1.5, -126, -54), arc_points(0, -1.54, 1.7, 1.4, 54, 126)
    pen.polygon([*upper, *lower], paper, dark, 0.045)
    pen.line([(0, -0.97), (0, 0.9)], "#8a5a2b", 0.04)
    for side in (-1, 1):
        pen.star(side * 0.38, -0.46, 0.17, 0.09, 6, GOLD)
        pen.circle(side * 0.38, -0.46, 0.05, "#c22d2d")
        pen.curve([(side * 0.1, -0.68), (side * 0.4, -0.67), (side * 0.78, -0.52)], GOLD, 0.04)
        pen.curve([(side * 0.1, -0.25), (side * 0.4, -0.27), (side * 0.78, -0.44)], GOLD, 0.04)
        pen.circle(side * 0.32, 0.7, 0.08, GOLD)
        pen.circle(side * 0.49, 0.5, 0.055, GOLD)
        for k in range(3):
            colour = ("#f6f2e6", GOLD, "#d8342c")[k]
            pen.line([(side * 0.94, -0.48), (side * (0.84 + k * 0.07), -0.14)], colour, 0.045)
    pen.star(0, 0.72, 0.16, 0.08, 8, GOLD)
    pen.star(0, -0.46, 0.17, 0.08, 8, GOLD)


@concept(
    "roti_canai", aspect="cuisine", countries=("MY",), generic="a dish",
    names={"en": "roti canai", "ms": "roti canai", "zh": "印度煎饼", "ta": "ரொட்டி சானாய்"},
)
def roti_canai(pen: Pen) -> None:
    """A swirled, flaky flat bread on a steel tray with a bowl of yellow curry."""
    pen.ellipse(0, 0.08, 0.97, 0.8, "#d3d9de", "#8e99a3", 0.05)
    pen.ellipse(0, 0.08, 0.84, 0.67, "#e9edef")
    pen.blob([(-0.82, 0.3), (-0.62, -0.12), (-0.15, -0.26), (0.34, -0.06), (0.48, 0.34), (0.12, 0.68), (-0.4, 0.7)],
             "#e3ad58", "#a8702a", 0.05)
    for r in (0.46, 0.33, 0.2):
        pen.arc(-0.16, 0.24, r, r * 0.78, 20 + r * 200, 320 + r * 200, "#f6d896", 0.055)
    for _ in range(7):
        t, d = pen.rng.uniform(0, 6.28), pen.rng.uniform(0.08, 0.5)
        pen.ellipse(-0.16 + d * math.cos(t), 0.24 + d * 0.7 * math.sin(t), 0.08, 0.05, "#9c5a1e")
    pen.ellipse(0.52, -0.3, 0.38, 0.32, "#f4f6f7", "#8e99a3", 0.05)
    pen.ellipse(0.52, -0.3, 0.28, 0.23, "#d9860f")
    pen.ellipse(0.46, -0.36, 0.09, 0.05, "#f3b53b")
    pen.circle(0.6, -0.24, 0.05, "#b3340f")
    _leaf(pen, 0.42, -0.24, 0.14, 0.08, 20)


@concept(
    "bunga_raya", aspect="nature", countries=("MY",), generic="a flower",
    names={"en": "bunga raya", "ms": "bunga raya", "zh": "大红花", "ta": "செம்பருத்தி"},
)
def bunga_raya(pen: Pen) -> None:
    """A red hibiscus: five broad petals and a long column of stamens."""
    red = shade("#dd1f2d", pen.rng.uniform(0.9, 1.1))
    _leaf(pen, -0.3, 0.4, 0.66, 0.46, 142, "#2f8a3c")
    _leaf(pen, 0.3, 0.5, 0.62, 0.42, 60, "#2f8a3c")
    for k in range(5):
        with pen.at(-0.08, 0.06, 1, k * 72 + 18):
            pen.blob([(0, 0.06), (-0.32, -0.3), (-0.42, -0.62), (-0.18, -0.82), (0.06, -0.76), (0.28, -0.84),
                      (0.44, -0.56), (0.3, -0.26)], red, shade(red, 0.68), 0.035)
            pen.line([(0, -0.2), (0.02, -0.62)], shade(red, 0.75), 0.035)
    pen.circle(-0.08, 0.06, 0.22, "#8c0d22")
    pen.curve([(-0.08, 0.06), (0.22, -0.2), (0.56, -0.42), (0.8, -0.66)], "#ff9a8a", 0.09)
    for x, y in ((0.42, -0.22), (0.36, -0.44), (0.58, -0.3), (0.52, -0.54), (0.7, -0.42), (0.64, -0.66)):
        pen.circle(x, y, 0.065, "#ffd83a")
    for x, y in ((0.76, -0.78), (0.84, -0.74), (0.9, -0.66)):
        pen.circle(x, y, 0.06, "#b10f2a")


@concept(
    "rambutan", aspect="nature", countries=("MY", "ID"), generic="a fruit",
    names={"en": "rambutan", "ms": "rambutan", "zh": "红毛丹", "ta": "ரம்புத்தான்", "id": "rambutan", "jv": "rambutan",
           "su": "rambutan"},
)
def rambutan(pen: Pen) -> None:
    """Hairy red fruit, one of them peeled to the white flesh."""
    pen.curve([(-0.05, -0.95), (-0.1, -0.7), (-0.36, -0.4)], "#6b4a2a", 0.07)
    pen.curve([(-0.1, -0.72), (0.15, -0.55), (0.38, -0.4)], "#6b4a2a", 0.07)
    _leaf(pen, -0.06, -0.86, 0.6, 0.28, 12)

    def hairy(x: float, y: float, r: float) -> None:
        for k in range(26):
            t = k * 0.2417 + pen.rng.uniform(-0.08, 0.08)
            c, s, bend = math.cos(t), math.sin(t), 0.35
            tip = (x + r * 1.42 * math.cos(t + bend), y + r * 1.42 * math.sin(t + bend))
            pen.line([(x + r * 0.9 * c, y + r * 0.9 * s), (x + r * 1.22 * math.cos(t + 0.1),
                y + r * 1.22 * math.sin(t + 0.1)), tip],
                     "#9fb02f" if k % 3 == 0 else "#c81e2b", 0.045)
        pen.circle(x, y, r, "#d42a35")
        for _ in range(9):
            t, d = pen.rng.uniform(0, 6.28), pen.rng.uniform(0, 0.75) * r
            px, py = x + d * math.cos(t), y + d * math.sin(t)
            pen.curve([(px, py), (px + 0.05, py - 0.03), (px + 0.09, py + 0.04)], "#8f0f1f", 0.035)

    hairy(-0.46, -0.1, 0.34)
    hairy(0.46, -0.1, 0.34)
    pen.ellipse(0, 0.42, 0.31, 0.33, "#f7f6ee", "#cfcbb8", 0.04)
    pen.ellipse(-0.1, 0.3, 0.07, 0.11, "#ffffff", angle=30)
    for k in range(9):
        t = math.radians(18 * (k + 1))
        pen.line([(0.36 * math.cos(t), 0.5 + 0.32 * math.sin(t)),
                  (0.52 * math.cos(t + 0.25), 0.5 + 0.46 * math.sin(t + 0.25))],
                 "#c81e2b", 0.045)
    pen.segment(0, 0.48, 0.39, 0.38, 0, 180, "#d42a35")
    pen.arc(0, 0.48, 0.39, 0.07, 0, 180, "#f4b9b0", 0.04)


@concept(
    "teh_tarik", aspect="cuisine", countries=("MY",), generic="a drink",
    names={"en": "teh tarik", "ms": "teh tarik", "zh": "拉茶", "ta": "தே தாரிக்"},
)
def teh_tarik(pen: Pen) -> None:
    """Milky tea pulled in a long stream from a steel mug into a frothy glass."""
    tea = shade("#c98546", pen.rng.uniform(0.93, 1.07))
    pen.curve([(0.12, -0.56), (-0.22, -0.5), (-0.36, -0.1), (-0.38, 0.45)], tea, 0.13)
    with pen.at(0.44, -0.6, 1, -62):
        pen.arc(0.4, 0, 0.2, 0.17, -90, 90, "#8c99a5", 0.07)
        pen.rect(-0.28, -0.34, 0.3, 0.36, "#c3ccd4", "#77848f", 0.045, 0.05)
        pen.rect(-0.16, -0.3, -0.04, 0.32, "#eef2f5")
        pen.ellipse(0.01, -0.34, 0.29, 0.08, tea, "#77848f", 0.04)
    pen.arc(0.04, 0.5, 0.2, 0.18, -90, 90, "#a8c4d2", 0.08)
    pen.polygon([(-0.76, 0.08), (0.02, 0.08), (-0.05, 0.95), (-0.69, 0.95)], "#e3f1f6", "#9ab8c6", 0.045)
    pen.polygon([(-0.72, 0.3), (-0.02, 0.3), (-0.08, 0.9), (-0.66, 0.9)], tea)
    pen.line([(-0.6, 0.42), (-0.57, 0.8)], shade(tea, 1.3), 0.06)
    pen.rect(-0.73, 0.1, -0.01, 0.34, "#f5e3c8", radius=0.08)
    for k in range(5):
        pen.circle(-0.64 + k * 0.135, 0.1 + 0.03 * (k % 2), 0.09, "#fbf0dd")
    pen.curve([(-0.36, -0.2), (-0.38, 0.1)], tea, 0.12)


@concept(
    "ketupat", aspect="tradition", countries=("MY", "ID"), generic="a dish",
    names={"en": "ketupat", "ms": "ketupat", "zh": "马来粽", "ta": "கெத்துபாட்", "id": "ketupat", "jv": "kupat",
           "su": "kupat"},
)
def ketupat(pen: Pen) -> None:
    """A diamond woven from palm leaf strips, with long loose ends."""
    light, dark = ("#c9dc5a", "#7fae36") if pen.rng.random() < 0.5 else ("#b7d65a", "#6fa23a")
    for x, bend in ((-0.04, -0.2), (0.04, 0.16)):
        pen.curve([(x, 0.5), (x + bend * 0.4, 0.72), (x + bend, 0.97)], dark, 0.09)
    pen.curve([(0, -0.55), (-0.1, -0.75), (-0.28, -0.92)], light, 0.08)
    pen.curve([(0, -0.55), (0.1, -0.75), (0.3, -0.94)], dark, 0.08)
    with pen.at(0, -0.03, 1, 45):
        pen.rect(-0.5, -0.5, 0.5, 0.5, shade(dark, 0.6), radius=0.06)
        for i in range(5):
            for j in range(5):
                x, y = -0.47 + i * 0.19, -0.47 + j * 0.19
                if (i + j) % 2:
                    pen.rect(x, y + 0.01, x + 0.19, y + 0.16, light)
                else:
                    pen.rect(x + 0.01, y, x + 0.16, y + 0.19, dark)
        pen.rect(-0.5, -0.5, 0.5, 0.5, None, shade(dark, 0.55), 0.04)


@concept(
    "rhinoceros_hornbill", aspect="nature", countries=("MY",), generic="an animal",
    names={"en": "rhinoceros hornbill", "ms": "enggang badak", "zh": "犀鸟", "ta": "இருவாச்சி"},
)
def rhinoceros_hornbill(pen: Pen) -> None:
    """A black bird with a huge yellow bill and an upturned red casque."""
    pen.curve([(-0.5, 0.62), (0.1, 0.55), (0.95, 0.66)], "#7a5230", 0.13)
    pen.polygon([(0.42, 0.3), (0.66, 0.24), (0.92, 0.9), (0.62, 0.97)], "#fbfaf6", "#b9b4aa", 0.03)
    pen.polygon([(0.57, 0.6), (0.79, 0.53), (0.87, 0.72), (0.63, 0.79)], INK)
    pen.blob([(-0.08, -0.5), (0.26, -0.44), (0.44, -0.1), (0.66, 0.34), (0.4, 0.5), (0.02, 0.46), (-0.2, 0.1),
              (-0.14, -0.2)], INK)
    pen.curve([(0.2, -0.08), (0.3, 0.2), (0.54, 0.34)], "#5b5560", 0.05)
    pen.blob([(-0.06, 0.36), (0.2, 0.36), (0.22, 0.54), (0.02, 0.56)], "#fbfaf6")
    pen.circle(0.02, -0.44, 0.28, INK)
    pen.blob([(-0.12, -0.56), (-0.42, -0.4), (-0.74, -0.06), (-0.9, 0.3), (-0.6, 0.06), (-0.3, -0.14), (-0.1, -0.26)],
             "#f6d768", "#a8801c", 0.035)
    pen.curve([(-0.1, -0.38), (-0.42, -0.22), (-0.74, 0.06)], "#a8801c", 0.035)
    pen.blob([(0.06, -0.6), (-0.24, -0.52), (-0.52, -0.46), (-0.7, -0.62), (-0.66, -0.9), (-0.46, -0.72),
              (-0.12, -0.82)],
             "#e2401a", "#9b2410", 0.035)
    pen.curve([(-0.12, -0.6), (-0.42, -0.57), (-0.58, -0.66)], "#f9b233", 0.07)
    pen.circle(-0.02, -0.44, 0.08, "#f3efe6")
    pen.circle(-0.03, -0.44, 0.045, "#c01818")


@concept(
    "songket", aspect="craft", countries=("MY", "ID"), generic="a piece of cloth",
    names={"en": "songket", "ms": "songket", "zh": "宋吉锦", "ta": "சொங்கெட்", "id": "songket", "jv": "songket",
           "su": "songket"},
)
def songket(pen: Pen) -> None:
    """Dark red silk with rows of gold bamboo-shoot triangles and gold star flowers."""
    silk = shade(pen.rng.choice(("#7d0f22", "#8c1420", "#6d1030")), pen.rng.uniform(0.9, 1.15))
    pen.rect(-0.92, -0.92, 0.92, 0.92, silk)
    for y0, y1 in ((0.92, 0.2), (-0.92, -0.2)):
        s = 1 if y0 > 0 else -1
        pen.rect(-0.92, min(y0, y0 - s * 0.12), 0.92, max(y0, y0 - s * 0.12), GOLD)
        for k in range(4):
            x = -0.92 + k * 0.46
            pen.polygon([(x + 0.02, y0 - s * 0.17), (x + 0.44, y0 - s * 0.17), (x + 0.23, y1 + s * 0.04)], GOLD)
            pen.polygon([(x + 0.13, y0 - s * 0.22), (x + 0.33, y0 - s * 0.22), (x + 0.23, y1 + s * 0.27)], silk)
            pen.circle(x + 0.23, y0 - s * 0.27, 0.045, "#f7dc7a")
    for k in range(5):
        pen.star(-0.74 + k * 0.37, 0.0, 0.15, 0.06, 4, "#f2c744")
        if k < 4:
            pen.circle(-0.555 + k * 0.37, 0.0, 0.04, "#f2c744")


def _scales(pen: Pen, rows: list[tuple[float, float, float]], color: Color) -> None:
    """Rows of fish scales: each row is (y, left, right)."""
    for index, (y, left, right) in enumerate(rows):
        step = 0.17
        x = left + (step / 2 if index % 2 else 0)
        while x + step <= right + 0.02:
            pen.arc(x + step / 2, y, step / 2, 0.1, 0, 180, color, 0.03)
            x += step


@concept(
    "merlion", aspect="landmark", countries=("SG",), generic="a statue",
    names={"en": "Merlion", "zh": "鱼尾狮", "ms": "Merlion", "ta": "மெர்லயன்"},
)
def merlion(pen: Pen) -> None:
    """A white statue: lion's head on a fish's body, spouting water."""
    white, grey = "#f6f6f2", "#8d97a0"
    pen.polygon([(0.3, 0.36), (0.62, 0.16), (0.62, -0.12), (0.78, 0.02), (0.97, -0.06), (0.86, 0.3), (0.46, 0.72)],
                white, grey, 0.04)
    pen.blob([(-0.1, -0.3), (0.42, -0.3), (0.52, 0.1), (0.6, 0.5), (0.46, 0.76), (-0.12, 0.78), (-0.2, 0.4),
              (-0.16, 0.0)],
             white, grey, 0.04)
    _scales(pen, [(0.0, -0.1, 0.44), (0.14, -0.14, 0.48), (0.28, -0.15, 0.52), (0.42, -0.15, 0.54),
                  (0.56, -0.12, 0.52)], grey)
    pen.curve([(-0.32, -0.3), (-0.62, -0.24), (-0.82, 0.16), (-0.88, 0.72)], "#6fc0ee", 0.15)
    pen.curve([(-0.34, -0.3), (-0.6, -0.22), (-0.76, 0.16), (-0.82, 0.7)], "#d7effb", 0.05)
    pen.blob([(0.2, -0.97), (0.56, -0.84), (0.68, -0.46), (0.54, -0.1), (0.2, 0.0), (-0.04, -0.12), (-0.1, -0.84)],
             white, grey, 0.04)
    for k in range(5):
        t = math.radians(-75 + k * 38)
        pen.curve([(0.2 + 0.2 * math.cos(t), -0.46 + 0.2 * math.sin(t)),
                   (0.24 + 0.3 * math.cos(t + 0.2), -0.46 + 0.3 * math.sin(t + 0.2)),
                   (0.2 + 0.42 * math.cos(t), -0.46 + 0.42 * math.sin(t))], grey, 0.04)
    pen.circle(0.12, -0.88, 0.09, white, grey, 0.035)
    pen.blob([(-0.06, -0.84), (0.18, -0.74), (0.24, -0.42), (0.1, -0.12), (-0.16, -0.1), (-0.22, -0.2), (-0.14, -0.3),
              (-0.36, -0.34), (-0.4, -0.5), (-0.2, -0.62)], white, grey, 0.04)
    pen.circle(-0.04, -0.6, 0.05, "#47515a")
    pen.circle(-0.36, -0.46, 0.045, "#47515a")
    for k in range(7):
        pen.circle(-0.78 + k * 0.26, 0.86, 0.15, WATER if k % 2 else "#7cc0ea")


@concept(
    "marina_bay_sands", aspect="landmark", countries=("SG",), generic="a building",
    names={"en": "Marina Bay Sands", "zh": "滨海湾金沙", "ms": "Marina Bay Sands", "ta": "மரினா பே சாண்ட்ஸ்"},
)
def marina_bay_sands(pen: Pen) -> None:
    """Three tall towers carrying one long ship on their roofs."""
    glass = shade("#8fb4c9", pen.rng.uniform(0.92, 1.08))
    for x in (-0.56, 0.0, 0.56):
        legs = [(-0.15, -0.36), (0.15, -0.36), (0.25, 0.86), (0.07, 0.86), (0, 0.36), (-0.07, 0.86), (-0.25, 0.86)]
        pen.polygon([(x + dx, y) for dx, y in legs], glass, "#56707f", 0.04)
        for k in range(5):
            y = -0.2 + k * 0.14
            pen.line([(x - 0.13 - k * 0.012, y), (x + 0.13 + k * 0.012, y)], "#dcebf2", 0.04)
        pen.line([(x, -0.34), (x, 0.36)], "#56707f", 0.035)
    for k in range(7):
        pen.circle(-0.6 + k * 0.18, -0.68 - 0.04 * (k % 2), 0.1, "#3f9a46")
    hull = [(-0.98, -0.76), (-0.7, -0.64), (0, -0.6), (0.6, -0.63), (0.9, -0.7), (0.84, -0.5), (0.62, -0.36),
            (-0.6, -0.36), (-0.84, -0.5)]
    pen.polygon(hull, "#f4f6f4", "#6b7a83", 0.045)
    pen.curve([(-0.78, -0.55), (0, -0.5), (0.8, -0.54)], "#2f8fd0", 0.06)
    pen.rect(-0.97, 0.84, 0.97, 0.96, WATER)


@concept(
    "chilli_crab", aspect="cuisine", countries=("SG",), generic="a dish",
    names={"en": "chilli crab", "zh": "辣椒螃蟹", "ms": "ketam cili", "ta": "மிளகாய் நண்டு"},
)
def chilli_crab(pen: Pen) -> None:
    """A red crab in thick chilli sauce on a plate, with fried buns."""
    _plate(pen, 0, 0.12, 0.98, 0.78)
    pen.blob([(-0.76, 0.14), (-0.46, -0.34), (0.1, -0.42), (0.66, -0.24), (0.8, 0.16), (0.5, 0.6), (-0.1, 0.7),
              (-0.6, 0.52)], "#e0601c")
    shell = shade("#d42a12", pen.rng.uniform(0.92, 1.08))
    dark = shade(shell, 0.62)
    for s in (-1, 1):
        for k in range(3):
            y = 0.08 + k * 0.13
            pen.line([(s * 0.3, y), (s * 0.62, y - 0.04 + k * 0.06), (s * 0.74, y + 0.16 + k * 0.04)], dark, 0.075)
        pen.line([(s * 0.3, -0.06), (s * 0.6, -0.26), (s * 0.58, -0.46)], shell, 0.12)
        with pen.at(s * 0.52, -0.6, 1, s * -22):
            pen.ellipse(0, 0, 0.2, 0.27, shell, dark, 0.035)
            pen.polygon([(-0.05, -0.3), (0.05, -0.3), (0, -0.02)], "#f7ead8")
        pen.line([(s * 0.12, -0.2), (s * 0.14, -0.36)], dark, 0.05)
        pen.circle(s * 0.14, -0.38, 0.06, INK)
    pen.blob([(-0.46, 0.0), (-0.26, -0.22), (0.26, -0.22), (0.46, 0.0), (0.34, 0.32), (0, 0.42), (-0.34, 0.32)],
             shell, dark, 0.045)
    pen.arc(0, 0.04, 0.24, 0.18, 20, 160, dark, 0.04)
    for _ in range(5):
        x, y = pen.rng.uniform(-0.4, 0.3), pen.rng.uniform(-0.1, 0.5)
        pen.line([(x, y), (x + 0.12, y + pen.rng.uniform(-0.06, 0.06))], "#57b03a", 0.05)
    for x, y in ((-0.72, 0.74), (-0.36, 0.84)):
        pen.ellipse(x, y, 0.22, 0.14, "#e5b264", "#a87026", 0.035)


@concept(
    "supertree", aspect="landmark", countries=("SG",), generic="a tower",
    names={"en": "supertree", "zh": "擎天树", "ms": "Supertree", "ta": "சூப்பர்ட்ரீ"},
)
def supertree(pen: Pen) -> None:
    """Giant artificial trees: planted trunks that fan out into a funnel of purple rods."""
    def tree(x: float, base: float, scale: float) -> None:
        with pen.at(x, base, scale):
            rods = "#8a3f86"
            for k in range(-5, 6):
                pen.curve([(k * 0.022, -0.8), (k * 0.05, -1.18), (k * 0.145, -1.6)], rods, 0.04)
            for w, y in ((0.3, -1.28), (0.5, -1.45)):
                pen.arc(0, y, w, 0.07, 0, 180, "#b765ad", 0.035)
            pen.ellipse(0, -1.6, 0.74, 0.11, None, rods, 0.05)
            pen.polygon([(-0.2, 0), (-0.11, -0.9), (0.11, -0.9), (0.2, 0)], "#5d7f3a", "#3b5a2a", 0.035)
            for _ in range(12):
                y = pen.rng.uniform(-0.85, -0.05)
                pen.circle(pen.rng.uniform(-0.1, 0.1), y, 0.05,
                           pen.rng.choice(("#7fbf4a", "#d0417a", "#3f8f3a", "#e08a2a")))

    tree(0.62, 0.9, 0.62)
    tree(-0.2, 0.92, 1.1)
    pen.curve([(-0.1, 0.0), (0.3, 0.1), (0.64, 0.06)], "#e7b62c", 0.055)
    pen.ellipse(0.1, 0.92, 0.86, 0.07, "#3f8f3a")


@concept(
    "kaya_toast", aspect="cuisine", countries=("SG",), generic="a dish",
    names={"en": "kaya toast", "zh": "咖椰吐司", "ms": "roti bakar kaya", "ta": "காயா டோஸ்ட்"},
)
def kaya_toast(pen: Pen) -> None:
    """Thin brown toast filled with green kaya and slabs of butter, with a soft egg."""
    _plate(pen, 0, 0.5, 0.98, 0.42)
    crust, crumb = "#8a4b1c", shade("#c8833c", pen.rng.uniform(0.94, 1.08))
    for y in (0.34, -0.24):
        pen.rect(-0.76, y, 0.4, y + 0.22, crust, radius=0.06)
        pen.rect(-0.7, y + 0.05, 0.34, y + 0.17, "#e9bf7c")
        pen.blob([(-0.74, y + 0.03), (-0.4, y - 0.09), (0.0, y - 0.03), (0.38, y + 0.04)], crumb)
    pen.blob([(-0.78, 0.24), (-0.5, 0.14), (0.1, 0.15), (0.43, 0.22), (0.36, 0.38), (0.2, 0.32), (0.1, 0.46),
              (-0.04, 0.34), (-0.5, 0.36), (-0.6, 0.5), (-0.7, 0.34)], "#8fa62e")
    for x in (-0.6, -0.14):
        pen.rect(x, -0.02, x + 0.4, 0.17, "#fbe57a", "#d6b83a", 0.035)
    pen.polygon([(-0.62, -0.52), (0.58, -0.52), (0.4, -0.2), (-0.76, -0.2)], crumb, crust, 0.05)
    for k in range(4):
        x = -0.5 + k * 0.26
        pen.line([(x + 0.1, -0.47), (x, -0.26)], crust, 0.05)
    pen.segment(0.64, 0.42, 0.3, 0.4, 0, 180, "#f4f6f8", "#8fa0ad", 0.04)
    pen.ellipse(0.64, 0.42, 0.3, 0.12, "#fffdf4", "#8fa0ad", 0.04)
    pen.ellipse(0.62, 0.42, 0.14, 0.07, "#f59a1a")


@concept(
    "laksa", aspect="cuisine", countries=("SG", "MY"), generic="a bowl of food",
    names={"en": "laksa", "zh": "叻沙", "ms": "laksa", "ta": "லக்சா"},
)
def laksa(pen: Pen) -> None:
    """Thick white noodles in orange coconut soup with prawns, egg and tofu puffs, in a Peranakan bowl."""
    bowl = pen.rng.choice(("#2fa39a", "#d8648f"))
    pen.segment(0, 0.0, 0.96, 0.88, 0, 180, bowl, shade(bowl, 0.6), 0.04)
    pen.rect(-0.32, 0.82, 0.32, 0.94, shade(bowl, 0.75))
    for k in range(5):
        x, y = -0.6 + k * 0.3, 0.5 if k in (1, 2, 3) else 0.4
        for t in range(0, 360, 90):
            pen.circle(x + 0.065 * math.cos(math.radians(t)), y + 0.065 * math.sin(math.radians(t)), 0.055, "#fbe9f0")
        pen.circle(x, y, 0.05, GOLD)
    pen.ellipse(0, -0.1, 0.97, 0.44, "#fbf7ef", shade(bowl, 0.6), 0.04)
    pen.ellipse(0, -0.09, 0.85, 0.35, "#ea7a1c")
    for k in range(4):
        y = -0.0 + k * 0.055
        pen.curve([(-0.6 + k * 0.1, y), (-0.3, y + 0.06), (0, y - 0.03), (0.3, y + 0.06), (0.62 - k * 0.1, y - 0.01)],
                  "#fff6e0", 0.05)
    pen.rect(-0.72, -0.3, -0.44, -0.06, "#d9a047", "#96621d", 0.035, 0.05)
    _egg(pen, 0.0, -0.22, 0.2)
    _prawn(pen, -0.3, -0.3, 0.8, -20)
    _prawn(pen, 0.42, -0.22, 0.9, 30)
    _leaf(pen, 0.08, 0.0, 0.28, 0.14, -10)


@concept(
    "omar_ali_saifuddien_mosque", aspect="landmark", countries=("BN",), generic="a building",
    names={"en": "Omar Ali Saifuddien Mosque", "ms": "Masjid Omar 'Ali Saifuddien"},
)
def omar_ali_saifuddien_mosque(pen: Pen) -> None:
    """White walls, a great golden dome, one tall minaret, and a stone barge on the lagoon."""
    white, grey = "#f8f7f2", "#98a0a6"
    pen.rect(0.62, -0.62, 0.82, 0.5, white, grey, 0.035)
    for y in (-0.4, -0.1, 0.2):
        pen.line([(0.58, y), (0.86, y)], grey, 0.045)
    pen.blob([(0.72, -0.96), (0.76, -0.84), (0.87, -0.72), (0.82, -0.6), (0.62, -0.6), (0.57, -0.72), (0.68, -0.84)],
             GOLD)
    pen.rect(-0.86, 0.0, 0.58, 0.5, white, grey, 0.035)
    pen.rect(-0.58, -0.26, 0.3, 0.04, white, grey, 0.035)
    pen.line([(-0.14, -0.97), (-0.14, -0.7)], "#b98a10", 0.04)
    pen.blob([(-0.14, -0.88), (-0.06, -0.76), (0.24, -0.56), (0.28, -0.34), (0.18, -0.2), (-0.46, -0.2),
              (-0.56, -0.34), (-0.52, -0.56), (-0.22, -0.76)], GOLD, "#a87c0c", 0.035)
    pen.curve([(-0.3, -0.62), (-0.4, -0.46), (-0.38, -0.28)], "#fbe58a", 0.06)
    for x in (-0.8, 0.5):
        pen.rect(x - 0.07, -0.22, x + 0.07, 0.05, white, grey, 0.03)
        pen.pie(x, -0.22, 0.09, 0.14, 180, 360, GOLD)
    for k in range(6):
        x = -0.74 + k * 0.24
        pen.rect(x - 0.07, 0.24, x + 0.07, 0.48, "#5f7f8f")
        pen.pie(x, 0.24, 0.07, 0.12, 180, 360, "#5f7f8f")
    pen.rect(-0.97, 0.5, 0.97, 0.95, WATER, radius=0.1)
    pen.segment(-0.1, 0.64, 0.62, 0.2, 0, 180, "#efe6cf", "#8a7440", 0.035)
    pen.polygon([(-0.36, 0.64), (-0.26, 0.54), (0.1, 0.54), (0.2, 0.64)], GOLD)
    pen.line([(-0.84, 0.88), (-0.5, 0.88)], "#bfe0f4", 0.04)
    pen.line([(0.3, 0.9), (0.8, 0.9)], "#bfe0f4", 0.04)


@concept(
    "kampong_ayer", aspect="landmark", countries=("BN",), generic="a landscape",
    names={"en": "Kampong Ayer", "ms": "Kampong Ayer"},
)
def kampong_ayer(pen: Pen) -> None:
    """A row of coloured houses on stilts above the water, joined by a boardwalk, and a boat."""
    pen.rect(-0.98, 0.36, 0.98, 0.92, WATER, radius=0.12)
    walls = ["#f2d16b", "#8fc9a4", "#e79a7c", "#a9c4e6"]
    pen.rng.shuffle(walls)
    for k, (x, w, top) in enumerate(((-0.66, 0.27, -0.2), (-0.02, 0.31, -0.34), (0.65, 0.27, -0.16))):
        for s in (-0.85, -0.3, 0.3, 0.85):
            pen.line([(x + s * w, 0.2), (x + s * w, 0.62)], "#5d4028", 0.055)
        pen.rect(x - w, top, x + w, 0.2, walls[k], "#6a543c", 0.035)
        roof = ("#b8402e", "#4a6f8f", "#8a4b2a")[k]
        pen.polygon([(x - w - 0.07, top + 0.03), (x, top - 0.38), (x + w + 0.07, top + 0.03)], roof,
                    shade(roof, 0.65), 0.035)
        pen.rect(x - 0.17, top + 0.14, x - 0.03, top + 0.28, "#3d5566")
        pen.rect(x + 0.06, top + 0.12, x + 0.19, 0.2, "#6b3f22")
    pen.line([(-0.97, 0.24), (0.97, 0.24)], "#8a5f38", 0.09)
    for k in range(4):
        x = -0.78 + k * 0.42
        pen.arc(x, 0.84, 0.13, 0.04, 180, 360, "#c6e5f6", 0.035)
    pen.polygon([(-0.34, 0.64), (0.62, 0.64), (0.46, 0.78), (-0.2, 0.78)], "#d8342c", "#7a1d18", 0.03)


@concept(
    "ambuyat", aspect="cuisine", countries=("BN",), generic="a bowl of food",
    names={"en": "ambuyat", "ms": "ambuyat"},
)
def ambuyat(pen: Pen) -> None:
    """Sticky white sago starch twirled out of its bowl on a bamboo fork, with a sour dip."""
    goo, edge, bowl = "#f1f3ec", "#9aa39b", "#e3a81e"
    pen.ellipse(-0.16, 0.3, 0.8, 0.25, shade(bowl, 0.7), shade(bowl, 0.5), 0.04)
    pen.segment(-0.16, 0.3, 0.8, 0.62, 0, 180, bowl, shade(bowl, 0.5), 0.045)
    pen.arc(-0.16, 0.4, 0.72, 0.4, 25, 155, "#9c2a1a", 0.06)
    pen.blob([(-0.92, 0.3), (-0.72, 0.1), (-0.44, 0.02), (-0.24, -0.1), (-0.28, -0.36), (0.14, -0.36), (0.1, -0.08),
              (0.34, 0.04), (0.6, 0.24), (0.36, 0.42), (0.2, 0.36), (0.06, 0.54), (-0.1, 0.4), (-0.6, 0.42)], goo,
              edge, 0.04)
    pen.curve([(-0.16, -0.2), (-0.16, 0.0), (-0.4, 0.14), (-0.66, 0.2)], "#d3d8d0", 0.06)
    pen.curve([(0.0, -0.2), (-0.02, 0.06), (0.2, 0.18)], "#d3d8d0", 0.06)
    for x in (-0.42, 0.28):
        pen.line([(0.1, -0.92), (x, -0.16)], "#7a5518", 0.13)
        pen.line([(0.1, -0.92), (x, -0.16)], "#e8c878", 0.07)
    pen.circle(0.1, -0.9, 0.1, "#7a5518")
    pen.blob([(-0.46, -0.34), (-0.34, -0.46), (0.0, -0.4), (0.28, -0.46), (0.34, -0.3), (0.24, -0.2), (-0.1, -0.14),
              (-0.42, -0.2)], goo, edge, 0.04)
    pen.curve([(-0.34, -0.32), (-0.06, -0.26), (0.22, -0.34)], "#d3d8d0", 0.05)
    pen.segment(0.66, 0.6, 0.31, 0.34, 0, 180, "#f5f6f8", "#8292a2", 0.04)
    pen.ellipse(0.66, 0.6, 0.31, 0.12, "#c2410f", "#8292a2", 0.04)
    pen.circle(0.6, 0.59, 0.05, "#57b03a")


@concept(
    "jong_sarat", aspect="craft", countries=("BN",), generic="a piece of cloth",
    names={"en": "jong sarat", "ms": "jong sarat"},
)
def jong_sarat(pen: Pen) -> None:
    """A cloth crowded with a gold diamond lattice, hung over a rod, fringed."""
    base = shade(pen.color, 0.62)

    def panel(x0: float, x1: float, y1: float) -> None:
        pen.rect(x0, -0.76, x1, y1, base)
        n = round((x1 - x0) / 0.24)
        step = (x1 - x0) / n
        y = -0.7
        while y + step < y1 - 0.06:
            for k in range(n):
                x = x0 + (k + 0.5) * step
                h = step / 2
                pen.polygon([(x, y), (x + h, y + h), (x, y + 2 * h), (x - h, y + h)], None, GOLD, 0.04)
                pen.polygon([(x, y + h * 0.5), (x + h * 0.5, y + h), (x, y + h * 1.5), (x - h * 0.5, y + h)],
                            "#f3cf57")
            y += step
        pen.rect(x0, y1 - 0.16, x1, y1, GOLD)
        for k in range(round((x1 - x0) / 0.1)):
            pen.line([(x0 + 0.05 + k * 0.1, y1), (x0 + 0.05 + k * 0.1, y1 + 0.13)], GOLD, 0.04)
        pen.rect(x0, -0.76, x1, y1, None, shade(base, 0.6), 0.03)

    panel(-0.1, 0.86, 0.5)
    panel(-0.8, 0.22, 0.8)
    pen.line([(-0.95, -0.8), (0.95, -0.8)], "#6b4220", 0.11)


@concept(
    "songkok", aspect="clothing", countries=("BN", "MY"), generic="a hat",
    names={"en": "songkok", "ms": "songkok", "zh": "宋谷帽", "ta": "சொங்கோக்"},
)
def songkok(pen: Pen) -> None:
    """A black velvet cap: a low, slightly narrowing wall and a creased flat top."""
    black = shade("#26252c", pen.rng.uniform(0.85, 1.25))
    pen.blob([(-0.74, -0.38), (-0.2, -0.56), (0.3, -0.58), (0.76, -0.4), (0.84, 0.0), (0.9, 0.42), (0.5, 0.6),
              (0, 0.66), (-0.5, 0.6), (-0.9, 0.42), (-0.84, 0.0)], black)
    pen.ellipse(0, -0.36, 0.76, 0.24, shade(black, 1.9), shade(black, 0.6), 0.035)
    pen.curve([(-0.68, -0.36), (-0.2, -0.32), (0.25, -0.38), (0.7, -0.36)], shade(black, 0.6), 0.05)
    pen.curve([(-0.76, -0.1), (-0.8, 0.14), (-0.78, 0.36)], shade(black, 2.4), 0.07)
    pen.curve([(-0.6, 0.0), (-0.62, 0.2), (-0.6, 0.42)], shade(black, 1.8), 0.05)
    pen.curve([(-0.88, 0.4), (-0.5, 0.56), (0, 0.62), (0.5, 0.56), (0.88, 0.4)], shade(black, 1.9), 0.045)


@concept(
    "tais", aspect="craft", countries=("TL",), generic="a piece of cloth",
    names={"en": "tais", "tet": "tais", "pt": "tais"},
)
def tais(pen: Pen) -> None:
    """A hand-woven cloth of bright lengthwise stripes with ikat panels and fringes at both ends."""
    bands = [("#1f1a1c", 0.14), ("#f2c21a", 0.1), ("#c8202a", 0.2), ("#2f8f4a", 0.1), ("#1f1a1c", 0.34),
             ("#e8731c", 0.1)]
    if pen.rng.random() < 0.5:
        bands[3], bands[5] = bands[5], bands[3]
    x = -0.82
    for color, width in [*bands, ("#c8202a", 0.2), ("#f2c21a", 0.1), ("#1f1a1c", 0.14), ("#d0397a", 0.14),
                         ("#1f1a1c", 0.08)]:
        pen.rect(x, -0.72, x + width + 0.01, 0.72, color)
        for k in range(max(1, round(width / 0.09))):
            for y, end in ((-0.72, -0.95), (0.72, 0.95)):
                px = x + 0.04 + k * 0.09
                pen.line([(px, y), (px, end)], color, 0.04)
        if width > 0.3:
            for k in range(5):
                y, cx = -0.56 + k * 0.28, x + width / 2
                pen.polygon([(cx, y - 0.12), (cx + 0.13, y), (cx, y + 0.12), (cx - 0.13, y)], None, "#f7f1e3", 0.045)
                pen.circle(cx, y, 0.04, "#e2483a")
        elif color == "#c8202a":
            for k in range(7):
                y = -0.62 + k * 0.2
                pen.line([(x + 0.03, y), (x + width / 2, y + 0.07), (x + width - 0.03, y)], "#f7e9c9", 0.04)
        x += width


@concept(
    "uma_lulik", aspect="landmark", countries=("TL",), generic="a house",
    names={"en": "uma lulik", "tet": "uma lulik", "pt": "casa sagrada"},
)
def uma_lulik(pen: Pen) -> None:
    """A sacred house: a towering thatched roof on a small box, high on four posts."""
    straw = shade("#b58d4c", pen.rng.uniform(0.9, 1.08))
    for x in (-0.42, -0.16, 0.16, 0.42):
        pen.line([(x, 0.4), (x, 0.93)], "#5a3a20", 0.08)
    for x in (-0.42, 0.42):
        pen.ellipse(x, 0.55, 0.13, 0.05, "#7d5430")
    pen.line([(-0.06, 0.93), (-0.02, 0.42)], "#8a5f38", 0.04)
    pen.line([(0.08, 0.93), (0.06, 0.42)], "#8a5f38", 0.04)
    for y in (0.58, 0.7, 0.82):
        pen.line([(-0.05, y), (0.07, y)], "#8a5f38", 0.04)
    pen.rect(-0.5, 0.16, 0.5, 0.44, "#8c4f26", "#4a2a14", 0.04)
    pen.rect(-0.1, 0.22, 0.1, 0.42, "#2e1c10")
    for x in (-0.38, 0.26):
        pen.line([(x, 0.22), (x + 0.12, 0.38)], "#f0e2c0", 0.04)
        pen.line([(x + 0.12, 0.22), (x, 0.38)], "#f0e2c0", 0.04)
    left = [(-0.2, -0.76), (-0.28, -0.4), (-0.44, 0.0), (-0.72, 0.28)]
    pen.polygon([*left, (0.72, 0.28), (0.44, 0.0), (0.28, -0.4), (0.2, -0.76)], straw, shade(straw, 0.6), 0.045)
    for k in range(-3, 4):
        pen.curve([(k * 0.055, -0.72), (k * 0.08, -0.38), (k * 0.12, -0.02), (k * 0.19, 0.22)], shade(straw, 0.74),
                  0.035)
    pen.line([(-0.26, -0.77), (0.26, -0.77)], "#4a2a14", 0.08)
    for s in (-1, 1):
        pen.curve([(s * 0.22, -0.77), (s * 0.4, -0.84), (s * 0.44, -0.97)], "#4a2a14", 0.06)
    pen.line([(0, -0.78), (0, -0.96)], "#f7f1e3", 0.05)


@concept(
    "cristo_rei_dili", aspect="landmark", countries=("TL",), generic="a statue",
    names={"en": "Cristo Rei of Dili", "tet": "Cristo Rei Dili", "pt": "Cristo Rei de Díli"},
)
def cristo_rei_dili(pen: Pen) -> None:
    """A bronze Christ with open arms, standing on a globe on a hilltop."""
    bronze = shade("#b98a56", pen.rng.uniform(0.9, 1.1))
    dark = shade(bronze, 0.55)
    pen.blob([(-0.9, 0.96), (-0.5, 0.76), (0, 0.68), (0.5, 0.76), (0.9, 0.96)], "#4f9447")
    pen.circle(0, 0.52, 0.37, "#3f86c6", "#23527f", 0.045)
    pen.ellipse(0, 0.52, 0.17, 0.36, None, "#cfe5f5", 0.035)
    pen.line([(-0.36, 0.52), (0.36, 0.52)], "#cfe5f5", 0.035)
    for s in (-1, 1):
        sleeve = [(0.1, -0.56), (0.78, -0.5), (0.8, -0.38), (0.66, -0.1), (0.5, -0.3), (0.12, -0.34)]
        pen.polygon([(s * x, y) for x, y in sleeve], bronze, dark, 0.035)
        pen.line([(s * 0.8, -0.45), (s * 0.93, -0.48)], "#e3c49a", 0.1)
    robe = [(-0.2, -0.56), (-0.08, -0.62), (0.08, -0.62), (0.2, -0.56), (0.16, -0.12), (0.27, 0.24), (-0.27, 0.24),
            (-0.16, -0.12)]
    pen.polygon(robe, bronze, dark, 0.035)
    pen.polygon([(-0.18, -0.54), (0.02, -0.58), (0.2, 0.14), (0.04, 0.2)], shade(bronze, 0.76))
    for x in (-0.12, -0.02):
        pen.line([(x, -0.24), (x - 0.06, 0.2)], dark, 0.035)
    pen.blob([(-0.17, -0.54), (-0.15, -0.88), (0, -0.97), (0.15, -0.88), (0.17, -0.54), (0, -0.6)], "#5a3819")
    pen.ellipse(0, -0.76, 0.09, 0.13, "#eccfa6")
    pen.pie(0, -0.7, 0.1, 0.14, 0, 180, "#5a3819")


@concept(
    "belak", aspect="craft", countries=("TL",), generic="an ornament",
    names={"en": "belak", "tet": "belak", "pt": "belak"},
)
def belak(pen: Pen) -> None:
    """A round brass breast disc on a string of coral beads."""
    brass = shade("#d8a233", pen.rng.uniform(0.9, 1.1))
    dark = shade(brass, 0.58)
    for s in (-1, 1):
        pen.curve([(s * 0.62, -0.95), (s * 0.5, -0.62), (s * 0.12, -0.3)], "#5a2a18", 0.05)
        for k in range(7):
            t = k / 6
            x, y = 0.62 - 0.5 * t**1.6, -0.93 + 0.62 * t
            pen.circle(s * x, y, 0.075, "#e0582a" if k % 3 else "#f4ead2", "#8c2d12", 0.03)
    pen.circle(0, 0.3, 0.66, brass, dark, 0.055)
    rays = pen.rng.choice((14, 16, 18))
    for k in range(rays):
        t, half = 2 * math.pi * k / rays, math.pi / rays * 0.75
        rim = [(0.42 * math.cos(t + d), 0.3 + 0.42 * math.sin(t + d)) for d in (-half, half)]
        pen.polygon([*rim, (0.6 * math.cos(t), 0.3 + 0.6 * math.sin(t))], dark)
    for r, fill in ((0.4, shade(brass, 1.22)), (0.27, brass), (0.14, shade(brass, 1.35))):
        pen.circle(0, 0.3, r, fill, dark, 0.045)
    pen.circle(0, -0.28, 0.06, dark)


@concept(
    "kaibauk", aspect="clothing", countries=("TL",), generic="an ornament",
    names={"en": "kaibauk", "tet": "kaibauk", "pt": "kaibauk"},
)
def kaibauk(pen: Pen) -> None:
    """A silver crown like upturned buffalo horns, worn on the forehead over a red band."""
    silver = shade("#d3d9de", pen.rng.uniform(0.94, 1.05))
    dark = "#65707a"
    pen.blob([(-0.46, 0.1), (0, -0.1), (0.46, 0.1), (0.52, 0.6), (0.42, 0.94), (-0.42, 0.94), (-0.52, 0.6)], INK)
    pen.blob([(-0.36, 0.3), (0, 0.22), (0.36, 0.3), (0.36, 0.62), (0.2, 0.88), (0, 0.96), (-0.2, 0.88),
              (-0.36, 0.62)], "#a8693f")
    for s in (-1, 1):
        pen.circle(s * 0.15, 0.56, 0.045, INK)
        pen.circle(s * 0.44, 0.72, 0.07, GOLD)
    pen.arc(0, 0.7, 0.11, 0.08, 20, 160, "#6d2b1d", 0.035)
    pen.polygon([(-0.5, 0.18), (0, 0.28), (0.5, 0.18), (0.52, 0.36), (0, 0.46), (-0.52, 0.36)], "#c0202c", "#5f0d14",
                0.035)
    pen.polygon(_crescent(0, -0.62, 0.92, 0.56, -20, 200, 0.9), silver, dark, 0.05)
    for k in range(7):
        t = math.radians(36 + 18 * k)
        pen.circle(0.75 * math.cos(t), -0.62 + 0.68 * math.sin(t), 0.06, "#ffffff", dark, 0.035)
    pen.circle(0, -0.06, 0.13, GOLD, dark, 0.04)
