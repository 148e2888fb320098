"""The report of a curation: counts add up, figures draw them, the card's front matter is what the Hub reads."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from ggez_core.curation.limits import Limit
from ggez_core.curation.report import (
    Tally,
    data_card,
    distribution,
    dropped_bars,
    dropped_table,
    group_sizes,
    stays_bars,
    stays_table,
    tally,
)
from ggez_core.curation.report.card import size_category
from ggez_core.curation.report.tally import shape

LIMITS = (
    Limit("too small", "side", at_least=50),
    Limit("too long", "aspect", at_most=3),
    Limit("junk", "why", empty=True),
)


def _random(seed: int, count: int = 1000) -> tuple[Tally, dict[str, np.ndarray], list[str | None], np.ndarray]:
    rng = np.random.default_rng(seed)
    breaks = {limit.name: rng.random(count) < share for limit, share in zip(LIMITS, (0.2, 0.3, 0.0), strict=True)}
    kept = ~np.logical_or.reduce(list(breaks.values()))
    countries = [None if rng.random() < 0.1 else str(rng.choice(["TH", "ID", "VN", "XX"])) for _ in range(count)]
    found = tally(kept, breaks, {"country": countries, "language": np.where(rng.random(count) < 0.5, "th", "en")})
    return found, breaks, countries, kept


def test_counts_add_up(seed: int) -> None:
    found, breaks, countries, kept = _random(seed)
    assert found.rows == found.kept + sum(drop.first for drop in found.drops)
    assert [drop.any for drop in found.drops] == [int(b.sum()) for b in breaks.values()]
    assert found.drops[1].first == int((breaks["too long"] & ~breaks["too small"]).sum())
    for value, (before, after) in found.slices["country"].items():
        mine = [c == value or (c is None and value == "unknown") for c in countries]
        assert (before, after) == (sum(mine), int(kept[mine].sum()))
    assert list(found.slices["country"])[-1] == "unknown"
    for slices in found.slices.values():
        assert sum(b for b, _ in slices.values()) == found.rows
        assert sum(a for _, a in slices.values()) == found.kept


def test_tables_are_what_figures_draw(seed: int) -> None:
    found, *_ = _random(seed)
    table = dropped_table(found.drops, found.rows)
    assert table.rows[-1][3] == found.kept
    figure = dropped_bars(found.drops)
    assert list(figure.data[0].y) == ["too small", "too long"]  # a limit that nothing breaks is not drawn
    assert list(figure.data[0].x) == [drop.first for drop in found.drops if drop.any]
    assert [a + b for a, b in zip(figure.data[0].x, figure.data[1].x, strict=True)] == [
        d.any for d in found.drops if d.any
    ]
    countries = stays_bars(found, "country")
    rows = stays_table(found, "country").rows
    assert [row[0] for row in rows] == list(countries.data[0].x)
    assert {"Thailand", "Indonesia", "Vietnam", "XX", "unknown"} == set(countries.data[0].x)
    assert [row[1:3] for row in rows] == list(zip(countries.data[0].y, countries.data[1].y, strict=True))


def test_a_distribution_shows_every_value_and_where_it_is_cut(seed: int) -> None:
    values = np.random.default_rng(seed).lognormal(4, 1, 5000)
    values[:7] = np.nan
    figure = distribution(values, LIMITS[0])
    bars = figure.data[0]
    assert sum(bars.y) == 4993
    assert len({color for x, color in zip(bars.x, bars.marker.color, strict=True) if x < 50}) == 1
    assert "≥ 50" in figure.layout.annotations[0].text
    assert distribution([np.nan], LIMITS[0]).layout.title.text.endswith("?")


def test_every_figure_asks_a_question_and_labels_its_axes(seed: int) -> None:
    found, *_ = _random(seed)
    drawn = [
        dropped_bars(found.drops),
        stays_bars(found, "language"),
        group_sizes([2, 2, 5]),
        stays_bars(found, "nothing"),
    ]
    for figure in drawn:
        assert figure.layout.title.text.endswith("?")
        assert figure.layout.xaxis.title.text
        assert figure.layout.yaxis.title.text
    assert list(group_sizes([2, 2, 5]).data[0].y) == [2, 1]


def test_the_card_says_all_in_the_hubs_form(seed: int) -> None:
    found, *_ = _random(seed)
    text = data_card(
        found, region="Southeast Asia", inputs=["owner/name@abc", "a|b.parquet"], limits=LIMITS,
        signals={"text": "1", "reward": "similarity\nx"}, reward="1 to 5", near="Hamming distance 8",
    )  # fmt: skip
    _, front, body = text.split("---\n", 2)
    meta = yaml.safe_load(front)
    assert set(meta["language"]) == {"th", "en"}
    assert meta["size_categories"] == [size_category(found.kept)]
    assert meta["configs"][0]["data_files"][0]["path"] == ["kept/*.parquet"]
    assert f"{found.kept:,} of 1,000 rows" in body
    assert "**too small**: `side` ≥ 50" in body
    assert "**junk**: `why` says nothing" in body
    assert f"| too small | {found.drops[0].first:,} |" in body
    assert "| Thailand |" in body
    assert "owner/name@abc" in body


def test_nothing_at_all_is_reported_too() -> None:
    empty = tally(np.zeros(0, bool), {"x": np.zeros(0, bool)}, {"country": []})
    assert (empty.rows, empty.kept, empty.share) == (0, 0, 0.0)
    assert "0 of 0 rows" in data_card(empty, region="SEA", inputs=[], limits=[], signals={})


@pytest.mark.parametrize(
    ("rows", "word"), [(0, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (5_000_000, "1M<n<10M"), (2 * 10**9, "1B<n<10B")]
)
def test_sizes_are_the_hubs(rows: int, word: str) -> None:
    assert size_category(rows) == word


def test_shapes() -> None:
    sizes = ((100, 100), (100, 95), (300, 100), (100, 300), (None, 3), (float("nan"), 1))
    assert [shape(*size) for size in sizes] == ["square", "square", "landscape", "portrait", None, None]
