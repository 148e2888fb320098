"""Regions of the world: their countries and languages, and α from the globalization index.

A leaf: imports nothing of ours but errors.
"""

from .alpha import Alpha, alpha, years
from .places import COUNTRIES, ISO3, REGIONS, Country, Region, country, region, region_of

__all__ = [
    "COUNTRIES",
    "ISO3",
    "REGIONS",
    "Alpha",
    "Country",
    "Region",
    "alpha",
    "country",
    "region",
    "region_of",
    "years",
]
