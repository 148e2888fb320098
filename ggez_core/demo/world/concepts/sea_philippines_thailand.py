"""Concepts of the Philippines and Thailand."""

import math

from ..pen import Color, Pen, shade
from ..registry import concept


def _wheel(pen: Pen, x: float, y: float, r: float) -> None:
    """A car's wheel: black tyre, bright hub."""
    pen.circle(x, y, r, "#22252b")
    pen.circle(x, y, r * 0.45, "#d7dadf")


def _spoked(pen: Pen, x: float, y: float, r: float, paint: Color) -> None:
    """A carriage's tall wheel with wooden spokes."""
    for k in range(4):
        a = math.pi * k / 4 + 0.2
        dx, dy = r * math.cos(a), r * math.sin(a)
        pen.line([(x - dx, y - dy), (x + dx, y + dy)], paint, 0.035)
    pen.circle(x, y, r, None, paint, 0.07)
    pen.circle(x, y, r * 0.18, paint)


def _flame(pen: Pen, x: float, y: float, size: float) -> None:
    """A flame standing on (x, y)."""
    pen.blob([(x, y), (x - size * 0.45, y - size * 0.4), (x, y - size * 1.2), (x + size * 0.45, y - size * 0.4)],
             "#f5841f")
    pen.ellipse(x, y - size * 0.3, size * 0.2, size * 0.3, "#ffdf5e")


def _prawn(pen: Pen, x: float, y: float, size: float, angle: float) -> None:
    """A cooked prawn curled up around (x, y), its tail fan at the end."""
    with pen.at(x, y, size, angle):
        pen.arc(0, 0, 0.6, 0.6, 150, 395, "#d9532c", 0.5)
        pen.arc(0, 0, 0.6, 0.6, 155, 390, "#ff9a6b", 0.36)
        for t in (190, 235, 280, 325):
            a = math.radians(t)
            pen.line([(0.44 * math.cos(a), 0.44 * math.sin(a)), (0.8 * math.cos(a), 0.8 * math.sin(a))],
                     "#d9532c", 0.08)
        pen.polygon([(0.45, 0.3), (0.1, 0.62), (0.4, 0.72), (0.66, 0.68)], "#c23a1a")


# ---------------------------------------------------------------------------------------------------- Philippines


@concept(
    "jeepney", aspect="transport", countries=("PH",), generic="a vehicle",
    names={"en": "jeepney", "fil": "dyip"},
)
def jeepney(pen: Pen) -> None:
    """A stretched jeep: chrome bonnet with a horse on it, open windows all along, loud stripes, things on the roof."""
    chrome, body = "#c9cfd6", pen.color
    pen.line([(-0.4, -0.62), (0.85, -0.62)], "#6b7179", 0.04)
    for x in (-0.35, 0.0, 0.4, 0.8):
        pen.line([(x, -0.62), (x, -0.48)], "#6b7179", 0.04)
    pen.rect(0.1, -0.76, 0.6, -0.56, "#a8692f", radius=0.05)
    pen.polygon([(-0.52, -0.5), (0.93, -0.5), (0.93, 0.42), (-0.42, 0.42), (-0.42, -0.02)], body)
    pen.rect(-0.6, -0.56, 0.96, -0.44, chrome, "#7d838b", 0.03, 0.05)
    pen.polygon([(-0.46, -0.36), (-0.2, -0.36), (-0.2, -0.06), (-0.38, -0.06)], "#2b3440")
    for k in range(4):
        pen.rect(-0.12 + 0.26 * k, -0.36, 0.08 + 0.26 * k, -0.06, "#2b3440")
    pen.polygon([(-0.92, 0.08), (-0.4, 0.0), (-0.4, 0.42), (-0.92, 0.42)], chrome, "#7d838b", 0.03)
    for y, paint in ((0.04, "#f7d31e"), (0.15, "#e0322b"), (0.26, "#1f58c4")):
        pen.rect(-0.38, y, 0.93, y + 0.1, paint)
    pen.star(0.3, 0.2, 0.14, 0.06, 5, "#ffffff")
    pen.curve([(-0.72, 0.06), (-0.7, -0.1), (-0.8, -0.18)], "#e9edf1", 0.07)
    pen.line([(-0.66, 0.04), (-0.62, -0.08), (-0.7, -0.12)], "#7d838b", 0.03)
    pen.circle(-0.88, 0.2, 0.08, "#fff3a8", "#7d838b", 0.03)
    pen.rect(-0.98, 0.36, 0.98, 0.46, "#8d949c", radius=0.04)
    for x in (-0.62, 0.58):
        _wheel(pen, x, 0.46, 0.22)


@concept(
    "bahay_kubo", aspect="landmark", countries=("PH",), generic="a house",
    names={"en": "bahay kubo", "fil": "bahay kubo"},
)
def bahay_kubo(pen: Pen) -> None:
    """A bamboo hut on stilts under a steep nipa roof, windows propped open, a ladder to the door."""
    bamboo, straw = "#d9b36a", shade("#b08a48", pen.rng.uniform(0.92, 1.08))
    for x in (-0.6, -0.22, 0.22, 0.6):
        pen.line([(x, 0.3), (x, 0.88)], "#6e4a24", 0.07)
    pen.rect(-0.68, -0.15, 0.68, 0.42, bamboo)
    for k in range(11):
        x = -0.62 + 0.124 * k
        pen.line([(x, -0.1), (x, 0.4)], "#b78c43", 0.03)
    for y in (0.02, 0.26):
        pen.line([(-0.68, y), (0.68, y)], "#b78c43", 0.03)
    pen.rect(-0.74, 0.38, 0.74, 0.47, "#7a5228")
    pen.rect(-0.15, -0.1, 0.17, 0.4, "#3f2c1a")
    for x in (-0.46, 0.46):
        pen.rect(x - 0.14, -0.02, x + 0.14, 0.22, "#3f2c1a")
        pen.polygon([(x - 0.17, -0.04), (x + 0.17, -0.04), (x + 0.22, 0.1), (x - 0.22, 0.1)], "#c79a4e",
                    "#8a6328", 0.03)
    pen.polygon([(-0.3, -0.88), (0.3, -0.88), (0.94, -0.02), (-0.94, -0.02)], straw)
    for row in range(4):
        y, half = -0.66 + 0.2 * row, 0.46 + 0.149 * row
        pen.line([(-half, y), (half, y)], shade(straw, 0.75), 0.035)
    for k in range(-4, 5):
        pen.line([(k * 0.07, -0.84), (k * 0.22, -0.04)], shade(straw, 0.82), 0.03)
    pen.line([(-0.32, -0.88), (0.32, -0.88)], "#6e4a24", 0.09)
    for x in (-0.13, 0.15):
        pen.line([(x, 0.44), (x * 1.5, 0.94)], "#8a5c28", 0.05)
    for y in (0.56, 0.69, 0.82):
        pen.line([(-0.17, y), (0.19, y)], "#8a5c28", 0.045)


@concept(
    "parol", aspect="tradition", countries=("PH",), generic="a lamp",
    names={"en": "parol", "fil": "parol"},
)
def parol(pen: Pen) -> None:
    """A Christmas star lantern: faceted five-pointed star in a fringed ring, a tassel on each lower point."""
    paint = pen.color
    for x in (-0.42, 0.42):
        for dx in (-0.12, -0.04, 0.04, 0.12):
            pen.line([(x, 0.42), (x * 1.08 + dx, 0.94)], ("#f7d31e", "#ffffff")[dx > 0], 0.05)
        pen.circle(x, 0.44, 0.09, "#e0322b")
    pen.circle(0, -0.16, 0.66, "#ffe9a6", "#e8a917", 0.07)
    for k in range(20):
        a = 2 * math.pi * k / 20
        pen.circle(0.72 * math.cos(a), -0.16 + 0.72 * math.sin(a), 0.05, ("#e0322b", "#2f9e44")[k % 2])
    pen.star(0, -0.16, 0.74, 0.3, 5, shade(paint, 0.7))
    for k in range(5):
        a, b = math.radians(-90 + 72 * k), math.radians(-54 + 72 * k)
        tip, dent = (0.7 * math.cos(a), -0.16 + 0.7 * math.sin(a)), (0.28 * math.cos(b), -0.16 + 0.28 * math.sin(b))
        pen.polygon([(0, -0.16), tip, dent], shade(paint, 1.35))
    pen.star(0, -0.16, 0.25, 0.11, 5, "#fff7c2")


