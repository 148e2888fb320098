"""The globalization factor α of a region: the KOF index, component interpersonal de facto, divided by 100.

The table holds Table 16 of arXiv 2604.11490: nine regions, 1993 to 2023. For any other list of countries the index of
each is needed, which the KOF Swiss Economic Institute publishes as a file.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from ..errors import RegionError
from .places import ISO3, REGIONS, Region, region

SOURCE = (
    "KOF Globalisation Index, interpersonal de facto "
    "(KOF Swiss Economic Institute; Gygli, Haelg, Potrafke, Sturm 2019), regional means of arXiv 2604.11490, Table 16"
)
INDEX = "KOFIpGIdf"  # interpersonal, de facto, in KOF's own file


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


def alpha(region_code: str, year: int | None = None, index: Path | None = None) -> Alpha:
    """α of a region in a year (by default the last one): index / 100, rounded to two digits as in the paper.

    index: a CSV of the index by country, such as KOF's own file, with the columns code (ISO 3166, two or three
    letters), year and KOFIpGIdf; its unweighted mean over the region's countries is used instead of the table.
    Raises RegionError for an unknown region, a year outside the table, a list of countries without `index`, or an index
    that lacks the year for one of them.
    """
    found = region(region_code)
    if index is not None:
        return _from_file(found, year, index)
    if not found.indexed:
        raise RegionError(
            f"the globalization index of {found.code} isn't in the table, which has {', '.join(REGIONS)}; give α "
            "yourself, or the index by country as a file (KOF's KOFIpGIdf)"
        )
    table = _table()
    year = max(table) if year is None else year
    if year not in table:
        first, last = years()
        raise RegionError(f"no globalization index for {found.code} in {year}; the table covers {first} to {last}")
    value = table[year][found.code]
    return Alpha(round(value / 100, 2), found.code, year, value)


def _from_file(found: Region, year: int | None, path: Path) -> Alpha:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RegionError(f"{path}: can't be read as CSV ({error})") from None
    missing = [name for name in ("code", "year", INDEX) if not lines or name not in lines[0]]
    if missing:
        raise RegionError(f"{path}: lacks the column {missing[0]!r}; it needs code, year and {INDEX}")
    wanted = {country.code for country in found.countries}
    known: dict[int, dict[str, float]] = {}
    for line in lines:
        code = ISO3.get(line["code"].strip().upper(), line["code"].strip().upper())
        if code in wanted and line[INDEX].strip():
            try:
                known.setdefault(int(line["year"]), {})[code] = float(line[INDEX])
            except ValueError:
                raise RegionError(f"{path}: {code}, {line['year']}: {line[INDEX]!r} is no number") from None
    chosen = year if year is not None else max((y for y, row in known.items() if set(row) == wanted), default=None)
    row = known.get(chosen, {}) if chosen is not None else {}
    if chosen is None or set(row) != wanted:
        lacking = ", ".join(sorted(wanted - set(row)))
        raise RegionError(f"{path}: has no {INDEX} of {lacking} in {chosen or 'a year that all have'}; leave them out")
    value = sum(row.values()) / len(row)
    return Alpha(
        round(value / 100, 2), found.code, chosen, value, f"{INDEX} of {path.name}, mean of {len(row)} countries"
    )
