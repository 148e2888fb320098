"""The pen that draws the small world's pictures: filled and stroked shapes in a unit square.

Coordinates run over [-1, 1] on both axes, x to the right, y *down*, (0, 0) in the middle; widths are in the same
units. Every shape becomes a polygon that passes through the pen's transform (pose), so a concept is drawn once and
appears at any place, size, angle and tilt. Uses Pillow only; used by the concept modules and by `scene`.
"""

from __future__ import annotations

import colorsys
import math
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from PIL import Image, ImageColor, ImageDraw

Point = tuple[float, float]
Color = str | tuple[int, int, int]
Affine = tuple[float, float, float, float, float, float]  # x' = a x + b y + c, y' = d x + e y + f

IDENTITY: Affine = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def compose(outer: Affine, inner: Affine) -> Affine:
    """The transform that applies `inner` first and `outer` to its result."""
    a, b, c, d, e, f = outer
    g, h, i, j, k, m = inner
    return (a * g + b * j, a * h + b * k, a * i + b * m + c, d * g + e * j, d * h + e * k, d * i + e * m + f)


def placement(
    x: float = 0, y: float = 0, scale: float = 1, angle: float = 0, flip: bool = False, tilt: float = 0
) -> Affine:
    """Move to (x, y), scale, turn clockwise by `angle` degrees, mirror left-right, shear by `tilt`."""
    c, s = math.cos(math.radians(angle)) * scale, math.sin(math.radians(angle)) * scale
    turned: Affine = (c, -s, x, s, c, y)
    return compose(turned, (-1.0 if flip else 1.0, tilt, 0.0, 0.0, 1.0, 0.0))


def rgb(color: Color) -> tuple[int, int, int]:
    """A colour as three integers 0 to 255; names and `#rrggbb` as Pillow knows them."""
    red, green, blue = ImageColor.getrgb(color)[:3] if isinstance(color, str) else color
    return int(red), int(green), int(blue)


def shade(color: Color, factor: float) -> tuple[int, int, int]:
    """`color` made darker (factor < 1) or lighter (factor > 1), hue kept."""
    hue, light, saturation = colorsys.rgb_to_hls(*(v / 255 for v in rgb(color)))
    red, green, blue = colorsys.hls_to_rgb(hue, min(1.0, light * factor), saturation)
    return round(red * 255), round(green * 255), round(blue * 255)


