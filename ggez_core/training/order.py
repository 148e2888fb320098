"""Which rows a step sees: a function of the seed and the step alone, so a resumed run goes on with the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

import numpy as np

from ..errors import TrainingError


class Order(Protocol):
    """The order of the data."""

    @property
    def steps_per_epoch(self) -> int:
        """After how many steps every row has been seen once, or would have been on average."""

    def rows(self, step: int) -> Sequence[int]:
        """The rows of a step (from 0), of all processes together; the same whenever it is asked."""


class Shuffled:
    """Every row once an epoch, shuffled anew each time; what is left over at an epoch's end waits for the next.

    Raises TrainingError where there are fewer rows than a batch.
    """

    def __init__(self, count: int, batch: int, seed: int) -> None:
        if count < batch:
            raise TrainingError(
                f"the data has {count:,} usable rows, fewer than a batch of {batch:,}; add rows, or lower `batch`"
            )
        self.count, self.batch, self.seed = count, batch, seed
        self._epoch = lru_cache(maxsize=2)(self._shuffled)

    @property
    def steps_per_epoch(self) -> int:
        """Whole batches in the data."""
        return self.count // self.batch

    def rows(self, step: int) -> Sequence[int]:
        """The rows of a step."""
        epoch, within = divmod(step, self.steps_per_epoch)
        found: list[int] = self._epoch(epoch)[within * self.batch : (within + 1) * self.batch].tolist()
        return found

    def _shuffled(self, epoch: int) -> np.ndarray:
        return np.random.default_rng((self.seed, epoch)).permutation(self.count)


def row_seeds(seed: int, step: int, count: int) -> list[int]:
    """A seed for every place of a step."""
    drawn = np.random.SeedSequence((seed, step)).generate_state(count, np.uint64) >> np.uint64(1)
    return [int(value) for value in drawn]
