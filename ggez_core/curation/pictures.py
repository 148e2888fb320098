"""A row's picture, decoded with care: upright, RGB, no larger than signals need; and where it was taken.

A file that says it has more pixels than `data.images` allows is refused before any is decoded, a long PNG comment by
Pillow.
"""

from __future__ import annotations

import struct
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from ..data.images import ImageAt, image_bytes, opened_image
from ..data.tables import MemoryTable
from ..errors import DataError

SIDE = 1536  # pixels of the longer side that signals are given at most
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, MemoryError, struct.error, Image.DecompressionBombError)


@dataclass(frozen=True)
class Picture:
    """image: RGB. width, height: upright, as the file says. data: how many bytes it has. lat, lon: degrees, of EXIF."""

    image: Image.Image | None = None
    width: int | None = None
    height: int | None = None
    data: bytes = b""
    lat: float | None = None
    lon: float | None = None
    error: str = ""


def picture(cell: Any, folder: Path) -> Picture:
    """The picture that a cell holds or names; relative paths begin in `folder`. What is wrong with it is in `error`."""
    try:
        data = image_bytes(cell, ImageAt(MemoryTable(folder, ()), "image", 0, folder))
    except DataError as error:
        return Picture(error=str(error).replace("and none is fetched unless asked for: add the option fetch=yes",
                                                "which isn't fetched: download the images first"))  # fmt: skip
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Pillow: on sizes, which are checked here, and on odd metadata
            return _decoded(data)
    except UnidentifiedImageError:  # whose own words have an address in memory, of each process another
        return Picture(data=data, error="its image doesn't open (cannot identify what kind of image it is)")
    except _BROKEN as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
        return Picture(data=data, error=f"its image doesn't open ({reason})")


def _decoded(data: bytes) -> Picture:
    image = opened_image(data)
    width, height = image.size
    exif = image.getexif() if image.format in ("JPEG", "WEBP", "PNG", "MPO") else Image.Exif()
    lat, lon = _place(exif)
    turned = exif.get(ExifTags.Base.Orientation, 1) in (5, 6, 7, 8)
    image.draft("RGB", (SIDE, SIDE))  # a JPEG is scaled down while it is read
    image.load()
    if len(exif):
        image = ImageOps.exif_transpose(image)
    image = image.convert("RGB")
    if max(image.size) > SIDE:
        image.thumbnail((SIDE, SIDE), Image.Resampling.BOX, reducing_gap=2)
    if turned:
        width, height = height, width
    return Picture(image, width, height, data, lat, lon)


def _place(exif: Image.Exif) -> tuple[float | None, float | None]:
    """Latitude and longitude in degrees; (None, None) where the camera didn't say, or (0, 0), which no camera means."""
    if ExifTags.IFD.GPSInfo not in exif:
        return None, None
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    try:
        lat = _degrees(gps[ExifTags.GPS.GPSLatitude], gps.get(ExifTags.GPS.GPSLatitudeRef, "N"))
        lon = _degrees(gps[ExifTags.GPS.GPSLongitude], gps.get(ExifTags.GPS.GPSLongitudeRef, "E"))
    except (KeyError, TypeError, ValueError, ZeroDivisionError, IndexError):
        return None, None
    if not (-90 <= lat <= 90 and -180 <= lon <= 180) or (lat == 0 and lon == 0):
        return None, None
    return lat, lon


def _degrees(parts: Any, side: Any) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    if value != value:
        raise ValueError("no number")
    return -value if str(side).strip("\0 ").upper() in ("S", "W") else value