@concept(
    "salakot", aspect="clothing", countries=("PH",), generic="a hat",
    names={"en": "salakot", "fil": "salakot"},
)
def salakot(pen: Pen) -> None:
    """A wide domed hat of woven rattan with metal bands, a spike on top and a cord for the chin."""
    brown = shade("#9a5a26", pen.rng.uniform(0.9, 1.1))
    pen.curve([(-0.5, 0.36), (-0.34, 0.7), (0, 0.86), (0.34, 0.7), (0.5, 0.36)], "#3d2412", 0.05)
    pen.ellipse(0, 0.32, 0.93, 0.19, shade(brown, 0.5))
    pen.blob([(-0.95, 0.36), (-0.72, 0.02), (-0.34, -0.36), (0, -0.47), (0.34, -0.36), (0.72, 0.02), (0.95, 0.36),
              (0.5, 0.22), (0, 0.17), (-0.5, 0.22)], brown)
    for x in (-0.74, -0.45, -0.15, 0.15, 0.45, 0.74):
        pen.curve([(0, -0.45), (x * 0.62, -0.2), (x, 0.26 - 0.06 * (1 - abs(x)))], shade(brown, 0.68), 0.03)
    for y, half, dip in ((0.02, 0.63, 0.13), (-0.2, 0.43, 0.09)):
        pen.curve([(-half, y), (-half / 2, y - dip * 0.75), (0, y - dip), (half / 2, y - dip * 0.75), (half, y)],
                  "#d9b56a", 0.04)
    pen.curve([(-0.92, 0.34), (-0.5, 0.21), (0, 0.16), (0.5, 0.21), (0.92, 0.34)], "#e3e6ea", 0.07)
    pen.blob([(-0.26, -0.34), (-0.12, -0.52), (0, -0.58), (0.12, -0.52), (0.26, -0.34), (0, -0.42)], "#e3e6ea")
    pen.polygon([(-0.07, -0.54), (0.07, -0.54), (0, -0.94)], "#aeb4bb")
    pen.circle(0, -0.62, 0.1, "#cfd4da")


@concept(
    "barong_tagalog", aspect="clothing", countries=("PH",), generic="a traditional dress",
    names={"en": "barong tagalog", "fil": "barong tagalog"},
)
def barong_tagalog(pen: Pen) -> None:
    """A sheer cream shirt worn loose over dark trousers, embroidered down the front."""
    cream, thread, edge = shade("#f1e2ba", pen.rng.uniform(0.97, 1.03)), "#a87a34", "#b3965e"
    pen.rect(-0.36, 0.5, 0.36, 0.92, "#23252c")
    pen.line([(0, 0.7), (0, 0.92)], "#4a4d57", 0.04)
    for side in (-1, 1):
        sleeve = [(0.26, -0.74), (0.54, -0.6), (0.8, 0.32), (0.58, 0.4), (0.36, -0.2)]
        pen.polygon([(side * x, y) for x, y in sleeve], shade(cream, 0.95), edge, 0.035)
        pen.line([(side * 0.6, 0.4), (side * 0.81, 0.33)], "#fffaf0", 0.1)
    pen.polygon([(-0.22, -0.78), (0.22, -0.78), (0.43, -0.66), (0.43, 0.68), (-0.43, 0.68), (-0.43, -0.66)],
                cream, edge, 0.035)
    pen.polygon([(-0.26, -0.62), (0.26, -0.62), (0.26, 0.3), (0, 0.52), (-0.26, 0.3)], "#fffaf0", thread, 0.035)
    for side in (-1, 1):
        pen.curve([(side * 0.15, -0.5), (side * 0.19, -0.2), (side * 0.13, 0.1), (side * 0.16, 0.28)], thread, 0.03)
        for k in range(5):
            pen.ellipse(side * (0.12 + 0.07 * (k % 2)), -0.44 + 0.17 * k, 0.055, 0.035, thread, angle=side * 40)
        pen.ellipse(side * 0.34, 0.5, 0.05, 0.05, thread)
    pen.line([(0, -0.65), (0, 0.16)], edge, 0.03)
    for y in (-0.44, -0.24, -0.04, 0.14):
        pen.circle(0, y, 0.035, "#6e5224")
    for side in (-1, 1):
        pen.polygon([(side * 0.16, -0.88), (side * 0.27, -0.7), (side * 0.1, -0.54), (0, -0.7)], "#fffaf0", edge)


@concept(
    "halo_halo", aspect="cuisine", countries=("PH",), generic="a dessert",
    names={"en": "halo-halo", "fil": "halo-halo"},
)
def halo_halo(pen: Pen) -> None:
    """A tall glass of beans, jelly and shaved ice in layers, topped with ube ice cream, flan and a wafer."""
    def half(y: float) -> float:
        return 0.34 + 0.2 * (0.6 - y) / 0.9

    pen.polygon([(0.2, -0.3), (0.3, -0.34), (0.62, -0.94), (0.5, -0.97)], "#d99a45")
    pen.rect(-0.32, 0.8, 0.32, 0.92, "#cfe0e6", "#93aab3", 0.03, 0.05)
    pen.rect(-0.08, 0.62, 0.08, 0.84, "#cfe0e6", "#93aab3", 0.03)
    layers = ["#7a1f2b", "#3aa655", "#f4c433", "#ffffff", "#e6d2ee"]
    for k, paint in enumerate(layers):
        top, bottom = 0.45 - 0.18 * k, 0.63 - 0.18 * k
        pen.polygon([(-half(top), top), (half(top), top), (half(bottom), bottom), (-half(bottom), bottom)], paint)
    for k, paint in enumerate(("#a8323f", "#8be08a", "#fff0a0")):
        for j in range(5):
            pen.circle(-0.3 + 0.15 * j, 0.54 - 0.18 * k + pen.rng.uniform(-0.03, 0.03), 0.05, paint)
    for _ in range(6):
        x, y = pen.rng.uniform(-0.35, 0.35), pen.rng.uniform(-0.2, 0.05)
        pen.circle(x, y, 0.05, pen.rng.choice(["#e0322b", "#3aa655", "#f49ac1"]))
    pen.polygon([(-half(-0.3), -0.3), (half(-0.3), -0.3), (half(0.66), 0.66), (-half(0.66), 0.66)], None,
                "#93aab3", 0.05)
    pen.ellipse(0, -0.32, 0.58, 0.17, "#f4f8fb")
    pen.circle(-0.2, -0.52, 0.3, "#7b3fa0")
    pen.ellipse(-0.28, -0.62, 0.09, 0.07, "#a56fc4")
    pen.polygon([(0.08, -0.66), (0.44, -0.6), (0.46, -0.34), (0.08, -0.34)], "#f5bf3c")
    pen.polygon([(0.08, -0.66), (0.44, -0.6), (0.44, -0.5), (0.08, -0.55)], "#a3561b")
    pen.circle(-0.16, -0.84, 0.08, "#d8222f")


