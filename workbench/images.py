"""Pictures on their way from a visitor to a model: one of the small world's by its id, or an own one as a data URI."""

from __future__ import annotations

import base64
import binascii
import io

from PIL import Image, UnidentifiedImageError

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
        image = Image.open(io.BytesIO(base64.b64decode(picture.partition(",")[2], validate=True)))
        if image.width * image.height > LARGEST_IMAGE:
            raise DataError(f"the picture has {image.width} × {image.height} pixels; send one of at most 40 megapixels")
        return image.convert("RGB")
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        binascii.Error,
        OSError,
        ValueError,
        SyntaxError,
    ) as error:
        raise DataError(f"the picture can't be read ({type(error).__name__}); send a PNG, JPEG or WebP") from error


def upload_uri(image: Image.Image) -> str:
    """An uploaded picture as the small data URI that travels with every question."""
    small = image.convert("RGB")
    small.thumbnail((UPLOAD_SIDE, UPLOAD_SIDE))
    file = io.BytesIO()
    small.save(file, "WEBP", quality=90)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()


def png_of(image: Image.Image) -> bytes:
    """A picture as PNG, which keeps every pixel."""
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
