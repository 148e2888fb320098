"""A measured curation held ready: cut at any limits in moments, counted, told as a data card.

Its columns that limits, counts and evidence need are in memory; pictures stay where they are. Imports pyarrow; used by
`publish` and the page.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..regions import region
from .curate import plan_files, read_plan
from .cut import CODES, READABLE, REGION, Cut, Decision, Measured, decide, read_measured, with_pairs
from .limits import Limit
from .quality import QUALITY
from .report import Tally, data_card, tally
from .report.tally import shape
from .signals import signal

if TYPE_CHECKING:
    import pyarrow

LOW_REWARD = Limit("low reward", "reward", at_least=3)
_TOLD = (
    "place", "id", "text", "country", "language", "other", "image_width", "image_height", "reward", "image_error",
    "row_error",
)  # fmt: skip


class Curated:
    """A folder that `curate` made. names: of all columns that were measured. Raises DataError where there is none."""

    def __init__(self, folder: Path) -> None:
        import pyarrow.parquet as parquet

        self.folder = folder
        self.plan = read_plan(folder)
        self.pieces, self.files = plan_files(folder)
        self.names = tuple(parquet.read_schema(self.files[0]).names)
        self.cut = self._usable(Cut.from_dict(self.plan["cut"]))
        usual = [limit.column for limit in (*self.cut.limits, *READABLE, *QUALITY, LOW_REWARD)]
        wanted = [name for name in (*usual, "phash") if name in self.names]
        self.measured: Measured = read_measured(self.files, list(dict.fromkeys(wanted)))
        self.evidence = tuple(name for name in self.names if name.endswith("_evidence"))
        self.told = self.column_table([name for name in (*_TOLD, *self.evidence) if name in self.names])

    @property
    def rows(self) -> int:
        """How many rows were measured."""
        return len(self.measured)

    @cached_property
    def ends(self) -> NDArray[np.int64]:
        """The number of the row behind each file's last: (n_files,)."""
        return np.cumsum(self.measured.counts)

    def column_table(self, columns: Sequence[str]) -> pyarrow.Table:
        """Columns of all rows in order."""
        import pyarrow
        import pyarrow.parquet as parquet

        tables = [parquet.read_table(file, columns=list(columns), use_threads=False) for file in self.files]
        return pyarrow.concat_tables([table.replace_schema_metadata(None) for table in tables])

    def cell(self, column: str, row: int) -> Any:
        """One value."""
        import pyarrow.parquet as parquet

        if column in self.told.column_names:
            return self.told[column][row].as_py()
        file = int(np.searchsorted(self.ends, row, side="right"))
        before = int(self.ends[file - 1]) if file else 0
        return parquet.read_table(self.files[file], columns=[column], use_threads=False)[column][row - before].as_py()

    def decide(self, cut: Cut) -> Decision:
        """Which rows a cut keeps; limits on columns that weren't measured are left out."""
        self.measured = with_pairs(self.measured, cut)
        return decide(self.measured, self._usable(cut))

    def _usable(self, cut: Cut) -> Cut:
        from dataclasses import replace

        return replace(cut, limits=tuple(limit for limit in cut.limits if limit.column in self.names))

    def tally(self, decision: Decision) -> Tally:
        """Counts before and after, by limit, country, language, shape and aspect."""
        breaks = {name: ~passes for name, passes in zip(decision.names, decision.passes, strict=True)}
        return tally(decision.kept, breaks, self.kinds(decision))

    def kinds(self, decision: Decision) -> dict[str, list[str | None]]:
        """Of every row its country, language, shape and aspect."""
        countries = [CODES[code] if code >= 0 else None for code in decision.beliefs.country.tolist()]
        return {"country": countries, **self._own_kinds}

    @cached_property
    def _own_kinds(self) -> dict[str, list[str | None]]:
        language = "language_code" if "language_code" in self.names else "language"
        sizes = zip(self.told["image_width"].to_pylist(), self.told["image_height"].to_pylist(), strict=True)
        kinds: dict[str, list[str | None]] = {
            "language": self.column_table([language])[language].to_pylist(),
            "shape": [shape(width, height) for width, height in sizes],
        }
        aspects = [_aspect(other) for other in self.told["other"].to_pylist()]
        return kinds | ({"aspect": aspects} if any(aspects) else {})

    def reasons(self, cut: Cut, decision: Decision, row: int) -> list[str]:
        """Everything for which a row is dropped, the first reason first."""
        limits = {limit.name: limit for limit in cut.limits}
        found = []
        for name, passes in zip(decision.names, decision.passes, strict=True):
            if passes[row]:
                continue
            limit = limits.get(name)
            if limit is None:
                belief = f" (believed {decision.beliefs.region_belief[row]:.2f})" if name == REGION else ""
                found.append(name + belief)
            elif limit.empty:
                found.append(f"{name}: {self.cell(limit.column, row)}")
            else:
                found.append(f"{name}: {limit.why(self.measured.columns[limit.column][row])}")
        return found

    def card(self, cut: Cut, decision: Decision, *, name: str = "", files: Sequence[str] = ("*.parquet",)) -> str:
        """The data card of what is kept."""
        cut = self._usable(cut)
        limits = [*cut.limits, *([Limit(REGION, "region_belief", at_least=cut.confidence)] if cut.region else [])]
        near = [f"perceptual hashes within {cut.distance} of 64 bits"] if cut.distance is not None else []
        near += [f"embeddings of a cosine of at least {cut.cosine:g}"] if cut.cosine is not None else []
        asked = next((text for text in self.plan["asked"] if text.partition(":")[0] == "reward"), None)
        return data_card(
            self.tally(decision),
            region=region(cut.region).name if cut.region else "any region",
            inputs=list(dict.fromkeys(piece.source for piece in self.pieces)),
            limits=limits,
            signals=self.plan["signals"],
            reward=str(getattr(signal(asked), "scale", "")) if asked else "",
            near=", or ".join(near),
            files=files,
            name=name,
        )


def _aspect(other: str | None) -> str | None:
    """What kind of thing a row shows (cuisine, landmark, …), where the input says so."""
    try:
        found = json.loads(other or "{}").get("aspect")
    except (ValueError, AttributeError):
        return None
    return str(found) if found else None
