"""Names in the caption that belong to countries, in many languages: of countries and cities (`data/places.tsv.gz`), and
of things of their culture (`data/terms.tsv`).

Names are found all at once by an Aho-Corasick automaton over the caption in small letters. A name must be whole: no
letter of a script that has spaces stands before or behind it; in scripts without spaces it mustn't cut a letter from
its marks. Of names within one another the longest counts ("new york" isn't York). A city's name that isn't written with
a capital, in a caption that has capitals, is a common word.

Cities: GeoNames (CC BY 4.0, geonames.org), those of 100,000 people and each country's twenty largest; names of
countries: Unicode CLDR. Terms: ours.
"""

from __future__ import annotations

import gzip
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from ...errors import DataError
from ..signal import Batch, Column, Evidence

READ = 2000  # characters of a caption
_COUNTRY, _CITY = 0.8, 0.7  # how many captions that name a country or a city show something of it
_MOST = 0.98
_UNSPACED = ("THAI", "LAO", "KHMER", "MYANMAR", "CJK", "HIRAGANA", "KATAKANA")


class Name(NamedTuple):
    """What a name says. countries: code → confidence. place: whether it has to begin with a capital."""

    name: str
    countries: dict[str, float]
    place: bool


@dataclass(frozen=True)
class Gazetteer:
    """places, terms: which names are looked for."""

    places: bool = True
    terms: bool = True

    name = "gazetteer"
    columns = (
        Column("gazetteer_names", "list[str]", "what was found"),
        Column("gazetteer_evidence", "evidence"),
    )

    def __post_init__(self) -> None:
        if not (self.places or self.terms):
            raise DataError("gazetteer: places=no,terms=no leaves nothing to look for")

    @property
    def fingerprint(self) -> str:
        """Of the tables and the rules."""
        import xxhash

        data = [_file("places.tsv.gz")] * self.places + [_file("terms.tsv")] * self.terms
        return f"1 {xxhash.xxh3_64_hexdigest(b''.join(data))}"

    def measure(self, batch: Batch) -> dict[str, list[Any]]:
        """The columns."""
        found = [names_in(text, self.places, self.terms) if text else [] for text in batch.texts]
        return {
            "gazetteer_names": [[one.name for one in names] for names in found],
            "gazetteer_evidence": [_told(names) for names in found],
        }


def names_in(text: str, places: bool = True, terms: bool = True) -> list[Name]:
    """The names in a caption, in order, each once."""
    automaton, known = _automaton(places, terms)
    read = unicodedata.normalize("NFC", text[:READ])
    small = read.lower()
    if len(small) != len(read):  # a letter that is two in small: İ
        read = small
    cased = read != small
    hits = [
        (start, end, known[which])
        for which, start, end in automaton.find_matches_as_indexes(small, overlapping=True)
        if _whole(small, start, end) and not (cased and known[which].place and not _capital(read[start]))
    ]
    hits.sort(key=lambda hit: (hit[0], -hit[1]))
    found: dict[str, Name] = {}
    reached = 0
    for _, end, name in hits:
        if end > reached:
            found.setdefault(name.name, name)
            reached = end
    return list(found.values())


def _told(names: list[Name]) -> list[Evidence]:
    """Several names of one country are more than one: what each leaves open is multiplied."""
    left: dict[str, float] = {}
    why: dict[str, list[str]] = {}
    for name in names[:20]:
        for code, confidence in name.countries.items():
            left[code] = left.get(code, 1.0) * (1 - confidence)
            why.setdefault(code, []).append(name.name)
    return [
        Evidence(code, min(_MOST, 1 - rest), f"caption names {', '.join(why[code][:5])}")
        for code, rest in sorted(left.items(), key=lambda item: (item[1], item[0]))[:10]
    ]


def _capital(sign: str) -> bool:
    return sign.isupper() or not sign.islower()


def _whole(text: str, start: int, end: int) -> bool:
    """Whether a name stands by itself at [start, end)."""
    before, after = text[start - 1 : start], text[end : end + 1]
    if after and unicodedata.category(after).startswith("M"):
        return False
    return not (_joins(before, text[start]) or _joins(after, text[end - 1]))


def _joins(outside: str, inside: str) -> bool:
    """Whether two neighbours are of one word: letters or digits, neither of a script without spaces."""
    if not outside or (not outside.isalnum() and not unicodedata.category(outside).startswith("M")):
        return False
    return not (_unspaced(outside) or _unspaced(inside))


@cache
def _unspaced(sign: str) -> bool:
    return unicodedata.name(sign, "").startswith(_UNSPACED)


@cache
def _automaton(places: bool, terms: bool) -> tuple[Any, list[Name]]:
    from ahocorasick_rs import AhoCorasick, MatchKind

    known: dict[str, Name] = {}
    if places:
        for name in _places():
            known[name.name] = name
    if terms:
        for name in _terms():
            known[name.name] = name  # a thing's name says more than a city of the same name
    return AhoCorasick(list(known), matchkind=MatchKind.Standard), list(known.values())


def _terms() -> Iterator[Name]:
    for line in _file("terms.tsv").decode("utf-8").splitlines():
        if line and not line.startswith("#"):
            codes, confidence, names = line.split("\t")
            shares = _shares(codes.split(","), float(confidence))
            for name in names.split("|"):
                yield Name(_plain(name), shares, False)


def _shares(codes: list[str], confidence: float) -> dict[str, float]:
    """All of the confidence for one country; of several, the first gets as much as the others together."""
    if len(codes) == 1:
        return {codes[0]: confidence}
    rest = confidence / 2 / (len(codes) - 1)
    return {code: confidence / 2 if at == 0 else rest for at, code in enumerate(codes)}


def _places() -> Iterator[Name]:
    common = frozenset(_file("common.txt").decode("utf-8").split())  # names that are words somewhere, or people's
    people: dict[str, dict[str, int]] = {}
    countries: dict[str, str] = {}
    for line in gzip.decompress(_file("places.tsv.gz")).decode("utf-8").splitlines():
        code, kind, population, names = line.split("\t")
        for name in map(_plain, names.split("|")):
            if name in common or len(name) < _least(name):
                continue
            if kind == "country":
                countries.setdefault(name, code)
            else:
                people.setdefault(name, {}).setdefault(code, 0)
                people[name][code] += int(population)
    for name, by_code in people.items():
        whole = sum(by_code.values())
        shares = {code: _CITY * n / whole for code, n in by_code.items() if whole and n / whole >= 0.05}
        if name not in countries and shares:
            yield Name(name, shares, True)
    for name, code in countries.items():
        yield Name(name, {code: _COUNTRY}, True)


def _least(name: str) -> int:
    """Letters that a place's name must have, so that it isn't found within words: few where a sign is a syllable."""
    first = unicodedata.name(name[:1], "")
    return 2 if first.startswith("CJK") else 3 if first.startswith("HANGUL") else 4


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name.strip()).lower()


def _file(name: str) -> bytes:
    return resources.files("ggez_core.curation").joinpath("data", name).read_bytes()


SIGNAL = Gazetteer