class Pen:
    """Draws on a Pillow image through a transform.

    `color` is this picture's own main colour (drawn at random by the scene): use it where a thing may have any colour
    (a bicycle's frame), not where the colour is part of the thing (a durian). `rng` makes small variations within a
    concept (number of seeds, which way a tail curls); it is seeded by the scene, so a picture can be drawn again.
    """

    def __init__(self, image: Image.Image, pose: Affine, color: Color, rng: random.Random) -> None:
        self._draw = ImageDraw.Draw(image)
        width, height = image.size
        self._pose = compose((width / 2, 0, width / 2, 0, height / 2, height / 2), pose)
        self.color = rgb(color)
        self.rng = rng

    @contextmanager
    def at(self, x: float = 0, y: float = 0, scale: float = 1, angle: float = 0, flip: bool = False) -> Iterator[None]:
        """Within the block, shapes are drawn around (x, y), scaled, turned (degrees clockwise) and mirrored."""
        before = self._pose
        self._pose = compose(before, placement(x, y, scale, angle, flip))
        try:
            yield
        finally:
            self._pose = before

    def _map(self, points: Sequence[Point]) -> list[Point]:
        a, b, c, d, e, f = self._pose
        return [(a * x + b * y + c, d * x + e * y + f) for x, y in points]

    def _pixels(self, width: float) -> float:
        a, b, _, d, e, _ = self._pose
        return width * math.sqrt(abs(a * e - b * d))

    def polygon(
        self, points: Sequence[Point], fill: Color | None, outline: Color | None = None, width: float = 0.03
    ) -> None:
        """A closed shape with straight sides."""
        if fill is not None:
            self._draw.polygon(self._map(points), fill=rgb(fill))
        if outline is not None:
            self.line([*points, points[0]], outline, width)

    def line(self, points: Sequence[Point], color: Color, width: float = 0.05) -> None:
        """An open stroke through the points, with round joins and ends."""
        mapped, pixels = self._map(points), max(1.0, self._pixels(width))
        self._draw.line(mapped, fill=rgb(color), width=max(1, round(pixels)))
        radius = pixels / 2
        if radius > 1:
            for x, y in mapped:
                self._draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=rgb(color))

    def rect(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        fill: Color | None,
        outline: Color | None = None,
        width: float = 0.03,
        radius: float = 0,
    ) -> None:
        """A rectangle between two corners, with rounded corners if `radius` is given."""
        if radius <= 0:
            self.polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], fill, outline, width)
            return
        corners = (
            (x1 - radius, y0 + radius, -90),
            (x1 - radius, y1 - radius, 0),
            (x0 + radius, y1 - radius, 90),
            (x0 + radius, y0 + radius, 180),
        )
        points = [p for cx, cy, start in corners for p in arc_points(cx, cy, radius, radius, start, start + 90, 6)]
        self.polygon(points, fill, outline, width)

    def ellipse(
        self,
        cx: float,
        cy: float,
        rx: float,
        ry: float,
        fill: Color | None,
        outline: Color | None = None,
        width: float = 0.03,
        angle: float = 0,
    ) -> None:
        """An ellipse around (cx, cy), turned by `angle` degrees clockwise."""
        turn = placement(cx, cy, 1, angle)
        a, b, c, d, e, f = turn
        points = [(a * x + b * y + c, d * x + e * y + f) for x, y in arc_points(0, 0, rx, ry, 0, 360, 32)]
        self.polygon(points, fill, outline, width)

    def circle(
        self, cx: float, cy: float, r: float, fill: Color | None, outline: Color | None = None, width: float = 0.03
    ) -> None:
        """A circle around (cx, cy)."""
        self.ellipse(cx, cy, r, r, fill, outline, width)

    def arc(
        self, cx: float, cy: float, rx: float, ry: float, start: float, end: float, color: Color, width: float = 0.05
    ) -> None:
        """A stroke along an ellipse from `start` to `end` degrees; 0 points right, 90 down (clockwise)."""
        self.line(arc_points(cx, cy, rx, ry, start, end), color, width)

    def pie(
        self,
        cx: float,
        cy: float,
        rx: float,
        ry: float,
        start: float,
        end: float,
        fill: Color,
        outline: Color | None = None,
        width: float = 0.03,
    ) -> None:
        """A filled slice of an ellipse from `start` to `end` degrees (0 right, 90 down); 180 to 360 is a dome."""
        self.polygon([(cx, cy), *arc_points(cx, cy, rx, ry, start, end)], fill, outline, width)

    def segment(
        self,
        cx: float,
        cy: float,
        rx: float,
        ry: float,
        start: float,
        end: float,
        fill: Color,
        outline: Color | None = None,
        width: float = 0.03,
    ) -> None:
        """The part of an ellipse cut off by the chord between two angles: a bowl is 0 to 180."""
        self.polygon(arc_points(cx, cy, rx, ry, start, end), fill, outline, width)

    def curve(self, points: Sequence[Point], color: Color, width: float = 0.05) -> None:
        """A smooth open stroke through the points (Catmull-Rom)."""
        self.line(smooth(points, closed=False), color, width)

    def blob(
        self, points: Sequence[Point], fill: Color | None, outline: Color | None = None, width: float = 0.03
    ) -> None:
        """A smooth closed shape through the points (Catmull-Rom)."""
        self.polygon(smooth(points, closed=True), fill, outline, width)

    def star(
        self, cx: float, cy: float, outer: float, inner: float, spikes: int, fill: Color, angle: float = -90
    ) -> None:
        """A star with `spikes` points; the first points in the direction of `angle` (-90 is up)."""
        points = []
        for k in range(2 * spikes):
            r, t = (outer, inner)[k % 2], math.radians(angle + 180 * k / spikes)
            points.append((cx + r * math.cos(t), cy + r * math.sin(t)))
        self.polygon(points, fill)


def arc_points(cx: float, cy: float, rx: float, ry: float, start: float, end: float, steps: int = 24) -> list[Point]:
    """Points along an ellipse from `start` to `end` degrees; 0 points right, 90 down."""
    angles = (math.radians(start + (end - start) * k / steps) for k in range(steps + 1))
    return [(cx + rx * math.cos(t), cy + ry * math.sin(t)) for t in angles]


def smooth(points: Sequence[Point], closed: bool, steps: int = 8) -> list[Point]:
    """A Catmull-Rom curve through the points."""
    n = len(points)

    def at(i: int) -> Point:
        return points[i % n if closed else min(max(i, 0), n - 1)]

    out: list[Point] = []
    for i in range(n if closed else n - 1):
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = at(i - 1), at(i), at(i + 1), at(i + 2)
        for k in range(steps):
            t = k / steps
            out.append((_spline(x0, x1, x2, x3, t), _spline(y0, y1, y2, y3, t)))
    return out if closed else [*out, points[-1]]


def _spline(a: float, b: float, c: float, d: float, t: float) -> float:
    """One coordinate of the Catmull-Rom curve between `b` (t = 0) and `c` (t = 1)."""
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