@concept(
    "lechon", aspect="cuisine", countries=("PH",), generic="a dish",
    names={"en": "lechon", "fil": "lechon"},
)
def lechon(pen: Pen) -> None:
    """A whole pig, glossy brown, on a bamboo spit above glowing coals."""
    skin = shade("#b5521b", pen.rng.uniform(0.92, 1.08))
    for x in (-0.88, 0.88):
        pen.line([(x, 0.86), (x, -0.1)], "#6e4a24", 0.07)
        pen.line([(x - 0.1, -0.3), (x, -0.1), (x + 0.1, -0.3)], "#6e4a24", 0.06)
    pen.line([(-0.98, -0.14), (0.98, -0.14)], "#d8b45c", 0.09)
    for x in (-0.6, -0.36, -0.12, 0.12, 0.36, 0.6):
        _flame(pen, x + pen.rng.uniform(-0.03, 0.03), 0.84, pen.rng.uniform(0.2, 0.32))
    for k in range(8):
        pen.ellipse(-0.63 + 0.18 * k, 0.84, 0.12, 0.09, ("#2b2522", "#d8401f")[k % 3 == 1])
    pen.curve([(0.62, -0.24), (0.74, -0.36), (0.82, -0.26), (0.74, -0.2), (0.72, -0.36)], skin, 0.05)
    for x0, x1 in ((-0.3, -0.5), (-0.16, -0.34), (0.36, 0.54), (0.5, 0.7)):
        pen.line([(x0, 0.05), (x0 + 0.02, 0.24), (x1, 0.36)], shade(skin, 0.75), 0.13)
    pen.ellipse(0.12, -0.1, 0.6, 0.33, skin)
    pen.ellipse(0.12, -0.24, 0.4, 0.08, shade(skin, 1.45))
    pen.ellipse(-0.46, -0.12, 0.27, 0.24, skin)
    pen.polygon([(-0.62, -0.24), (-0.84, -0.17), (-0.84, 0.03), (-0.6, 0.06)], skin)
    pen.ellipse(-0.83, -0.07, 0.07, 0.12, shade(skin, 0.7))
    pen.polygon([(-0.46, -0.28), (-0.4, -0.58), (-0.2, -0.34), (-0.28, -0.16)], shade(skin, 0.65))
    pen.line([(-0.6, -0.17), (-0.53, -0.17)], "#3a1a0a", 0.04)
    pen.line([(-0.8, 0.06), (-0.62, 0.02)], "#3a1a0a", 0.03)


@concept(
    "tarsier", aspect="nature", countries=("PH",), generic="an animal",
    names={"en": "tarsier", "fil": "tarsier"},
)
def tarsier(pen: Pen) -> None:
    """A tiny primate with enormous eyes, clinging to a branch with long fingers, its thin tail hanging."""
    fur = shade("#a07a52", pen.rng.uniform(0.9, 1.1))
    pen.line([(0.3, -0.95), (0.22, 0.95)], "#5e4128", 0.2)
    pen.line([(0.27, 0.1), (0.85, -0.1)], "#5e4128", 0.08)
    pen.ellipse(0.78, -0.16, 0.17, 0.09, "#3f9a3f", angle=-25)
    pen.curve([(-0.2, 0.66), (-0.45, 0.85), (-0.7, 0.75), (-0.8, 0.45)], shade(fur, 0.75), 0.06)
    pen.ellipse(-0.14, 0.36, 0.35, 0.46, fur)
    pen.ellipse(-0.16, 0.4, 0.2, 0.3, shade(fur, 1.35))
    pen.line([(-0.3, 0.72), (0.02, 0.5), (0.2, 0.72)], shade(fur, 0.85), 0.13)
    pen.line([(-0.34, 0.16), (-0.06, 0.34), (0.2, 0.16)], shade(fur, 0.85), 0.11)
    for y in (0.14, 0.7):
        for dy in (-0.1, 0.0, 0.1):
            pen.line([(0.17, y + dy * 0.4), (0.4, y + dy)], shade(fur, 1.25), 0.045)
            pen.circle(0.4, y + dy, 0.045, shade(fur, 1.4))
    for x, angle in ((-0.66, -35), (0.34, 35)):
        pen.ellipse(x, -0.66, 0.15, 0.26, shade(fur, 0.85), angle=angle)
        pen.ellipse(x, -0.66, 0.08, 0.17, "#e0a48c", angle=angle)
    pen.ellipse(-0.16, -0.38, 0.53, 0.42, fur)
    for x in (-0.425, 0.105):
        pen.circle(x, -0.4, 0.235, shade(fur, 1.4))
        pen.circle(x, -0.4, 0.205, "#f09a1e")
        pen.circle(x, -0.4, 0.085, "#1a120a")
        pen.circle(x - 0.08, -0.49, 0.045, "#ffffff")
    pen.ellipse(-0.16, -0.2, 0.06, 0.05, "#4a2f18")
    pen.arc(-0.16, -0.14, 0.12, 0.07, 20, 160, "#4a2f18", 0.035)


@concept(
    "mayon", aspect="nature", countries=("PH",), generic="a landscape",
    names={"en": "Mayon volcano", "fil": "Bulkang Mayon"},
)
def mayon(pen: Pen) -> None:
    """The perfect cone with its plume of smoke; in front the lone belfry of Cagsawa and palms."""
    rock = shade("#7288ab", pen.rng.uniform(0.92, 1.08))
    for x, y, r in ((0.0, -0.66, 0.09), (0.1, -0.74, 0.12), (0.25, -0.82, 0.14), (0.44, -0.86, 0.12)):
        pen.circle(x, y, r, "#d5d8dd")
    for side in (-1, 1):
        slope = [(0.0, -0.62), (0.07, -0.62), (0.2, -0.3), (0.4, 0.05), (0.66, 0.34), (0.98, 0.52), (0.98, 0.6),
                 (0.0, 0.6)]
        pen.polygon([(side * x, y) for x, y in slope], rock if side < 0 else shade(rock, 0.78))
    for x in (-0.16, -0.05, 0.08, 0.2):
        pen.curve([(x * 0.35, -0.58), (x * 0.9, -0.3), (x * 1.6, 0.02)],
                  "#a86a52" if abs(x) < 0.1 else shade(rock, 1.25), 0.035)
    pen.blob([(-0.98, 0.5), (-0.5, 0.36), (0, 0.42), (0.5, 0.36), (0.98, 0.5), (0.98, 0.86), (0, 0.92), (-0.98, 0.86)],
             "#4f9a3c")
    pen.rect(-0.42, 0.14, -0.12, 0.82, "#4a4038")
    pen.polygon([(-0.42, 0.15), (-0.36, 0.03), (-0.27, 0.1), (-0.2, 0.0), (-0.12, 0.15)], "#4a4038")
    for y in (0.24, 0.52):
        pen.rect(-0.33, y, -0.21, y + 0.16, "#c9d6c0", radius=0.05)
    pen.polygon([(-0.6, 0.84), (-0.5, 0.66), (0.02, 0.7), (0.1, 0.84)], "#5c5046")
    for x, y in ((0.38, 0.34), (0.76, 0.26)):
        pen.curve([(x + 0.04, 0.84), (x + 0.03, y + 0.3), (x, y)], "#6b4a26", 0.05)
        for dx, dy in ((-0.2, 0.06), (-0.13, -0.12), (0.13, -0.12), (0.2, 0.06)):
            pen.curve([(x, y), (x + dx * 0.6, y + dy - 0.05), (x + dx, y + dy + 0.06)], "#256b2b", 0.06)


