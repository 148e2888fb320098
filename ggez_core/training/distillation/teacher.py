"""What the teacher says of every caption and image, computed once into memory maps and kept by content.

The key is of the teacher's weights, its tokenizer and processor, the captions or images, and the place of computing
(`families.store`), so a second run, or another objective on the same data, computes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from ...checkpoints import Checkpoint
from ...families.embedded import image_rows, text_rows
from ...families.embedding import EmbeddingModel
from ...families.family import Placement, at_base
from ...families.kept import Floats
from ...families.store import StoredKept, default_folder, weights_of
from ...progress import Progress, Step, silent
from .captions import Captions, Images


@dataclass(frozen=True)
class Targets:
    """The teacher's unit vectors of one kind: `place` says for every row of the data which of `vectors` is its."""

    vectors: Floats
    place: NDArray[np.int64]

    def of(self, rows: Sequence[int]) -> torch.Tensor:
        """Those of some rows: (rows, d) float32, on the CPU."""
        return torch.from_numpy(np.ascontiguousarray(self.vectors[self.place[list(rows)]]))


def teacher_targets(
    teacher: Checkpoint,
    model: EmbeddingModel,
    captions: Captions,
    kinds: Iterable[str],
    *,
    placement: Placement | None = None,
    folder: Path | None = None,
    progress: Progress = silent,
) -> dict[str, Targets]:
    """The teacher's vectors of each kind that is asked for: "text" T(x), "english" T(e), "image".

    Equal captions are embedded once. folder: of the kept arrays, by default where evaluation keeps its own.
    """
    weights = weights_of(teacher, None, placement or Placement())
    found: dict[str, Targets] = {}
    for kind in kinds:

        def told(name: str, done: int, count: int, what: str = kind) -> None:
            progress(Step(done, count, "images" if what == "image" else "captions", f"the teacher embeds ({what})"))

        if kind == "image":
            assert captions.images is not None
            assert captions.image is not None
            images = _Opened(captions.images)
            kept = StoredKept(folder or default_folder() / "embeddings", weights, captions.image_key, told)
            vectors = image_rows(kept, model, images, "distillation-images").at(at_base)
            found[kind] = Targets(vectors, captions.image)
            continue
        lines = captions.text if kind == "text" else captions.english
        place: dict[str, int] = {}
        places = np.array([place.setdefault(line, len(place)) for line in lines], np.int64)
        digest = hashlib.blake2b("\n".join(place).encode(), digest_size=16).hexdigest()
        kept = StoredKept(folder or default_folder() / "embeddings", weights, digest, told)
        found[kind] = Targets(text_rows(kept, model, list(place), "distillation-texts").at(at_base), places)
    return found


class _Opened(Sequence[Image.Image]):
    """Images as a list whose slices are opened when they are asked for."""

    def __init__(self, images: Images) -> None:
        self._images = images

    def __len__(self) -> int:
        return len(self._images)

    @overload
    def __getitem__(self, index: int) -> Image.Image: ...
    @overload
    def __getitem__(self, index: slice) -> list[Image.Image]: ...
    def __getitem__(self, index: int | slice) -> Image.Image | list[Image.Image]:
        rows = range(len(self))[index]
        return self._images.some([rows])[0] if isinstance(rows, int) else self._images.some(list(rows))
