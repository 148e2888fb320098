"""Regions of the world: their countries and languages, and α from the globalization index.

A leaf: imports nothing of ours but errors.
"""

from .alpha import Alpha, alpha
from .places import COUNTRIES, REGIONS, Country, Region, region

__all__ = ["COUNTRIES", "REGIONS", "Alpha", "Country", "Region", "alpha", "region"]
