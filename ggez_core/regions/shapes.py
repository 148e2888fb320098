"""Outlines of the world's countries, simplified for small maps; shipped, so that no tile server is asked.

From Natural Earth 1:50m (public domain, naturalearthdata.com, version 4.1 as packaged in world-atlas 2.0.2): lines
simplified to about a tenth of a degree, less for small countries; islets left out. Borders are Natural Earth's de
facto ones, not a statement.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

Ring = tuple[tuple[float, float], ...]


def outline(code: str) -> tuple[Ring, ...]:
    """Rings of (longitude, latitude) in degrees of a country (ISO 3166 alpha-2), the largest first; none if unknown."""
    flat = _shapes().get(code, [])
    return tuple(tuple(zip(ring[::2], ring[1::2], strict=True)) for ring in flat)


@cache
def _shapes() -> dict[str, list[list[float]]]:
    file = resources.files(__package__) / "data" / "country_shapes.json"
    shapes: dict[str, list[list[float]]] = json.loads(file.read_text(encoding="utf-8"))
    return shapes
