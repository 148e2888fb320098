"""The small world as raw image-text data: regional rows among nine times as many others, as the web would have them.

Captions come in every language, of regional and other things alike. Some rows state their country, a few a wrong one;
some have an address or coordinates. Other rows are of countries all over the world, or say none.
"""

from __future__ import annotations

import io
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as arrow
import pyarrow.parquet as parquet

from ggez_core import regions
from ggez_core.curation.cut import CODES, Decision
from ggez_core.demo.world.dataset import Caption, Picture, caption_rows, pictures
from ggez_core.demo.world.templates import Split
from ggez_core.regions.shapes import outline

ELSEWHERE = ("US", "FR", "DE", "JP", "BR", "IN", "GB", "ZA", "MX", "AU", "KR", "IT", "EG", "CA")
DOMAINS = {"GB": "co.uk", "US": "com", "TH": "co.th", "ID": "co.id", "MY": "com.my", "PH": "com.ph", "VN": "vn"}


def encoded(picture: Picture) -> bytes:
    """The drawing as a PNG."""
    file = io.BytesIO()
    picture.image.save(file, "PNG", compress_level=1)
    return file.getvalue()


def mixed(regional: int, seed: int, split: Split = "test") -> list[dict[str, Any]]:
    """`regional` rows of Southeast Asia and nine times as many others, shuffled.

    Columns: image, text, country, lat, lon, url, id; and what is true: true_country (empty outside), true_language.
    """
    rng = random.Random(seed)
    captions: dict[str, list[Caption]] = {}
    for caption in caption_rows(split):
        captions.setdefault(caption.concept.key, []).append(caption)
    inside = [p for p in pictures(split, 1 + regional // 100) if p.side == "regional"]
    outside = [p for p in pictures(split, 1 + 9 * regional // 54) if p.side == "global"]
    chosen = rng.sample(inside, regional) + rng.sample(outside, 9 * regional)
    rng.shuffle(chosen)
    return [_row(picture, rng.choice(captions[picture.concept.key]), rng) for picture in chosen]


def _row(picture: Picture, caption: Caption, rng: random.Random) -> dict[str, Any]:
    true = picture.country
    home = true or rng.choice(ELSEWHERE)
    stated: str | None = home if rng.random() < 0.5 else None
    if rng.random() < 0.03:  # a form's default, a server's country
        stated = rng.choice([*ELSEWHERE, "SG", "TH"])
    point = _inside(home, rng) if rng.random() < 0.15 else (None, None)
    url = None
    if rng.random() < 0.6:
        domain = DOMAINS.get(home, home.lower()) if rng.random() < 0.5 else rng.choice(["com", "org", "net", "io"])
        url = f"https://img.example-{rng.randrange(1000)}.{domain}/{rng.randrange(10**6)}.png"
    return {
        "id": picture.id, "image": {"bytes": encoded(picture), "path": None}, "text": caption.text,
        "country": stated, "lat": point[0], "lon": point[1], "url": url,
        "true_country": true or "", "true_countries": "+".join(picture.concept.countries),
        "true_language": caption.language,
    }  # fmt: skip


def _inside(code: str, rng: random.Random) -> tuple[float, float]:
    """A point near the middle of a country's largest part."""
    ring = outline(code)[0]
    a, b, c = (rng.choice(ring) for _ in range(3))
    return (a[1] + b[1] + c[1]) / 3, (a[0] + b[0] + c[0]) / 3


def references(path: Path, per_concept: int = 3) -> Path:
    """Pictures of the training split by country, and of things of no country."""
    rows = [
        {"image": {"bytes": encoded(picture), "path": None}, "country": "+".join(picture.concept.countries)}
        for picture in pictures("train", per_concept)
    ]
    parquet.write_table(arrow.Table.from_pylist(rows), path)
    return path


def write(path: Path, rows: list[dict[str, Any]], group: int = 500) -> Path:
    """The rows as Parquet."""
    types = {"lat": arrow.float64(), "lon": arrow.float64(), "country": arrow.string(), "url": arrow.string()}
    table = arrow.Table.from_pylist(rows)
    for name, kind in types.items():
        table = table.set_column(table.schema.get_field_index(name), name, table[name].cast(kind))
    parquet.write_table(table, path, row_group_size=group)
    return path


def truth(rows: list[dict[str, Any]]) -> list[bool]:
    """Which rows are of Southeast Asia."""
    sea = regions.region("SEA")
    return [row["true_country"] in sea for row in rows]


@dataclass(frozen=True)
class Scored:
    """Precision and recall of Southeast Asia; countries: of each how many of its rows were given one of theirs."""

    precision: float
    recall: float
    countries: dict[str, tuple[int, int]]

    def __str__(self) -> str:
        return f"precision {self.precision:.3f}, recall {self.recall:.3f}"


def scored(rows: list[dict[str, Any]], decision: Decision) -> Scored:
    """What a decision made of the rows."""
    kept, true = decision.beliefs.region_belief >= 0.5, np.array(truth(rows))
    countries: dict[str, tuple[int, int]] = {}
    for row, code in zip(rows, decision.beliefs.country.tolist(), strict=True):
        if row["true_country"]:
            right, count = countries.get(row["true_country"], (0, 0))
            said = CODES[code] if code >= 0 else ""
            countries[row["true_country"]] = (right + (said in row["true_countries"].split("+")), count + 1)
    hits = int((kept & true).sum())
    return Scored(hits / max(int(kept.sum()), 1), hits / int(true.sum()), dict(sorted(countries.items())))
