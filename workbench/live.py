"""A pair in memory: one model whose weights stand between base and regional wherever a request wants them.

Requests of all visitors take turns: under the lock the weights are moved (well under a millisecond for the demo pair)
and the question is answered at once, so nobody sees another visitor's β. What was embedded at some weights is kept for
the next time. Imports torch; loaded by `pairs` when first needed.
"""

from __future__ import annotations

import base64
import binascii
import io
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from ggez_core.errors import DataError
from ggez_core.families.embedding import Prepared, load_embedding
from ggez_core.merging import LiveModel

from . import world
from .weights import BASE, Weights

if TYPE_CHECKING:
    from .pairs import Pair

Vectors = npt.NDArray[np.float32]
CACHE_BYTES = 64 << 20
LARGEST_IMAGE = 40_000_000  # pixels; a decoded picture of this size takes 120 MB
DATA_URI = "data:image/"


class LivePair:
    """Embeds the gallery, captions, queries and pictures at any weights of the pair. Safe to use from many threads."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.nbytes = pair.live_bytes + CACHE_BYTES
        self._lock = threading.Lock()
        self._family = load_embedding(pair.base)
        self._weights = LiveModel(self._family.model, pair.base, pair.regional)
        self._at = BASE
        self._weights.set_beta(BASE.beta)
        self._prepared: dict[object, Prepared] = {}
        self._cache = _VectorCache(CACHE_BYTES)

    def move(self, weights: Weights) -> float:
        """Move the model to `weights`; seconds it took. Only a measure: every question moves it to where it needs it."""
        with self._lock:
            return self._move(weights)

    def gallery(self, weights: Weights) -> Vectors:
        """Unit vectors (n, d) of the small world's pictures."""
        family = self._family
        prepare = self._keep("gallery", lambda: family.prepare_images([p.image for p in world.gallery()]))
        return self._embed(("gallery",), weights, prepare, family.embed_images)

    def captions(self, language: str, weights: Weights) -> Vectors:
        """Unit vectors (n, d) of the small world's captions in `language`."""
        family = self._family
        prepare = self._keep(("captions", language), lambda: family.prepare_texts([c.text for c in world.captions(language)]))
        return self._embed(("captions", language), weights, prepare, family.embed_texts)

    def text(self, query: str, weights: Weights) -> Vectors:
        """Unit vector (1, d) of a query."""
        return self._embed(("text", query), weights, lambda: self._family.prepare_texts([query]), self._family.embed_texts)

    def picture(self, picture: str, weights: Weights) -> Vectors:
        """Unit vector (1, d) of a gallery picture (its id) or of a picture sent as a data URI."""
        return self._embed(
            ("picture", picture), weights, lambda: self._family.prepare_images([image_of(picture)]), self._family.embed_images
        )

    def _keep(self, key: object, prepare: Callable[[], Prepared]) -> Callable[[], Prepared]:
        """`prepare`, its result kept for good: the gallery and the captions are prepared once and embedded often."""

        def kept() -> Prepared:
            if key not in self._prepared:
                self._prepared[key] = prepare()
            return self._prepared[key]

        return kept

    def _embed(
        self, key: tuple[str, ...], weights: Weights, prepare: Callable[[], Prepared], embed: Callable[[Prepared], object]
    ) -> Vectors:
        with self._lock:
            found = self._cache.get((*key, weights))
            if found is None:
                prepared = prepare()
                self._move(weights)
                found = np.asarray(embed(prepared), dtype=np.float32)
                self._cache.put((*key, weights), found)
            return found

    def _move(self, weights: Weights) -> float:
        if weights == self._at:
            return 0.0
        started = time.perf_counter()
        self._weights.set_beta(weights.beta, dict(weights.components) or None)
        self._at = weights
        return time.perf_counter() - started


def image_of(picture: str) -> Image.Image:
    """The image behind a gallery picture's id or a data URI. Raises DataError if there is none or it can't be read."""
    if not picture.startswith(DATA_URI):
        found = next((p for p in world.gallery() if p.id == picture), None)
        if found is None:
            raise DataError(f"there is no picture {picture[:80]!r}; choose one of the small world's or send a data:image/… URI")
        return found.image
    try:
        image = Image.open(io.BytesIO(base64.b64decode(picture.partition(",")[2], validate=True)))
        if image.width * image.height > LARGEST_IMAGE:
            raise DataError(f"the picture has {image.width} × {image.height} pixels; send one of at most 40 megapixels")
        return image.convert("RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError, binascii.Error, OSError, ValueError, SyntaxError) as error:
        raise DataError(f"the picture can't be read ({type(error).__name__}); send a PNG, JPEG or WebP") from error


class _VectorCache:
    """Arrays by key, the least recently used ones dropped when they take more than `budget` bytes. Not locked."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._used = 0
        self._kept: OrderedDict[object, Vectors] = OrderedDict()

    def get(self, key: object) -> Vectors | None:
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def put(self, key: object, vectors: Vectors) -> None:
        self._kept[key] = vectors
        self._used += vectors.nbytes
        while self._used > self._budget and len(self._kept) > 1:
            self._used -= self._kept.popitem(last=False)[1].nbytes
