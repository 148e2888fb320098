"""Human ratings: kept once and whole, exchanged as CSV, averaged by hand-checked formulas, agreement as published."""

from __future__ import annotations

import csv
import io
import json
import math
import random
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ggez_core.errors import DataError, GgezError, OutputError
from ggez_core.evaluation import figures
from ggez_core.evaluation.aggregate import Estimate
from ggez_core.evaluation.curve import CurvePoint
from ggez_core.evaluation.ratings import (
    Rating,
    RatingStore,
    Shown,
    agreements,
    export_csv,
    human_parity,
    import_csv,
    krippendorff_alpha,
    means,
    read_csv,
)
from ggez_core.evaluation.ratings.rating import mean_places
from tests.conftest import Ggez

BASE, MERGED, REGIONAL = Shown("base", 0.0), Shown("merged", 0.5), Shown("regional", 1.0, (("text_model", 0.25),))


def ranked(*places: float, **more: object) -> Rating:
    """A rank of base, merged and regional, in these columns."""
    said: dict[str, object] = {"rater": "r1", "language": "id", "item": "i1", "side": "regional"}
    marks = tuple({"rank": place} for place in places)
    return Rating(**{**said, "family": "embedding", "base": "a", "regional": "b", "kind": "rank",
                     "columns": (BASE, MERGED, REGIONAL), "marks": marks, **more})  # type: ignore[arg-type]  # fmt: skip


def liked(correctness: float, naturalness: float, **more: object) -> Rating:
    mark = {"correctness": correctness, "naturalness": naturalness}
    return ranked(1, kind="likert", columns=(MERGED,), marks=(mark,), **more)


def random_ratings(rng: random.Random, count: int = 12) -> list[Rating]:
    found = []
    for number in range(count):
        columns = rng.sample([BASE, MERGED, REGIONAL], 3)
        item = rng.choice(["=1+1", "'=x", 'a,b\n"c"', "\tx", "ខ្មែរ", "-5", "plain", "''@y", "'quoted'"])
        where = {"item": item, "rater": f"r{rng.randrange(3)}", "side": rng.choice(["global", "regional"]),
                 "language": rng.choice(["id", "th", "zh-Hant"]), "aspect": rng.choice(["", "cuisine"])}  # fmt: skip
        if number % 2:
            places = mean_places([rng.randrange(3) for _ in columns])
            marks = tuple({"rank": place} for place in places)
            found.append(ranked(columns=tuple(columns), marks=marks, **where))
        else:
            marks = tuple({m: rng.choice([1.0, 2.0, 3.0]) for m in ("correctness", "naturalness")} for _ in columns)
            found.append(ranked(kind="likert", columns=tuple(columns), marks=marks, **where))
    return sorted(found, key=lambda rating: (rating.time, rating.id))


@pytest.mark.parametrize("network", [False, True])
def test_ratings_are_kept_once_and_come_back_as_they_were(tmp_path: Path, seed: int, network: bool) -> None:
    ratings = random_ratings(random.Random(seed))
    store = RatingStore(tmp_path / "new" / "ratings.sqlite", network=network)
    assert store.ratings() == []
    assert not store.path.exists()  # looking makes no file
    assert store.add(ratings) == len(ratings)
    assert store.add(ratings[:3]) == 0
    assert store.ratings() == ratings
    assert store.count("r1") == sum(rating.rater == "r1" for rating in ratings)
    with pytest.raises(DataError, match="another one has this id"):
        store.add([replace(ratings[1], id=uid(1)), replace(ratings[0], rater="someone-else")])
    assert store.ratings() == ratings  # all or none
    assert store.ratings("a", "b") == ratings
    assert store.ratings("a", "x") == []
    with store._connection() as db:
        (mode,) = db.execute("PRAGMA journal_mode").fetchone()
    assert mode == ("delete" if network else "wal")
    other = RatingStore(store.path, network=network)
    if not network:
        assert other.ratings() == ratings  # of another process
    store.close()
    assert other.ratings() == ratings
    other.close()
    assert sorted(path.name for path in store.path.parent.iterdir()) == ["ratings.sqlite"]


def uid(number: int) -> str:
    return f"id{number}"


