"""How often each language is seen: in proportion to its captions, or more evenly the higher the temperature."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ...errors import TrainingError
from ..order import Order


class ByLanguage(Order):
    """Rows in batches, shuffled anew every epoch; a language of n rows gets a share of them ∝ n^(1/temperature).

    temperature: 1 shows every row once an epoch, ∞ all languages as often; an epoch has as many rows as the data. A
    language's rows come round one after the other, none a second time before all were there once.
    Raises TrainingError where there are fewer rows than a batch.
    """

    def __init__(self, languages: Sequence[str], batch: int, seed: int, temperature: float = 1.0) -> None:
        if len(languages) < batch:
            raise TrainingError(
                f"the data has {len(languages):,} usable rows, fewer than a batch of {batch:,}; add rows, or make "
                "`batch` smaller"
            )
        self.batch, self.seed = batch, seed
        names, codes = np.unique(np.asarray(languages), return_inverse=True)
        self._members = [np.flatnonzero(codes == code) for code in range(len(names))]
        counts = np.array([len(members) for members in self._members], np.float64)
        wanted = counts ** (1 / temperature)
        self._quotas = _rounded(wanted / wanted.sum() * len(languages), len(languages))
        self.shares = dict(zip(names.tolist(), (self._quotas / len(languages)).tolist(), strict=True))
        self._epoch = lru_cache(maxsize=2)(self._shuffled)

    @property
    def steps_per_epoch(self) -> int:
        """Whole batches in an epoch."""
        return int(self._quotas.sum()) // self.batch

    def rows(self, step: int) -> Sequence[int]:
        """The rows of a step."""
        epoch, within = divmod(step, self.steps_per_epoch)
        found: list[int] = self._epoch(epoch)[within * self.batch : (within + 1) * self.batch].tolist()
        return found

    def _shuffled(self, epoch: int) -> NDArray[np.int64]:
        parts = []
        for code, (members, quota) in enumerate(zip(self._members, self._quotas, strict=True)):
            first, last = epoch * int(quota), (epoch + 1) * int(quota)
            rounds = range(first // len(members), -(-last // len(members)))
            line = np.concatenate(
                [np.random.default_rng((self.seed, code, number)).permutation(members) for number in rounds]
                or [np.zeros(0, np.int64)]
            )
            start = first - rounds.start * len(members) if len(rounds) else 0
            parts.append(line[start : start + int(quota)])
        return np.random.default_rng((self.seed, len(self._members), epoch)).permutation(np.concatenate(parts))


def _rounded(wanted: NDArray[np.float64], total: int) -> NDArray[np.int64]:
    """Whole numbers near these that sum to `total`; what is left goes to the largest remainders."""
    found = np.floor(wanted).astype(np.int64)
    left = total - int(found.sum())
    found[np.argsort(-(wanted - found), kind="stable")[:left]] += 1
    return found
