"""Global concepts: animals, plants, food and things of the sky that are known everywhere."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..pen import Color, Pen, Point, arc_points, shade, smooth
from ..registry import concept

INK = "#2b2326"


def _eye(pen: Pen, x: float, y: float, r: float = 0.06) -> None:
    """A dark eye with a highlight."""
    pen.circle(x, y, r, INK)
    pen.circle(x + r * 0.3, y - r * 0.35, r * 0.38, "white")


def _taper(pen: Pen, points: Sequence[Point], first: float, last: float, color: Color) -> None:
    """A smooth stroke through the points whose width goes from `first` to `last`."""
    path = smooth(points, closed=False)
    for k, (x, y) in enumerate(path):
        pen.circle(x, y, (first + (last - first) * k / (len(path) - 1)) / 2, color)


def _leaf(pen: Pen, x: float, y: float, length: float, angle: float, color: Color) -> None:
    """A pointed leaf that starts at (x, y) and grows in the direction `angle` (0 right, 90 down)."""
    with pen.at(x, y, length, angle):
        upper = [(0.0, 0.0), (0.2, -0.18), (0.5, -0.26), (0.8, -0.15), (1.0, 0.0)]
        pen.polygon([*upper, (0.8, 0.15), (0.5, 0.26), (0.2, 0.18)], color)
        pen.line([(0, 0), (0.85, 0)], shade(color, 0.7), 0.07)


@concept(
    "cat", aspect="animal",
    names={"en": "cat", "id": "kucing", "ms": "kucing", "th": "แมว", "vi": "mèo", "fil": "pusa", "km": "ឆ្មា",
           "lo": "ແມວ", "my": "ကြောင်", "ta": "பூனை", "zh": "猫", "pt": "gato", "tet": "busa"},
)
def cat(pen: Pen) -> None:
    fur = pen.rng.choice(("#e58f33", "#7d8088", "#a9764a", "#d9a868"))
    dark = shade(fur, 0.62)
    _taper(pen, [(0.2, 0.84), (0.66, 0.84), (0.88, 0.5), (0.7, 0.2), (0.82, 0.02)], 0.2, 0.13, fur)
    pen.curve([(0.7, 0.2), (0.74, 0.1), (0.82, 0.02)], dark, 0.13)
    pen.blob([(0, -0.15), (-0.34, 0.1), (-0.52, 0.6), (-0.42, 0.93), (0.42, 0.93), (0.52, 0.6), (0.34, 0.1)], fur)
    pen.ellipse(0, 0.42, 0.22, 0.3, shade(fur, 1.45))
    for side in (-1, 1):
        pen.ellipse(side * 0.18, 0.87, 0.17, 0.1, shade(fur, 1.3), dark)
        pen.line([(side * 0.48, 0.45), (side * 0.33, 0.48)], dark, 0.06)
        pen.polygon([(side * 0.5, -0.98), (side * 0.54, -0.4), (side * 0.06, -0.66)], fur)
        pen.polygon([(side * 0.44, -0.83), (side * 0.45, -0.55), (side * 0.2, -0.67)], "#f3a8a4")
    pen.ellipse(0, -0.34, 0.56, 0.42, fur)
    for x in (-0.14, 0, 0.14):
        pen.line([(x, -0.74), (x * 0.8, -0.57)], dark, 0.06)
    pen.ellipse(0, -0.13, 0.24, 0.17, shade(fur, 1.45))
    for side in (-1, 1):
        pen.ellipse(side * 0.25, -0.36, 0.13, 0.12, "#b9dc56", INK)
        pen.ellipse(side * 0.25, -0.36, 0.045, 0.11, INK)
        pen.curve([(0, -0.14), (side * 0.06, -0.05), (side * 0.15, -0.07)], INK, 0.035)
        for dy in (-0.07, 0.05):
            pen.line([(side * 0.3, -0.13 + dy * 0.3), (side * 0.78, -0.15 + dy * 2)], INK, 0.03)
    pen.polygon([(-0.07, -0.23), (0.07, -0.23), (0, -0.14)], "#e5686f")


@concept(
    "dog", aspect="animal",
    names={"en": "dog", "id": "anjing", "ms": "anjing", "th": "สุนัข", "vi": "chó", "fil": "aso", "km": "ឆ្កែ",
           "lo": "ສຸນັກ", "my": "ခွေး", "ta": "நாய்", "zh": "狗", "pt": "cão", "tet": "asu"},
)
def dog(pen: Pen) -> None:
    fur = pen.rng.choice(("#b87a3d", "#d3a263", "#efe3cf", "#8f5b36"))
    dark = shade(fur, 0.6)
    _taper(pen, [(-0.55, -0.02), (-0.78, -0.2), (-0.86, -0.5), (-0.74, -0.68)], 0.2, 0.08, fur)
    for x in (-0.4, 0.4):
        pen.line([(x, 0.2), (x, 0.84)], shade(fur, 0.8), 0.17)
    pen.blob([(-0.66, -0.08), (-0.64, 0.3), (-0.2, 0.34), (0.2, 0.4), (0.44, 0.28), (0.5, -0.2), (-0.1, -0.16)], fur)
    pen.polygon([(0.02, -0.1), (0.46, 0.2), (0.66, -0.35), (0.2, -0.55)], fur)
    for x in (-0.54, 0.24):
        pen.line([(x, 0.15), (x, 0.86)], fur, 0.19)
        pen.line([(x, 0.87), (x + 0.09, 0.87)], fur, 0.15)
    pen.ellipse(-0.25, -0.0, 0.22, 0.14, dark)
    pen.line([(0.12, -0.27), (0.52, -0.05)], pen.color, 0.11)
    pen.circle(0.5, 0.03, 0.075, "#f2c744")
    pen.polygon([(0.66, -0.36), (0.84, -0.36), (0.8, -0.1), (0.7, -0.1)], "#e8646f")
    pen.ellipse(0.42, -0.56, 0.33, 0.3, fur)
    pen.ellipse(0.74, -0.46, 0.22, 0.15, shade(fur, 1.15))
    pen.line([(0.6, -0.37), (0.8, -0.36), (0.9, -0.4)], dark, 0.035)
    pen.ellipse(0.93, -0.53, 0.075, 0.065, INK)
    _eye(pen, 0.54, -0.64, 0.065)
    pen.blob([(0.26, -0.84), (0.12, -0.72), (0.02, -0.3), (0.16, -0.2), (0.3, -0.4), (0.36, -0.72)], dark)


@concept(
    "horse", aspect="animal",
    names={"en": "horse", "id": "kuda", "ms": "kuda", "th": "ม้า", "vi": "ngựa", "fil": "kabayo", "km": "សេះ",
           "lo": "ມ້າ", "my": "မြင်း", "ta": "குதிரை", "zh": "马", "pt": "cavalo", "tet": "kuda"},
)
def horse(pen: Pen) -> None:
    fur, hair = pen.rng.choice((("#96552b", "#33211a"), ("#7b4526", "#241a17"), ("#b9793f", "#f0dcae")))
    far = shade(fur, 0.75)
    pen.blob([(-0.58, -0.12), (-0.76, -0.1), (-0.92, 0.3), (-0.9, 0.62), (-0.76, 0.5), (-0.66, 0.16)], hair)
    for points in ([(-0.36, 0.2), (-0.3, 0.5), (-0.34, 0.86)], [(0.34, 0.1), (0.6, 0.28), (0.56, 0.56)]):
        pen.line(points, far, 0.13)
        pen.line([points[-1], (points[-1][0] + 0.04, points[-1][1] + 0.06)], INK, 0.13)
    pen.ellipse(-0.13, 0.04, 0.52, 0.27, fur)
    pen.ellipse(-0.45, 0.06, 0.22, 0.28, fur)
    for points in ([(-0.52, 0.2), (-0.6, 0.5), (-0.56, 0.86)], [(0.22, 0.15), (0.24, 0.5), (0.22, 0.86)]):
        _taper(pen, points, 0.24, 0.12, fur)
        pen.line([points[-1], (points[-1][0] + 0.05, points[-1][1] + 0.06)], INK, 0.13)
    pen.blob([(-0.02, -0.16), (0.06, 0.22), (0.36, 0.22), (0.5, -0.1), (0.64, -0.5), (0.44, -0.78), (0.24, -0.5)], fur)
    pen.blob([(0.38, -0.8), (0.54, -0.84), (0.74, -0.62), (0.95, -0.4), (0.92, -0.24), (0.78, -0.24),
              (0.5, -0.44)], fur)
    pen.polygon([(0.4, -0.74), (0.46, -1), (0.56, -0.78)], fur)
    pen.blob([(0.44, -0.92), (0.26, -0.78), (0.04, -0.44), (-0.08, -0.14), (0.08, -0.16), (0.3, -0.46),
              (0.42, -0.7)], hair)
    _eye(pen, 0.6, -0.64, 0.055)
    pen.circle(0.88, -0.36, 0.035, INK)


@concept(
    "rabbit", aspect="animal",
    names={"en": "rabbit", "id": "kelinci", "ms": "arnab", "th": "กระต่าย", "vi": "thỏ", "fil": "kuneho",
           "km": "ទន្សាយ", "lo": "ກະຕ່າຍ", "my": "ယုန်", "ta": "முயல்", "zh": "兔子", "pt": "coelho"},
)
def rabbit(pen: Pen) -> None:
    fur = pen.rng.choice(("#f6f2ee", "#f6f2ee", "#c9c4c2", "#c79f77"))
    edge = shade(fur, 0.62)
    pen.circle(0.5, 0.68, 0.18, "#ffffff", edge)
    for side in (-1, 1):
        with pen.at(side * 0.16, -0.32, angle=side * pen.rng.uniform(5, 16)):
            pen.ellipse(0, -0.32, 0.14, 0.38, fur, edge)
            pen.ellipse(0, -0.3, 0.07, 0.28, "#f4a6ae")
    pen.ellipse(0, 0.52, 0.46, 0.42, fur, edge)
    pen.ellipse(0, 0.56, 0.25, 0.28, shade(fur, 1.25))
    pen.ellipse(0, -0.07, 0.42, 0.36, fur, edge)
    for side in (-1, 1):
        pen.ellipse(side * 0.28, 0.88, 0.24, 0.11, fur, edge)
        pen.ellipse(side * 0.16, 0.42, 0.09, 0.15, fur, edge, angle=side * 15)
        _eye(pen, side * 0.18, -0.12, 0.07)
        pen.circle(side * 0.28, 0.04, 0.07, "#f9c3c6")
        pen.line([(0, 0.06), (side * 0.12, 0.1)], INK, 0.03)
    pen.rect(-0.07, 0.1, 0.07, 0.22, "white", edge)
    pen.ellipse(0, 0.02, 0.075, 0.05, "#e8727e")


@concept(
    "elephant", aspect="animal",
    names={"en": "elephant", "id": "gajah", "ms": "gajah", "th": "ช้าง", "vi": "voi", "fil": "elepante", "km": "ដំរី",
           "lo": "ຊ້າງ", "my": "ဆင်", "ta": "யானை", "zh": "大象", "pt": "elefante", "tet": "elefante"},
)
def elephant(pen: Pen) -> None:
    skin = shade("#8d949c", pen.rng.uniform(0.88, 1.1))
    dark = shade(skin, 0.72)
    pen.curve([(-0.7, -0.15), (-0.9, 0.1), (-0.86, 0.38)], skin, 0.06)
    pen.circle(-0.86, 0.4, 0.07, INK)
    for x in (-0.4, 0.18):
        pen.rect(x, 0.2, x + 0.24, 0.86, dark)
    pen.ellipse(-0.18, -0.02, 0.6, 0.47, skin)
    for x in (-0.7, -0.12):
        pen.rect(x, 0.05, x + 0.27, 0.9, skin, radius=0.05)
        for k in range(3):
            pen.circle(x + 0.05 + 0.085 * k, 0.86, 0.04, "#f1e9dc")
    curl = [(0.84, 0.62), (0.98, 0.5)] if pen.rng.random() < 0.7 else [(0.74, 0.66), (0.62, 0.6)]
    _taper(pen, [(0.62, -0.16), (0.82, 0.08), (0.78, 0.4), *curl], 0.4, 0.13, skin)
    pen.circle(0.48, -0.3, 0.36, skin)
    _taper(pen, [(0.55, 0.02), (0.66, 0.24), (0.92, 0.24)], 0.11, 0.04, "#fffaf0")
    pen.blob([(0.34, -0.5), (0.1, -0.68), (-0.16, -0.5), (-0.14, -0.1), (0.1, 0.16),
              (0.28, -0.08)], shade(skin, 0.9), dark, 0.04)
    pen.blob([(0.22, -0.4), (0.06, -0.52), (-0.06, -0.38), (-0.04, -0.1), (0.12, 0.0)], "#d9a7a3")
    _eye(pen, 0.54, -0.36, 0.055)


@concept(
    "penguin", aspect="animal",
    names={"en": "penguin", "id": "penguin", "ms": "penguin", "th": "เพนกวิน", "vi": "chim cánh cụt", "fil": "penguin",
           "km": "ភេនឃ្វីន", "lo": "ເພັນກວິນ", "my": "ပင်ဂွင်း", "ta": "பென்குயின்", "zh": "企鹅", "pt": "pinguim"},
)
def penguin(pen: Pen) -> None:
    coat = shade("#262b38", pen.rng.uniform(0.9, 1.3))
    for side in (-1, 1):
        pen.ellipse(side * 0.22, 0.88, 0.2, 0.09, "#f2951d")
        with pen.at(side * 0.4, -0.08, angle=-side * pen.rng.uniform(20, 34)):
            pen.ellipse(0, 0.28, 0.12, 0.38, coat)
    pen.blob([(0, -0.96), (-0.36, -0.72), (-0.4, -0.3), (-0.5, 0.3), (-0.3, 0.84), (0.3, 0.84), (0.5, 0.3), (0.4, -0.3),
              (0.36, -0.72)], coat)
    pen.blob([(0, -0.26), (-0.26, -0.2), (-0.36, 0.3), (-0.22, 0.74), (0.22, 0.74), (0.36, 0.3),
              (0.26, -0.2)], "#fdfdfb")
    for side in (-1, 1):
        pen.ellipse(side * 0.15, -0.52, 0.17, 0.22, "#fdfdfb")
        pen.ellipse(side * 0.26, -0.24, 0.1, 0.12, "#f6c445", angle=side * 30)
        _eye(pen, side * 0.13, -0.58, 0.06)
    pen.polygon([(-0.13, -0.48), (0.13, -0.48), (0, -0.28)], "#f2951d")
    pen.line([(-0.1, -0.45), (0.1, -0.45)], "#c76b10", 0.03)


@concept(
    "fish", aspect="animal",
    names={"en": "fish", "id": "ikan", "ms": "ikan", "th": "ปลา", "vi": "cá", "fil": "isda", "km": "ត្រី", "lo": "ປາ",
           "my": "ငါး", "ta": "மீன்", "zh": "小鱼", "pt": "peixe", "tet": "ikan"},
)
def fish(pen: Pen) -> None:
    fin, line = shade(pen.color, 0.78), shade(pen.color, 0.55)
    pen.blob([(-0.4, 0), (-0.95, -0.5), (-0.84, 0), (-0.95, 0.5)], fin)
    for k in (-1, 0, 1):
        pen.line([(-0.62, k * 0.06), (-0.84, k * 0.25)], line, 0.03)
    pen.polygon([(-0.2, -0.35), (-0.12, -0.72), (0.3, -0.68), (0.45, -0.3)], fin)
    pen.polygon([(-0.15, 0.35), (-0.2, 0.66), (0.15, 0.4)], fin)
    pen.blob([(-0.56, 0), (-0.2, -0.36), (0.3, -0.46), (0.74, -0.26), (0.94, 0.02), (0.74, 0.27), (0.3, 0.44),
              (-0.2, 0.36)],
             pen.color)
    pen.blob([(-0.2, 0.3), (0.3, 0.2), (0.84, 0.16), (0.7, 0.3), (0.3, 0.44)], shade(pen.color, 1.4))
    for x in (-0.36, -0.16, 0.04):
        for k in (-1, 0, 1):
            if x > -0.3 or k == 0:
                pen.arc(x + 0.08 * (k == 0), k * 0.19, 0.1, 0.1, -80, 80, line, 0.035)
    pen.arc(0.36, -0.02, 0.13, 0.34, -75, 75, line, 0.045)
    pen.polygon([(0.28, 0.06), (0.02, 0.0), (0.04, 0.3)], fin, line)
    pen.circle(0.66, -0.1, 0.12, "white")
    _eye(pen, 0.68, -0.1, 0.075)
    pen.curve([(0.92, 0.1), (0.82, 0.13), (0.75, 0.1)], INK, 0.04)


@concept(
    "bird", aspect="animal",
    names={"en": "bird", "id": "burung", "ms": "burung", "th": "นก", "vi": "con chim", "fil": "ibon", "km": "បក្សី",
           "lo": "ນົກ", "my": "ငှက်ကလေး", "ta": "பறவை", "zh": "小鸟", "pt": "pássaro", "tet": "manu fuik"},
)
def bird(pen: Pen) -> None:
    dark = shade(pen.color, 0.65)
    pen.curve([(-0.98, 0.72), (-0.3, 0.62), (0.4, 0.68), (0.98, 0.58)], "#74502f", 0.11)
    _leaf(pen, 0.6, 0.68, 0.36, 40, "#4f9a3c")
    _leaf(pen, -0.6, 0.66, 0.34, 120, "#4f9a3c")
    for x in (-0.02, 0.17):
        pen.line([(x, 0.35), (x, 0.62)], "#c77a22", 0.05)
    pen.polygon([(-0.3, 0.0), (-0.98, 0.36), (-0.86, 0.52), (-0.2, 0.34)], dark)
    pen.blob([(-0.4, 0.1), (-0.1, -0.28), (0.2, -0.3), (0.52, -0.2), (0.48, 0.2), (0.2, 0.46), (-0.2, 0.4)], pen.color)
    pen.polygon([(0.6, -0.62), (0.98, -0.46), (0.62, -0.36)], "#f0a01e")
    pen.circle(0.36, -0.48, 0.34, pen.color)
    pen.blob([(0.56, -0.26), (0.26, -0.1), (0.14, 0.3), (0.24, 0.44), (0.46, 0.22)], "#f8ead0")
    pen.blob([(0.14, -0.12), (-0.2, -0.14), (-0.56, 0.28), (-0.2, 0.3), (0.08, 0.18)], dark)
    pen.line([(0.04, 0.02), (-0.34, 0.22)], shade(pen.color, 1.25), 0.04)
    pen.circle(0.46, -0.54, 0.1, "white")
    _eye(pen, 0.47, -0.54, 0.065)


@concept(
    "butterfly", aspect="animal",
    names={"en": "butterfly", "id": "kupu-kupu", "ms": "rama-rama", "th": "ผีเสื้อ", "vi": "bướm", "fil": "paruparo",
           "km": "មេអំបៅ", "lo": "ແມງກະເບື້ອ", "my": "လိပ်ပြာ", "ta": "வண்ணத்துப்பூச்சி", "zh": "蝴蝶",
           "pt": "borboleta"},
)
def butterfly(pen: Pen) -> None:
    rim, spot = shade(pen.color, 0.4), pen.rng.choice(("#ffffff", "#fff2b0", "#ffe1ec"))
    for side in (-1, 1):
        with pen.at(flip=side < 0):
            pen.blob([(0.04, 0.0), (0.45, 0.02), (0.72, 0.3), (0.56, 0.74), (0.28, 0.72),
                      (0.08, 0.3)], pen.color, rim, 0.07)
            pen.blob([(0.04, -0.06), (0.2, -0.5), (0.62, -0.86), (0.94, -0.72), (0.84, -0.2),
                      (0.5, 0.06)], pen.color, rim, 0.07)
            pen.blob([(0.14, -0.12), (0.3, -0.45), (0.55, -0.6), (0.56, -0.3), (0.4, -0.08)], shade(pen.color, 1.4))
            pen.circle(0.78, -0.66, 0.07, spot)
            pen.circle(0.77, -0.42, 0.07, spot)
            pen.circle(0.45, 0.36, 0.13, spot)
            pen.circle(0.45, 0.36, 0.06, rim)
            pen.curve([(0.02, -0.4), (0.1, -0.66), (0.24, -0.86)], INK, 0.035)
            pen.circle(0.24, -0.87, 0.045, INK)
    pen.ellipse(0, 0.1, 0.07, 0.46, INK)
    pen.circle(0, -0.38, 0.09, INK)


@concept(
    "turtle", aspect="animal",
    names={"en": "turtle", "id": "kura-kura", "ms": "kura-kura", "th": "เต่า", "vi": "rùa", "fil": "pagong",
           "km": "អណ្តើក", "lo": "ເຕົ່າ", "my": "ကုန်းလိပ်", "ta": "ஆமை", "zh": "乌龟", "pt": "tartaruga",
           "tet": "lenuk"},
)
def turtle(pen: Pen) -> None:
    skin, shell = shade("#8fb04a", pen.rng.uniform(0.9, 1.1)), pen.rng.choice(("#7a5a2b", "#4f6b2c", "#8a6a3a"))
    dark = shade(shell, 0.55)
    pen.polygon([(-0.68, 0.3), (-0.96, 0.5), (-0.6, 0.48)], skin)
    for x in (-0.42, 0.36):
        pen.rect(x - 0.14, 0.3, x + 0.14, 0.72, skin, radius=0.1)
        pen.ellipse(x + 0.04, 0.68, 0.18, 0.08, skin)
    _taper(pen, [(0.5, 0.34), (0.68, 0.2), (0.76, 0.02)], 0.28, 0.24, skin)
    pen.ellipse(0.8, -0.06, 0.2, 0.17, skin)
    pen.curve([(0.96, 0.02), (0.88, 0.05), (0.8, 0.02)], INK, 0.035)
    _eye(pen, 0.84, -0.12, 0.055)
    pen.pie(-0.06, 0.36, 0.66, 0.88, 180, 360, shell, dark, 0.05)
    pen.polygon([(-0.06 + 0.25 * math.cos(t * math.pi / 3),
                  -0.08 + 0.25 * math.sin(t * math.pi / 3)) for t in range(6)],
                shade(shell, 1.35), dark, 0.05)
    for points in ([(-0.31, -0.08), (-0.6, -0.1)], [(0.19, -0.08), (0.48, -0.1)], [(-0.19, -0.29), (-0.3, -0.42)],
                   [(0.07, -0.29), (0.18, -0.42)], [(-0.19, 0.14), (-0.28, 0.32)], [(0.07, 0.14), (0.16, 0.32)]):
        pen.line(points, dark, 0.05)
    pen.rect(-0.76, 0.27, 0.62, 0.43, shade(shell, 1.2), dark, 0.04, 0.07)


@concept(
    "snail", aspect="animal",
    names={"en": "snail", "id": "siput", "ms": "siput", "th": "หอยทาก", "vi": "ốc sên", "fil": "kuhol", "km": "ខ្យង",
           "lo": "ຫອຍທາກ", "my": "ခရု", "ta": "நத்தை", "zh": "蜗牛", "pt": "caracol"},
)
def snail(pen: Pen) -> None:
    skin, shell = "#d9b98a", pen.rng.choice(("#b5602f", "#c98a3b", "#9a5a4a"))
    dark = shade(shell, 0.55)
    for x, y in ((0.58, -0.6), (0.92, -0.54)):
        pen.line([(0.68, -0.02), (x, y)], skin, 0.07)
        pen.circle(x, y, 0.09, skin)
        pen.circle(x + 0.01, y, 0.055, INK)
    pen.blob([(-0.98, 0.78), (-0.5, 0.52), (0.3, 0.5), (0.46, 0.1), (0.62, -0.14), (0.86, -0.06), (0.88, 0.2),
              (0.72, 0.62),
              (0.5, 0.8), (-0.3, 0.82)], skin)
    pen.line([(-0.9, 0.79), (0.52, 0.79)], shade(skin, 0.75), 0.06)
    pen.curve([(0.84, 0.12), (0.76, 0.18), (0.68, 0.14)], INK, 0.035)
    pen.circle(-0.16, 0.04, 0.62, shell, dark, 0.05)
    turns = [0.15 + k * 0.045 for k in range(96)]
    pen.line([(-0.16 + 0.125 * t * math.cos(t * 3.3), 0.04 + 0.125 * t * math.sin(t * 3.3)) for t in turns], dark,
             0.075)


@concept(
    "bee", aspect="animal",
    names={"en": "bee", "id": "lebah", "ms": "lebah", "th": "ผึ้ง", "vi": "ong mật", "fil": "bubuyog", "km": "ឃ្មុំ",
           "lo": "ເຜິ້ງ", "my": "ပျား", "ta": "தேனீ", "zh": "蜜蜂", "pt": "abelha", "tet": "bani"},
)
def bee(pen: Pen) -> None:
    gold = shade("#f6bd1c", pen.rng.uniform(0.92, 1.06))
    for x, angle in ((-0.3, -28), (0.08, 10)):
        with pen.at(x + 0.1, -0.22, angle=angle + pen.rng.uniform(-6, 6)):
            pen.ellipse(0, -0.34, 0.25, 0.4, "#dff0fb", "#6d8ea6", 0.04)
            pen.line([(0, 0.0), (0, -0.5)], "#6d8ea6", 0.03)
    pen.polygon([(-0.7, 0.08), (-0.98, 0.2), (-0.7, 0.28)], INK)
    pen.ellipse(-0.14, 0.16, 0.64, 0.44, gold)
    for x in (-0.56, -0.28, 0.0):
        half = 0.44 * math.sqrt(1 - ((x + 0.07 + 0.14) / 0.64) ** 2) - 0.02
        pen.polygon([(x, 0.16 - half), (x + 0.14, 0.16 - half), (x + 0.18, 0.16), (x + 0.14, 0.16 + half),
                     (x, 0.16 + half),
                     (x + 0.04, 0.16)], INK)
    for dy, x in ((-0.5, 0.72), (-0.4, 0.94)):
        pen.curve([(0.62, -0.1), (x - 0.04, dy * 0.7), (x, dy)], INK, 0.04)
        pen.circle(x, dy, 0.055, INK)
    pen.circle(0.56, 0.14, 0.32, gold)
    _eye(pen, 0.66, 0.08, 0.085)
    pen.curve([(0.8, 0.24), (0.7, 0.3), (0.58, 0.27)], INK, 0.04)
    for x in (-0.3, 0.0, 0.3):
        pen.line([(x, 0.5), (x + 0.05, 0.72)], INK, 0.05)


@concept(
    "sunflower", aspect="nature",
    names={"en": "sunflower", "id": "bunga matahari", "ms": "bunga matahari", "th": "ดอกทานตะวัน",
           "vi": "hoa hướng dương",
           "fil": "mirasol", "km": "ឈូករ័ត្ន", "lo": "ດອກຕາເວັນ", "my": "နေကြာပန်း", "ta": "சூரியகாந்தி", "zh": "向日葵",
           "pt": "girassol"},
)
def sunflower(pen: Pen) -> None:
    pen.curve([(0, 0), (0.05, 0.5), (0, 1)], "#4d8f33", 0.11)
    _leaf(pen, 0.03, 0.86, 0.6, -35, "#57a03a")
    _leaf(pen, 0.03, 0.92, 0.6, -148, "#57a03a")
    count = pen.rng.randrange(13, 17)
    for layer, paint in ((0.5, "#e79d0c"), (0, "#fbc91b")):
        for k in range(count):
            with pen.at(0, -0.28, angle=360 * (k + layer) / count):
                pen.polygon([(0.24, -0.1), (0.46, -0.12), (0.7, 0), (0.46, 0.12), (0.24, 0.1)], paint)
    pen.circle(0, -0.28, 0.33, "#5b3718")
    pen.circle(0, -0.28, 0.2, "#8a5a24")
    for k in range(26):
        r, t = 0.058 * math.sqrt(k + 0.5), k * 2.39996
        pen.circle(r * math.cos(t), -0.28 + r * math.sin(t), 0.024, "#331d0c")


@concept(
    "tree", aspect="nature",
    names={"en": "tree", "id": "pohon", "ms": "pokok", "th": "ต้นไม้", "vi": "cây xanh", "fil": "punongkahoy",
           "km": "ដើមឈើ", "lo": "ຕົ້ນໄມ້", "my": "သစ်ပင်", "ta": "மரம்", "zh": "大树", "pt": "árvore", "tet": "ai-hun"},
)
def tree(pen: Pen) -> None:
    leaf = shade("#3f8f3a", pen.rng.uniform(0.85, 1.15))
    pen.polygon([(-0.13, 0.1), (-0.15, 0.7), (-0.34, 0.96), (0.34, 0.96), (0.15, 0.7), (0.13, 0.1)], "#7b4f2c")
    pen.line([(0.05, 0.5), (0.3, 0.2)], "#7b4f2c", 0.1)
    pen.line([(-0.05, 0.48), (-0.32, 0.18)], "#7b4f2c", 0.1)
    pen.line([(0.03, 0.4), (0.03, 0.8)], "#57351b", 0.04)
    crown = [(-0.52, 0.0), (0.52, 0.0), (0, 0.02), (-0.6, -0.34), (0.6, -0.34), (-0.32, -0.62), (0.32, -0.62),
             (0, -0.3)]
    for x, y in crown:
        pen.circle(x, y, 0.34, shade(leaf, 0.8))
    for x, y in crown:
        pen.circle(x - 0.03, y - 0.06, 0.29, leaf)
    for _ in range(7):
        x, y = pen.rng.uniform(-0.6, 0.5), pen.rng.uniform(-0.75, 0.0)
        pen.arc(x, y, 0.12, 0.1, 190, 320, shade(leaf, 1.3), 0.05)


@concept(
    "cactus", aspect="nature",
    names={"en": "cactus", "id": "kaktus", "ms": "kaktus", "th": "กระบองเพชร", "vi": "xương rồng", "fil": "kaktus",
           "km": "ដំបងយក្ស", "lo": "ກະບອງເພັດ", "my": "ရှားစောင်းပင်", "ta": "கள்ளிச்செடி", "zh": "仙人掌", "pt": "cacto"},
)
def cactus(pen: Pen) -> None:
    green = shade("#3f9a55", pen.rng.uniform(0.88, 1.12))
    dark, low = shade(green, 0.65), pen.rng.uniform(-0.06, 0.06)
    pen.ellipse(0, 0.88, 0.72, 0.1, "#d8b36f")
    pen.line([(0, 0.2 + low), (-0.58, 0.2 + low), (-0.58, -0.3)], green, 0.24)
    pen.line([(0, 0.4 - low), (0.6, 0.4 - low), (0.6, -0.1)], green, 0.24)
    pen.line([(0, -0.72), (0, 0.84)], green, 0.42)
    for x in (-0.1, 0.1):
        pen.line([(x, -0.7), (x, 0.84)], dark, 0.035)
    for x, top, bottom in ((-0.58, -0.32, 0.16 + low), (0.6, -0.12, 0.36 - low)):
        pen.line([(x, top), (x, bottom)], dark, 0.035)
    for k in range(7):
        y = -0.72 + 0.22 * k
        for x in (-0.2, 0.2):
            pen.line([(x * 0.8, y), (x * 1.45, y - 0.06)], "#f7f3d8", 0.035)
        pen.line([(0, y - 0.05), (0, y + 0.05)], "#f7f3d8", 0.035)
    pen.star(0, -0.92, 0.15, 0.07, 6, "#ea4f8b")
    pen.circle(0, -0.92, 0.05, "#ffd84d")


@concept(
    "mushroom", aspect="nature",
    names={"en": "mushroom", "id": "jamur", "ms": "cendawan", "th": "เห็ด", "vi": "nấm", "fil": "kabute", "km": "ផ្សិត",
           "lo": "ເຫັດ", "my": "မှို", "ta": "காளான்", "zh": "蘑菇", "pt": "cogumelo"},
)
def mushroom(pen: Pen) -> None:
    cap = shade("#d7332b", pen.rng.uniform(0.9, 1.08))
    pen.blob([(-0.2, 0.0), (-0.19, 0.5), (-0.3, 0.88), (0, 0.95), (0.3, 0.88), (0.19, 0.5),
              (0.2, 0.0)], "#f6ead3", "#b9a27c")
    pen.ellipse(0, 0.1, 0.86, 0.17, "#ecd9b6", "#b9a27c")
    for x in (-0.6, -0.4, -0.2, 0, 0.2, 0.4, 0.6):
        pen.line([(x * 0.5, 0.1), (x, 0.22)], "#b9a27c", 0.03)
    pen.polygon([(-0.24, 0.3), (0.24, 0.3), (0.34, 0.48), (-0.34, 0.48)], "#fff7e6", "#b9a27c")
    pen.blob([(0, -0.9), (-0.56, -0.7), (-0.92, -0.1), (-0.85, 0.12), (-0.4, 0.06), (0, 0.04), (0.4, 0.06),
              (0.85, 0.12),
              (0.92, -0.1), (0.56, -0.7)], cap)
    for x, y, r in ((0.02, -0.5, 0.17), (-0.46, -0.32, 0.14), (0.48, -0.36, 0.15), (-0.16, -0.1, 0.1),
                    (0.72, -0.04, 0.09),
                    (0.22, -0.08, 0.11), (-0.72, -0.04, 0.09), (-0.3, -0.68, 0.09), (0.34, -0.72, 0.08)):
        pen.ellipse(x + pen.rng.uniform(-0.03, 0.03), y, r, r * 0.85, "#fffdf6")


@concept(
    "apple", aspect="cuisine",
    names={"en": "apple", "id": "apel", "ms": "epal", "th": "แอปเปิล", "vi": "táo", "fil": "mansanas", "km": "ប៉ោម",
           "lo": "ແອັບເປິ້ນ", "my": "ပန်းသီး", "ta": "ஆப்பிள்", "zh": "苹果", "pt": "maçã"},
)
def apple(pen: Pen) -> None:
    skin = shade(pen.rng.choice(("#d42a2a", "#d42a2a", "#c22338", "#7fb83a")), pen.rng.uniform(0.94, 1.06))
    pen.blob([(0, -0.42), (-0.36, -0.56), (-0.76, -0.34), (-0.8, 0.2), (-0.5, 0.78), (-0.2, 0.92), (0, 0.84),
              (0.2, 0.92),
              (0.5, 0.78), (0.8, 0.2), (0.76, -0.34), (0.36, -0.56)], skin)
    pen.ellipse(0, -0.42, 0.26, 0.09, shade(skin, 0.6))
    pen.curve([(0, -0.4), (0.02, -0.66), (0.12, -0.92)], "#5f3c1f", 0.1)
    _leaf(pen, 0.06, -0.64, 0.58, -22, "#4ea13a")
    pen.ellipse(-0.46, -0.12, 0.12, 0.24, shade(skin, 1.55), angle=18)


@concept(
    "banana", aspect="cuisine",
    names={"en": "banana", "id": "pisang", "ms": "pisang", "th": "กล้วย", "vi": "chuối", "fil": "saging", "km": "ចេក",
           "lo": "ໝາກກ້ວຍ", "my": "ငှက်ပျောသီး", "ta": "வாழைப்பழம்", "zh": "香蕉", "pt": "banana", "tet": "hudi"},
)
def banana(pen: Pen) -> None:
    peel = shade("#f7d22b", pen.rng.uniform(0.94, 1.04))
    edge = shade(peel, 0.62)
    for angle, tint in ((32, 0.86), (4, 0.94), (-24, 1.0)):
        with pen.at(-0.5, -0.78, angle=angle):
            pen.blob([(-0.06, 0.0), (-0.06, 0.5), (0.24, 1.08), (0.82, 1.42), (0.94, 1.34), (0.6, 0.98), (0.36, 0.5),
                      (0.16, 0.0)], shade(peel, tint), edge, 0.045)
            pen.curve([(0.06, 0.2), (0.14, 0.6), (0.42, 1.02), (0.78, 1.32)], edge, 0.04)
            pen.polygon([(0.78, 1.42), (0.92, 1.46), (0.98, 1.36), (0.88, 1.28)], "#4a351c")
    pen.polygon([(-0.66, -0.6), (-0.6, -0.98), (-0.4, -0.98), (-0.28, -0.62)], "#8f7a2a")
    pen.line([(-0.6, -0.96), (-0.4, -0.96)], "#4a351c", 0.09)


@concept(
    "carrot", aspect="cuisine",
    names={"en": "carrot", "id": "wortel", "ms": "lobak merah", "th": "แครอท", "vi": "cà rốt", "fil": "karot",
           "km": "ការ៉ុត", "lo": "ກາລົດ", "my": "မုန်လာဥနီ", "ta": "கேரட்", "zh": "胡萝卜", "pt": "cenoura"},
)
def carrot(pen: Pen) -> None:
    root = shade("#f08021", pen.rng.uniform(0.93, 1.07))
    with pen.at(-0.08, 0.05, 1.08, angle=32):
        for angle, length in ((-145, 0.5), (-35, 0.5), (-118, 0.64), (-62, 0.64), (-90, 0.72)):
            _leaf(pen, 0, -0.34, length, angle + pen.rng.uniform(-4, 4), "#3f9b3c" if angle % 2 else "#58b348")
        pen.blob([(0, -0.42), (-0.33, -0.36), (-0.37, -0.08), (-0.18, 0.5), (0, 0.98), (0.18, 0.5), (0.37, -0.08),
                  (0.33, -0.36)], root)
        for x0, y, x1 in ((-0.34, -0.16, -0.08), (0.34, 0.0, 0.1), (-0.25, 0.18, -0.04), (0.2, 0.38, 0.04),
                          (-0.14, 0.54, 0)):
            pen.line([(x0, y), (x1, y + 0.02)], shade(root, 0.68), 0.05)


@concept(
    "pizza", aspect="cuisine",
    names={"en": "pizza", "id": "pizza", "ms": "piza", "th": "พิซซ่า", "vi": "pizza", "fil": "pizza", "km": "ភីហ្សា",
           "lo": "ພິຊຊາ", "my": "ပီဇာ", "ta": "பீட்சா", "zh": "披萨", "pt": "pizza"},
)
def pizza(pen: Pen) -> None:
    cheese = shade("#fbd05a", pen.rng.uniform(0.95, 1.04))
    pen.polygon([(-0.8, -0.5), *arc_points(0, -0.5, 0.8, 0.18, 180, 360), (0, 0.96)], "#d79a4a")
    pen.polygon([(-0.72, -0.5), (0.72, -0.5), (0, 0.88)], cheese)
    for x, y, drop in ((-0.36, 0.2, 0.24), (0.3, 0.32, 0.26)):
        pen.line([(x, y), (x, y + drop)], cheese, 0.1)
    pen.curve([(-0.82, -0.52), (-0.4, -0.68), (0, -0.73), (0.4, -0.68), (0.82, -0.52)], "#b9722c", 0.27)
    pen.curve([(-0.78, -0.57), (-0.4, -0.72), (0, -0.77), (0.4, -0.72), (0.78, -0.57)], "#dda257", 0.13)
    for x, y in ((-0.33, -0.3), (0.3, -0.2), (-0.1, 0.14), (0.04, 0.52)):
        x += pen.rng.uniform(-0.03, 0.03)
        pen.circle(x, y, 0.165, "#a82a1c")
        pen.circle(x, y, 0.12, "#cf4330")
    for x, y in ((0.0, -0.38), (0.52, -0.4), (0.22, 0.16)):
        _leaf(pen, x - 0.1, y, 0.22, pen.rng.uniform(-60, 60), "#3f8f35")
    pen.circle(-0.56, -0.42, 0.06, "#2f2a2a")
    pen.circle(-0.28, 0.02, 0.06, "#2f2a2a")


@concept(
    "hamburger", aspect="cuisine",
    names={"en": "hamburger", "id": "hamburger", "ms": "hamburger", "th": "แฮมเบอร์เกอร์", "vi": "hamburger",
           "fil": "hamburger", "km": "ហាំប៊ឺហ្គឺ", "lo": "ແຮມເບີເກີ", "my": "ဟမ်ဘာဂါ", "ta": "ஹாம்பர்கர்", "zh": "汉堡包",
           "pt": "hambúrguer"},
)
def hamburger(pen: Pen) -> None:
    bun = shade("#dd9440", pen.rng.uniform(0.93, 1.07))
    pen.rect(-0.8, 0.42, 0.8, 0.82, bun, radius=0.18)
    pen.rect(-0.84, 0.18, 0.84, 0.46, "#5e3019", radius=0.13)
    pen.polygon([(-0.84, 0.12), (0.84, 0.12), (0.62, 0.24), (0.4, 0.42), (0.18, 0.24), (-0.3, 0.24), (-0.5, 0.38),
                 (-0.7, 0.24)],
                "#fbbf24")
    pen.rect(-0.78, -0.04, 0.78, 0.14, "#d8362b", radius=0.08)
    wave = [(-0.92 + 0.115 * k, -0.12 + 0.1 * (k % 2)) for k in range(17)]
    pen.curve(wave, "#62b23c", 0.16)
    pen.pie(0, -0.16, 0.86, 0.64, 180, 360, bun)
    pen.arc(0, -0.16, 0.7, 0.5, 205, 250, shade(bun, 1.3), 0.07)
    for x, y in ((-0.1, -0.66), (0.24, -0.62), (0.5, -0.44), (-0.3, -0.42), (0.08, -0.42), (0.34, -0.3),
                 (-0.54, -0.32)):
        pen.ellipse(x + pen.rng.uniform(-0.03, 0.03), y, 0.065, 0.04, "#fff1cf", angle=pen.rng.uniform(-40, 40))


@concept(
    "ice_cream", aspect="cuisine",
    names={"en": "ice cream cone", "id": "es krim cone", "ms": "aiskrim kon", "th": "ไอศกรีมโคน", "vi": "kem ốc quế",
           "fil": "ice cream sa apa", "km": "ការ៉េម", "lo": "ກະແລມ", "my": "ရေခဲမုန့်", "ta": "கோன் ஐஸ்கிரீம்",
           "zh": "甜筒",
           "pt": "gelado de cone"},
)
def ice_cream(pen: Pen) -> None:
    first, second = pen.rng.sample(("#f7a8bf", "#fbf0cf", "#7a4a2e", "#a8dcb4", "#f6c667"), 2)
    pen.polygon([(-0.44, 0.02), (0.44, 0.02), (0, 1)], "#dca15a")
    for k in (0.25, 0.5, 0.75):
        pen.line([(-0.44 + 0.88 * k, 0.02), (-0.44 * (1 - k), 0.02 + 0.98 * k)], "#a86a2c", 0.035)
        pen.line([(0.44 - 0.88 * k, 0.02), (0.44 * (1 - k), 0.02 + 0.98 * k)], "#a86a2c", 0.035)
    pen.line([(-0.44, 0.02), (0, 1), (0.44, 0.02)], "#a86a2c", 0.045)
    pen.circle(0, -0.5, 0.36, second, shade(second, 0.8))
    pen.circle(0, -0.14, 0.45, first)
    for x, y in ((-0.42, 0.1), (-0.21, 0.16), (0.02, 0.11), (0.24, 0.17), (0.43, 0.09)):
        pen.circle(x, y, 0.12, first)
    pen.arc(0, -0.14, 0.33, 0.33, 185, 235, shade(first, 1.12), 0.07)
    pen.curve([(0.02, -0.88), (0.06, -1.0), (0.16, -1.06)], "#4c7a2c", 0.04)
    pen.circle(0, -0.84, 0.13, "#d3202f")


@concept(
    "crescent_moon", aspect="sky",
    names={"en": "crescent moon", "id": "bulan sabit", "ms": "bulan sabit", "th": "พระจันทร์เสี้ยว",
           "vi": "trăng lưỡi liềm",
           "fil": "gasuklay na buwan", "km": "អឌ្ឍចន្ទ", "lo": "ພະຈັນສ້ຽວ", "my": "လခြမ်း", "ta": "பிறை நிலா",
           "zh": "月牙",
           "pt": "lua crescente"},
)
def crescent_moon(pen: Pen) -> None:
    glow = shade("#fbd84b", pen.rng.uniform(0.97, 1.08))
    outer = arc_points(-0.1, 0, 0.86, 0.86, 45, 315, 40)
    inner = arc_points(0.3, 0, 0.65, 0.65, 290, 70, 32)
    pen.polygon([*outer, *inner], glow, "#c9981c", 0.05)
    for x, y, r in ((-0.66, -0.22, 0.08), (-0.62, 0.22, 0.11), (-0.36, 0.56, 0.07)):
        pen.circle(x, y, r, shade(glow, 0.84))
    for x, y, r in ((0.38, -0.18, 0.26), (0.74, 0.22, 0.17), (0.26, 0.3, 0.13)):
        pen.star(x, y, r, r * 0.45, 5, "#e0a91b", -90 + pen.rng.uniform(-12, 12))


@concept(
    "rainbow", aspect="sky",
    names={"en": "rainbow", "id": "pelangi", "ms": "pelangi", "th": "รุ้ง", "vi": "cầu vồng", "fil": "bahaghari",
           "km": "ឥន្ទធនូ", "lo": "ຮຸ້ງ", "my": "သက်တံ", "ta": "வானவில்", "zh": "彩虹", "pt": "arco-íris"},
)
def rainbow(pen: Pen) -> None:
    for k, paint in enumerate(("#e23b35", "#f58a1f", "#f9d62e", "#4bb04f", "#2f74d0", "#7a3fb0")):
        pen.arc(0, 0.45, 0.88 - 0.115 * k, 1.0 - 0.125 * k, 180, 360, paint, 0.14)
    for side in (-1, 1):
        puffs = ((-0.24, 0.0, 0.17), (0.22, 0.02, 0.16), (0.0, -0.1, 0.2), (0.0, 0.06, 0.18))
        for grow, paint in ((0.04, "#9db4c8"), (0, "#ffffff")):
            for x, y, r in puffs:
                pen.circle(side * 0.6 + x, 0.56 + y, r + grow, paint)


@concept(
    "snowman", aspect="sky",
    names={"en": "snowman", "id": "boneka salju", "ms": "orang salji", "th": "ตุ๊กตาหิมะ", "vi": "người tuyết",
           "fil": "taong niyebe", "km": "មនុស្សព្រិល", "lo": "ຕຸກກະຕາຫິມະ", "my": "နှင်းလူရုပ်", "ta": "பனிமனிதன்",
           "zh": "雪人",
           "pt": "boneco de neve"},
)
def snowman(pen: Pen) -> None:
    edge = "#7f9cb5"
    for side in (-1, 1):
        up = pen.rng.uniform(-0.36, -0.16)
        pen.line([(side * 0.3, 0.1), (side * 0.9, up)], "#6b4426", 0.055)
        pen.line([(side * 0.72, up * 0.7), (side * 0.78, up - 0.2)], "#6b4426", 0.045)
    pen.circle(0, 0.5, 0.48, "#fbfdff", edge, 0.04)
    pen.circle(0, 0.0, 0.36, "#fbfdff", edge, 0.04)
    pen.circle(0, -0.44, 0.31, "#fbfdff", edge, 0.04)
    pen.line([(-0.22, -0.2), (0, -0.15), (0.22, -0.2)], pen.color, 0.12)
    pen.polygon([(0.06, -0.18), (0.2, -0.2), (0.27, 0.2), (0.12, 0.22)], pen.color)
    for y in (0.06, 0.4, 0.6):
        pen.circle(0, y, 0.05, INK)
    for x in (-0.1, 0.1):
        pen.circle(x, -0.52, 0.045, INK)
    pen.polygon([(0, -0.47), (0.36, -0.38), (0, -0.36)], "#f0801f")
    pen.line([(-0.36, -0.68), (0.36, -0.68)], "#26262c", 0.08)
    pen.rect(-0.24, -1, 0.24, -0.68, "#26262c")
    pen.rect(-0.24, -0.82, 0.24, -0.73, pen.color)


@concept(
    "strawberry", aspect="cuisine",
    names={"en": "strawberry", "id": "stroberi", "ms": "strawberi", "th": "สตรอว์เบอร์รี", "vi": "dâu tây",
           "fil": "strawberry", "km": "ស្ត្របឺរី", "lo": "ສະຕໍເບີຣີ", "my": "စတော်ဘယ်ရီ", "ta": "ஸ்ட்ராபெர்ரி",
           "zh": "草莓",
           "pt": "morango"},
)
def strawberry(pen: Pen) -> None:
    flesh = shade("#e0263a", pen.rng.uniform(0.93, 1.06))
    pen.blob([(0, -0.5), (-0.44, -0.56), (-0.74, -0.26), (-0.56, 0.34), (-0.2, 0.82), (0, 0.94), (0.2, 0.82),
              (0.56, 0.34),
              (0.74, -0.26), (0.44, -0.56)], flesh)
    for row, (y, half) in enumerate(((-0.2, 0.5), (0.06, 0.48), (0.32, 0.36), (0.58, 0.18))):
        for k in range(4 - (row > 2) - row % 2):
            x = -half + 2 * half * k / (3 - (row > 2) - row % 2)
            pen.ellipse(x + pen.rng.uniform(-0.02, 0.02), y, 0.04, 0.06, "#ffe08a")
    pen.curve([(0, -0.55), (0.02, -0.8), (0.14, -0.96)], "#3f8a33", 0.09)
    for angle in (12, 168, 52, 128, 90, -25, 205):
        _leaf(pen, 0, -0.58, 0.46, angle + pen.rng.uniform(-5, 5), "#4aa23b")
