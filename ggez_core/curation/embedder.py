"""Embeddings of a batch by a family model, loaded once a process, computed once a batch whoever asks for them.

Several signals need the same vectors (similarity to a region, reward, near-duplicates); the last batch's are kept.
Imports torch with the first model.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .signal import Batch

if TYPE_CHECKING:
    from ..checkpoints import Checkpoint
    from ..families import Placement
    from ..families.embedding import EmbeddingModel

Vectors = NDArray[np.float32]

LONGEST_TEXT = 10_000  # characters that a tokenizer is given: no model reads as many
_SAMPLES, _SAMPLE = 16, 64 << 10
_last: list[tuple[Batch, dict[tuple[str, str], Vectors]]] = []  # the newest batch with what was embedded of it
_lock = threading.Lock()


@cache
def embedding_model(source: str) -> EmbeddingModel:
    """The embedding model of that source (folder, Hub id, demo: name), on the GPU where there is one.

    Raises GgezError where there is none, or it isn't an embedding model.
    """
    from ..families.embedding import load_embedding

    return load_embedding(checkpoint(source), placement=best_place())


@cache
def checkpoint(source: str) -> Checkpoint:
    """The opened checkpoint of that source."""
    from ..checkpoints import open_checkpoint

    return open_checkpoint(source)


@cache
def version(source: str) -> str:
    """What tells one model from another on any machine: of its config, its files' sizes and samples of their bytes."""
    import xxhash

    found = checkpoint(source)
    digest = xxhash.xxh3_64(repr(sorted(found.config.items(), key=lambda item: item[0])).encode())
    for path in dict.fromkeys(path for tensor in found.tensors.values() for path in tensor.files):
        size = path.stat().st_size
        digest.update(str(size).encode())
        with path.open("rb") as file:
            for start in range(0, size, max(size // _SAMPLES, _SAMPLE)):
                file.seek(start)
                digest.update(file.read(_SAMPLE))
    return digest.hexdigest()


def best_place() -> Placement:
    """The first GPU where there is one, else the processor."""
    import torch

    from ..families import Placement

    return Placement(device="cuda" if torch.cuda.is_available() else "cpu")


def image_vectors(source: str, batch: Batch) -> Vectors:
    """Unit vectors of a batch's pictures, (n, d) float32; NaN in the rows that have none."""
    return _once(source, "images", batch, batch.images)


def text_vectors(source: str, batch: Batch) -> Vectors:
    """Unit vectors of a batch's captions, (n, d) float32; NaN in the rows that have none."""
    return _once(source, "texts", batch, [text if text and text.strip() else None for text in batch.texts])


def _once(source: str, kind: str, batch: Batch, inputs: Sequence[Any]) -> Vectors:
    """The vectors of one side of a batch; kept until another batch comes."""
    with _lock:
        if not _last or _last[0][0] is not batch:
            _last[:] = [(batch, {})]
        kept = _last[0][1]
        if (source, kind) not in kept:
            kept[source, kind] = _embedded(source, kind, inputs)
        return kept[source, kind]


def _embedded(source: str, kind: str, inputs: Sequence[Any]) -> Vectors:
    model = embedding_model(source)
    there = [at for at, given in enumerate(inputs) if given is not None]
    encode = model.encode_images if kind == "images" else model.encode_texts
    some = [_readable(inputs[at]) for at in there]
    vectors = np.asarray(encode(some).numpy() if some else _nothing(model), np.float32)
    found = np.full((len(inputs), vectors.shape[1]), np.nan, np.float32)
    found[there] = vectors
    return found


def _readable(given: Any) -> Any:
    return given[:LONGEST_TEXT] if isinstance(given, str) else given


@cache
def _nothing(model: EmbeddingModel) -> Vectors:
    """No vectors, of the model's width."""
    return np.empty((0, model.encode_texts(["."]).shape[1]), np.float32)
