"""Images where they lie: a cell of a table, a file, a URL; opened only when they are looked at.

`Pictures` is a list of images that opens a slice at a time; `unreadable` says beforehand which ones won't open.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

from PIL import Image, ImageOps

from ..errors import DataError
from .tables import Table

AT_ONCE = 64  # images whose bytes are held while they are checked
# Of Pillow's decoders those that pictures of the web need: of the others some start programs (EPS), and releases before
# 13, which Gradio doesn't allow yet, write outside of their memory for some (TIFF, FPX).
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF")
MOST_PIXELS = 1 << 26  # of one image: 192 MB as RGB


@dataclass(frozen=True)
class ImageAt:
    """Where an image lies: row `row` of a table's `column`, whose cell holds bytes, {bytes, path}, a path or a URL.

    folder: where relative paths begin. fetch: gives the file of a URL; None where URLs aren't to be opened.
    """

    table: Table
    column: str
    row: int
    folder: Path
    fetch: Callable[[str], Path] | None = None

    @property
    def name(self) -> str:
        """For messages."""
        return f"{self.table.path.name}, row {self.row}, {self.column}"


def image_bytes(cell: Any, where: ImageAt) -> bytes:
    """The encoded image that a cell holds or points to. Raises DataError, saying what is wrong, without the row."""
    if isinstance(cell, Mapping):
        cell = cell.get("bytes") or cell.get("path") or cell.get("src")
    if cell is None or cell == "" or cell == b"":
        raise DataError("has no image")
    if isinstance(cell, (bytes, bytearray, memoryview)):
        return bytes(cell)
    if not isinstance(cell, str):
        raise DataError(f"its image is {type(cell).__name__}, neither bytes nor a path")
    if "://" in cell[:12]:
        if where.fetch is None:
            raise DataError(
                f"its image is a URL ({cell[:80]}) and none is fetched unless asked for: add the option fetch=yes"
            )
        return where.fetch(cell).read_bytes()
    if len(cell) > 1000:
        try:
            return base64.b64decode(cell, validate=True)
        except (binascii.Error, ValueError):
            raise DataError("its image is neither a path nor base64") from None
    try:
        path = (where.folder / cell).resolve()
    except (OSError, ValueError, RuntimeError) as error:  # a null byte, links that go round
        raise DataError(f"its image {cell[:80]!r} is no path ({error})") from None
    if not path.is_relative_to(where.folder.resolve()):
        raise DataError(f"its image {cell!r} lies outside the data's folder")
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"its image {cell!r} can't be read ({error.strerror})") from None


def opened_image(data: bytes | Path, most_pixels: int = MOST_PIXELS) -> Image.Image:
    """An image of one of `FORMATS`, of which nothing is decoded yet. Raises ValueError if it has more pixels than that,
    and what Pillow raises."""
    image = Image.open(io.BytesIO(data) if isinstance(data, bytes) else data, formats=FORMATS)
    if image.width * image.height > most_pixels:
        raise ValueError(f"{image.width:,} × {image.height:,} pixels are more than is decoded")
    return image


def decoded(data: bytes, *, small: bool = False) -> Image.Image:
    """The image, upright, read to its end; `small` may shrink it while reading.

    Raises DataError, without the row, where it is damaged or so large that it may be an attack.
    """
    try:
        image = opened_image(data)
        if small:
            image.draft("RGB", (image.width // 8, image.height // 8))
        image.load()
        return ImageOps.exif_transpose(image)
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
        raise DataError(f"its image doesn't open ({reason})") from None


class Pictures(Sequence[Image.Image]):
    """Images, opened when they are asked for; a slice is a list of them."""

    def __init__(self, places: Sequence[ImageAt]) -> None:
        self.places = tuple(places)

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, index: int) -> Image.Image: ...
    @overload
    def __getitem__(self, index: slice) -> list[Image.Image]: ...
    def __getitem__(self, index: int | slice) -> Image.Image | list[Image.Image]:
        if isinstance(index, int):
            return self[index : index + 1 or None][0]
        return _all_opened(self.places[index])

    def some(self, indices: Sequence[int]) -> list[Image.Image]:
        """These images, opened together."""
        return _all_opened([self.places[index] for index in indices])


def _all_opened(places: Sequence[ImageAt]) -> list[Image.Image]:
    return [_opened(cell, place) for cell, place in zip(_cells(places), places, strict=True)]


def _opened(cell: Any, place: ImageAt) -> Image.Image:
    try:
        return decoded(image_bytes(cell, place))
    except DataError as error:
        raise DataError(f"{place.name}: {error}") from None


def unreadable(
    places: Sequence[ImageAt], progress: Callable[[int, int], None] = lambda done, count: None
) -> tuple[dict[int, str], list[str]]:
    """Which images don't open, and why, and a digest of every image's bytes (empty where there are none).

    Every image is read to its end, on all cores, JPEGs at an eighth of their size.
    """
    why: dict[int, str] = {}
    digests = [""] * len(places)

    def check(index: int, cell: Any) -> None:
        try:
            data = image_bytes(cell, places[index])
            digests[index] = hashlib.blake2b(data, digest_size=16).hexdigest()
            decoded(data, small=True)
        except DataError as error:
            why[index] = str(error)

    with ThreadPoolExecutor() as pool:
        for start in range(0, len(places), AT_ONCE):
            some = places[start : start + AT_ONCE]
            list(pool.map(check, range(start, start + len(some)), _cells(some)))
            progress(start + len(some), len(places))
    return dict(sorted(why.items())), digests


def _cells(places: Sequence[ImageAt]) -> list[Any]:
    """What the tables hold at these places; those in one column are read together."""
    together: dict[tuple[int, str], list[int]] = {}
    for index, place in enumerate(places):
        together.setdefault((id(place.table), place.column), []).append(index)
    found: list[Any] = [None] * len(places)
    for indices in together.values():
        first = places[indices[0]]
        for index, cell in zip(indices, first.table.cells(first.column, [places[i].row for i in indices]), strict=True):
            found[index] = cell
    return found
