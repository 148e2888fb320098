"""Embedded things kept by what they depend on, within a byte budget. Used by `live`."""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
BUDGET = 64 << 20


class VectorCache:
    """Arrays by key; the least recently used ones are dropped beyond `budget` bytes. Safe to use from many threads."""

    def __init__(self, budget: int = BUDGET) -> None:
        self._budget = budget
        self._used = 0
        self._kept: OrderedDict[object, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def __contains__(self, key: object) -> bool:
        return key in self._kept

    def get(self, key: object) -> Vectors | None:
        """The array of a key, or None."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: object, vectors: Vectors) -> None:
        """Keep an array, dropping others for it if needed."""
        with self._lock:
            before = self._kept.pop(key, None)
            self._used += vectors.nbytes - (0 if before is None else before.nbytes)
            self._kept[key] = vectors
            while self._used > self._budget and len(self._kept) > 1:
                self._used -= self._kept.popitem(last=False)[1].nbytes
