"""How large a picture is and what shape it has.

Banners and thumbnails teach little: DataComp's basic filter asks for 200 pixels and at most 3 : 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..signal import Batch, Column


@dataclass(frozen=True)
class Picture:
    """Size in pixels and shape."""

    name = "picture"
    columns = (
        Column("picture_width", "int", "pixels"),
        Column("picture_height", "int", "pixels"),
        Column("picture_side", "int", "pixels of the shorter side"),
        Column("picture_aspect", "float", "longer side by shorter side, 1 for a square"),
    )

    @property
    def fingerprint(self) -> str:
        """There is one way to measure it."""
        return "1"

    def measure(self, batch: Batch) -> dict[str, list[Any]]:
        """The columns; missing where there is no picture. The file's own size, where it was scaled down for signals."""
        told = zip(batch.images, batch.column("image_width"), batch.column("image_height"), strict=True)
        sizes = [
            None if image is None else (width or image.width, height or image.height) for image, width, height in told
        ]
        return {
            "picture_width": [size and size[0] for size in sizes],
            "picture_height": [size and size[1] for size in sizes],
            "picture_side": [size and min(size) for size in sizes],
            "picture_aspect": [size and max(size) / min(size) for size in sizes],
        }


SIGNAL = Picture
