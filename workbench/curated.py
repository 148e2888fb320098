"""A curation as the page has it: thresholds that sliders move, rows with small pictures and evidence.

Imports pyarrow and the engine's cheap stage; loaded with the first curation. Used by the Curate tab and its endpoints.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ggez_core.curation.curate import QUALITY, REGIONAL, curate
from ggez_core.curation.curated import LOW_REWARD, Curated
from ggez_core.curation.cut import CODES, READABLE, Cut, Decision
from ggez_core.curation.limits import Limit
from ggez_core.curation.pictures import picture
from ggez_core.curation.quality import QUALITY as USUAL
from ggez_core.curation.reading import rows_of
from ggez_core.progress import Progress
from ggez_core.regions import region

from .curate_shown import Sample
from .curations import DEMO, DEMO_ROWS, Asked

MOVED = ("reward", "text_words", "picture_side", "picture_aspect", "sharpness", "sharpness_contrast", "text_repeated")
"""Columns whose limit has a slider."""

_THUMBNAIL = 128
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


def samples(curated: Curated, cut: Cut, decision: Decision, rows: Sequence[int]) -> list[Sample]:
    """These rows with pictures, evidence and reasons."""
    pictures = thumbnails(curated, rows)
    return [_sample(curated, cut, decision, row, pictures.get(row, "")) for row in rows]


def _sample(curated: Curated, cut: Cut, decision: Decision, row: int, picture: str) -> Sample:
    told = {name: curated.cell(name, row) for name in curated.told.column_names}
    code = int(decision.beliefs.country[row])
    facts = [f"{CODES[code]} {decision.beliefs.country_belief[row]:.2f}"] if code >= 0 else []
    facts += [str(told["language"])] if told.get("language") else []
    facts += [f"reward {told['reward']:.1f}"] if told.get("reward") is not None else []
    evidence = [
        f"{name.removesuffix('_evidence')}: {one['country']} {one['confidence']:.2f}, {one['why']}"
        for name in curated.evidence
        for one in told.get(name) or ()
    ]
    reasons = curated.reasons(cut, decision, row)
    return Sample(str(told["place"]), str(told["text"] or ""), picture, tuple(facts), tuple(evidence), tuple(reasons))


def thumbnails(curated: Curated, rows: Sequence[int]) -> dict[int, str]:
    """Small pictures of rows as data URIs; rows whose picture doesn't open have none."""
    wanted: dict[int, dict[int, int]] = {}
    for row in rows:
        number = int(str(curated.cell("place", row)).rpartition("#")[2])
        wanted.setdefault(int(np.searchsorted(curated.ends, row, side="right")), {})[number] = row
    found: dict[int, str] = {}
    for file, numbers in wanted.items():
        piece = curated.pieces[file]
        for read in rows_of(piece, curated.plan["names"]):
            if read.number in numbers and not read.error:
                seen = picture(read.columns.get("image"), Path(piece.path).parent).image
                if seen is not None:
                    found[numbers[read.number]] = _thumbnail(seen)
    return found


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


def _thumbnail(image: Any) -> str:
    small = image.copy()
    small.thumbnail((_THUMBNAIL, _THUMBNAIL))
    file = io.BytesIO()
    small.save(file, "WEBP", quality=80)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()
