"""The globalization factor α of a region: the KOF index, component interpersonal de facto, divided by 100.

The table holds Table 16 of arXiv 2604.11490: nine regions, 1993 to 2023.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

from ..errors import RegionError
from .places import region

SOURCE = (
    "KOF Globalisation Index, interpersonal de facto "
    "(KOF Swiss Economic Institute; Gygli, Haelg, Potrafke, Sturm 2019), regional means of arXiv 2604.11490, Table 16"
)


@dataclass(frozen=True)
class Alpha:
    """A globalization factor in [0, 1], with the region, the year and the source it comes from."""

    value: float
    region: str
    year: int
    index: float
    source: str = SOURCE


@cache
def _table() -> dict[int, dict[str, float]]:
    text = resources.files(__package__).joinpath("data/kof_interpersonal_by_region.csv").read_text("utf-8")
    return {int(row.pop("year")): {k: float(v) for k, v in row.items()} for row in csv.DictReader(text.splitlines())}


def years() -> tuple[int, int]:
    """The first and the last year of the table."""
    return min(_table()), max(_table())


def alpha(region_code: str, year: int | None = None) -> Alpha:
    """α of a region in a year (by default the last one): index / 100, rounded to two digits as in the paper.

    Raises RegionError for an unknown region or a year outside the table.
    """
    found, table = region(region_code), _table()
    year = max(table) if year is None else year
    if year not in table:
        first, last = years()
        raise RegionError(f"no globalization index for {found.code} in {year}; the table covers {first} to {last}")
    index = table[year][found.code]
    return Alpha(round(index / 100, 2), found.code, year, index)
