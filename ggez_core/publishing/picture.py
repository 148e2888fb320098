"""The curve of a sweep as a PNG, drawn with Pillow: a card shows it everywhere, and needs no browser to make it."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

from PIL import Image, ImageDraw, ImageFont

from ..evaluation.aggregate import Estimate
from ..evaluation.curve import CurvePoint

_WIDTH, _HEIGHT, _SCALE = 720, 420, 3  # drawn three times as large, then made smaller: smooth lines
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 24, 64, 56
_INK, _GRID = "#3a4148", "#d9dde1"
_LINES: tuple[tuple[str, str, float], ...] = (  # name, colour as in the figures, width
    ("global", "#4c86d6", 2.0),
    ("regional", "#d9722b", 2.0),
    ("GRP", "#0f9d7a", 3.5),
)
Point = tuple[float, float]


def curve_png(curve: Sequence[CurvePoint], alpha: float, chosen: float) -> bytes:
    """Global score, regional score and GRP over β with their 95 % intervals; a line marks `chosen`."""
    points = sorted(curve, key=lambda p: p.beta)
    values = {"global": [p.q_global for p in points], "regional": [p.q_regional for p in points],
              "GRP": [p.grp(alpha) for p in points]}  # fmt: skip
    low = min(e.low for line in values.values() for e in line)
    high = max(e.high for line in values.values() for e in line)
    margin = 0.05 * ((high - low) or 1.0)
    low, high = low - margin, high + margin

    def place(beta: float, score: float) -> Point:
        x = _LEFT + beta * (_WIDTH - _LEFT - _RIGHT)
        y = _TOP + (high - score) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)
        return x * _SCALE, y * _SCALE

    image = Image.new("RGB", (_WIDTH * _SCALE, _HEIGHT * _SCALE), "white")
    draw = ImageDraw.Draw(image)
    _axes(draw, place, low, high)
    (x, top), (_, bottom) = place(chosen, high), place(chosen, low)
    for y in range(int(top), int(bottom), 10 * _SCALE):
        draw.line([(x, y), (x, min(y + 5 * _SCALE, bottom))], _INK, _SCALE)
    _write(
        draw,
        (x / _SCALE, _TOP - 4),
        f"beta = {chosen:g}",
        "ms" if 0.1 < chosen < 0.9 else "ls" if chosen < 0.5 else "rs",
    )
    left = _LEFT
    for name, color, width in _LINES:
        _line(draw, [(p.beta, e) for p, e in zip(points, values[name], strict=True)], place, color, width)
        draw.line([(left * _SCALE, 24 * _SCALE), ((left + 26) * _SCALE, 24 * _SCALE)], color, round(width * _SCALE))
        said = name if name != "GRP" else f"GRP, alpha = {alpha:.2f}"
        _write(draw, (left + 32, 24), said, "lm")
        left += 60 + 8 * len(said)
    kept = io.BytesIO()
    image.resize((_WIDTH, _HEIGHT), Image.Resampling.LANCZOS).save(kept, "PNG", optimize=True)
    return kept.getvalue()


def _axes(draw: ImageDraw.ImageDraw, place: Callable[[float, float], Point], low: float, high: float) -> None:
    step = next(
        step for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if (high - low) / step <= 8
    )
    first = -int(-low // step)
    for k in range(first, int(high // step) + 1):
        start, end = place(0, k * step), place(1, k * step)
        draw.line([start, end], _GRID, _SCALE)
        _write(draw, (_LEFT - 8, start[1] / _SCALE), f"{k * step:.3g}", "rm")
    for beta in (0, 0.25, 0.5, 0.75, 1):
        x, y = place(beta, low)
        draw.line([place(beta, low), place(beta, high)], _GRID, _SCALE)
        _write(draw, (x / _SCALE, y / _SCALE + 8), f"{beta:g}", "mt")
    _write(draw, ((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 14), "beta, from base (0) to regional (1)", "ms")


def _line(
    draw: ImageDraw.ImageDraw,
    line: Sequence[tuple[float, Estimate]],
    place: Callable[[float, float], Point],
    color: str,
    width: float,
) -> None:
    draw.line([place(beta, e.value) for beta, e in line], color, round(width * _SCALE), joint="curve")
    for beta, e in line:
        draw.line([place(beta, e.low), place(beta, e.high)], color, _SCALE)
        x, y = place(beta, e.value)
        r = (width + 2) * _SCALE
        draw.ellipse([x - r, y - r, x + r, y + r], color)


def _write(draw: ImageDraw.ImageDraw, at: Point, text: str, anchor: str) -> None:
    font = ImageFont.load_default(13 * _SCALE)
    draw.text((at[0] * _SCALE, at[1] * _SCALE), text, _INK, font, anchor)