@concept(
    "bangka", aspect="transport", countries=("PH",), generic="a boat",
    names={"en": "bangka", "fil": "bangka"},
)
def bangka(pen: Pen) -> None:
    """A slender boat seen from the bow, bent poles on both sides holding bamboo floats like a water spider's legs."""
    paint, bamboo = pen.color, "#d9ae4c"
    pen.ellipse(0, 0.6, 0.98, 0.3, "#8fd0e6")
    pen.line([(0, 0), (0, -0.92)], "#6e4a24", 0.05)
    pen.line([(-0.62, -0.14), (0, -0.88), (0.62, -0.14)], "#7d838b", 0.03)
    pen.polygon([(0.02, -0.94), (0.32, -0.86), (0.02, -0.76)], "#e0322b")
    for x in (-0.26, 0.26):
        pen.line([(x, -0.42), (x * 0.85, -0.02)], "#6e4a24", 0.05)
    pen.polygon([(-0.3, -0.52), (0.3, -0.52), (0.4, -0.36), (-0.4, -0.36)], shade(paint, 1.2))
    pen.polygon([(-0.28, -0.14), (0.28, -0.14), (0.2, 0.3), (-0.2, 0.3)], "#4a3524")
    for side in (-1, 1):
        for y, reach, drop in ((-0.14, 0.62, 0.16), (0.14, 0.8, 0.4)):
            pen.curve([(0, y), (side * reach * 0.45, y - 0.14), (side * reach * 0.8, y - 0.04), (side * reach, drop)],
                      shade(bamboo, 0.82), 0.065)
        pen.line([(side * 0.56, 0.06), (side * 0.94, 0.6)], bamboo, 0.11)
        for x, y in ((0.68, 0.23), (0.82, 0.43)):
            pen.circle(side * x, y, 0.06, "#8a5c28")
    pen.blob([(-0.05, -0.22), (0.05, -0.22), (0.25, 0.06), (0.22, 0.5), (0, 0.86), (-0.22, 0.5), (-0.25, 0.06)], paint)
    pen.polygon([(0, -0.26), (0.26, 0.06), (0.24, 0.24), (0, 0.04), (-0.24, 0.24), (-0.26, 0.06)], "#f8f8f4")
    pen.line([(0, -0.24), (0, 0.82)], shade(paint, 0.6), 0.05)
    pen.curve([(-0.4, 0.78), (-0.16, 0.84), (0, 0.9), (0.16, 0.84), (0.4, 0.78)], "#ffffff", 0.06)


@concept(
    "balut", aspect="cuisine", countries=("PH",), generic="a dish",
    names={"en": "balut", "fil": "balut"},
)
def balut(pen: Pen) -> None:
    """A boiled duck egg in a cup, its top cracked off: veined yolk, the small dark duckling asleep; a dish of salt."""
    shell, line = shade("#dfe9dc", pen.rng.uniform(0.97, 1.03)), "#93a595"
    pen.curve([(-0.34, -0.7), (-0.4, -0.8), (-0.3, -0.86), (-0.36, -0.96)], "#aab3bd", 0.05)
    pen.curve([(0.06, -0.7), (0.0, -0.8), (0.1, -0.86), (0.04, -0.96)], "#aab3bd", 0.05)
    pen.ellipse(-0.14, 0.08, 0.56, 0.68, shell, line, 0.04)
    pen.blob([(-0.64, 0.06), (-0.58, -0.3), (-0.36, -0.56), (-0.08, -0.62), (0.2, -0.52), (0.36, -0.22), (0.38, 0.1),
              (-0.14, 0.26)], "#f5b52c")
    for dx, dy in ((-0.52, -0.18), (-0.4, -0.42), (-0.16, -0.54), (0.12, -0.46), (0.28, -0.22)):
        pen.curve([(-0.14, 0.1), (dx * 0.75 - 0.07, dy * 0.6), (dx, dy)], "#b3241c", 0.045)
    pen.blob([(-0.46, 0.1), (-0.36, -0.16), (-0.12, -0.22), (0.1, -0.04), (0.06, 0.2), (-0.3, 0.24)], "#4e443e")
    pen.blob([(-0.06, -0.12), (-0.02, -0.32), (0.16, -0.34), (0.24, -0.18), (0.14, -0.02)], "#5d5048")
    pen.polygon([(0.2, -0.2), (0.34, -0.02), (0.12, -0.06)], "#c98a3a")
    pen.arc(0.1, -0.22, 0.06, 0.05, 10, 170, "#f0e6d2", 0.03)
    pen.curve([(-0.36, 0.04), (-0.2, -0.06), (-0.08, 0.08)], "#8a7c70", 0.04)
    crack = [(-0.7, 0.1), (-0.56, -0.04), (-0.48, 0.16), (-0.34, 0.08), (-0.24, 0.26), (-0.1, 0.12), (0.02, 0.26),
             (0.12, 0.08), (0.24, 0.16), (0.32, -0.04), (0.42, 0.1)]
    pen.polygon([*crack, (0.36, 0.44), (0.1, 0.74), (-0.38, 0.74), (-0.64, 0.44)], shell)
    pen.line(crack, line, 0.04)
    pen.segment(-0.14, 0.42, 0.5, 0.42, 0, 180, "#3f5f9a")
    pen.polygon([(-0.22, 0.78), (-0.06, 0.78), (0.12, 0.94), (-0.4, 0.94)], "#3f5f9a")
    pen.line([(-0.6, 0.44), (0.32, 0.44)], "#7f9cd0", 0.06)
    pen.polygon([(0.46, 0.76), (0.68, 0.54), (0.88, 0.76)], "#ffffff")
    pen.segment(0.67, 0.74, 0.29, 0.18, 0, 180, "#8a4a2a")


@concept(
    "tinikling", aspect="tradition", countries=("PH",), generic="a dance",
    names={"en": "tinikling", "fil": "tinikling"},
)
def tinikling(pen: Pen) -> None:
    """A dancer hops between two bamboo poles that two people, sitting at the ends, beat together."""
    bamboo, skin, skirt = "#a9b944", "#b97a4c", pen.rng.choice(["#d8342c", "#e0552b", "#c9277a"])
    pen.line([(-0.96, 0.56), (0.96, 0.56)], bamboo, 0.07)
    pen.line([(-0.02, 0.1), (-0.08, 0.68)], skin, 0.09)
    pen.line([(0.12, 0.1), (0.34, 0.3), (0.2, 0.46)], skin, 0.09)
    pen.polygon([(-0.12, -0.32), (0.12, -0.32), (0.46, 0.2), (0.12, 0.3), (-0.3, 0.26)], skirt)
    pen.curve([(-0.24, 0.16), (0.04, 0.2), (0.38, 0.13)], "#f7d31e", 0.05)
    pen.polygon([(-0.15, -0.62), (0.15, -0.62), (0.12, -0.3), (-0.12, -0.3)], "#fbf3dc")
    for side in (-1, 1):
        pen.blob([(side * 0.12, -0.66), (side * 0.24, -0.74), (side * 0.28, -0.56), (side * 0.14, -0.5)], "#fbf3dc")
        pen.line([(side * 0.22, -0.6), (side * 0.42, -0.48), (side * 0.46, -0.7)], skin, 0.06)
    pen.circle(0, -0.76, 0.13, skin)
    pen.segment(0, -0.78, 0.15, 0.14, 160, 380, "#241812")
    pen.circle(0, -0.93, 0.05, "#241812")
    for side in (-1, 1):
        pen.line([(side * 0.62, 0.5), (side * 0.5, 0.32), (side * 0.72, 0.52)], "#2f4b8f", 0.12)
        pen.blob([(side * 0.62, 0.12), (side * 0.82, 0.1), (side * 0.9, 0.52), (side * 0.62, 0.54)], "#2a62c9")
        pen.line([(side * 0.7, 0.2), (side * 0.56, 0.42), (side * 0.64, 0.66)], skin, 0.06)
        pen.circle(side * 0.7, 0.0, 0.12, skin)
        pen.segment(side * 0.7, -0.01, 0.13, 0.13, 170, 370, "#241812")
    pen.line([(-0.98, 0.76), (0.98, 0.76)], bamboo, 0.08)
    for x in (-0.55, -0.15, 0.25, 0.6):
        pen.line([(x, 0.72), (x, 0.8)], "#6d7a22", 0.04)


