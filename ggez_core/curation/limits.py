"""Limits: what a row must be to be kept, as bounds on columns that were measured. The cheap stage's whole language.

A limit is tried on every row; a row that breaks several is dropped for the first of them and tells all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Columns = Mapping[str, NDArray[Any]]
"""Columns of the whole input in one order of rows; float64 with NaN for missing in those of numbers, objects else."""


@dataclass(frozen=True)
class Limit:
    """A row is kept where `column` lies within the bounds, which belong to what is kept.

    name: the reason that `dropped.parquet` gives. empty: instead of bounds, the column must say nothing (a column that
    names what is wrong with a row). missing: whether a row without a value is kept.
    """

    name: str
    column: str
    at_least: float | None = None
    at_most: float | None = None
    empty: bool = False
    missing: bool = False

    def kept(self, columns: Columns) -> NDArray[np.bool_]:
        """Which rows are kept, (n,). Raises KeyError where the column wasn't measured."""
        values = columns[self.column]
        if self.empty:
            return np.array([not value for value in values.tolist()], bool)
        found = ~np.isnan(values)
        good = np.ones(len(values), bool)
        if self.at_least is not None:
            good &= values >= self.at_least
        if self.at_most is not None:
            good &= values <= self.at_most
        return np.where(found, good, self.missing)

    def why(self, value: Any) -> str:
        """What is wrong with a value that the limit drops, for a person to read."""
        if self.empty:
            return str(value)
        if value is None or value != value:
            return f"no {self.column}"
        wrong = [f"< {self.at_least:g}"] if self.at_least is not None and value < self.at_least else []
        wrong += [f"> {self.at_most:g}"] if self.at_most is not None and value > self.at_most else []
        return f"{self.column} {value:.4g} {' and '.join(wrong)}"
