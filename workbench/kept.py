"""What was computed, kept by what it depends on, within a byte budget. Used by `live` and the views."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """Values by key; the least recently used ones are dropped beyond `budget` bytes. Safe to use from many threads."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._used = 0
        self._kept: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()
        self._lock = threading.Lock()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._kept

    def get(self, key: Hashable) -> Value | None:
        """The value of a key, or None."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key][0]

    def put(self, key: Hashable, value: Value, nbytes: int) -> None:
        """Keep a value of that size, dropping others for it if needed."""
        with self._lock:
            self._used += nbytes - self._kept.pop(key, (value, 0))[1]
            self._kept[key] = value, nbytes
            while self._used > self._budget and len(self._kept) > 1:
                self._used -= self._kept.popitem(last=False)[1][1]

    def keys(self) -> list[Hashable]:
        """The keys of what is kept now, the least recently used first."""
        with self._lock:
            return list(self._kept)
