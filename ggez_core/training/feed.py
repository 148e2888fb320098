"""Batches made ready ahead of their step, in threads: a step's own share of the rows, cut into what fits a forward."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing

from .objective import Batch, Objective
from .order import Order, row_seeds

AHEAD = 2  # steps


class Feed:
    """The batches of one process.

    Of the rows of a step, batch i goes to process i % processes, so that the same rows are gathered whatever the
    number of processes is.
    """

    def __init__(
        self, objective: Objective, order: Order, *, size: int, process: int, processes: int, seed: int, workers: int
    ) -> None:
        self._objective, self._order = objective, order
        self._size, self._process, self._processes = size, process, processes
        self._seed, self._workers = seed, workers

    def steps(self, first: int, last: int) -> Generator[list[Batch]]:
        """The batches of every step from `first` to before `last`."""
        if not self._workers:
            for step in range(first, last):
                yield [self._objective.batch(*share) for share in self._shares(step)]
            return
        with closing(_Ahead(self._workers)) as pool:
            waiting: deque[list[Future[Batch]]] = deque()
            for step in range(first, last + AHEAD):
                if step < last:
                    shares = self._shares(step)
                    waiting.append([pool.submit(self._objective.batch, *share) for share in shares])
                if step >= first + AHEAD:
                    yield [future.result() for future in waiting.popleft()]

    def _shares(self, step: int) -> list[tuple[list[int], list[int]]]:
        rows = list(self._order.rows(step))
        seeds = row_seeds(self._seed, step, len(rows))
        first, stride = self._process * self._size, self._processes * self._size
        return [(rows[at : at + self._size], seeds[at : at + self._size]) for at in range(first, len(rows), stride)]


class _Ahead(ThreadPoolExecutor):
    def __init__(self, workers: int) -> None:
        super().__init__(workers, thread_name_prefix="ggez-batches")

    def close(self) -> None:
        """Forget what nobody waits for any more."""
        self.shutdown(wait=True, cancel_futures=True)
