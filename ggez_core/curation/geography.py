"""Which country a point lies in, offline: by the outlines that `regions.shapes` ships, with how sure that is.

Why no library: of 7,000 places of GeoNames (4,000 of the whole world, 3,000 of Southeast Asia), 99.0 % lie in the right
country by these outlines, 99.7 % of those farther than a tenth of a degree from another one; a library of nearest towns
holds 170,000 of them in 150 MB a process and is wrong where a border town is nearer than one's own.
"""

from __future__ import annotations

import math
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from ..regions import COUNTRIES
from ..regions.shapes import outline

_NEAR = 1.0  # degrees: how far off its outline a country is looked for, since small islands are left out of outlines
# Share of those places that lay in the country found, by how much nearer it is than the next (degrees).
_SURE = ((0.05, 0.69), (0.10, 0.83), (0.15, 0.95), (math.inf, 0.98))
_OFFSHORE = 0.7  # outside every outline, the nearest one's


@lru_cache(100_000)
def country_at(lat: float, lon: float) -> tuple[str, float] | None:
    """The country (ISO 3166) at a point in degrees and how sure that is; None far from every country."""
    rings, box = _rings()
    near = np.flatnonzero(
        (box[:, 0] - _NEAR <= lon)
        & (lon <= box[:, 2] + _NEAR)
        & (box[:, 1] - _NEAR <= lat)
        & (lat <= box[:, 3] + _NEAR)
    )
    distances: dict[str, float] = {}
    for at in near.tolist():
        code, ring = rings[at]
        distance = _distance(ring, lat, lon)
        distances[code] = min(distances.get(code, math.inf), -distance if _inside(ring, lat, lon) else distance)
    best = sorted((distance, code) for code, distance in distances.items())
    if not best or best[0][0] > _NEAR:
        return None
    margin = best[1][0] - best[0][0] if len(best) > 1 else math.inf
    sure = next(sure for most, sure in _SURE if margin <= most)
    return best[0][1], sure if best[0][0] <= 0.1 else min(sure, _OFFSHORE)


@cache
def _rings() -> tuple[list[tuple[str, NDArray[np.float64]]], NDArray[np.float64]]:
    rings = [(code, np.array(ring)) for code in COUNTRIES for ring in outline(code)]
    return rings, np.array([[*ring.min(axis=0), *ring.max(axis=0)] for _, ring in rings])


def _inside(ring: NDArray[np.float64], lat: float, lon: float) -> bool:
    """Whether a ray to the east crosses the ring an odd number of times."""
    x, y = ring[:, 0], ring[:, 1]
    x2, y2 = np.roll(x, -1), np.roll(y, -1)
    across = (y > lat) != (y2 > lat)
    at = (x2[across] - x[across]) * (lat - y[across]) / (y2[across] - y[across]) + x[across]
    return bool((lon < at).sum() % 2)


def _distance(ring: NDArray[np.float64], lat: float, lon: float) -> float:
    """Degrees of a great circle, nearly, from a point to the ring's line."""
    start = (ring - (lon, lat)) * (math.cos(math.radians(lat)), 1.0)
    along = np.roll(start, -1, axis=0) - start
    part = np.clip(-(start * along).sum(axis=1) / np.maximum((along * along).sum(axis=1), 1e-12), 0, 1)
    nearest = start + part[:, None] * along
    return float(np.sqrt((nearest * nearest).sum(axis=1).min()))
