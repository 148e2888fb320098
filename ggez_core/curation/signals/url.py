"""The country domain of the page or picture's address. Generic domains (.com) say nothing.

Public suffixes by tldextract with the list that it ships: it knows that the registry of bbc.co.uk is co.uk. Nothing is
fetched. How far a country domain is trusted is ours: names under a country's own registries (.go.th, .co.id) go to
people there; some countries' domains are sold to the world for what they spell (.tv, .io, .la for Los Angeles).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from ...regions import COUNTRIES
from ..signal import Batch, Column, Evidence

_OTHER = {"uk": "GB", "su": "RU", "an": "CW", "gf": "FR", "re": "FR", "gp": "FR", "mq": "FR"}
_USUAL, _REGISTRY = 0.8, 0.93
_SOLD = {  # how many of its sites are the country's
    "la": 0.35, "tl": 0.25, "sg": 0.75, "my": 0.75, "ph": 0.75, "id": 0.75, "vn": 0.85, "tv": 0.1, "io": 0.1,
    "co": 0.3, "me": 0.2, "ai": 0.05, "cc": 0.02, "ws": 0.05, "fm": 0.1, "to": 0.15, "ly": 0.2, "gg": 0.1, "sh": 0.1,
    "ac": 0.2, "st": 0.1, "nu": 0.05, "pw": 0.05, "tk": 0.02, "ml": 0.1, "ga": 0.1, "cf": 0.1, "gq": 0.05, "am": 0.3,
    "is": 0.5, "in": 0.75, "us": 0.6, "eu": 0.0, "gl": 0.2, "vc": 0.05, "mn": 0.5, "bz": 0.1, "sc": 0.15, "ms": 0.1,
    "cx": 0.05, "im": 0.2, "je": 0.2, "li": 0.4, "mu": 0.3, "so": 0.2, "td": 0.2, "dj": 0.1, "ag": 0.1, "lc": 0.1,
}  # fmt: skip


@dataclass(frozen=True)
class Url:
    """No settings."""

    name = "url"
    columns = (
        Column("url_suffix", "str", "the public suffix of the address"),
        Column("url_evidence", "evidence"),
    )

    @property
    def fingerprint(self) -> str:
        """Of the list of suffixes and of what is trusted."""
        import tldextract

        return f"1 tldextract {tldextract.__version__}"

    def measure(self, batch: Batch) -> dict[str, list[Any]]:
        """The columns."""
        suffixes = [_suffix(str(url)) if url else None for url in batch.column("url")]
        return {"url_suffix": suffixes, "url_evidence": [_told(suffix) for suffix in suffixes]}


def _suffix(url: str) -> str | None:
    return _host_suffix(url[:2000].partition("?")[0].partition("#")[0])


@lru_cache(10_000)
def _host_suffix(url: str) -> str | None:
    try:
        return _extract()(url).suffix.lower() or None
    except ValueError:
        return None


@cache
def _extract() -> Any:
    import tldextract

    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


def _told(suffix: str | None) -> list[Evidence]:
    if not suffix:
        return []
    registry, _, top = suffix.rpartition(".")
    code = _OTHER.get(top, top.upper())
    if len(top) != 2 or code not in COUNTRIES:
        return []
    confidence = _REGISTRY if registry else _SOLD.get(top, _USUAL)
    return [Evidence(code, confidence, f"address ends in .{suffix}")] if confidence else []


SIGNAL = Url
