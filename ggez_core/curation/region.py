"""`region(x)`: to which country, and so to which region, a row belongs, by everything that speaks for one.

The rule (ours). A signal s gives country c the confidence p(s, c), in all S(s) = Σ_c p(s, c) < 1; the rest it leaves
open. Signals are independent reasons, and a row belongs to one country or to none, so with the odds

    1 + o(c) = Π_s [ 1 + p(s, c) / (1 − S(s)) ]        belief(c) = o(c) / (1 + Σ_d o(d))

One signal alone is believed as it is: belief(c) = p(s, c). Signals that agree add up as a noisy-or does (.5 and .5 are
.75), signals that contradict each other share what is there by their odds (.9 against .99 are .08 and .91), and what
none of them knows is left to no country. The belief in a region is the sum over its countries; a row belongs to it
where that is at least a threshold. `NOWHERE` is evidence of its own: that a row belongs to no country.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .signal import Evidence

NOWHERE = "ZZ"  # ISO 3166 leaves it to users
MOST = 0.995  # what all of a signal's evidence may come to: no signal is certain


@dataclass(frozen=True)
class Told:
    """What one signal said about all rows. rows (m,) int64, countries (m,) int16 codes, confidences (m,) float64."""

    rows: NDArray[np.int64]
    countries: NDArray[np.int16]
    confidences: NDArray[np.float64]


@dataclass(frozen=True)
class Beliefs:
    """Of n rows: country (n,) the code most believed in, −1 for none, its belief, and the region's belief (n,)."""

    country: NDArray[np.int16]
    country_belief: NDArray[np.float64]
    region_belief: NDArray[np.float64]


def combine(count: int, told: Sequence[Told], inside: NDArray[np.bool_]) -> Beliefs:
    """What `count` rows are believed to be. inside (k,): which country codes 0 … k − 1 are the region's.

    The code −1 in `Told.countries` is `NOWHERE`.
    """
    k = len(inside) + 1
    pairs, gains = [], []
    for one in told:
        key = one.rows * k + (one.countries.astype(np.int64) + 1)
        unique, at = np.unique(key, return_inverse=True)
        p = np.zeros(len(unique))
        np.maximum.at(p, at, np.clip(one.confidences, 0.0, MOST))  # one signal's reasons for a country are one reason
        total = np.zeros(count)
        np.add.at(total, unique // k, p)
        scale = np.where(total > MOST, MOST / np.maximum(total, MOST), 1.0)
        left = 1 - np.minimum(total, MOST)
        rows = unique // k
        pairs.append(unique)
        gains.append(np.log1p(p * scale[rows] / left[rows]))
    country = np.full(count, -1, np.int16)
    country_belief, region_belief = np.zeros(count), np.zeros(count)
    if not pairs or not sum(map(len, pairs)):
        return Beliefs(country, country_belief, region_belief)
    keys, at = np.unique(np.concatenate(pairs), return_inverse=True)
    odds = np.expm1(np.bincount(at, np.concatenate(gains)))
    rows, codes = keys // k, (keys % k - 1).astype(np.int16)
    whole = 1 + np.bincount(rows, odds, count)
    known = codes >= 0
    belief = np.where(known, odds, 0.0) / whole[rows]
    order = np.lexsort((-codes, belief, rows))  # the last of a row is the most believed, of equals the lowest code
    last = order[np.append(rows[order][1:] != rows[order][:-1], True)]
    best = last[belief[last] > 0]
    country[rows[best]] = codes[best]
    country_belief[rows[best]] = belief[best]
    np.add.at(region_belief, rows, np.append(inside, False)[codes] * belief)  # −1, no country, is the last
    return Beliefs(country, country_belief, region_belief)


def combined(evidence: Mapping[str, Sequence[Evidence]], region: Collection[str]) -> tuple[str | None, float, float]:
    """One row: the country most believed in, its belief, and that in the region (country codes).

    evidence: by signal.

    >>> combined({"url": [Evidence("TH", 0.5, ".th")], "language": [Evidence("TH", 0.5, "Thai")]}, {"TH"})
    ('TH', 0.75, 0.75)
    """
    codes = sorted({e.country for found in evidence.values() for e in found} - {NOWHERE})
    told = [
        Told(
            np.zeros(len(found), np.int64),
            np.array([codes.index(e.country) if e.country != NOWHERE else -1 for e in found], np.int16),
            np.array([e.confidence for e in found], float),
        )
        for found in evidence.values()
    ]
    found = combine(1, told, np.array([code in region for code in codes], bool))
    code = int(found.country[0])
    return (
        codes[code] if code >= 0 else None,
        round(float(found.country_belief[0]), 12),
        round(float(found.region_belief[0]), 12),
    )
