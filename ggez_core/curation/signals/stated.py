"""The country or region that the input itself says, in words or ISO 3166 codes.

Stated places are mostly right and sometimes nonsense (a default of a form, the country of the server), so nine in ten
are believed; a region says that it is one of its countries.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ... import regions
from ...errors import DataError, RegionError
from ..signal import Batch, Column, Evidence


@dataclass(frozen=True)
class Stated:
    """confidence: the share of stated places that are right."""

    confidence: float = 0.9

    name = "stated"
    columns = (
        Column("stated_country", "str", "ISO 3166 code of what the input says"),
        Column("stated_unknown", "str", "what the input says, where it is no country or region that is known"),
        Column("stated_evidence", "evidence"),
    )

    def __post_init__(self) -> None:
        if not 0 < self.confidence < 1:
            raise DataError(f"stated: confidence={self.confidence} must lie between 0 and 1")

    @property
    def fingerprint(self) -> str:
        """Of the confidence."""
        return f"1 {self.confidence}"

    def measure(self, batch: Batch) -> dict[str, list[Any]]:
        """The columns."""
        codes: list[str | None] = []
        unknown: list[str | None] = []
        told: list[list[Evidence]] = []
        for country, region in zip(batch.column("country"), batch.column("region"), strict=True):
            found = next((known for given in (country, region) if given and (known := _countries(str(given)))), ())
            codes.append(found[0] if len(found) == 1 else None)
            unknown.append(None if found else next((str(given) for given in (country, region) if given), None))
            why = f"stated: {country if country and _countries(str(country)) else region}"
            told.append([Evidence(code, self.confidence / len(found), why) for code in found])
        return {"stated_country": codes, "stated_unknown": unknown, "stated_evidence": told}


@lru_cache(10_000)
def _countries(text: str) -> tuple[str, ...]:
    """The codes that a text stands for; none where it isn't known."""
    try:
        return (regions.country(text).code,)
    except RegionError:
        pass
    found: regions.Region | None
    try:
        found = regions.region(text)
    except RegionError:
        found = next((r for r in regions.REGIONS.values() if r.name.lower() == text.strip().lower()), None)
    if found is None or found.code == "World":
        return ()
    return tuple(country.code for country in found.countries)


SIGNAL = Stated
