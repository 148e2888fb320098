"""The Train tab without a browser: what a config means, runs as they lie on disk, and a Space where nothing starts."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml

from ggez_core.errors import TrainingError
from ggez_core.runs.events import EventsFile
from tests.tiny_runs import fabricated
from workbench import trainings
from workbench.settings import Settings


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Runs are kept in the test's folder."""
    monkeypatch.setenv("GGEZ_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


def test_the_fields_write_the_config_and_a_config_fills_the_fields() -> None:
    first = trainings.starts()[0]
    assert first.startswith("small-world")
    text = trainings.start_config("small-world-siglip")
    shown = trainings.fields_of(text)
    assert shown == trainings.Wanted("demo:siglip/base", "small-world/train.parquet", 0, 128, 3e-4, False)
    assert trainings.changed(text, shown) == text  # with its comments
    other = trainings.changed(text, trainings.Wanted("demo:clip/base", "data.parquet", 50, 64, 1e-4, True))
    found = yaml.safe_load(other)
    assert (found["model"], found["data"][0]["source"]) == ("demo:clip/base", "data.parquet")
    assert found["loop"]["steps"] == 50
    assert "epochs" not in found["loop"]
    assert found["lora"] == {"rank": 16}
    assert trainings.fields_of(other) == trainings.Wanted("demo:clip/base", "data.parquet", 50, 64, 1e-4, True)
    with pytest.raises(TrainingError, match="holds no settings"):
        trainings.changed("just words", shown)
    with pytest.raises(TrainingError, match="no such config ships"):
        trainings.start_config("../secret")


def test_a_check_says_command_memory_and_time_by_an_earlier_run(runs: Path) -> None:
    text = trainings.changed(trainings.start_config("small-world-siglip"), trainings.Wanted(steps=100))
    told = trainings.checked(text)
    assert "ggez finetune config.yaml" in told
    assert "embedding, 2.15 M parameters" in told or "M parameters" in told
    assert "no run of this model was measured yet" in told
    fabricated(runs / "earlier", model="demo:siglip/base")
    assert "About 2 min 8 s for 100 steps, by the speed of earlier" in trainings.checked(text)  # 12,800 at 100 a second
    with pytest.raises(TrainingError, match=r"loop.batchsize: is no setting"):
        trainings.checked(text.replace("batch:", "batchsize:"))


def test_runs_are_shown_from_their_folders_alone(runs: Path) -> None:
    one, _ = fabricated(runs / "one"), fabricated(runs / "two", state="failed")
    assert {name for _, name in trainings.choices()} == {"one", "two"}
    found = trainings.shown(["one", "two"], None, shared=False)
    assert found.loss is not None
    assert [trace.name for trace in found.loss.data] == ["one", "two"]
    alone = trainings.shown(["one"], 0.5, shared=False)
    assert {trace.name for trace in alone.loss.data} == {"loss", "softmax", "sigmoid"}
    assert alone.betas == (0.5, 1.0)
    by_name = {trace.name: list(trace.y) for trace in alone.scores.data}
    assert by_name["global"] == [0.9, 0.8, 0.7]  # the base, then β = 0.5 at both evaluations
    assert list(alone.scores.data[0].x) == [0, 10, 20]
    assert alone.table is not None
    assert alone.table.rows[0][0] == 20
    assert str(one.path) in alone.status
    assert str(one.path) not in trainings.shown(["one"], None, shared=True).status
    assert trainings.shown(["two"], None, shared=False).resumable
    before = trainings.stamp(["one"])
    EventsFile(one.path / "events.jsonl").add("saved", {"step": 20})
    assert trainings.stamp(["one"]) != before
    with pytest.raises(TrainingError, match="no model yet"):
        trainings.pair_of("one", "best")
    (one.training / "best").mkdir(parents=True)
    assert trainings.pair_of("one", "best") == ("demo:siglip/base", str(one.training / "best"))


def test_a_run_that_cannot_be_is_said_in_its_status(runs: Path) -> None:
    text = trainings.start_config("small-world-siglip")
    run = trainings.start(trainings.changed(text, trainings.Wanted(data="/nowhere.parquet")))
    until = time.monotonic() + 120
    while run.status.alive and time.monotonic() < until:
        time.sleep(0.1)
    assert "/nowhere.parquet: no such file or folder" in trainings.shown([run.name], None, shared=False).status


def test_on_a_space_training_is_off_unless_its_owner_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.from_environment().training
    monkeypatch.setenv("SPACE_ID", "someone/space")
    assert not Settings.from_environment().training
    monkeypatch.setenv("GGEZ_TRAINING", "on")
    assert Settings.from_environment().training
