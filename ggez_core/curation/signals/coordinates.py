"""Where the picture was taken: by the camera's own note (EXIF), else by the input's `lat` and `lon`.

The strongest evidence there is, as sure as `geography` is near a border; half as sure where the two places are in
different countries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..geography import country_at
from ..signal import Batch, Column, Evidence


@dataclass(frozen=True)
class Coordinates:
    """No settings."""

    name = "coordinates"
    columns = (
        Column("coordinates_country", "str", "ISO 3166 code of where it was taken"),
        Column("coordinates_evidence", "evidence"),
    )

    @property
    def fingerprint(self) -> str:
        """Of the outlines."""
        return "natural earth 4.1, 1"

    def measure(self, batch: Batch) -> dict[str, list[Any]]:
        """The columns."""
        told = []
        for row in zip(*(batch.column(name) for name in ("exif_lat", "exif_lon", "lat", "lon")), strict=True):
            camera, stated = _found("EXIF", row[0], row[1]), _found("lat, lon", row[2], row[3])
            both = [one for one in (camera, stated) if one]
            if camera and stated and camera.country != stated.country:
                both = [one._replace(confidence=one.confidence / 2) for one in both]
            told.append(both if len({one.country for one in both}) > 1 else both[:1])
        return {
            "coordinates_country": [found[0].country if len(found) == 1 else None for found in told],
            "coordinates_evidence": told,
        }


def _found(source: str, lat: Any, lon: Any) -> Evidence | None:
    if lat is None or lon is None or not (-90 <= lat <= 90 and -180 <= lon <= 180) or (lat == 0 and lon == 0):
        return None
    found = country_at(round(float(lat), 3), round(float(lon), 3))
    return Evidence(found[0], found[1], f"{source}: {lat:.3f}, {lon:.3f}") if found else None


SIGNAL = Coordinates
