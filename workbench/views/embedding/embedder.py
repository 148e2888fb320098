"""Gallery, captions, queries and pictures as vectors, at any weights of a live pair of embedding models.

What was embedded at some weights is kept for the next time, and while nobody asks, a small model's gallery is embedded
ahead at every position of the slider, so that a moving thumb finds its answers ready. Used by `search`.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable, Hashable, Iterable
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from ggez_core.families.embedding import EmbeddingModel, Prepared

from ... import world
from ...images import image_of
from ...kept import Kept
from ...live import THREADS, LivePair
from ...weights import Weights

Vectors = npt.NDArray[np.float32]

BUDGET = 64 << 20  # bytes of vectors kept
POSITIONS = tuple(k / 100 for k in dict.fromkeys(k for step in (50, 25, 10, 5, 1) for k in range(0, 101, step)))
QUIET = 0.5  # seconds without a question before embedding ahead goes on
PIECE = 16  # pictures or texts embedded ahead at a time, so that a question waits for few

Embed = Literal["embed_images", "embed_texts"]  # methods of the model
LOADING = 30  # seconds for which a lent graphics card is asked: reading a model, and embedding the gallery once


class Embedder:
    """Embeds for all visitors of a live pair. Safe to use from many threads."""

    def __init__(self, live: LivePair) -> None:
        self._live = live
        self._model = live.model(EmbeddingModel)
        self._threads = 1 if live.small else THREADS  # several would wait for each other longer than they work
        self._prepared: dict[Hashable, Prepared] = {}
        self._kept: Kept[Vectors] = Kept(BUDGET)
        self._closed = threading.Event()
        self._asked = time.monotonic()
        self._image_parts = _differing(live, self._model.image_components)
        self._text_parts = _differing(live, self._model.text_components)
        self._ahead: threading.Thread | None = None
        if live.small:
            self._ahead = threading.Thread(target=self._embed_ahead, name="embed ahead", daemon=True)
            self._ahead.start()
            atexit.register(self.close)

    def gallery(self, weights: Weights) -> Vectors:
        """Unit vectors (n, d) of the small world's pictures."""
        return self._embed("gallery", weights, self._image_parts, self._prepared_gallery, "embed_images")

    def captions(self, language: str, weights: Weights) -> Vectors:
        """Unit vectors (n, d) of the small world's captions in `language`."""
        prepare = self._prepared_captions(language)
        return self._embed(f"captions {language}", weights, self._text_parts, prepare, "embed_texts")

    def text(self, query: str, weights: Weights) -> Vectors:
        """Unit vector (1, d) of a query."""
        model = self._model
        return self._embed(
            f"text {query}", weights, self._text_parts, lambda: model.prepare_texts([query]), "embed_texts"
        )

    def picture(self, picture: str, weights: Weights) -> Vectors:
        """Unit vector (1, d) of a gallery picture (its id) or of a picture sent as a data URI."""
        model = self._model
        return self._embed(
            f"picture {picture}",
            weights,
            self._image_parts,
            lambda: model.prepare_images([image_of(picture)]),
            "embed_images",
        )

    def close(self) -> None:
        """Stop working ahead."""
        self._closed.set()
        atexit.unregister(self.close)
        if self._ahead is not None:
            self._ahead.join()

    def _embed_ahead(self) -> None:
        captions = self._prepared_captions(world.ALL_LANGUAGES)
        jobs: tuple[tuple[str, frozenset[str], Callable[[], Prepared], Embed], ...] = (
            ("gallery", self._image_parts, self._prepared_gallery, "embed_images"),
            (f"captions {world.ALL_LANGUAGES}", self._text_parts, captions, "embed_texts"),
        )
        for what, parts, prepare, embed in jobs:
            for beta in POSITIONS:
                key = _key(what, Weights(beta), parts)
                if key in self._kept:
                    continue
                pieces = []
                for piece in _pieces(prepare()):
                    if not self._quiet():
                        return
                    pieces.append(self._live.compute(embed, piece, Weights(beta), threads=self._threads).numpy())
                self._keep(key, np.concatenate(pieces))

    def _quiet(self) -> bool:
        """Wait until nobody has asked for a while; False if the pair was closed meanwhile."""
        while time.monotonic() - self._asked < QUIET and not self._closed.is_set():
            self._closed.wait(QUIET / 4)
        return not self._closed.is_set()

    def _prepared_gallery(self) -> Prepared:
        return self._prepare_once("gallery", lambda: self._model.prepare_images([p.image for p in world.gallery()]))

    def _prepared_captions(self, language: str) -> Callable[[], Prepared]:
        texts = [caption.text for caption in world.captions(language)]
        return lambda: self._prepare_once(("captions", language), lambda: self._model.prepare_texts(texts))

    def _prepare_once(self, key: Hashable, prepare: Callable[[], Prepared]) -> Prepared:
        """What `prepare` returns, kept for good: it doesn't depend on the weights."""
        if key not in self._prepared:
            self._prepared[key] = prepare()
        return self._prepared[key]

    def _embed(
        self, what: str, weights: Weights, parts: frozenset[str], prepare: Callable[[], Prepared], embed: Embed
    ) -> Vectors:
        self._asked = time.monotonic()
        key = _key(what, weights, parts)
        found = self._kept.get(key)
        if found is not None:
            return found
        new: torch.Tensor | Vectors = self._live.compute(
            embed, prepare(), weights, threads=self._threads, seconds=LOADING,
            known=lambda: self._kept.get(key),  # whose turn was before ours may have asked the same
        )  # fmt: skip
        vectors: Vectors = new.numpy() if isinstance(new, torch.Tensor) else new
        self._keep(key, vectors)
        return vectors

    def _keep(self, key: Hashable, vectors: Vectors) -> None:
        self._kept.put(key, vectors, vectors.nbytes)


def _differing(live: LivePair, components: Iterable[str]) -> frozenset[str]:
    """The components among these whose β makes a difference."""
    return frozenset(components) & frozenset(live.pair.components)


def _key(what: str, weights: Weights, parts: frozenset[str]) -> Hashable:
    """What the vectors of `what` depend on: the β of the components they run through."""
    own = dict(weights.components)
    return (what, *((part, own.get(part, weights.beta)) for part in sorted(parts)))


def _pieces(prepared: Prepared) -> list[Prepared]:
    count = len(next(iter(prepared.values())))
    return [{k: v[start : start + PIECE] for k, v in prepared.items()} for start in range(0, count, PIECE)]