@concept(
    "calesa", aspect="transport", countries=("PH",), generic="a vehicle",
    names={"en": "calesa", "fil": "kalesa"},
)
def calesa(pen: Pen) -> None:
    """A two-wheeled carriage with a curved hood and lamps, drawn by one small horse."""
    horse, body = pen.rng.choice(["#8a5a34", "#6b4226", "#a8703e"]), pen.color
    for x0, x1 in ((-0.66, -0.76), (-0.56, -0.5), (-0.18, -0.26), (-0.08, -0.04)):
        pen.line([(x0, 0.2), (x1, 0.5), (x1 + 0.02, 0.84)], shade(horse, 0.8), 0.08)
    pen.curve([(-0.04, 0.08), (0.1, 0.16), (0.1, 0.46)], "#2b1a10", 0.08)
    pen.ellipse(-0.36, 0.14, 0.37, 0.19, horse)
    pen.polygon([(-0.7, 0.2), (-0.48, 0.0), (-0.66, -0.44), (-0.84, -0.36)], horse)
    pen.polygon([(-0.64, -0.48), (-0.84, -0.42), (-0.98, -0.14), (-0.88, -0.08), (-0.7, -0.24)], horse)
    pen.curve([(-0.64, -0.52), (-0.58, -0.28), (-0.46, -0.02)], "#2b1a10", 0.09)
    pen.polygon([(-0.74, -0.46), (-0.7, -0.64), (-0.64, -0.46)], horse)
    pen.line([(-0.72, 0.12), (0.4, 0.2)], "#4a2f18", 0.05)
    pen.line([(-0.34, -0.02), (-0.32, 0.3)], "#d8342c", 0.05)
    pen.polygon([(0.18, -0.02), (0.3, 0.32), (0.9, 0.32), (0.94, -0.06), (0.86, -0.5), (0.76, -0.5), (0.74, -0.02)],
                body)
    pen.polygon([(0.36, 0.02), (0.74, 0.02), (0.74, 0.16), (0.4, 0.16)], "#5b2a20")
    pen.line([(0.22, 0.0), (0.24, -0.6)], "#3a2416", 0.04)
    pen.blob([(0.1, -0.54), (0.3, -0.74), (0.66, -0.78), (0.92, -0.6), (0.96, -0.4), (0.8, -0.46), (0.5, -0.56),
              (0.26, -0.52)],
             shade(body, 0.55))
    pen.circle(0.2, -0.2, 0.08, "#ffe08a", "#8a6a1c", 0.03)
    _spoked(pen, 0.58, 0.44, 0.42, "#e0a82e")


# ------------------------------------------------------------------------------------------------------ Thailand


@concept(
    "tuk_tuk", aspect="transport", countries=("TH",), generic="a vehicle",
    names={"en": "tuk-tuk", "th": "ตุ๊กตุ๊ก"},
)
def tuk_tuk(pen: Pen) -> None:
    """A three-wheeled open taxi: blue and yellow, bench at the back, roof on thin posts, one small front wheel."""
    blue = shade("#1d4fb8", pen.rng.uniform(0.92, 1.12))
    pen.line([(-0.72, 0.2), (-0.78, 0.52)], "#6b7179", 0.08)
    pen.polygon([(-0.62, -0.56), (-0.5, -0.56), (-0.66, 0.04), (-0.78, 0.04)], "#bfe0ee", "#6b7179", 0.04)
    pen.rect(0.3, -0.12, 0.84, 0.2, "#c22b2b", radius=0.06)
    pen.polygon([(0.66, -0.5), (0.9, -0.5), (0.92, 0.1), (0.78, 0.1)], blue)
    pen.rect(-0.3, 0.08, -0.02, 0.2, "#c22b2b", radius=0.04)
    pen.line([(-0.58, 0.04), (-0.46, -0.1), (-0.36, -0.1)], "#22252b", 0.05)
    pen.polygon([(-0.84, 0.02), (-0.62, 0.0), (-0.5, 0.26), (-0.1, 0.3), (0.2, 0.3), (0.22, 0.06), (0.94, 0.06),
                 (0.94, 0.5),
                 (-0.56, 0.5), (-0.62, 0.34), (-0.86, 0.3)], blue)
    pen.line([(0.26, 0.2), (0.92, 0.2)], "#f7d31e", 0.08)
    pen.line([(-0.5, 0.42), (0.3, 0.42)], "#f7d31e", 0.05)
    for x in (0.0, 0.24):
        pen.line([(x, -0.5), (x, 0.3)], "#d7dadf", 0.045)
    pen.blob([(-0.78, -0.5), (-0.56, -0.7), (0.1, -0.76), (0.8, -0.72), (0.98, -0.48), (0.1, -0.5)], "#f2b81a")
    pen.line([(-0.74, -0.5), (0.96, -0.48)], "#c22b2b", 0.06)
    pen.circle(-0.86, 0.12, 0.1, "#fff7c2", "#6b7179", 0.035)
    _wheel(pen, -0.78, 0.58, 0.2)
    _wheel(pen, 0.58, 0.54, 0.24)


@concept(
    "tom_yum", aspect="cuisine", countries=("TH",), generic="a bowl of food",
    names={"en": "tom yum", "th": "ต้มยำ"},
)
def tom_yum(pen: Pen) -> None:
    """Sour prawn soup in the metal ring pot with a chimney: red broth, prawns, mushrooms, lime leaves, chillies."""
    metal = "#b9c0c8"
    pen.polygon([(-0.3, 0.5), (0.3, 0.5), (0.42, 0.92), (-0.42, 0.92)], shade(metal, 0.75))
    pen.rect(-0.16, 0.66, 0.16, 0.84, "#3a2a22", radius=0.05)
    _flame(pen, 0, 0.84, 0.16)
    for x in (-0.96, 0.96):
        pen.circle(x * 0.95, 0.14, 0.1, None, "#7d838b", 0.05)
    pen.segment(0, 0.06, 0.9, 0.6, 0, 180, metal)
    pen.arc(0, 0.06, 0.66, 0.44, 100, 165, "#e9edf1", 0.07)
    pen.ellipse(0, 0.06, 0.9, 0.36, shade(metal, 0.8))
    pen.ellipse(0, 0.06, 0.82, 0.3, "#e2571e")
    for _ in range(6):
        a = pen.rng.uniform(0, 2 * math.pi)
        pen.circle(0.6 * math.cos(a), 0.06 + 0.2 * math.sin(a), 0.05, "#f5a13a")
    pen.polygon([(-0.2, 0.1), (0.2, 0.1), (0.14, -0.66), (-0.14, -0.66)], metal)
    pen.polygon([(-0.12, 0.1), (-0.03, 0.1), (-0.03, -0.64), (-0.09, -0.64)], "#e9edf1")
    pen.ellipse(0, -0.66, 0.16, 0.06, "#4a4038")
    _flame(pen, 0, -0.64, 0.24)
    _prawn(pen, -0.5, -0.02, 0.34, -20)
    _prawn(pen, 0.52, 0.06, 0.32, 40)
    pen.ellipse(-0.24, 0.22, 0.15, 0.07, "#2f8a3a", angle=-20)
    pen.ellipse(0.34, -0.14, 0.13, 0.06, "#2f8a3a", angle=30)
    pen.segment(0.16, 0.24, 0.13, 0.12, 180, 360, "#f3e3c8", "#b08f62", 0.03)
    pen.curve([(-0.12, 0.28), (0.0, 0.32), (0.08, 0.28)], "#c2121c", 0.06)


