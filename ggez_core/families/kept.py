"""Arrays computed with a model, kept while the weights that they come from stay as they are.

Someone who embeds a list says once how (`Kept.rows`) and asks at every β (`Rows.at`); a tower that doesn't differ, or
is at a β seen before, isn't run again. This one keeps in memory; `store`'s on disk too, a batch at a time.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from .family import BetaOf

Floats = NDArray[np.float32]
Compute = Callable[[int, int], Floats]
"""Rows start … stop of an array at the model's weights of now: (stop − start, d)."""

BATCH = 64
MEMORY = 256 << 20  # bytes that one list's arrays may take before those used longest ago are forgotten


class Rows:
    """One array (count, d) that some components' weights decide."""

    def __init__(self, count: int, components: Sequence[str], compute: Compute, batch: int = BATCH) -> None:
        self.count = count
        self.components = tuple(components)
        self.batch = batch
        self._compute = compute
        self._known: OrderedDict[tuple[float, ...], Floats] = OrderedDict()

    def at(self, beta_of: BetaOf) -> Floats:
        """The array at the model's weights of now, which `beta_of` tells: (count, d) float32."""
        betas = tuple(beta_of(component) for component in self.components)
        if betas not in self._known:
            self._known[betas] = self._made(beta_of)
            while len(self._known) > 1 and sum(kept.nbytes for kept in self._known.values()) > MEMORY:
                self._known.popitem(last=False)
        self._known.move_to_end(betas)
        return self._known[betas]

    def _made(self, beta_of: BetaOf) -> Floats:
        return np.concatenate([self._batch(start) for start in range(0, self.count, self.batch)])

    def _batch(self, start: int) -> Floats:
        return self._compute(start, min(start + self.batch, self.count))


class Kept:
    """Keeps the arrays of one who asks, such as a task."""

    def rows(self, name: str, count: int, components: Sequence[str], compute: Compute, *, batch: int = BATCH) -> Rows:
        """An array of `count` rows that depends on these components' weights and on nothing else that changes.

        name: unique for the one who asks. compute: called a batch of rows at a time, only for what isn't kept yet.
        """
        return Rows(count, components, compute, batch)
