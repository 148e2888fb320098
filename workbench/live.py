"""A pair in memory: one model whose weights stand between base and regional wherever a request wants them.

Requests of all visitors take turns: under the lock the weights are moved (well under a millisecond for the demo pair)
and the question is answered at once, so nobody sees another visitor's β. What was embedded at some weights is kept for
the next time, and while nobody asks, a small model's gallery is embedded ahead at every position of the slider. Imports
torch; loaded by `pairs` when first needed.
"""

from __future__ import annotations

import atexit
import base64
import binascii
import io
import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError

from ggez_core.errors import DataError
from ggez_core.families.embedding import Prepared, load_embedding
from ggez_core.merging import LiveModel

from . import world
from .vectors import VectorCache, Vectors
from .weights import BASE, Weights

if TYPE_CHECKING:
    from .pairs import Pair

LARGEST_IMAGE = 40_000_000  # pixels; a decoded picture of this size takes 120 MB
DATA_URI = "data:image/"
SMALL = 100_000_000  # bytes of a model that one thread embeds best: several wait for each other longer than they work
POSITIONS = tuple(k / 100 for k in dict.fromkeys(k for step in (50, 25, 10, 5, 1) for k in range(0, 101, step)))
QUIET = 0.5  # seconds without a question before embedding ahead goes on
PIECE = 16  # pictures or texts embedded ahead at a time, so that a question waits for few