@concept(
    "wat_arun", aspect="landmark", countries=("TH",), generic="a temple",
    names={"en": "Wat Arun", "th": "วัดอรุณ"},
)
def wat_arun(pen: Pen) -> None:
    """The tall prang by the river: steep stepped base with a stair, corncob spire with a trident, small ones beside."""
    stone = shade("#b99f74", pen.rng.uniform(0.94, 1.06))
    light, dark = shade(stone, 1.22), shade(stone, 0.55)

    def spire(x: float, foot: float, top: float, half: float) -> None:
        h = foot - top
        pen.line([(x, top + 0.05), (x, top - 0.14 * h - 0.02)], "#d9a520", 0.04)
        side = [(half, foot), (half * 1.06, foot - 0.4 * h), (half * 0.85, foot - 0.78 * h),
                (half * 0.4, foot - 0.96 * h)]
        pen.blob([(x - dx, y) for dx, y in side] + [(x + dx, y) for dx, y in reversed(side)], light)
        for k, w in enumerate((1.0, 1.03, 0.98, 0.85, 0.6)):
            y = foot - h * (0.08 + 0.2 * k)
            pen.line([(x - w * half * 0.95, y), (x + w * half * 0.95, y)], dark, 0.035)

    for x in (-0.74, 0.74):
        spire(x, 0.5, -0.04, 0.09)
        pen.polygon([(x - 0.14, 0.46), (x + 0.14, 0.46), (x + 0.2, 0.86), (x - 0.2, 0.86)], stone)
        for y in (0.48, 0.66):
            pen.line([(x - 0.16, y), (x + 0.16, y)], dark, 0.04)
    spire(0, 0.08, -0.84, 0.2)
    for k, half in enumerate((0.3, 0.38, 0.46, 0.54)):
        y = 0.02 + 0.21 * k
        pen.polygon([(-half, y), (half, y), (half + 0.05, y + 0.22), (-half - 0.05, y + 0.22)], stone)
        pen.line([(-half - 0.03, y), (half + 0.03, y)], dark, 0.05)
        for j in (-3, -2, -1, 1, 2, 3):
            pen.circle(j * half / 3.4, y + 0.12, 0.04, ("#2f8a6a", "#c2453a", "#f7efd8")[(j + k) % 3])
    pen.polygon([(-0.08, 0.06), (0.08, 0.06), (0.14, 0.86), (-0.14, 0.86)], "#f7f1e2")
    for k in range(6):
        pen.line([(-0.1, 0.2 + 0.115 * k), (0.1, 0.2 + 0.115 * k)], "#9b8d70", 0.03)
    pen.rect(-0.09, -0.16, 0.09, 0.06, "#4a3a26", radius=0.06)
    pen.line([(-0.1, -0.99), (-0.08, -0.9), (0.08, -0.9), (0.1, -0.99)], "#d9a520", 0.04)
    pen.rect(-0.96, 0.84, 0.96, 0.94, shade(stone, 0.8))


@concept(
    "krathong", aspect="tradition", countries=("TH",), generic="a festival object",
    names={"en": "krathong", "th": "กระทง"},
)
def krathong(pen: Pen) -> None:
    """A float of folded banana leaves with marigolds and orchids, a candle and three incense sticks, on the water."""
    leaf, orchid = "#2f8a3a", pen.rng.choice(["#a63fb0", "#c9277a", "#8a4fc4"])
    pen.ellipse(0, 0.74, 0.96, 0.2, "#3f8fc4")
    pen.ellipse(0, 0.72, 0.74, 0.12, "#7fc0e6")
    for x in (-0.24, 0.26, 0.36):
        pen.line([(x * 0.7, 0.1), (x, -0.7)], "#8a3a1c", 0.04)
        pen.circle(x, -0.72, 0.045, "#ff7a1a")
    for k in range(-3, 4):
        x = k * 0.22
        pen.polygon([(x - 0.13, 0.5), (x * 1.25, -0.02 + 0.03 * abs(k)), (x + 0.13, 0.5)], shade(leaf, 0.72))
    pen.rect(-0.08, -0.62, 0.08, 0.2, "#fbe7a8")
    pen.line([(0.05, -0.6), (0.05, 0.1)], "#e8c766", 0.04)
    _flame(pen, 0, -0.62, 0.28)
    for x in (-0.46, -0.2, 0.2, 0.46):
        pen.circle(x, 0.22 - 0.1 * (abs(x) < 0.3), 0.17, "#f59a17")
        pen.circle(x, 0.22 - 0.1 * (abs(x) < 0.3), 0.08, "#fbc23a")
    for k in range(5):
        a = 2 * math.pi * k / 5 - math.pi / 2
        pen.circle(0.12 * math.cos(a), 0.24 + 0.12 * math.sin(a), 0.095, orchid)
    pen.circle(0, 0.24, 0.06, "#ffe9a6")
    pen.segment(0, 0.4, 0.8, 0.36, 0, 180, leaf)
    for k in range(-4, 5):
        x = k * 0.19
        pen.polygon([(x - 0.13, 0.56), (x * 1.12, 0.2), (x + 0.13, 0.56)], ("#4cb04f", "#3a9a43")[k % 2])
        pen.line([(x * 1.12, 0.24), (x, 0.56)], "#1f6b2b", 0.03)
    pen.curve([(-0.66, 0.58), (-0.3, 0.7), (0.3, 0.7), (0.66, 0.58)], "#f7d31e", 0.06)


@concept(
    "long_tail_boat", aspect="transport", countries=("TH",), generic="a boat",
    names={"en": "long-tail boat", "th": "เรือหางยาว"},
)
def long_tail_boat(pen: Pen) -> None:
    """A long wooden boat: tall prow tied with coloured scarves, awning, an engine with a long propeller shaft."""
    wood = shade("#8a5228", pen.rng.uniform(0.9, 1.1))
    pen.line([(0.4, -0.08), (0.98, 0.58)], "#4a4f57", 0.06)
    pen.polygon([(0.9, 0.6), (0.98, 0.44), (1.04, 0.62), (0.92, 0.74)], "#4a4f57")
    pen.rect(0.36, -0.26, 0.62, 0.02, "#5d646d", radius=0.05)
    pen.line([(0.4, -0.2), (0.22, -0.32)], "#4a4f57", 0.05)
    for x in (-0.34, -0.02, 0.3):
        pen.line([(x, -0.4), (x, 0.2)], "#6e4a24", 0.04)
    pen.blob([(-0.52, -0.34), (-0.4, -0.5), (0, -0.54), (0.36, -0.48), (0.46, -0.32), (0, -0.38)], pen.color)
    pen.polygon([(-0.96, -0.78), (-0.84, -0.8), (-0.68, -0.16), (-0.4, 0.16), (0.2, 0.22), (0.84, 0.1), (0.78, 0.36),
                 (0.3, 0.46), (-0.44, 0.44), (-0.76, 0.16), (-0.88, -0.26)], wood)
    pen.curve([(-0.82, -0.3), (-0.68, 0.04), (-0.42, 0.28), (0.2, 0.34), (0.8, 0.22)], "#f2e3c0", 0.05)
    pen.curve([(-0.72, -0.3), (-0.62, -0.06), (-0.4, 0.16), (0.2, 0.22), (0.82, 0.11)], shade(wood, 0.6), 0.05)
    for k, paint in enumerate(("#e0322b", "#f7d31e", "#2f9e44", "#ec4f9c")):
        y = -0.66 + 0.1 * k
        pen.line([(-0.98 + 0.03 * k, y), (-0.74 + 0.03 * k, y - 0.03)], paint, 0.1)
    for x, paint in ((-0.66, "#e0322b"), (-0.56, "#f7d31e"), (-0.48, "#ec4f9c")):
        pen.curve([(-0.76, -0.5), (x - 0.02, -0.36), (x, -0.02)], paint, 0.07)
    for x in (-0.7, -0.28, 0.14, 0.56):
        pen.arc(x, 0.42, 0.21, 0.12, 0, 180, "#4aa5cf", 0.08)


