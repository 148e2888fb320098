"""Texts and images as unit vectors of an embedding model, a batch at a time.

Preparing (tokens, pixels) happens once where memory allows; embedding happens when the tower's weights move.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PIL import Image

from .kept import Compute, Floats, Kept, Rows

if TYPE_CHECKING:
    import torch

    from .embedding import EmbeddingModel, Prepared

PREPARED = 1 << 30  # bytes of tokens or pixels of one list that are held rather than made again
BATCHES = {"cpu": 64, "cuda": 256}  # rows at a time; too many for the device's memory are halved


def text_rows(kept: Kept, model: EmbeddingModel, texts: Sequence[str], name: str = "texts") -> Rows:
    """Unit vectors (n, d) of texts."""
    compute = _computing(lambda i, j: model.prepare_texts(texts[i:j]), model.embed_texts)
    return kept.rows(name, len(texts), model.text_components, compute, batch=_batch(model))


def image_rows(kept: Kept, model: EmbeddingModel, images: Sequence[Image.Image], name: str = "images") -> Rows:
    """Unit vectors (n, d) of images; `images[i:j]` may open its files only when it is asked for."""
    compute = _computing(lambda i, j: model.prepare_images(images[i:j]), model.embed_images)
    return kept.rows(name, len(images), model.image_components, compute, batch=_batch(model))


def _computing(prepare: Callable[[int, int], Prepared], embed: Callable[[Prepared], torch.Tensor]) -> Compute:
    held: dict[tuple[int, int], Prepared] = {}
    room = PREPARED

    def compute(start: int, stop: int) -> Floats:
        nonlocal room
        ready = held.get((start, stop))
        if ready is None:
            ready = prepare(start, stop)
            size = sum(tensor.nbytes for tensor in ready.values())
            if size <= room:
                room -= size
                held[start, stop] = ready
        return _fitting(embed, ready, stop - start).numpy()

    return compute


def _fitting(embed: Callable[[Prepared], torch.Tensor], ready: Prepared, count: int) -> torch.Tensor:
    """Embed a batch, in halves where the device's memory is too small for the whole."""
    import torch

    try:
        return embed(ready)
    except torch.OutOfMemoryError:
        if count < 2:
            raise
    torch.cuda.empty_cache()
    half = count // 2
    first, second = ({name: t[piece] for name, t in ready.items()} for piece in (slice(half), slice(half, None)))
    return torch.cat([_fitting(embed, first, half), _fitting(embed, second, count - half)])


def _batch(model: EmbeddingModel) -> int:
    return BATCHES.get(next(model.model.parameters()).device.type, BATCHES["cuda"])
