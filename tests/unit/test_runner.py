"""The runner and the sweep: nothing is computed twice, nothing is lost, and scores are those of the merged model."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ggez_core as gg
from ggez_core.errors import DataError, IncompatibleError, OutputError, RecipeError
from ggez_core.evaluation import runner
from ggez_core.evaluation import sweep as sweeping
from ggez_core.evaluation.answers import written_alone
from ggez_core.evaluation.curve import curve_of
from ggez_core.evaluation.rows import read_rows
from ggez_core.evaluation.runner import evaluate
from ggez_core.evaluation.search import Search
from ggez_core.evaluation.sweep import sweep
from ggez_core.families import embedded, store
from ggez_core.families.family import at_base
from ggez_core.families.kept import Kept
from ggez_core.progress import Step
from tests.kill_evaluation import PAUSE
from tests.tiny_pairs import Pairs, pair


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A pair of which both towers differ."""
    return pair(tmp_path_factory.mktemp("both"), seed=1)


@pytest.fixture(scope="module")
def text_only(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A pair of which only the text tower differs."""
    return pair(tmp_path_factory.mktemp("text"), ["text_model"])


def rows_of(task: Pairs) -> Counter[str]:
    """Rows embedded, by kind."""
    found: Counter[str] = Counter()
    for kind, count in task.embedded:
        found[kind] += count
    task.embedded.clear()
    return found


def test_a_sweep_scores_what_merged_checkpoints_score(both: tuple[Path, Path], tmp_path: Path) -> None:
    report = sweep(*both, (0.25, 0.5), [Pairs()], alpha=0.43, output=tmp_path / "out")
    assert [p.beta for p in report.curve] == [0, 0.25, 0.5, 1]
    for beta in (0.25, 0.5):
        gg.merge(*(gg.open_checkpoint(end) for end in both), beta, tmp_path / f"{beta}")
        merged = evaluate(tmp_path / f"{beta}", [Pairs()], split="validation")
        mine = {row.key[2:]: row for row in report.rows if row.beta == beta and row.split == "validation"}
        theirs = {row.key[2:]: row for row in merged.rows}
        assert mine.keys() == theirs.keys()
        assert all((mine[k].value, mine[k].low, mine[k].high, mine[k].n) == (r.value, r.low, r.high, r.n)
                   for k, r in theirs.items())  # fmt: skip
        point = next(p for p in report.curve if p.beta == beta)
        assert point.q_global.value == pytest.approx(merged.quality["global"].value)
    read = read_rows(tmp_path / "out" / "rows.jsonl")
    assert read == list(report.rows)
    assert tuple(curve_of(read)) == report.curve


def test_only_what_a_beta_changes_is_computed_again(text_only: tuple[Path, Path], both: tuple[Path, Path]) -> None:
    task = Pairs()
    sweep(*text_only, (0.25, 0.5), [task], alpha=0.43)
    frozen = rows_of(task)
    tested = len({0.0, 1.0}) + 1  # both ends and a β between them at most
    assert frozen["images"] == 2 * task.count  # both splits once
    assert 4 * task.count + 2 * task.count <= frozen["texts"] <= (4 + tested) * task.count
    sweep(*text_only, (0.25, 0.5, 0.75), [task], alpha=0.43)
    assert rows_of(task).keys() == {"texts"}  # 0.75 alone is new, and the texts on test where it is the choice
    evaluate(text_only[0], [task])
    assert not rows_of(task)  # the ends are models by themselves
    sweep(*both, (0.5,), [task], alpha=0.43)
    assert rows_of(task)["texts"] >= 2 * task.count  # the same base: only its own embeddings are used again


def test_a_tower_that_stands_still_is_run_once_without_any_folder_too(text_only: tuple[Path, Path]) -> None:
    task = Pairs(splits=("test",), count=16)
    sweep(*text_only, (0.25, 0.5), [task], alpha=0.43, cache=Path("/dev/null/nowhere"))
    assert rows_of(task) == {"images": 16, "texts": 4 * 16}


def test_a_finished_sweep_needs_no_model(
    both: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = Pairs()
    first = sweep(*both, (0.5,), [task], output=tmp_path)
    rows_of(task)
    written = (tmp_path / "rows.jsonl").read_bytes()

    def refuse(*_: object) -> None:
        raise AssertionError("a model was loaded")

    monkeypatch.setattr(sweeping, "load", refuse)
    again = sweep(*both, (0.5,), [task], output=tmp_path)
    assert again.curve == first.curve
    assert again.test == first.test
    assert (tmp_path / "rows.jsonl").read_bytes() == written
    assert again.rows == first.rows
    assert not rows_of(task)


def test_other_data_and_other_weights_are_asked_anew(both: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "rows.jsonl"
    first, other = Pairs(), Pairs(seed=5)
    evaluate(both[0], [first], output=out)
    before = rows_of(first)
    evaluate(both[0], [first], output=out)
    assert not rows_of(first)
    evaluate(both[0], [other], output=out)
    assert rows_of(other) == before
    evaluate(both[1], [first], output=out)
    assert rows_of(first) == before
    assert {row.model for row in read_rows(out)} == {str(end) for end in both}


def test_a_killed_sweep_loses_at_most_one_batch(
    both: tuple[Path, Path], tmp_path: Path, cache: Path, seed: int
) -> None:
    """kill -9 after so many batches, twice: in all the whole is computed, and at most one batch a kill again."""
    log = tmp_path / "log"
    command = [sys.executable, "-m", "tests.kill_evaluation", *map(str, both), str(tmp_path / "out"), str(log)]
    environment = os.environ | {"GGEZ_CACHE": str(cache), "OMP_NUM_THREADS": "1"}

    def done() -> int:
        return len(log.read_text().splitlines()) if log.exists() else 0

    random = np.random.default_rng(seed)
    kills = (int(random.integers(1, 10)), int(random.integers(12, 22)))
    for kill in kills:
        killed = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        while done() < kill and killed.poll() is None:
            time.sleep(PAUSE / 4)
        assert killed.poll() is None, "it ended before it could be killed"
        killed.kill()
        killed.wait()
    subprocess.run(command, env=environment, check=True, stderr=subprocess.DEVNULL, timeout=300)
    task = Pairs(count=12)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(embedded.BATCHES, "cpu", 4)
        report = sweep(*both, (0.5,), [task], output=tmp_path / "uncut", cache=tmp_path / "cache of uncut")
    assert len(task.embedded) <= done() <= len(task.embedded) + len(kills)
    assert sorted(read_rows(tmp_path / "out" / "rows.jsonl"), key=repr) == sorted(report.rows, key=repr)


def test_progress_reaches_its_end_and_a_stop_loses_nothing(both: tuple[Path, Path], tmp_path: Path) -> None:
    steps: list[Step] = []
    sweep(*both, (0.5,), [Pairs()], output=tmp_path / "whole", progress=steps.append, cache=tmp_path / "cache")
    assert [s.done for s in steps] == sorted(s.done for s in steps)
    assert all(s.unit == "examples" and 0 <= s.done <= s.total for s in steps)
    assert steps[-1].done == steps[-1].total

    class Stop(Exception): ...

    def stop(step: Step) -> None:
        if step.done >= 20:
            raise Stop

    task = Pairs()
    with pytest.raises(Stop):
        sweep(*both, (0.5,), [task], output=tmp_path / "stopped", progress=stop, cache=tmp_path / "other")
    sweep(*both, (0.5,), [task], output=tmp_path / "stopped", cache=tmp_path / "other")
    stopped = rows_of(task)
    sweep(*both, (0.5,), [task], cache=tmp_path / "third")
    assert stopped == rows_of(task)


@pytest.mark.parametrize("search", [None, Search(per_component=True, budget=4)])
def test_the_whole_of_the_progress_is_what_is_measured(both: tuple[Path, Path], search: Search | None) -> None:
    steps: list[Step] = []
    sweep(*both, (0.5,), [Pairs()], keep_global=0.5, search=search, progress=steps.append)
    assert all(0 <= s.done <= s.total for s in steps)
    *_, last, done = steps
    assert last.done == done.done == done.total  # the end isn't reached by a jump


def test_a_second_evaluation_is_kept_out_of_the_folder(both: tuple[Path, Path], tmp_path: Path) -> None:
    with written_alone(tmp_path / "rows.answers"), pytest.raises(OutputError, match="another evaluation is writing"):
        evaluate(both[0], [Pairs()], output=tmp_path / "rows.jsonl")
    assert evaluate(both[0], [Pairs()], output=tmp_path / "rows.jsonl").rows


def test_a_folder_is_free_again_though_a_fork_lives_on(tmp_path: Path) -> None:
    with written_alone(tmp_path / "answers"), store._writing(tmp_path / "rows"):
        child = os.fork()
        if child == 0:
            time.sleep(60)
            os._exit(0)
    try:
        with written_alone(tmp_path / "answers"), store._writing(tmp_path / "rows"):
            pass
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_a_task_of_one_split_is_halved(both: tuple[Path, Path]) -> None:
    task = Pairs(count=16, splits=("test",))
    report = sweep(*both, (0.5,), [task], alpha=0.43)
    assert rows_of(task)["images"] == 3 * 16
    assert report.tasks == {"pairs": ("test, choosing half", "test, reporting half")}
    whole = {row.split: row.n for row in report.rows if row.beta == 0 and row.whole and row.side == "global"
             and row.metric == "text_to_image_recall@1"}  # fmt: skip
    assert sum(whole.values()) == 8
    assert min(whole.values()) > 0
    with pytest.raises(DataError, match="too few global rows to choose"):
        sweep(*both, (0.5,), [Pairs(count=2, splits=("test",))], alpha=0.43)


def test_what_can_not_be_evaluated(both: tuple[Path, Path], text_only: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no task 'world-retreival'; did you mean world-retrieval"):
        evaluate(both[0], ["world-retreival"])
    with pytest.raises(DataError, match="no task is named"):
        evaluate(both[0], [])
    with pytest.raises(DataError, match="has no split 'train'"):
        evaluate(both[0], ["world-retrieval"], split="train")
    with pytest.raises(DataError, match="there is data for 'cvqa', which isn't among"):
        evaluate(both[0], [Pairs()], data={"cvqa": tmp_path})
    with pytest.raises(DataError, match="has no examples"):
        evaluate(both[0], [Pairs(count=0)])
    with pytest.raises(RecipeError, match="outside"):
        sweep(*both, (1.5,), [Pairs()])
    with pytest.raises(IncompatibleError):
        sweep(both[0], "demo:siglip/sea", (0.5,), [Pairs()])


def test_rows_that_can_not_be_used_are_told(both: tuple[Path, Path]) -> None:
    found = evaluate(both[0], [Pairs()])
    assert [(name, p.row) for name, problems in found.problems.items() for p in problems] == [("pairs.test", "row 99")]


def weights(**changes: Any) -> store.Weights:
    given = {"base": {"a": "1", "b": "2"}, "regional": {"a": "1", "b": "3"}, "around": "x"}
    return store.Weights(**{**given, **changes})


def test_what_tells_weights_apart() -> None:
    moved = weights()
    still = weights(regional=None)

    def at(beta: float) -> Any:
        return lambda component: beta

    assert moved.key("a", at(0.3)) == moved.key("a", at(0.7)) == still.key("a", at_base)
    assert len({moved.key("b", at(beta)) for beta in (0, 0.3, 0.7, 1)}) == 4
    assert moved.key("b", at(0)) == still.key("b", at_base)
    assert moved.key("b", at(1)) == weights(base={"a": "1", "b": "3"}, regional=None).key("b", at_base)
    assert [moved.beta_of(at(0.3))(component) for component in "ab?"] == [0, 0.3, 0.3]
    assert (moved.differing, still.differing) == (("b",), ())
    assert moved.key("a", at(0)) != weights(around="y").key("a", at(0))


def counted(log: list[tuple[int, int]], dim: int = 3) -> Any:
    def compute(start: int, stop: int) -> Any:
        log.append((start, stop))
        return np.arange(start, stop, dtype=np.float32)[:, None] + np.arange(dim, dtype=np.float32) / 10

    return compute


@pytest.mark.parametrize("kept_in", ["memory", "folder"])
def test_kept_rows(tmp_path: Path, kept_in: str) -> None:
    log: list[tuple[int, int]] = []
    folder = tmp_path if kept_in == "folder" else None
    kept = Kept() if folder is None else store.StoredKept(folder, weights(), "data", lambda *_: None)
    rows = kept.rows("x", 10, ["b"], counted(log), batch=4)
    first = rows.at(at_base)
    np.testing.assert_array_equal(first, counted([])(0, 10))
    assert log == [(0, 4), (4, 8), (8, 10)]
    assert rows.at(at_base) is first
    rows.at(lambda component: 0.5)
    assert len(log) == 6
    if folder:
        again = store.StoredKept(folder, weights(), "data", lambda *_: None).rows("x", 10, ["b"], counted(log), batch=4)
        np.testing.assert_array_equal(again.at(at_base), first)
        other = store.StoredKept(folder, weights(), "other", lambda *_: None).rows(
            "x", 10, ["b"], counted(log), batch=4
        )
        other.at(at_base)
        assert len(log) == 9


def test_damaged_files_are_made_again(tmp_path: Path) -> None:
    expected = counted([])(0, 10)
    for damage in ("cut", "magic", "empty", "short"):
        folder = tmp_path / damage
        log: list[tuple[int, int]] = []

        def rows(folder: Path = folder, log: list[tuple[int, int]] = log) -> Any:
            kept = store.StoredKept(folder, weights(), "data", lambda *_: None)
            return kept.rows("x", 10, ["b"], counted(log), batch=4).at(at_base)

        rows()
        (file,) = folder.glob("*.rows")
        whole = file.read_bytes()
        header = store._HEADER
        magic, count, dim, _ = header.unpack(whole[: header.size])
        broken = {
            "cut": whole[:-5],
            "magic": b"?" * 8 + whole[8:],
            "empty": b"",
            "short": header.pack(magic, count, dim, 4) + whole[header.size : header.size + 4 * 4 * dim + 7],
        }
        file.write_bytes(broken[damage])
        log.clear()
        np.testing.assert_array_equal(rows(), expected)
        assert log == ({"short": [(4, 8), (8, 10)], "cut": [(8, 10)]}.get(damage, [(0, 4), (4, 8), (8, 10)]))
        assert file.read_bytes() == whole


def test_a_second_writer_and_a_full_disk_go_on_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    log: list[tuple[int, int]] = []
    kept = store.StoredKept(tmp_path, weights(), "data", lambda *_: None)

    def compute(start: int, stop: int) -> Any:
        if start == 4 and len(log) == 1:  # a second process asks for the same while this one writes
            np.testing.assert_array_equal(
                store.StoredKept(tmp_path, weights(), "data", lambda *_: None)
                .rows("x", 8, ["b"], counted([]), batch=4)
                .at(at_base),
                counted([])(0, 8),
            )
        return counted(log)(start, stop)

    np.testing.assert_array_equal(kept.rows("x", 8, ["b"], compute, batch=4).at(at_base), counted([])(0, 8))
    assert "can't be kept" in caplog.text
    monkeypatch.setattr(store, "_append", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    np.testing.assert_array_equal(kept.rows("y", 8, ["b"], counted(log), batch=4).at(at_base), counted([])(0, 8))
    assert "No space left" in caplog.text


def test_the_folder_is_kept_within_its_size(tmp_path: Path) -> None:
    def used() -> Iterator[str]:
        for number in range(5):
            kept = store.StoredKept(tmp_path, weights(), str(number), lambda *_: None)
            kept.rows("x", 100, ["b"], counted([]), batch=50).at(at_base)
            (new,) = set(tmp_path.glob("*.rows")) - {tmp_path / name for name in names}
            os.utime(new, (number, number))
            yield new.name

    names: list[str] = []
    for name in used():
        names.append(name)
    size = (tmp_path / names[0]).stat().st_size
    os.utime(tmp_path / names[0], (10, 10))  # used again
    store.trim(tmp_path, 3 * size)
    assert {path.name for path in tmp_path.iterdir()} == {names[0], names[3], names[4]}
    store.trim(tmp_path, 0)
    assert [path.name for path in tmp_path.iterdir()] == [names[0]]  # what was just made stays


def test_digests_of_components(both: tuple[Path, Path], text_only: tuple[Path, Path]) -> None:
    base, regional = (store.component_digests(gg.open_checkpoint(end)) for end in text_only)
    assert {name for name in base if base[name] != regional[name]} == {"text_model"}
    assert store.component_digests(gg.open_checkpoint(both[0])) == base


def test_batches_too_large_for_the_device_are_halved(both: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from ggez_core.families.embedding import EmbeddingModel

    whole = evaluate(both[0], [Pairs()])
    full = EmbeddingModel.embed_texts

    def small(self: EmbeddingModel, prepared: Any) -> Any:
        if len(prepared["input_ids"]) > 3:
            raise torch.OutOfMemoryError("too many")
        return full(self, prepared)

    monkeypatch.setattr(EmbeddingModel, "embed_texts", small)
    monkeypatch.setenv("GGEZ_CACHE", "/nonexistent/cache")
    assert [row.value for row in evaluate(both[0], [Pairs()]).rows] == [row.value for row in whole.rows]


def test_the_runner_is_the_public_form() -> None:
    assert gg.evaluate is runner.evaluate
    assert gg.sweep is sweeping.sweep
