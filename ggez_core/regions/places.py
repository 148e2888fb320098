"""Regions, their countries and the languages of those countries.

Southeast Asia, the case study, is described country by country; the other regions of the globalization index are known
by name, so that α can be had for them.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from ..errors import RegionError


@dataclass(frozen=True)
class Country:
    """A country: ISO 3166 alpha-2 code, English name, its languages (BCP 47), and languages of parts of it.

    languages: those of the whole country, in which everything has a name.
    local_languages: further ones in which people there write captions (some are in CVQA).
    """

    code: str
    name: str
    languages: tuple[str, ...]
    local_languages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Region:
    """A region: its code in the globalization index, its name, and its countries where they are described."""

    code: str
    name: str
    countries: tuple[Country, ...] = ()

    @property
    def languages(self) -> tuple[str, ...]:
        """Every language of its countries once, in the order of the countries."""
        return tuple(dict.fromkeys(language for country in self.countries for language in country.languages))


SEA_COUNTRIES = (
    Country("SG", "Singapore", ("en", "zh", "ms", "ta")),
    Country("ID", "Indonesia", ("id",), ("jv", "su", "min")),
    Country("MY", "Malaysia", ("ms", "zh", "ta")),
    Country("BN", "Brunei", ("ms",)),
    Country("TH", "Thailand", ("th",)),
    Country("PH", "Philippines", ("fil",)),
    Country("VN", "Vietnam", ("vi",)),
    Country("MM", "Myanmar", ("my",)),
    Country("KH", "Cambodia", ("km",)),
    Country("LA", "Laos", ("lo",)),
    Country("TL", "East Timor", ("tet", "pt")),
)

REGIONS: dict[str, Region] = {
    r.code: r
    for r in (
        Region("EAP", "East Asia & Pacific"),
        Region("ECA", "Europe & Central Asia"),
        Region("LAC", "Latin America & Caribbean"),
        Region("MENA", "Middle East & North Africa"),
        Region("NA", "North America"),
        Region("SA", "South Asia"),
        Region("SEA", "Southeast Asia", SEA_COUNTRIES),
        Region("SSA", "Sub-Saharan Africa"),
        Region("World", "World"),
    )
}
COUNTRIES: dict[str, Country] = {c.code: c for r in REGIONS.values() for c in r.countries}


def region(code: str) -> Region:
    """The region of that code, upper or lower case.

    Raises RegionError naming the nearest known code.
    """
    known = {found.code.lower(): found for found in REGIONS.values()}
    wanted = code.strip().lower()
    if wanted in known:
        return known[wanted]
    near = difflib.get_close_matches(wanted, known, 1, 0.4)
    hint = f"did you mean {known[near[0]].code}?" if near else f"known regions: {', '.join(REGIONS)}"
    raise RegionError(f"unknown region {code!r}; {hint}")
