"""A curation as the page has it: thresholds that sliders move, rows with small pictures and evidence.

Imports pyarrow and the engine's cheap stage; loaded with the first curation. Used by the Curate tab and its endpoints.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ggez_core.curation.curate import QUALITY, REGIONAL, curate
from ggez_core.curation.curated import LOW_REWARD, Curated
from ggez_core.curation.cut import READABLE, Cut
from ggez_core.curation.limits import Limit
from ggez_core.curation.quality import QUALITY as USUAL
from ggez_core.progress import Progress
from ggez_core.regions import region

from .curations import DEMO, DEMO_ROWS, Asked

MOVED = ("reward", "text_words", "picture_side", "picture_aspect", "sharpness", "sharpness_contrast", "text_repeated")
"""Columns whose limit has a slider."""

_ROWS = 128  # of a piece: progress moves often enough to be watched


@dataclass(frozen=True)
class Thresholds:
    """Where everything that can be moved stands. bounds: by column, for the limits that have a slider."""

    region: str = "SEA"
    confidence: float = 0.5
    distance: int = 8
    bounds: Mapping[str, float] | None = None

    @property
    def cut(self) -> Cut:
        """The engine's cut."""
        moved = dict(self.bounds or {})
        return Cut(
            region(self.region).code if self.region else None,
            float(self.confidence),
            tuple(_moved(limit, moved.get(limit.column)) for limit in (*READABLE, *USUAL, LOW_REWARD)),
            int(self.distance) if self.distance >= 0 else None,
        )


def usual(column: str) -> Limit:
    """The limit on a column that has a slider."""
    return next(limit for limit in (*USUAL, LOW_REWARD) if limit.column == column and not limit.empty)


def _moved(limit: Limit, bound: float | None) -> Limit:
    if bound is None or limit.empty or limit.column not in MOVED:
        return limit
    return replace(limit, at_least=bound) if limit.at_least is not None else replace(limit, at_most=bound)


def measure(asked: Asked, folder: Path, progress: Progress) -> Curated:
    """Measure what was asked for in a folder, going on where an earlier run stopped."""
    inputs: str | Path = asked.data
    if asked.data == DEMO:
        from ggez_core.demo.world.mixture import write_mixture

        inputs = folder / "small-world.parquet"
        if not inputs.exists():
            write_mixture(inputs, DEMO_ROWS)
    reward = [f"reward:{asked.reward}"] if asked.reward else []
    curate([inputs], folder / "curation", signals=(*REGIONAL, *QUALITY, *reward), rows=_ROWS, progress=progress)
    return Curated(folder / "curation")
