"""Which rows are of Southeast Asia, on the small world mixed 1 : 9 with rows of elsewhere and of nowhere."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from ggez_core import regions
from ggez_core.curation.cut import Cut, decide, read_measured
from ggez_core.curation.measure import Work
from ggez_core.curation.pieces import pieces_of
from ggez_core.curation.references import references
from ggez_core.curation.signals import signal
from ggez_core.errors import DataError
from tests import curation_world as world

REGIONAL = 120
SEED = 6  # fixed: shares of so few rows vary from draw to draw; `benchmarks/curation.py --region` draws others


def test_precision_and_recall(tmp_path: Path) -> None:
    rows = world.mixed(REGIONAL, SEED)
    data, known = world.write(tmp_path / "rows.parquet", rows), world.references(tmp_path / "references.parquet")
    (tmp_path / "measured").mkdir()
    signals = ("stated", "coordinates", "url", "language", "gazetteer", f"similarity:references={known}")
    work = Work(str(tmp_path / "measured"), signals, {})
    pieces = pieces_of([data])
    assert sum(work.measure(piece) for piece in pieces) == 10 * REGIONAL
    measured = read_measured([work.file(piece) for piece in pieces], [])
    found = world.scored(rows, decide(measured, Cut("SEA")))
    print(f"all: {found}")  # noqa: T201
    alone = {
        name: world.scored(rows, decide(dataclasses.replace(measured, told={name: told}), Cut("SEA")))
        for name, told in measured.told.items()
    }
    for name, score in alone.items():
        print(f"{name}: {score}")  # noqa: T201
    print(found.countries)  # noqa: T201
    assert found.precision >= 0.95
    assert found.recall >= 0.90
    right, count = (sum(pair[at] for pair in found.countries.values()) for at in (0, 1))
    assert right / count >= 0.85
    assert set(found.countries) == {country.code for country in regions.region("SEA").countries}
    assert all(score.recall < found.recall for score in alone.values()), "one signal would do"
    assert alone["gazetteer"].precision >= 0.9
    assert alone["similarity"].recall >= 0.5
    assert alone["language"].recall == 0, "a language alone decided"
    thai = decide(measured, Cut("TH"))
    true = np.array(["TH" in row["true_countries"].split("+") for row in rows])
    kept = thai.beliefs.region_belief >= 0.5
    assert (kept & true).sum() / kept.sum() >= 0.8, "a region of one country"


def test_evaluation_pictures_are_no_references(tmp_path: Path) -> None:
    known = world.references(tmp_path / "references.parquet", 1)
    rows = world.mixed(3, SEED)
    tested = world.write(tmp_path / "test.parquet", rows)
    assert references(str(known), "demo:siglip/base", str(tested)).vectors.shape == (159, 128)
    both = tmp_path / "both"
    both.mkdir()
    known.rename(both / "a.parquet")
    world.write(both / "b.parquet", rows[:1])
    with pytest.raises(DataError, match=r"b.parquet#0: is a picture of the evaluation set .*remove it"):
        references(str(both), "demo:siglip/base", str(tested))
    with pytest.raises(DataError, match="holds the test pictures of afaji/cvqa"):
        references("afaji/cvqa@main", "demo:siglip/base", "")
    assert "evaluation" in str(signal(f"similarity:references={both},evaluation={tested}"))
