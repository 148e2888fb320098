"""Pictures on their way from a visitor to a model: one of the small world's by its id, or an own one as a data URI."""

from __future__ import annotations

import base64
import binascii
import io
import struct
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from ggez_core.data.images import opened_image
from ggez_core.errors import DataError

from . import world

LARGEST_IMAGE = 40_000_000  # pixels; a decoded picture of this size takes 120 MB
DATA_URI = "data:image/"
UPLOAD_SIDE = 512  # pixels; an upload travels with every question, and the demo's models look at far fewer


def image_of(picture: str) -> Image.Image:
    """The image behind a gallery picture's id or a data URI. Raises DataError if there is none or it can't be read."""
    if not picture.startswith(DATA_URI):
        found = next((p for p in world.gallery() if p.id == picture), None)
        if found is None:
            raise DataError(
                f"there is no picture {picture[:80]!r}; choose one of the small world's or send a data:image/… URI"
            )
        return found.image
    try:
        data = base64.b64decode(picture.partition(",")[2], validate=True)
    except (binascii.Error, ValueError):
        raise DataError("the picture can't be read (no base64); send a PNG, JPEG or WebP") from None
    return uploaded(data)


def uploaded(data: bytes | Path) -> Image.Image:
    """A visitor's picture, RGB. Raises DataError for one that is too large, damaged, or no picture."""
    try:
        return opened_image(data, LARGEST_IMAGE).convert("RGB")
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, Image.DecompressionBombError) as error:
        why = "no picture" if isinstance(error, UnidentifiedImageError) else " ".join(str(error).split())[:80]
        raise DataError(
            f"the picture can't be read ({why}); use a PNG, JPEG or WebP of at most 40 megapixels"
        ) from None


def upload_uri(image: Image.Image) -> str:
    """An uploaded picture (RGB) as the small data URI that travels with every question."""
    small = image.copy()
    small.thumbnail((UPLOAD_SIDE, UPLOAD_SIDE))
    file = io.BytesIO()
    small.save(file, "WEBP", quality=90)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()


def png_of(image: Image.Image) -> bytes:
    """A picture as PNG, which keeps every pixel."""
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
