"""A score as a row: what every plot, table and GRP is computed from."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Score:
    """One measured number: `side` is global or regional, `n` the queries, `low` to `high` the 95 % interval."""

    model: str
    beta: float
    task: str
    split: str
    side: str
    metric: str
    value: float
    n: int
    low: float
    high: float
    language: str | None = None
    country: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The row, ready for JSON."""
        return asdict(self)
