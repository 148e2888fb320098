"""Regions, their countries and the languages of those countries.

The nine regions of the globalization index are the World Bank's, with the world and Southeast Asia beside them
(`data/countries.csv`: 217 countries, each in one of the World Bank's seven). Southeast Asia, the case study, is
described with its languages. Any list of countries is a region too.
"""

from __future__ import annotations

import csv
import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from ..errors import RegionError


@dataclass(frozen=True)
class Country:
    """A country: ISO 3166 alpha-2 code, English name, its languages (BCP 47), and languages of parts of it.

    languages: those of the whole country, in which everything has a name; empty where they aren't described.
    local_languages: further ones in which people there write captions (some are in CVQA).
    """

    code: str
    name: str
    languages: tuple[str, ...] = ()
    local_languages: tuple[str, ...] = ()

    @property
    def all_languages(self) -> tuple[str, ...]:
        """Those of the whole country and those of parts of it."""
        return (*self.languages, *self.local_languages)


@dataclass(frozen=True)
class Region:
    """A region: its code in the globalization index (or its countries' codes, joined by +), its name, its countries."""

    code: str
    name: str
    countries: tuple[Country, ...] = ()

    def __contains__(self, country: object) -> bool:
        """Whether a country, by its code, is in the region."""
        return any(known.code == country for known in self.countries)

    @property
    def indexed(self) -> bool:
        """Whether the globalization index has it; a region made of countries isn't in there."""
        return self.code in REGIONS

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

_WORLD_BANK = {
    "EAP": "East Asia & Pacific",
    "ECA": "Europe & Central Asia",
    "LAC": "Latin America & Caribbean",
    "MENA": "Middle East & North Africa",
    "NA": "North America",
    "SA": "South Asia",
    "SSA": "Sub-Saharan Africa",
}
_DESCRIBED = {country.code: country for country in SEA_COUNTRIES}


@cache
def _table() -> tuple[dict[str, str], ...]:
    text = resources.files(__package__).joinpath("data/countries.csv").read_text("utf-8")
    return tuple(csv.DictReader(text.splitlines()))


COUNTRIES: Mapping[str, Country] = {
    row["code"]: _DESCRIBED.get(row["code"], Country(row["code"], row["name"])) for row in _table()
}
ISO3: Mapping[str, str] = {row["iso3"]: row["code"] for row in _table()}
"""ISO 3166 alpha-3 codes to alpha-2."""
_HOME: Mapping[str, str] = {row["code"]: row["region"] for row in _table()}
REGIONS: Mapping[str, Region] = {
    code: Region(code, name, tuple(COUNTRIES[c] for c, home in _HOME.items() if home == code) or SEA_COUNTRIES)
    for code, name in sorted((_WORLD_BANK | {"SEA": "Southeast Asia"}).items())
} | {"World": Region("World", "World", tuple(COUNTRIES.values()))}
_OTHER_NAMES = {
    "timor-leste": "TL", "viet nam": "VN", "burma": "MM", "lao pdr": "LA", "brunei darussalam": "BN", "türkiye": "TR",
    "turkiye": "TR", "korea": "KR", "republic of korea": "KR", "czech republic": "CZ", "usa": "US", "uk": "GB",
    "cabo verde": "CV", "côte d'ivoire": "CI", "swaziland": "SZ", "russian federation": "RU", "the netherlands": "NL",
    "macau": "MO", "democratic republic of the congo": "CD", "palestinian territories": "PS", "macedonia": "MK",
}  # fmt: skip


def region(code: str) -> Region:
    """The region of that code, upper or lower case; or of those countries: ISO codes or names, joined by + or commas.

    >>> region("th+Vietnam").code
    'TH+VN'

    Raises RegionError naming the nearest known code.
    """
    known = {found.code.lower(): found for found in REGIONS.values()}
    wanted = code.strip().lower()
    if wanted in known:
        return known[wanted]
    parts = [part for part in code.replace(",", "+").split("+") if part.strip()]
    if len(parts) > 1 or (parts and wanted in {c.lower() for c in (*COUNTRIES, *ISO3)}):
        found = tuple(dict.fromkeys(country(part) for part in parts))
        return Region("+".join(c.code for c in found), ", ".join(c.name for c in found), found)
    near = difflib.get_close_matches(wanted, known, 1, 0.4)
    hint = f"did you mean {known[near[0]].code}?" if near else f"known regions: {', '.join(REGIONS)}"
    raise RegionError(f"unknown region {code!r}; {hint}, or give a list of countries such as ID+TH")


def country(name: str) -> Country:
    """The country of that ISO 3166 code (two or three letters) or English name, upper or lower case.

    Raises RegionError naming the nearest known one.
    """
    wanted = name.strip().replace("_", " ")
    if found := COUNTRIES.get(wanted.upper()) or COUNTRIES.get(ISO3.get(wanted.upper(), "")):
        return found
    by_name = {known.name.lower(): known for known in COUNTRIES.values()}
    if found := by_name.get(wanted.lower()) or COUNTRIES.get(_OTHER_NAMES.get(wanted.lower(), "")):
        return found
    near = difflib.get_close_matches(wanted.lower(), by_name, 1, 0.6)
    hint = f"did you mean {by_name[near[0]].name} ({by_name[near[0]].code})?" if near else "write its ISO 3166 code"
    raise RegionError(f"unknown country {name!r}; {hint}")


def region_of(country_code: str, preferred: Region) -> str:
    """The code of the region that a country belongs to: the preferred one if it does, else the World Bank's."""
    return preferred.code if country_code in preferred else _HOME[country_code]