def test_threads_write_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    stores = [RatingStore(tmp_path / "ratings.sqlite") for _ in range(2)]

    def write(number: int) -> None:
        for k in range(10):
            stores[number % 2].add([ranked(1, 2, 3, id=f"{number}-{k}")])

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {rating.id for rating in stores[0].ratings()} == {f"{n}-{k}" for n in range(4) for k in range(10)}


def test_files_that_are_something_else_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.sqlite").write_text("not a data base, but long enough to be looked at\n" * 40)
    with pytest.raises(DataError, match="isn't a file of ratings"):
        RatingStore(tmp_path / "text.sqlite").ratings()
    other = sqlite3.connect(tmp_path / "other.sqlite")
    other.execute("CREATE TABLE things (id)")
    other.commit()
    with pytest.raises(DataError, match="something else"):
        RatingStore(tmp_path / "other.sqlite").ratings()
    other.execute("DROP TABLE things")
    other.execute("PRAGMA user_version = 9")
    other.commit()
    other.close()
    with pytest.raises(DataError, match="later version"):
        RatingStore(tmp_path / "other.sqlite").add([ranked(1, 2, 3)])
    with pytest.raises(OutputError):
        RatingStore(tmp_path / "text.sqlite" / "below").add([ranked(1, 2, 3)])


@pytest.mark.parametrize(
    "more",
    [
        {"rater": "Jane Doe"}, {"rater": ""}, {"language": "Indonesian!"}, {"item": ""}, {"item": "x" * 2001},
        {"side": "local"}, {"kind": "stars"}, {"time": math.nan}, {"id": "../x"},
        {"marks": ({"rank": 1}, {"rank": 1}, {"rank": 3})}, {"marks": ({"rank": 1},)},
        {"marks": ({"rank": math.nan}, {"rank": 2}, {"rank": 3})}, {"columns": (BASE, BASE, MERGED)},
        {"kind": "pairwise"}, {"marks": ({"stars": 1}, {"stars": 2}, {"stars": 3})},
        {"columns": (BASE, MERGED), "kind": "pairwise", "marks": ({"preference": 1}, {"preference": 1})},
        {"columns": (BASE,), "kind": "likert", "marks": ({"correctness": 4, "naturalness": 1},)},
    ],
)  # fmt: skip
def test_what_is_no_rating(more: dict[str, object]) -> None:
    with pytest.raises(DataError) as refused:
        ranked(1, 2, 3, **more)
    assert "\n" not in str(refused.value)


def test_csv_holds_everything_and_runs_nothing(tmp_path: Path, seed: int) -> None:
    ratings = random_ratings(random.Random(seed), 40)
    text = export_csv(ratings)
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    assert not [cell for cell in cells if cell[:1] in tuple("=+-@\t\r\n")]
    assert any(cell == "'=1+1" for cell in cells) == any(rating.item == "=1+1" for rating in ratings)
    assert sorted(read_csv(text), key=lambda r: (r.time, r.id)) == ratings
    (tmp_path / "r.csv").write_text(text, encoding="utf-8")
    store = RatingStore(tmp_path / "r.sqlite")
    assert import_csv(tmp_path / "r.csv", store) == (40, 40)
    assert import_csv(tmp_path / "r.csv", store) == (40, 0)
    assert store.ratings() == ratings


def test_csv_that_can_t_be_used_names_its_line(tmp_path: Path) -> None:
    good = export_csv([ranked(1, 2, 3, id="x")])
    lines = good.splitlines()
    for bad, says in (
        ("id,time\n1,2\n", "no column"),
        (
            "\n".join([*lines[:2], lines[2].replace(",merged,", ",base,").replace(",0.5,", ",0.0,"), lines[3]]),
            "same model",
        ),
        (good.replace(",2\r\n", ",two\r\n"), "line 3: isn't a mark"),
        (good.replace(",regional,,i1,", ",nowhere,,i1,"), "line 4: side 'nowhere'"),
        ("\n".join([*lines, lines[3].replace("r1", "r2")]), "told in two ways"),
        ("\n".join([*lines, lines[3]]), "twice"),
        ("\n".join([*lines, "x,y"]), "has 2 cells"),
        ("\n".join([*lines[:2], lines[3]]), "can't be of kind rank"),
        ("", "no column"),
    ):
        with pytest.raises(DataError, match=says):
            read_csv(bad)
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match="UTF-8"):
        import_csv(tmp_path / "x.csv", RatingStore(tmp_path / "r.sqlite"))


# Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011): four observers, twelve units, section C;
# alpha is .743 for nominal, .815 for ordinal and .849 for interval data.
NAN = math.nan
PUBLISHED = np.array([
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
    [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
])  # fmt: skip


@pytest.mark.parametrize(("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_agreement_is_the_published_one(level: str, alpha: float) -> None:
    assert krippendorff_alpha(PUBLISHED, level) == pytest.approx(alpha, abs=5e-4)  # type: ignore[arg-type]


def test_two_observers_of_binary_data_agree_as_published() -> None:
    """The same paper, section A: ten units, two observers, α = .095."""
    table = np.array([[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]], float)
    assert krippendorff_alpha(table, "nominal") == pytest.approx(0.095, abs=5e-4)


def test_agreement_is_counted_by_answers_and_their_last_marks() -> None:
    def rate(rater: str, item: str, first: float, time: float, language: str = "id") -> Rating:
        return liked(first, 2, rater=rater, item=item, time=time, language=language)

    ratings = [rate("a", "i", 1, 1), rate("b", "i", 3, 2), rate("b", "i", 1, 3), rate("a", "j", 3, 4),
               rate("b", "j", 3, 5), rate("a", "k", 2, 6, "th")]  # fmt: skip
    found = {(one.measure, one.language): one for one in agreements(ratings)}
    correct = found["correctness", "all"]
    assert (correct.alpha, correct.units, correct.raters) == (1.0, 2, 2)
    assert math.isnan(found["naturalness", "all"].alpha)  # all the same: chance would agree too
    assert (found["correctness", "th"].units, math.isnan(found["correctness", "th"].alpha)) == (0, True)
    one_way, other_way, won = (BASE, MERGED), (MERGED, BASE), ({"preference": 1.0}, {"preference": 0.0})
    asked = (("a", "i", one_way), ("b", "i", one_way), ("a", "j", other_way), ("b", "j", one_way))
    pairs = [ranked(kind="pairwise", columns=order, marks=won, rater=r, item=i) for r, i, order in asked]
    (one, _) = agreements(pairs)
    # nominal: coincidences o(w,w)=2, o(w,l)=2 of n=4 marks (3 wins, 1 loss): 1 - (n-1)·D_o/D_e = 1 - 3·2/(2·3·1)
    assert (one.alpha, one.units) == (pytest.approx(0.0), 2)


def test_means_are_of_the_models_wherever_they_stood() -> None:
    ratings = [
        ranked(3, 1, 2, rater="a", item="i"),
        ranked(1.5, 1.5, 3, rater="a", item="j", language="th"),
        ranked(2, 3, 1, columns=(REGIONAL, BASE, MERGED), rater="b", item="i"),
    ]
    found = {(mean.model, mean.language): mean for mean in means(ratings)}
    assert found[BASE, "all"].value == pytest.approx((3 + 1.5 + 3) / 3)
    assert found[MERGED, "all"].value == pytest.approx((1 + 1.5 + 1) / 3)
    assert found[REGIONAL, "th"].value == 3
    assert (found[BASE, "all"].n, found[BASE, "all"].raters, found[BASE, "all"].items) == (3, 2, 2)
    assert found[BASE, "id"].low == found[BASE, "id"].high == 3


def test_intervals_are_of_whole_raters_or_items_whichever_is_wider(seed: int) -> None:
    rng = np.random.default_rng(seed)
    by_rater, by_item = [], []
    for r in range(8):
        for i in range(8):
            noise = int(rng.integers(0, 8) == 0)
            for found, level in ((by_rater, r % 3), (by_item, i % 3)):
                value = float(min(3, 1 + level + noise * (level < 2)))
                found.append(liked(value, 2, rater=f"r{r}", item=f"i{i}"))
    (rater_mean, _), (item_mean, _) = means(by_rater, by=()), means(by_item, by=())
    assert (rater_mean.clustered, item_mean.clustered) == ("raters", "items")
    values = np.array([r.marks[0]["correctness"] for r in by_rater]).reshape(8, 8)
    drawn = values.mean(axis=1)[rng.integers(0, 8, (20_000, 8))].mean(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert (rater_mean.low, rater_mean.high) == (pytest.approx(low, abs=0.06), pytest.approx(high, abs=0.06))
    assert means([liked(2, 2)])[0].clustered == "nothing"
    alone = means([liked(1, 1, item="i"), liked(3, 1, item="j")], by=())[0]  # one rater: only items can vary
    assert (alone.clustered, alone.low, alone.high) == ("items", 1, 3)


def test_human_parity_is_grp_of_shares_of_the_best() -> None:
    ratings = [
        ranked(1, 2, 3, side="global", item="g"),
        ranked(3, 1, 2, item="r1"),
        ranked(3, 2, 1, item="r2"),
    ]
    found = {one.model: one for one in human_parity(ratings, "rank")}
    assert found[BASE].grp(0.43) == pytest.approx(0.43 * 1 + 0.57 * 0)
    assert found[MERGED].grp(0.43) == pytest.approx(0.43 * 0.5 + 0.57 * 0.75)
    assert human_parity(ratings[1:], "rank") == []  # nothing global was rated
    marked = [liked(3, 1, side="global"), liked(2, 1)]
    assert human_parity(marked, "correctness")[0].grp(0.5) == pytest.approx(0.75)

    curve = [CurvePoint(b, *(Estimate(v, v, v) for v in (0.9 - b / 2, b, 1.0))) for b in (0.0, 0.5, 1.0)]
    drawn = figures.human_grp(list(found.values()), curve, 0.43)
    lines = {trace.name: trace for trace in drawn.data}
    at = list(lines["merged, β = 0.5, people"].x).index(0.4)
    assert lines["merged, β = 0.5, people"].y[at] == pytest.approx(found[MERGED].grp(0.4))
    assert lines["merged, β = 0.5, automatic"].y[at] == pytest.approx(0.4 * 0.65 + 0.6 * 0.5)
    table = figures.human_grp_table(list(found.values()), curve, 0.43)
    assert [row[-1] for row in table.rows][2] is None  # its text tower is elsewhere, so the sweep hasn't measured it
    bars = figures.human_bars(means(ratings), "rank")
    assert [trace.name for trace in bars.data] == ["base", "merged, β = 0.5", "regional, β = 1, text_model 0.25"]


def test_the_verb_sums_up_exports_and_imports(tmp_path: Path, ggez: Ggez) -> None:
    store = RatingStore(tmp_path / "r.sqlite")
    store.add(
        [ranked(3, 1, 2, rater=f"r{n}", side=side, item=side) for n in range(2) for side in ("global", "regional")]
    )
    store.close()
    status, said, _ = ggez("ratings", "summary", store.path, "--alpha", 0.25, "--json")
    assert status == 0
    document = json.loads(said)
    assert document["ratings"] == 4
    assert {one["model"]["model"]: one["grp"] for one in document["human_grp"]} == {
        "base": 0,
        "merged": 1,
        "regional": 0.5,
    }
    assert next(one for one in document["agreement"] if one["language"] == "all")["alpha"] == 1
    assert ggez("ratings", "export", store.path, "-o", tmp_path / "r.csv")[0] == 0
    assert ggez("ratings", "export", store.path, "-o", tmp_path / "r.csv")[0] == 2
    status, said, _ = ggez("ratings", "import", tmp_path / "r.csv", "--into", tmp_path / "s.sqlite")
    assert (status, "4 new ratings of 4" in said) == (0, True)
    status, said, _ = ggez("ratings", "summary", tmp_path / "r.csv")
    assert (status, "Krippendorff" in said) == (0, True)
    status, _, error = ggez("ratings", "summary", tmp_path / "none.sqlite")
    assert (status, error.count("\n")) == (2, 1)


def test_a_missing_package_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "krippendorff", None)
    with pytest.raises(GgezError, match="pip install"):
        krippendorff_alpha(PUBLISHED, "nominal")