@concept(
    "khon_mask", aspect="craft", countries=("TH",), generic="a mask",
    names={"en": "khon mask", "th": "หัวโขน"},
)
def khon_mask(pen: Pen) -> None:
    """The demon king of the masked dance: green face, bulging eyes, tusks, red lips, tall golden crown."""
    green, gold = shade("#1f9a4f", pen.rng.uniform(0.92, 1.1)), "#e8b52a"
    pen.polygon([(-0.34, -0.3), (-0.22, -0.6), (-0.08, -0.74), (0, -0.98), (0.08, -0.74), (0.22, -0.6), (0.34, -0.3)],
                gold)
    for y, w in ((-0.46, 0.28), (-0.6, 0.2)):
        pen.circle(0, y, 0.08, green)
        pen.line([(-w, y + 0.1), (w, y + 0.1)], "#a8321f", 0.04)
    for side in (-1, 1):
        pen.blob([(side * 0.58, -0.1), (side * 0.86, -0.36), (side * 0.84, 0.1), (side * 0.7, 0.5),
                  (side * 0.54, 0.4)], gold)
        pen.circle(side * 0.7, 0.02, 0.07, "#d8342c")
    pen.blob([(-0.58, -0.2), (0, -0.34), (0.58, -0.2), (0.64, 0.2), (0.44, 0.72), (0, 0.9), (-0.44, 0.72),
              (-0.64, 0.2)], green)
    pen.blob([(-0.62, -0.12), (-0.5, -0.36), (0, -0.46), (0.5, -0.36), (0.62, -0.12), (0.3, -0.2), (0, -0.24),
              (-0.3, -0.2)], gold)
    for x in (-0.4, -0.2, 0.0, 0.2, 0.4):
        pen.circle(x, -0.33 + 0.3 * x * x, 0.05, ("#d8342c", "#2a62c9")[round(x * 5) % 2])
    for side in (-1, 1):
        pen.curve([(side * 0.1, 0.06), (side * 0.28, -0.1), (side * 0.54, -0.02)], "#14361f", 0.08)
        pen.ellipse(side * 0.29, 0.12, 0.19, 0.14, "#ffffff", "#c22b2b", 0.04)
        pen.circle(side * 0.27, 0.12, 0.08, "#15110e")
        pen.curve([(side * 0.1, 0.4), (side * 0.34, 0.38), (side * 0.52, 0.5)], "#14361f", 0.05)
    pen.blob([(-0.06, 0.1), (0.06, 0.1), (0.16, 0.32), (0, 0.38), (-0.16, 0.32)], shade(green, 0.72))
    pen.blob([(-0.4, 0.5), (0, 0.44), (0.4, 0.5), (0.3, 0.68), (0, 0.74), (-0.3, 0.68)], "#c8202a")
    pen.rect(-0.26, 0.53, 0.26, 0.63, "#ffffff")
    for side in (-1, 1):
        pen.polygon([(side * 0.22, 0.56), (side * 0.38, 0.56), (side * 0.36, 0.28)], "#fffbe8")


@concept(
    "mango_sticky_rice", aspect="cuisine", countries=("TH",), generic="a dessert",
    names={"en": "mango sticky rice", "th": "ข้าวเหนียวมะม่วง"},
)
def mango_sticky_rice(pen: Pen) -> None:
    """A mound of glossy rice with coconut cream beside a sliced yellow mango, on a banana leaf on a plate."""
    mango = shade("#fcc419", pen.rng.uniform(0.95, 1.06))
    pen.ellipse(0, 0.3, 0.96, 0.5, "#f2f4f6", "#8fa3b5", 0.05)
    pen.polygon([(-0.84, 0.26), (-0.5, -0.06), (0.5, -0.06), (0.84, 0.26), (0.5, 0.6), (-0.5, 0.6)], "#3a9a43")
    pen.line([(-0.8, 0.27), (0.8, 0.27)], "#2a7433", 0.04)
    pen.blob([(-0.76, 0.34), (-0.7, 0.0), (-0.42, -0.24), (-0.14, -0.06), (-0.02, 0.3), (-0.36, 0.48)], "#fffdf4",
             "#d9d2bb", 0.04)
    for _ in range(12):
        x, y = pen.rng.uniform(-0.62, -0.16), pen.rng.uniform(0.08, 0.38)
        pen.line([(x, y), (x + 0.05, y + pen.rng.uniform(-0.03, 0.03))], "#d9d2bb", 0.03)
    pen.blob([(-0.66, 0.04), (-0.42, -0.26), (-0.16, -0.02), (-0.26, 0.1), (-0.36, 0.02), (-0.46, 0.16),
              (-0.54, 0.02)], "#ffffff")
    for x, y in ((-0.5, -0.08), (-0.4, -0.16), (-0.3, -0.06), (-0.42, -0.02), (-0.26, -0.12)):
        pen.circle(x, y, 0.03, "#c99a2a")
    for k in range(6):
        pen.ellipse(0.12 + 0.1 * k, -0.04 + 0.07 * k, 0.15, 0.4 - 0.035 * abs(k - 2), mango,
                    shade(mango, 0.62), 0.035, 24)
        pen.ellipse(0.1 + 0.1 * k, -0.12 + 0.07 * k, 0.04, 0.16, shade(mango, 1.3), angle=24)


@concept(
    "durian", aspect="nature", countries=("TH", "MY"), generic="a fruit",
    names={"en": "durian", "th": "ทุเรียน", "ms": "durian", "zh": "榴莲", "ta": "துரியன்"},
)
def durian(pen: Pen) -> None:
    """A big spiky green-brown fruit, split open to show its fat yellow segments."""
    husk = shade("#8a9a3a", pen.rng.uniform(0.88, 1.1))
    pen.line([(0, -0.6), (0.05, -0.95)], "#7a5a2e", 0.12)
    edge = []
    for k in range(44):
        a, r = 2 * math.pi * k / 44, (1.0, 0.85)[k % 2]
        edge.append((0.8 * r * math.cos(a), 0.1 + 0.86 * r * math.sin(a)))
    pen.polygon(edge, shade(husk, 0.72))
    pen.ellipse(0, 0.1, 0.66, 0.71, husk)
    for row in range(7):
        y = -0.42 + 0.19 * row
        for k in range(-3, 4):
            x = k * 0.2 + 0.1 * (row % 2)
            if (x / 0.62) ** 2 + ((y - 0.1) / 0.68) ** 2 < 1:
                pen.polygon([(x - 0.08, y + 0.07), (x, y - 0.1), (x + 0.08, y + 0.07)], shade(husk, 0.58))
                pen.polygon([(x - 0.05, y + 0.06), (x, y - 0.09), (x + 0.01, y + 0.06)], shade(husk, 1.3))
    pen.blob([(0.02, -0.36), (0.3, -0.14), (0.38, 0.22), (0.22, 0.62), (0, 0.8), (-0.22, 0.6), (-0.36, 0.22),
              (-0.26, -0.14)],
             "#f6efcf", shade(husk, 0.5), 0.04)
    for y, r in ((-0.04, 0.17), (0.26, 0.22), (0.56, 0.16)):
        pen.ellipse(0, y, r * 1.15, r, "#f3c02c", "#c98f16", 0.035)
        pen.ellipse(-0.06, y - 0.05, r * 0.4, r * 0.3, "#fbe38a")


