"""Figures from scores: what is drawn are the rows' numbers, and the choice of β is the engine's."""

from __future__ import annotations

import csv
import io
import random

import numpy as np
import pytest

from ggez_core.evaluation import figures
from ggez_core.evaluation.aggregate import Estimate
from ggez_core.evaluation.curve import CurvePoint
from ggez_core.evaluation.parity import Point, choose
from ggez_core.evaluation.rows import Score
from ggez_core.regions import REGIONS
from ggez_core.regions.shapes import outline


def _curve(seed: int, betas: tuple[float, ...] = (0.0, 0.25, 0.5, 0.75, 1.0)) -> list[CurvePoint]:
    rng = random.Random(seed)

    def estimate() -> Estimate:
        value = rng.random()
        return Estimate(value, value - 0.02, value + 0.03)

    return [CurvePoint(beta, estimate(), estimate(), estimate()) for beta in betas]


def _row(value: float, **where: str) -> Score:
    return Score(
        model="m", beta=0.5, task="t", split="test", side="regional", metric="recall@1", value=value, n=7,
        low=value - 0.1, high=value + 0.1, **where,
    )  # fmt: skip


def test_the_curve_is_drawn_as_it_was_measured_and_both_ends_are_marked(seed: int) -> None:
    curve = _curve(seed)
    drawn = figures.tradeoff(curve, 0.43, chosen=0.75)
    line = next(trace for trace in drawn.data if trace.name == "merged, by β")
    assert list(line.x) == [p.q_global.value for p in curve]
    assert list(line.y) == [p.q_regional.value for p in curve]
    assert list(line.customdata) == [p.beta for p in curve]
    marked = {trace.name: (trace.x[0], trace.y[0]) for trace in drawn.data if trace.name and len(trace.x) == 1}
    assert marked["base"] == (curve[0].q_global.value, curve[0].q_regional.value)
    assert marked["regional"] == (curve[-1].q_global.value, curve[-1].q_regional.value)
    assert marked["β* = 0.75"] == (curve[3].q_global.value, curve[3].q_regional.value)


def test_lines_of_equal_parity_hold_one_grp(seed: int) -> None:
    drawn = figures.tradeoff(_curve(seed), 0.43)
    lines = [trace for trace in drawn.data if trace.hovertemplate and trace.hovertemplate.startswith("GRP = ")]
    assert lines
    for line in lines:
        level = float(line.hovertemplate[6:11])
        assert [0.43 * x + 0.57 * y for x, y in zip(line.x, line.y, strict=True)] == pytest.approx(
            [level] * 2, abs=6e-4
        )


def test_the_best_beta_over_alpha_is_what_the_engine_would_choose(seed: int) -> None:
    curve = _curve(seed)
    points = [Point(p.beta, p.q_global.value, p.q_regional.value) for p in curve]
    table = figures.best_beta_table(curve)
    assert len(table.rows) == 101
    for alpha, beta, parity, *_ in table.rows:
        best = choose(points, float(alpha))
        assert (beta, parity) == (best.beta, pytest.approx(best.grp(float(alpha))))


def test_tables_are_csv_that_no_spreadsheet_runs() -> None:
    rows = {"=cmd|calc": _row(0.5, language="th"), "-1+1": _row(0.25, language="id")}
    text = figures.slice_table({"base": rows}, "language").as_csv()
    read = list(csv.reader(io.StringIO(text)))
    assert read[0] == ["language", "model", "score", "low", "high", "n"]
    assert [line[0] for line in read[1:]] == ["'=cmd|calc", "'-1+1"]
    assert [float(line[2]) for line in read[1:]] == [0.5, 0.25]


def test_every_country_of_the_region_has_an_outline_around_its_capital() -> None:
    capitals = {
        "SG": (103.82, 1.35), "ID": (106.85, -6.3), "MY": (101.9, 3.3), "BN": (114.7, 4.7), "TH": (100.5, 14.0),
        "PH": (121.05, 14.7), "VN": (105.8, 21.1), "MM": (96.1, 19.75), "KH": (104.9, 11.6), "LA": (102.6, 18.2),
        "TL": (125.6, -8.7),
    }  # fmt: skip
    assert set(capitals) == {country.code for country in REGIONS["SEA"].countries}
    for code, (x, y) in capitals.items():
        assert any(_inside(ring, x, y) for ring in outline(code)), code


def _inside(ring: tuple[tuple[float, float], ...], x: float, y: float) -> bool:
    """Even-odd rule."""
    odd = False
    for (x1, y1), (x2, y2) in zip(ring, (*ring[1:], ring[0]), strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            odd = not odd
    return odd


def test_the_map_tells_each_country_its_own_score_and_who_has_none() -> None:
    codes = [country.code for country in REGIONS["SEA"].countries]
    rows = {"TH": _row(0.8, country="TH"), "SG": _row(0.2, country="SG")}
    drawn = figures.country_map(rows, codes)
    said = {trace.customdata[0]: trace.text for trace in drawn.data if trace.customdata is not None}
    assert set(said) == set(codes)
    assert "0.800" in said["TH"]
    assert "0.200" in said["SG"]
    assert said["LA"] == "Laos: no data"


def test_gains_are_differences_from_the_base() -> None:
    rows, base = {"TH": _row(0.8, country="TH")}, {"TH": _row(0.5, country="TH")}
    drawn = figures.country_map(rows, ["TH", "LA"], base)
    assert "0.300" in drawn.data[0].text


def test_the_gap_is_measured_from_the_reference_language() -> None:
    rows = {"en": _row(0.9, language="en"), "th": _row(0.6, language="th")}
    assert figures.gap_table({"base": rows}).rows == (("th", "base", pytest.approx(-0.3)),)
    drawn = figures.language_gap({"base": rows})
    assert list(drawn.data[0].x) == ["th"]
    assert list(drawn.data[0].y) == [pytest.approx(-0.3)]


def test_the_embedding_map_keeps_every_point_with_its_key(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points, groups = rng.normal(size=(30, 2)), [f"g{i % 7}" for i in range(30)]
    drawn = figures.embedding_map(points, groups, [f"label {i}" for i in range(30)], list(range(30)), "language")
    found = {}
    for trace in drawn.data:
        for x, y, key in zip(trace.x, trace.y, trace.customdata, strict=True):
            found[key] = (x, y, trace.name)
    assert len(found) == 30
    for i in range(30):
        assert found[i] == (points[i, 0], points[i, 1], groups[i])


def test_every_figure_asks_a_question_and_labels_its_axes(seed: int) -> None:
    curve = _curve(seed)
    rows = {"base": {"en": _row(0.9, language="en"), "th": _row(0.6, language="th")}}
    drawn = [
        figures.tradeoff(curve, 0.43), figures.parity_curve(curve, 0.43), figures.best_beta_by_alpha(curve, 0.43),
        figures.language_bars(rows), figures.language_gap(rows), figures.country_bars(rows),
        figures.embedding_map(np.zeros((2, 2)), ["a", "b"], ["a", "b"], [0, 1], "country"),
    ]  # fmt: skip
    for figure in drawn:
        assert figure.layout.title.text.endswith("?")
        assert figure.layout.xaxis.title.text
        assert figure.layout.yaxis.title.text