class LivePair:
    """Embeds the gallery, captions, queries and pictures at any weights of the pair. Safe to use from many threads."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.nbytes = pair.live_bytes
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._background: threading.Thread | None = None
        self._asked = time.monotonic()
        self._family = load_embedding(pair.base, device="cuda" if torch.cuda.is_available() else None)
        self._weights = LiveModel(self._family.model, pair.base, pair.regional)
        self._at = BASE
        self._prepared: dict[object, Prepared] = {}
        self._cache = VectorCache()
        self._threads = 1 if pair.base.nbytes <= SMALL else os.cpu_count() or 1
        first = world.gallery()[0]
        self._image_parts = self._parts(lambda: self._family.encode_images([first.image]))
        self._text_parts = self._parts(lambda: self._family.encode_texts([first.concept.names["en"]]))

    def move(self, weights: Weights) -> float:
        """Move the model to `weights`; seconds it took. A measure: every question moves it where it needs it."""
        with self._lock:
            return self._move(weights)

    def gallery(self, weights: Weights) -> Vectors:
        """Unit vectors (n, d) of the small world's pictures."""
        return self._embed("gallery", weights, self._image_parts, self._prepared_gallery, self._family.embed_images)

    def captions(self, language: str, weights: Weights) -> Vectors:
        """Unit vectors (n, d) of the small world's captions in `language`."""
        prepare = self._prepared_captions(language)
        return self._embed(f"captions {language}", weights, self._text_parts, prepare, self._family.embed_texts)

    def text(self, query: str, weights: Weights) -> Vectors:
        """Unit vector (1, d) of a query."""
        family = self._family
        return self._embed(
            f"text {query}", weights, self._text_parts, lambda: family.prepare_texts([query]), family.embed_texts
        )

    def picture(self, picture: str, weights: Weights) -> Vectors:
        """Unit vector (1, d) of a gallery picture (its id) or of a picture sent as a data URI."""
        family = self._family
        return self._embed(
            f"picture {picture}",
            weights,
            self._image_parts,
            lambda: family.prepare_images([image_of(picture)]),
            family.embed_images,
        )

    def embed_ahead(self) -> None:
        """Embed the gallery and the captions at the slider's positions, in the background, whenever nobody asks.

        Only for small models, where this takes seconds in all.
        """
        if self.pair.base.nbytes <= SMALL and self._background is None:
            self._background = threading.Thread(target=self._ahead, name="embed ahead", daemon=True)
            self._background.start()
            atexit.register(self.close)

    def close(self) -> None:
        """Stop working in the background: the pair is about to be forgotten, or the program ends."""
        self._closed.set()
        atexit.unregister(self.close)
        if self._background is not None:
            self._background.join()

    def _ahead(self) -> None:
        family = self._family
        captions = self._prepared_captions(world.ALL_LANGUAGES)
        jobs = (
            ("gallery", self._image_parts, self._prepared_gallery, family.embed_images),
            (f"captions {world.ALL_LANGUAGES}", self._text_parts, captions, family.embed_texts),
        )
        for what, parts, prepare, embed in jobs:
            for beta in POSITIONS:
                key = _key(what, Weights(beta), parts)
                if key in self._cache:
                    continue
                pieces = []
                for piece in _pieces(prepare()):
                    if not self._quiet():
                        return
                    with self._lock:
                        pieces.append(self._at_weights(Weights(beta), embed, piece))
                self._cache.put(key, np.concatenate(pieces))

    def _quiet(self) -> bool:
        """Wait until nobody has asked for a while; False if the pair was closed meanwhile."""
        while time.monotonic() - self._asked < QUIET and not self._closed.is_set():
            self._closed.wait(QUIET / 4)
        return not self._closed.is_set()

    def _prepared_gallery(self) -> Prepared:
        return self._keep("gallery", lambda: self._family.prepare_images([p.image for p in world.gallery()]))

    def _prepared_captions(self, language: str) -> Callable[[], Prepared]:
        texts = [caption.text for caption in world.captions(language)]
        return lambda: self._keep(("captions", language), lambda: self._family.prepare_texts(texts))

    def _keep(self, key: object, prepare: Callable[[], Prepared]) -> Prepared:
        """What `prepare` returns, kept for good: it doesn't depend on the weights."""
        if key not in self._prepared:
            self._prepared[key] = prepare()
        return self._prepared[key]

    def _embed(
        self,
        what: str,
        weights: Weights,
        parts: frozenset[str],
        prepare: Callable[[], Prepared],
        embed: Callable[[Prepared], torch.Tensor],
    ) -> Vectors:
        self._asked = time.monotonic()
        key = _key(what, weights, parts)
        found = self._cache.get(key)
        if found is None:
            prepared = prepare()
            with self._lock:
                found = self._at_weights(weights, embed, prepared)
            self._cache.put(key, found)
        return found

    def _at_weights(self, weights: Weights, embed: Callable[[Prepared], torch.Tensor], prepared: Prepared) -> Vectors:
        """Vectors of what was prepared, with the model at `weights`. The lock must be held."""
        self._move(weights)
        torch.set_num_threads(self._threads)
        vectors: Vectors = embed(prepared).numpy()
        return vectors

    def _move(self, weights: Weights) -> float:
        if weights == self._at:
            return 0.0
        started = time.perf_counter()
        self._weights.set_beta(weights.beta, dict(weights.components))
        self._at = weights
        return time.perf_counter() - started

    def _parts(self, run: Callable[[], object]) -> frozenset[str]:
        """The components that a computation runs through, found by watching it; the β of others can't change it."""
        seen: set[str] = set()
        watching = [
            module.register_forward_pre_hook(lambda *_, name=name: seen.add(name))
            for name, module in self._family.model.named_children()
        ]
        try:
            run()
        finally:
            for watch in watching:
                watch.remove()
        known = self.pair.comparison.components
        return frozenset(seen & known.keys()) or frozenset(known)


def _key(what: str, weights: Weights, parts: frozenset[str]) -> tuple[object, ...]:
    """What the vectors of `what` depend on: the β of the components they run through."""
    own = dict(weights.components)
    return (what, *((part, own.get(part, weights.beta)) for part in sorted(parts)))


def _pieces(prepared: Prepared) -> list[Prepared]:
    count = len(next(iter(prepared.values())))
    return [{k: v[start : start + PIECE] for k, v in prepared.items()} for start in range(0, count, PIECE)]


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
