"""Whether a picture is blurred or blank: the variance of its Laplacian, and the spread of its greys.

A blurred picture has no edges, so its second derivative hardly varies (Pech-Pacheco et al. 2000, "Diatom
autofocusing"). The value depends on size, so large pictures are first scaled down to a longer side of `side` pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from ...errors import DataError
from ..signal import Batch, Column


@dataclass(frozen=True)
class Sharpness:
    """side: pixels of the longer side at which pictures are measured; smaller ones stay as they are."""

    side: int = 256

    name = "sharpness"
    columns = (
        Column("sharpness", "float", "variance of the Laplacian of the greys (0 to 255); below 30 to 100: blurred"),
        Column("sharpness_contrast", "float", "standard deviation of the greys; near 0 it is blank"),
    )

    def __post_init__(self) -> None:
        if self.side < 8:
            raise DataError(f"sharpness: side={self.side} is too small to see an edge; give 8 pixels or more")

    @property
    def fingerprint(self) -> str:
        """Of the side and the method."""
        return f"1 side={self.side}"

    def measure(self, batch: Batch) -> dict[str, list[Any]]:
        """The columns; missing where there is no picture, and sharpness where it has less than 3 pixels a side."""
        greys = [None if image is None else _grey(image, self.side) for image in batch.images]
        return {
            "sharpness": [None if grey is None else _laplacian_variance(grey) for grey in greys],
            "sharpness_contrast": [None if grey is None else float(grey.std()) for grey in greys],
        }


def _grey(image: Image.Image, side: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Greys (h, w) float32 from 0 to 255 (ITU-R 601), no side longer than `side`."""
    grey = image.convert("L")
    longest = max(grey.size)
    if longest > side:
        width, height = (max(1, round(length * side / longest)) for length in grey.size)
        grey = grey.resize((width, height), Image.Resampling.BOX)
    return np.asarray(grey, np.float32)


def _laplacian_variance(grey: np.ndarray[Any, np.dtype[np.float32]]) -> float | None:
    """Variance of the four neighbours' sum less four times the pixel, inside the border."""
    if min(grey.shape) < 3:
        return None
    inside = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * grey[1:-1, 1:-1]
    return float(inside.var(dtype=np.float64))


SIGNAL = Sharpness
