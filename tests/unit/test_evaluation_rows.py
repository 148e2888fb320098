"""Rows and answers on disk, and scores made of answers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ggez_core.errors import DataError, OutputError
from ggez_core.evaluation import cluster_mean_interval, cluster_ratio_interval
from ggez_core.evaluation.aggregate import Estimate, Measured, correlation, means, quality, score_rows
from ggez_core.evaluation.answers import Answers, AnswersFile
from ggez_core.evaluation.curve import CurvePoint, choose_beta
from ggez_core.evaluation.rows import Score, append_rows, read_rows
from ggez_core.evaluation.setting import Setting
from ggez_core.evaluation.task import SIDES, Answer


def answers(seed: int, count: int = 240) -> list[Answer]:
    random = np.random.default_rng(seed)
    languages, countries = ("en", "th", "id"), (None, "TH", "ID")
    found = []
    for i in range(count):
        side = SIDES[int(random.integers(2))]
        values = {"a": float(random.integers(2))} if random.random() < 0.6 else {"b": float(random.random())}
        found.append(
            Answer(
                id=f"row {i}", side=side, cluster=f"{side} {random.integers(20)}", values=values,
                language=languages[int(random.integers(3))], country=countries[int(random.integers(3))],
            )
        )  # fmt: skip
    return found


def score(**changes: object) -> Score:
    given = {"model": "m", "beta": 0.5, "task": "t", "split": "test", "side": "global", "metric": "a", "value": 0.5,
             "n": 4, "low": 0.1, "high": 0.9}  # fmt: skip
    return Score(**{**given, **changes})  # type: ignore[arg-type]


def test_means_and_intervals_are_those_of_the_plain_bootstrap(seed: int) -> None:
    some = answers(seed)
    for metric, n, estimate in means(Answers.of(some), ("a", "b", "nowhere")):
        having = [a for a in some if metric in a.values]
        values = np.array([a.values[metric] for a in having])
        assert n == len(having)
        assert estimate.value == pytest.approx(values.mean())
        plain = np.random.default_rng(seed)
        clusters = list(dict.fromkeys(a.cluster for a in some))
        members = [np.array([a.values[metric] for a in having if a.cluster == c]) for c in clusters]
        drawn = [
            np.concatenate([members[i] for i in row]).mean()
            for row in plain.integers(0, len(clusters), (2000, len(clusters)))
        ]
        noise = 0.4 * np.std(drawn)  # 2,000 draws know an end to 0.06 of it
        assert (estimate.low, estimate.high) == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])), abs=noise)


def test_one_metric_on_all_rows_has_the_interval_of_the_intervals_module(seed: int) -> None:
    some = [a for a in answers(seed) if "a" in a.values]
    values = np.array([a.values["a"] for a in some])
    ((_, _, estimate),) = means(Answers.of(some), ("a",))
    assert (estimate.low, estimate.high) == pytest.approx(
        cluster_mean_interval(values, [a.cluster for a in some]), abs=1e-6
    )


def test_rows_are_means_of_their_slices(seed: int) -> None:
    some = answers(seed)
    rows = score_rows(Measured("t", ("a",), Answers.of(some)), model="m", setting=Setting(0.5), split="test")
    assert {(row.side, row.metric) for row in rows if row.whole} == {(s, m) for s in SIDES for m in "ab"}
    assert {row.country for row in rows} == {None, "TH", "ID"}
    for row in rows:
        mine = [
            a.values[row.metric]
            for a in some
            if a.side == row.side and row.metric in a.values and row.language in (None, a.language)
            and row.country in (None, a.country)
        ]  # fmt: skip
        assert (row.n, row.value) == (len(mine), pytest.approx(np.mean(mine)))
        assert row.low <= row.value <= row.high
        assert row.main == (row.metric == "a")


def test_q_is_the_unweighted_mean_of_tasks_of_the_mean_of_their_metrics(seed: int) -> None:
    first, second = answers(seed), answers(seed + 1, 60)
    tasks = [Measured("both", ("a", "b"), Answers.of(first)), Measured("one", ("b",), Answers.of(second))]
    for side in SIDES:
        mean = {
            (name, metric): np.mean([a.values[metric] for a in some if a.side == side and metric in a.values])
            for name, some, metrics in (("both", first, "ab"), ("one", second, "b"))
            for metric in metrics
        }
        expected = ((mean["both", "a"] + mean["both", "b"]) / 2 + mean["one", "b"]) / 2
        assert quality(tasks, side).value == pytest.approx(expected)
    with pytest.raises(DataError, match="none of the tasks counts for the regional"):
        quality([Measured("t", ("a",), Answers.of([a for a in first if a.side == "global"]))], "regional")


def test_differences_of_two_settings_are_paired(seed: int) -> None:
    """The ratio of two scores on the same answers has the interval of the paired bootstrap, a much narrower one."""
    base = [a for a in answers(seed) if "a" in a.values and a.side == "global"]
    random = np.random.default_rng(seed)
    other = [Answer(a.id, a.side, a.cluster, {"a": a.values["a"] if random.random() < 0.95 else 0.0}) for a in base]
    ours, theirs = (quality([Measured("t", ("a",), Answers.of(some))], "global") for some in (other, base))
    paired = (ours / theirs).estimate
    clusters = [a.cluster for a in base]
    low, high = cluster_ratio_interval(
        np.array([a.values["a"] for a in other]), np.array([a.values["a"] for a in base]), clusters
    )
    assert (paired.low, paired.high) == pytest.approx((low, high), abs=0.06)  # other draws of the same bootstrap
    same = (ours - ours).estimate
    assert (same.value, same.low, same.high) == (0, 0, 0)


def test_rows_survive_a_torn_line_and_are_not_written_twice(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "rows.jsonl"
    first, second = score(), score(beta=0.25, parts=(("text_model", 0.5),), language="th")
    assert append_rows(path, [first]) == [first]
    path.write_bytes(path.read_bytes() + json.dumps(second.as_dict()).encode()[:40])
    assert read_rows(path) == [first]
    assert append_rows(path, [first, second]) == [second]
    assert append_rows(path, [first, second]) == []
    assert read_rows(path) == [first, second]
    again = score(value=0.75)
    append_rows(path, [again])
    assert read_rows(path) == [second, again]  # the last of the same thing counts


def test_files_that_are_no_rows(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file of rows"):
        read_rows(tmp_path / "rows.jsonl")
    (tmp_path / "rows.jsonl").write_text('{"model": "m"}\n')
    with pytest.raises(DataError, match="line 1: not a row of scores"):
        read_rows(tmp_path / "rows.jsonl")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="can't be written"):
        append_rows(tmp_path / "file" / "rows.jsonl", [score()])


def test_answers_cut_at_any_byte_lose_at_most_one_batch(tmp_path: Path, seed: int) -> None:
    some = answers(seed, 12)
    about, values = tmp_path / "about.jsonl", tmp_path / "values.jsonl"
    file = AnswersFile(about, values)
    sizes = []
    for start in range(0, 12, 4):
        file.append(some[start : start + 4])
        sizes.append((about.stat().st_size, values.stat().st_size))
    whole = (about.read_bytes(), values.read_bytes())
    random = np.random.default_rng(seed)
    for cut in {*random.integers(0, len(whole[1]), 12).tolist(), len(whole[1]) - 1, len(whole[1])}:
        about.write_bytes(whole[0])
        values.write_bytes(whole[1][:cut])
        again = AnswersFile(about, values)
        assert len(again) == 4 * sum(size <= cut for _, size in sizes)
        for start in range(len(again), 12, 4):
            again.append(some[start : start + 4])
        again.finish()
        assert (about.read_bytes(), values.read_bytes()[: len(whole[1])]) == whole
    read = AnswersFile(about, values)
    assert read.complete
    expected = Answers.of(some)
    assert read.read().same_questions(expected)
    for metric, column in expected.values.items():
        np.testing.assert_array_equal(read.read().values[metric], column)
    about.write_bytes(whole[0][: sizes[0][0] - 3])  # the questions themselves torn: they are written again
    values.write_bytes(b"")
    again = AnswersFile(about, values)
    again.append(some[:4])
    assert about.read_bytes() == whole[0][: sizes[0][0]]


def test_answers_to_other_questions_are_not_mixed(tmp_path: Path, seed: int) -> None:
    some = answers(seed, 8)
    AnswersFile(tmp_path / "about", tmp_path / "values").append(some[:4])
    with pytest.raises(DataError, match="other questions"):
        AnswersFile(tmp_path / "about", tmp_path / "others").append(some[4:])


def at(beta: float, q_global: float, q_regional: float, kept: tuple[float, float]) -> CurvePoint:
    flat = [Estimate(value, value, value) for value in (q_global, q_regional)]
    return CurvePoint(beta, *flat, Estimate(q_global / 0.9, *kept))


def test_keeping_a_share_with_confidence() -> None:
    curve = [
        at(0.0, 0.9, 0.1, (1, 1)),
        at(0.2, 0.897, 0.2, (0.985, 1.003)),
        at(0.4, 0.885, 0.3, (0.97, 0.99)),  # 98.3 % kept, but perhaps only 97
        at(1.0, 0.5, 0.9, (0.5, 0.6)),
    ]
    assert choose_beta(curve, 0.43).beta == 1.0
    assert choose_beta(curve, 0.43, 0.98).beta == 0.2
    assert choose_beta(curve, 0.43, 0.98, "score").beta == 0.4
    assert choose_beta(curve, 0.43, 1.0).beta == 0.0


def test_settings() -> None:
    assert Setting.of(0.5, {"text_model": 0.5, "vision_model": 1.0}) == Setting(0.5, (("vision_model", 1.0),))
    assert Setting.of(0.5, {"a": 0.25}).beta_of("a") == 0.25
    assert Setting.of(0.5, {"a": 0.25}).beta_of("b") == 0.5
    layered = [Setting.of(0.5, {"a/layers.0-1": beta}) for beta in (0.1, 0.2)]
    assert len({s.beta_of("a") for s in (*layered, Setting(0.5))}) == 3
    assert layered[0].beta_of("b") == 0.5


def test_questions_that_count_for_both_sides_are_drawn_together(seed: int) -> None:
    """Every answer twice, once a side: then GRP is the score itself, and so are its draws."""
    half = [a for a in answers(seed) if "a" in a.values]
    both = [Answer(f"{a.id} {side}", side, a.cluster, a.values) for a in half for side in SIDES]
    task = Measured("t", ("a",), Answers.of(both))
    q_global, q_regional = (quality([task], side) for side in SIDES)
    np.testing.assert_allclose(q_global.draws, q_regional.draws)
    apart = Measured("t", ("a",), Answers.of([Answer(a.id, a.side, a.cluster, a.values) for a in half]))
    correlation = np.corrcoef(*(quality([apart], side).draws for side in SIDES))[0, 1]
    assert abs(correlation) < 0.15


@pytest.mark.parametrize("alpha", [0.2, 0.43, 0.7])
def test_the_interval_of_grp_is_the_bootstraps_at_every_alpha(seed: int, alpha: float) -> None:
    """As in CVQA: every answer counts for the global score, some for the regional one too."""
    some = [a for a in answers(seed, 900) if "a" in a.values]
    regional = [Answer(f"{a.id} again", "regional", a.cluster, a.values) for a in some if int(a.cluster.split()[1]) % 2]
    shared = [*(Answer(a.id, "global", a.cluster, a.values) for a in some), *regional]
    for given, together in ((shared, True), (some, False)):
        task = Measured("t", ("a",), Answers.of(given))
        q_global, q_regional = (quality([task], side) for side in SIDES)
        found = correlation([task], q_global, q_regional)
        assert (found > 0.3) if together else (found == 0)
        point = CurvePoint(0.5, q_global.estimate, q_regional.estimate, Estimate(1, 1, 1), found)
        expected = (alpha * q_global + (1 - alpha) * q_regional).estimate
        near = 0.12 * (expected.high - expected.low)
        assert point.grp(alpha).value == pytest.approx(expected.value)
        assert (point.grp(alpha).low, point.grp(alpha).high) == pytest.approx((expected.low, expected.high), abs=near)
        apart = replace(point, correlation=0.0).grp(alpha)
        assert (apart.high - apart.low < 0.95 * (expected.high - expected.low)) or not together
