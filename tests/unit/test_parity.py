"""Global-Regional Parity against every value its authors published with its inputs, and the choice of β by it.

Table 1 of arXiv 2604.11490 gives all scores that its six GRP values come from; Table 16 all years and regions of α. Of
the embedding model three GRP values are known to us (25.17, 27.96 and 26.96, METHOD.md section 1) without the scores
that they come from, and of the text-to-image model scores without a GRP: neither can be checked.
"""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ggez_core.errors import DataError, RegionError
from ggez_core.evaluation import Point, choose, grp, mean_score
from ggez_core.regions import alpha
from tests.conftest import Ggez

PUBLISHED = list(csv.DictReader((Path(__file__).parent.parent / "data" / "published_sea_vlm.csv").open()))
HALF_DIGIT = 0.05 + 1e-9  # what rounding to one digit may hide
scores = st.floats(-1e3, 1e3)
shares = st.floats(0, 1)


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: row["model"])
def test_every_published_value_to_its_last_digit(row: dict[str, str]) -> None:
    value = grp(float(row["global_avg"]), float(row["sea_avg"]), alpha("SEA", 2023).value)
    assert f"{value:.1f}" == row["grp"]


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: row["model"])
def test_the_command_prints_every_published_value(row: dict[str, str], ggez: Ggez) -> None:
    asked = ("--global", row["global_avg"], "--regional", row["sea_avg"], "--region", "SEA", "--year", "2023")
    status, out, _ = ggez("grp", *asked, "--json")
    assert status == 0
    assert f"{json.loads(out)['grp']:.1f}" == row["grp"]
    status, out, _ = ggez("grp", *asked[:4], "--alpha", "0.43")
    assert out.startswith(f"GRP = {json.loads(ggez('grp', *asked, '--json')[1])['grp']:.2f} ")


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: row["model"])
def test_every_published_value_from_the_scores_of_its_tasks(row: dict[str, str]) -> None:
    """As close as the tasks' own rounding lets it be: each is known to half a digit, so their means are, and GRP is."""
    sides = [
        mean_score([float(v) for k, v in row.items() if k.startswith(f"{side}_") and not k.endswith("_avg")])
        for side in ("global", "sea")
    ]
    assert abs(grp(*sides, 0.43) - float(row["grp"])) <= 2 * HALF_DIGIT


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: row["model"])
def test_published_averages_are_the_unweighted_means_of_their_tasks(row: dict[str, str]) -> None:
    for side in ("global", "sea"):
        tasks = [float(v) for k, v in row.items() if k.startswith(f"{side}_") and not k.endswith("_avg")]
        assert len(tasks) == {"global": 2, "sea": 3}[side]
        assert abs(sum(tasks) / len(tasks) - float(row[f"{side}_avg"])) <= HALF_DIGIT


def test_the_published_choice_of_beta() -> None:
    points = [Point(float(r["beta"]), float(r["global_avg"]), float(r["sea_avg"])) for r in PUBLISHED]
    assert choose(points, 0.43).beta == 0.10
    assert choose(points, 0.43, keep_global=0.98).beta == 0.10
    assert choose(reversed(points), 0.43) == choose(points, 0.43)


@given(scores, scores, shares)
def test_lies_between_the_two_scores_and_reaches_them(q_global: float, q_regional: float, share: float) -> None:
    value = grp(q_global, q_regional, share)
    slack = 1e-9 * (1 + abs(q_global) + abs(q_regional))
    assert min(q_global, q_regional) - slack <= value <= max(q_global, q_regional) + slack
    assert grp(q_global, q_regional, 1) == q_global
    assert grp(q_global, q_regional, 0) == q_regional


@pytest.mark.parametrize("value", [-0.01, 1.01, 43, math.nan, math.inf])
def test_alpha_outside_its_range_is_refused(value: float) -> None:
    with pytest.raises(RegionError, match=r"between 0 .* and 1"):
        grp(1, 1, value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(DataError, match="the global score is"):
        grp(value, 1, 0.5)
    with pytest.raises(DataError, match="the regional score is"):
        grp(1, value, 0.5)
    for broken in (Point(0.5, value, 1), Point(0.5, 1, value), Point(0, value, 1)):
        for keep in (None, 0.98):
            with pytest.raises(DataError, match="score is"):
                choose([Point(0.0, 1, 1), broken, Point(1.0, 1, 1)], 0.43, keep)


def test_of_equals_the_nearest_to_the_base_is_chosen() -> None:
    points = [Point(0.0, 1, 1), Point(0.75, 2, 2), Point(0.25, 2, 2), Point(0.5, 2, 2)]
    assert choose(points, 0.43).beta == 0.25


def test_keeping_the_global_score_constrains_the_choice() -> None:
    points = [Point(0.0, 100, 0), Point(0.3, 98, 10), Point(0.4, 97.9, 50), Point(1.0, 0, 500)]
    assert choose(points, 0.43).beta == 1.0
    assert choose(points, 0.43, keep_global=0.98).beta == 0.3  # exactly 98 % is kept
    assert choose(points, 0.43, keep_global=1.0).beta == 0.0
    assert choose(points, 0.43, keep_global=0).beta == 1.0


def test_no_tasks_have_no_mean() -> None:
    with pytest.raises(DataError, match="no task to average"):
        mean_score([])


def test_choices_that_can_not_be_made() -> None:
    with pytest.raises(DataError, match="no scored β"):
        choose([], 0.43)
    with pytest.raises(DataError, match="needs β = 0"):
        choose([Point(0.1, 1, 1)], 0.43, keep_global=0.98)
    with pytest.raises(DataError, match="no scored β keeps 9800%"):
        choose([Point(0.0, 1, 1), Point(1.0, 2, 2)], 0.43, keep_global=98)
