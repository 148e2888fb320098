"""The perceptual hash of a picture, 64 bits: equal or nearly so for the same picture scaled, re-encoded or retouched.

The signs of its 8 × 8 lowest frequencies (discrete cosine transform of 32 × 32 greys) against their median (Zauner
2010, "Implementation and benchmarking of perceptual image hash functions"). The same bits as imagehash's `phash`, so
hashes compare with those of SEA-VL; but all pictures of a batch are transformed by one product of matrices, without
SciPy and PyWavelets, and frequencies that are equal but for rounding are equal here, so that a flat or symmetrical
drawing has the same hash on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..signal import Batch, Column

_SIDE, _KEPT = 32, 8
_ROUNDED = 6  # decimals of frequencies, which reach 10⁶; what rounding of float64 leaves of a zero is below 10⁻⁸


@dataclass(frozen=True)
class PerceptualHash:
    """The hash."""

    name = "phash"
    columns = (Column("phash", "hash64", "perceptual hash; the Hamming distance tells how alike two pictures are"),)

    @property
    def fingerprint(self) -> str:
        """Of the method."""
        return "dct 32 8 median"

    def measure(self, batch: Batch) -> dict[str, list[Any]]:
        """The column; missing where there is no picture."""
        there = [at for at, image in enumerate(batch.images) if image is not None]
        found: list[int | None] = [None] * len(batch)
        hashes = phashes([image for image in batch.images if image is not None]).tolist()
        for at, value in zip(there, hashes, strict=True):
            found[at] = value
        return {"phash": found}


def phashes(images: list[Image.Image]) -> NDArray[np.uint64]:
    """The hashes (n,) of some pictures; the lowest frequency is the highest bit, as in imagehash's hexadecimal."""
    if not images:
        return np.empty(0, np.uint64)
    size = (_SIDE, _SIDE)
    greys = np.stack([np.asarray(image.convert("L").resize(size, Image.Resampling.LANCZOS)) for image in images])
    low = _cosines() @ greys.astype(np.float64) @ _cosines().T
    low = low.round(_ROUNDED).reshape(len(images), _KEPT * _KEPT)
    bits = low > np.median(low, axis=1, keepdims=True)
    packed = np.packbits(bits, axis=1).view(">u8")[:, 0]
    return packed.astype(np.uint64)


@cache
def _cosines() -> NDArray[np.float64]:
    """The first rows of the discrete cosine transform, type II, not normalised (as SciPy's): (8, 32)."""
    frequency, place = np.arange(_KEPT)[:, None], np.arange(_SIDE)[None]
    return 2 * np.cos(np.pi * frequency * (2 * place + 1) / (2 * _SIDE))


SIGNAL = PerceptualHash
