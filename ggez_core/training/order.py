"""Which rows a step sees: a function of the seed and the step alone, so a resumed run goes on with the same rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

import numpy as np

from ..errors import TrainingError
from .settings import LoopSettings


class Order(ABC):
    """The order of the data."""

    @property
    @abstractmethod
    def steps_per_epoch(self) -> int:
        """After how many steps every row has been seen once, or would have been on average."""

    @abstractmethod
    def rows(self, step: int) -> Sequence[int]:
        """The rows of a step (from 0), of all processes together; the same whenever it is asked."""

    def steps(self, settings: LoopSettings) -> int:
        """All steps of a training."""
        return settings.total(self.steps_per_epoch)

    def stage(self, step: int, steps: int) -> tuple[int, int]:
        """The first step, and the step after the last, of the stage that a step is in: one schedule of the rate."""
        return 0, steps


class Stages(Order):
    """Orders one after the other, each for its steps and with a schedule of the learning rate of its own."""

    def __init__(self, parts: Sequence[tuple[Order, int]]) -> None:
        self._parts = tuple(parts)
        self._firsts = [0, *accumulate(steps for _, steps in parts)]

    @property
    def steps_per_epoch(self) -> int:
        """All steps: to have seen everything once is to have been through all stages."""
        return self._firsts[-1]

    def rows(self, step: int) -> Sequence[int]:
        """The rows of a step."""
        part = self._part(step)
        return self._parts[part][0].rows(step - self._firsts[part])

    def steps(self, settings: LoopSettings) -> int:
        """All steps of all stages."""
        return self._firsts[-1]

    def stage(self, step: int, steps: int) -> tuple[int, int]:
        """Where the stage of a step begins and ends."""
        part = self._part(step)
        return self._firsts[part], self._firsts[part + 1]

    def _part(self, step: int) -> int:
        return min(bisect_right(self._firsts, step), len(self._parts)) - 1


class Subset(Order):
    """Some rows of the data, in the order that `order` gives their places."""

    def __init__(self, order: Order, members: Sequence[int]) -> None:
        self._order, self._members = order, members

    @property
    def steps_per_epoch(self) -> int:
        """That of the order."""
        return self._order.steps_per_epoch

    def rows(self, step: int) -> Sequence[int]:
        """The rows of a step."""
        return [self._members[place] for place in self._order.rows(step)]


class Shuffled(Order):
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
