"""Reference pictures by country, and pictures of no country to contrast with: what visual similarity compares with.

Read like any input: columns `image` and `country` (ISO codes or names, several joined by +; empty for a picture that
could be from anywhere). Pictures that a benchmark tests on are refused, by the name of their data set and by what they
show: a model chosen or data filtered by them would be tested on what it was made with.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .. import regions
from ..errors import DataError, RegionError
from .pictures import picture
from .pieces import pieces_of
from .reading import rows_of
from .signal import Batch

BENCHMARKS = ("afaji/cvqa", "wit543/sea-vqa", "worldcuisines/vqa", "worldcuisines/food-kb", "floschne/xm3600",
              "mteb/xm3600", "romrawinjp/multi30k")  # fmt: skip


@dataclass(frozen=True)
class References:
    """vectors (n, d) float32, unit; countries: of each its codes, none for a picture of no country."""

    vectors: NDArray[np.float32]
    countries: tuple[tuple[str, ...], ...]


@cache
def references(source: str, model: str, evaluation: str) -> References:
    """The references of an input, embedded; computed once a process.

    evaluation: inputs whose pictures are refused, joined by +. Raises DataError where one is among the references, or a
    country isn't known, or where there are no references of a country or none of no country.
    """
    from .embedder import image_vectors

    named = [name for name in BENCHMARKS if name.lower() in source.lower()]
    if named:
        raise DataError(f"{source}: holds the test pictures of {named[0]}, which can't be references; choose others")
    refused = {content(image) for part in evaluation.split("+") if part for _, image, _ in _pictures(part)}
    vectors: list[NDArray[np.float32]] = []
    countries: list[tuple[str, ...]] = []
    images: list[Image.Image] = []

    def embed() -> None:
        if images:
            batch = Batch([""] * len(images), [None] * len(images), list(images))
            vectors.append(image_vectors(model, batch))
            images.clear()

    for place, image, country in _pictures(source):
        if content(image) in refused:
            raise DataError(f"{place}: is a picture of the evaluation set {evaluation}; remove it from the references")
        countries.append(_codes(place, country))
        images.append(image)
        if len(images) == 64:
            embed()
    embed()
    if not any(countries) or all(countries):
        missing = "no picture with a country" if not any(countries) else "no picture without a country to contrast with"
        raise DataError(f"{source}: has {missing}; references need both (columns image and country)")
    return References(np.concatenate(vectors), tuple(countries))


def content(image: Image.Image) -> bytes:
    """A digest of what a picture shows: its size and pixels, whichever file holds them."""
    return hashlib.blake2b(repr(image.size).encode() + image.convert("RGB").tobytes(), digest_size=16).digest()


def digest_of_files(source: str) -> str:
    """A digest of the files that references are read from: names, sizes and times."""
    return hashlib.blake2b("".join(piece.key for piece in pieces_of([source])).encode(), digest_size=8).hexdigest()


def _pictures(source: str) -> Iterator[tuple[str, Image.Image, str]]:
    """Place, picture and stated country of every row that has a picture that opens."""
    for piece in pieces_of([source]):
        for row in rows_of(piece, {}):
            seen = picture(row.columns.get("image"), Path(piece.path).parent)
            if seen.image is not None:
                yield f"{piece.source}#{row.number}", seen.image, str(row.columns.get("country") or "").strip()


def _codes(place: str, country: str) -> tuple[str, ...]:
    try:
        return tuple(regions.country(part).code for part in country.split("+") if part.strip())
    except RegionError as error:
        raise DataError(f"{place}: {error}") from None


def scores(vectors: NDArray[np.float32], known: References, k: int, alone: bool = False) -> NDArray[np.float64]:
    """How near pictures are to each country's references, (n, countries + 1): the mean of the k largest cosines.

    The columns are `codes_of(known)` and, last, the pictures of no country. alone: the pictures are the references
    themselves, each of which is left out of its own comparison.
    """
    cosines = vectors @ known.vectors.T
    if alone:
        np.fill_diagonal(cosines, -np.inf)
    columns = []
    for members in _members(known):
        some = cosines[:, members]
        count = min(k, some.shape[1] - (1 if alone and some.shape[1] > 1 else 0))
        top = np.partition(some, some.shape[1] - count, axis=1)[:, some.shape[1] - count :].astype(np.float64)
        columns.append(np.where(np.isfinite(top), top, -1.0).mean(axis=1))
    return np.stack(columns, axis=1)


def codes_of(known: References) -> list[str]:
    """The countries that have references, sorted."""
    return sorted({code for codes in known.countries for code in codes})


def _members(known: References) -> Sequence[NDArray[np.int64]]:
    own = [
        np.array([at for at, codes in enumerate(known.countries) if code in codes], np.int64)
        for code in codes_of(known)
    ]
    return [*own, np.array([at for at, codes in enumerate(known.countries) if not codes], np.int64)]