@concept(
    "spirit_house", aspect="tradition", countries=("TH",), generic="a house",
    names={"en": "spirit house", "th": "ศาลพระภูมิ"},
)
def spirit_house(pen: Pen) -> None:
    """A doll-sized shrine with a steep gold-edged gable roof on a single post, with garlands and a red drink."""
    roof, gold, white = pen.rng.choice(["#c22b2b", "#b5331f", "#a8322f"]), "#f0b91f", "#f4f1ea"

    def gable(half: float, foot: float, top: float, fill: Color) -> None:
        for side in (-1, 1):
            pen.polygon([(0, top), (side * half * 0.45, foot - (foot - top) * 0.42), (side * half, foot),
                         (0, foot)], fill)
            pen.curve([(0, top), (side * half * 0.45, foot - (foot - top) * 0.42), (side * half, foot)], gold, 0.07)
            pen.curve([(side * half, foot), (side * (half + 0.09), foot - 0.02), (side * (half + 0.1), foot - 0.14)],
                      gold, 0.06)

    pen.rect(-0.11, 0.48, 0.11, 0.84, white, "#a99f8c", 0.03)
    pen.polygon([(-0.3, 0.94), (0.3, 0.94), (0.18, 0.78), (-0.18, 0.78)], white, "#a99f8c", 0.03)
    pen.rect(-0.78, 0.36, 0.78, 0.5, white, "#a99f8c", 0.03)
    pen.line([(-0.78, 0.5), (0.78, 0.5)], gold, 0.05)
    pen.rect(-0.46, -0.16, 0.46, 0.36, "#fbf3dc", "#a99f8c", 0.03)
    pen.rect(-0.2, -0.02, 0.2, 0.36, "#7a1f16", radius=0.08)
    pen.circle(0, 0.12, 0.08, gold)
    pen.polygon([(-0.11, 0.34), (0.11, 0.34), (0, 0.12)], gold)
    for x in (-0.42, 0.42):
        pen.line([(x, -0.12), (x, 0.34)], gold, 0.07)
    gable(0.66, -0.1, -0.86, roof)
    gable(0.46, -0.1, -0.56, "#2f7a4f")
    pen.star(0, -0.24, 0.12, 0.05, 8, gold)
    pen.curve([(0, -0.84), (0.01, -0.92), (-0.06, -0.99)], gold, 0.06)
    pen.curve([(-0.7, 0.4), (-0.62, 0.72), (-0.48, 0.5)], "#f59a17", 0.09)
    pen.circle(-0.62, 0.74, 0.07, "#d8342c")
    pen.rect(0.56, 0.12, 0.69, 0.36, "#e0262b", radius=0.03)
    pen.line([(0.625, 0.03), (0.625, 0.14)], "#e0262b", 0.06)


@concept(
    "som_tam", aspect="cuisine", countries=("TH",), generic="a dish",
    names={"en": "som tam", "th": "ส้มตำ"},
)
def som_tam(pen: Pen) -> None:
    """Green papaya salad in the clay mortar it is pounded in, with the wooden pestle, tomatoes and chillies."""
    clay = shade("#a5582c", pen.rng.uniform(0.9, 1.1))
    pen.polygon([(-0.66, -0.06), (0.66, -0.06), (0.38, 0.8), (-0.38, 0.8)], clay)
    pen.polygon([(-0.66, -0.06), (-0.46, -0.06), (-0.24, 0.8), (-0.38, 0.8)], shade(clay, 1.25))
    pen.rect(-0.44, 0.76, 0.44, 0.92, shade(clay, 0.75), radius=0.05)
    pen.ellipse(0, -0.08, 0.74, 0.22, shade(clay, 0.72))
    pen.ellipse(0, -0.1, 0.62, 0.16, shade(clay, 0.45))
    pen.line([(0.18, -0.1), (0.6, -0.8)], "#c99a5a", 0.17)
    pen.line([(0.54, -0.7), (0.62, -0.84)], "#a87a3e", 0.22)
    pen.blob([(-0.6, -0.08), (-0.46, -0.34), (-0.1, -0.46), (0.22, -0.36), (0.48, -0.14), (0.3, 0.0), (-0.3, 0.02)],
             "#d3e39a")
    for _ in range(20):
        x, y, a = pen.rng.uniform(-0.42, 0.22), pen.rng.uniform(-0.34, -0.06), pen.rng.uniform(-0.9, 0.9)
        dx, dy = 0.14 * math.cos(a), 0.14 * math.sin(a)
        pen.line([(x - dx, y - dy * 0.6), (x + dx, y + dy * 0.6)], pen.rng.choice(["#f4f7d2", "#a9c45e",
                                                                                   "#e8efb4"]), 0.035)
    for x, y in ((-0.36, -0.14), (0.06, -0.34), (0.26, -0.08)):
        pen.circle(x, y, 0.1, "#e0322b")
        pen.circle(x - 0.03, y - 0.03, 0.035, "#ff9a80")
    pen.line([(-0.22, -0.3), (-0.44, -0.42)], "#2f8a3a", 0.06)
    pen.curve([(-0.2, -0.06), (-0.06, -0.1), (0.06, -0.04)], "#c2121c", 0.06)


@concept(
    "chada", aspect="clothing", countries=("TH",), generic="a hat",
    names={"en": "chada", "th": "ชฎา"},
)
def chada(pen: Pen) -> None:
    """The dancer's tall pointed golden headdress with flaring ear ornaments and a flower tassel, kept on its stand."""
    gold, dark = shade("#efb92a", pen.rng.uniform(0.96, 1.05)), "#a8740e"
    stand = shade("#7d2230", pen.rng.uniform(0.9, 1.1))
    pen.rect(-0.1, 0.5, 0.1, 0.84, shade(stand, 0.75))
    pen.rect(-0.4, 0.82, 0.4, 0.95, stand, radius=0.05)
    pen.blob([(-0.26, 0.1), (0.26, 0.1), (0.25, 0.42), (0.14, 0.62), (-0.14, 0.62), (-0.25, 0.42)], stand)
    for side in (-1, 1):
        pen.blob([(side * 0.26, 0.3), (side * 0.36, 0.12), (side * 0.46, -0.2), (side * 0.62, 0.06),
                  (side * 0.54, 0.32),
                  (side * 0.62, 0.54), (side * 0.4, 0.68), (side * 0.27, 0.5)], gold, dark, 0.035)
        pen.circle(side * 0.43, 0.3, 0.07, "#d8342c")
    pen.curve([(-0.02, -0.6), (0.0, -0.8), (0.05, -0.98)], gold, 0.06)
    for k in range(9):
        y, half = 0.16 - 0.095 * k, (0.35, 0.33, 0.28, 0.25, 0.19, 0.16, 0.11, 0.09, 0.06)[k]
        pen.polygon([(-half, y), (-half * 0.88, y - 0.12), (half * 0.88, y - 0.12), (half, y)], gold)
        pen.line([(-half, y), (half, y)], dark, 0.03)
        if k in (2, 4):
            for x in (-half * 0.6, 0.0, half * 0.6):
                pen.circle(x, y - 0.05, 0.04, ("#d8342c", "#2f9e44")[k == 4])
    pen.blob([(-0.36, 0.22), (-0.34, 0.04), (-0.16, 0.02), (0, -0.2), (0.16, 0.02), (0.34, 0.04), (0.36, 0.22),
              (0, 0.14)],
             gold, dark, 0.03)
    pen.circle(0, 0.02, 0.07, "#d8342c")
    pen.curve([(-0.3, 0.26), (0, 0.18), (0.3, 0.26)], "#ffffff", 0.05)
    for k in range(4):
        pen.circle(0.66, 0.36 + 0.12 * k, 0.07, ("#ffffff", "#e0322b")[k == 3])
