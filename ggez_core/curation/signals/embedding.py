"""The picture's embedding, kept with the row: near-duplicates that a hash misses (cropped, mirrored, drawn over).

A vector of 512 numbers takes 2 kB a row; `--near-cosine` compares them all (`near.cosine`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..embedder import image_vectors, version
from ..signal import Batch, Column


@dataclass(frozen=True)
class Embedding:
    """model: an embedding model's source."""

    model: str = "demo:siglip/sea"

    name = "embedding"
    columns = (Column("embedding", "vector", "of the picture, of length 1"),)

    @property
    def fingerprint(self) -> str:
        """Of the model."""
        return f"1 {version(self.model)}"

    def measure(self, batch: Batch) -> dict[str, list[Any]]:
        """The column; missing where there is no picture."""
        there = [image is not None for image in batch.images]
        if not any(there):
            return {"embedding": [None] * len(batch)}
        vectors = image_vectors(self.model, batch)
        return {"embedding": [v.tolist() if known else None for v, known in zip(vectors, there, strict=True)]}


SIGNAL = Embedding
