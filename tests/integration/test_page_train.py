"""The Train tab without a browser: what a config means, runs as they lie on disk, and a Space where nothing starts."""

from __future__ import annotations

import time
from dataclasses import replace
from html import escape
from pathlib import Path

import pytest
import yaml
from PIL import Image

from ggez_core.errors import TrainingError
from ggez_core.progress import silent
from ggez_core.runs.events import EventsFile
from tests.tiny_runs import fabricated
from workbench import trainings, under_way
from workbench.build import build
from workbench.service import DEMO_PAIR, Service
from workbench.settings import Settings
from workbench.sweeps import Wanted
from workbench.text import say
from workbench.weights import Weights


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Runs are kept in the test's folder."""
    monkeypatch.setenv("GGEZ_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


def test_the_fields_write_the_config_and_a_config_fills_the_fields() -> None:
    assert trainings.starts("finetune")[0] == "small-world-siglip"
    assert trainings.starts("distill")[0] == "distill-small-world"
    assert not set(trainings.starts("finetune")) & set(trainings.starts("distill"))
    text = trainings.start_config("small-world-siglip")
    shown = trainings.fields_of(text)
    loop = yaml.safe_load(text)["loop"]
    numbers = (loop.get("steps") or 0, loop["batch"], loop["learning_rate"])
    assert shown == trainings.Wanted("demo:siglip/base", "small-world/train.parquet", *numbers, False)
    assert trainings.changed(text, shown) == text  # with its comments
    other = trainings.changed(text, trainings.Wanted("demo:clip/base", "data.parquet", 50, 64, 1e-4, True))
    found = yaml.safe_load(other)
    assert (found["model"], found["data"][0]["source"]) == ("demo:clip/base", "data.parquet")
    assert found["loop"]["steps"] == 50
    assert "epochs" not in found["loop"]
    assert found["lora"] == {"rank": 16}
    assert trainings.fields_of(other) == trainings.Wanted("demo:clip/base", "data.parquet", 50, 64, 1e-4, True)
    preset = trainings.changed(text, replace(shown, preset="embedding", samples=False))
    assert (yaml.safe_load(preset)["preset"], yaml.safe_load(preset)["samples"]["count"]) == ("embedding", 0)
    assert trainings.fields_of(preset) == replace(shown, preset="embedding", samples=False)
    assert "preset" not in yaml.safe_load(trainings.changed(preset, shown))
    student = trainings.start_config("distill-small-world")
    learned = trainings.fields_of(student)
    assert learned.preset == "DR"
    other = trainings.changed(student, replace(learned, preset="DR + 0.5 ED"))
    assert yaml.safe_load(other)["objective"] == "DR + 0.5 ED"
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
    grp = trainings.shown(["one", "two"], 0.5, shared=False).scores.data
    assert [trace.name for trace in grp] == ["one", "two"]
    assert grp[0].y[0] == pytest.approx(0.43 * 0.9 + 0.57 * 0.1)  # the base
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
    best = one.training / "best"
    best.mkdir(parents=True)
    assert trainings.pair_of("one", "best") == ("demo:siglip/base", str(best))
    student = fabricated(runs / "student", kind="distill").training / "model"
    student.mkdir(parents=True)
    assert trainings.pair_of("student", "model") == (str(student), str(student))  # no teacher has its shape
    assert trainings.before_and_after("student", "model") == ("demo:siglip/base", str(student))
    for elsewhere in (str(one.path), "../runs/one", ""):
        with pytest.raises(TrainingError, match="Choose a run"):
            trainings.shown([elsewhere], None, shared=False)


def test_samples_are_shown_side_by_side_and_what_they_say_is_text(runs: Path) -> None:
    run = fabricated(runs / "one")
    (run.path / "samples").mkdir()
    Image.new("RGB", (32, 32), "red").save(run.path / "samples" / "searched-3.webp")
    events = EventsFile(run.path / "events.jsonl")
    for step in range(0, 70, 10):
        item = {"asked": "<b>nasi</b>", "language": "id", "pictures": ["searched-3.webp"], "rank": 7 - step // 10}
        told = {"asked": "what?", "wanted": "a cat", "said": f"<script>{step}</script>"}
        events.add("samples", {"step": step, "items": [item, told]})
    html = trainings.shown(["one"], None, shared=True).samples
    assert html.count("<tr>") == 3
    heads = [part.partition("<")[0] for part in html.split('scope="col">')[1:]]
    assert heads == ["Asked", "before", "step 20", "step 30", "step 40", "step 60"]
    assert html.count('src="data:image/webp;base64,') == 5
    assert "&lt;b&gt;nasi" in html
    assert "<script>" not in html
    assert str(runs) not in html


def test_what_is_slow_is_in_one_list(runs: Path, tmp_path: Path) -> None:
    service = Service(Settings(tmp_path / "storage", 1 << 30, shared=False))
    assert under_way.under_way(service, "me") == []
    fabricated(runs / "done")
    fabricated(runs / "slow", state="queued")
    (work,) = under_way.under_way(service, "me")
    assert (work.kind, work.name) == ("train", "slow")
    assert 'aria-label="slow"' in under_way.listed([work])
    pair, other = service.current("me"), service.preflight("demo:siglip/base", "demo:siglip/base")
    service.sweeps._turn.acquire()  # nothing gets its turn
    try:
        job = service.sweeps.start(pair, Wanted(("world-retrieval",), (0.0, 1.0), 0.43, None))
        kinds = [work.kind for work in under_way.under_way(service, "me")]
        assert kinds == ["train", "sweep"]
        shared = Service(Settings(tmp_path / "other", 1 << 30, shared=True))
        shared.sweeps._latest[other.key] = replace(job, pair=other, session="me")
        assert [work.kind for work in under_way.under_way(shared, "me")] == ["train", "sweep"]
        assert [work.kind for work in under_way.under_way(shared, "stranger")] == ["train"]
    finally:
        service.sweeps.stop(pair)
        service.sweeps._turn.release()


def test_a_result_is_measured_beside_what_it_began_with(tmp_path: Path) -> None:
    from workbench.crosslingual import measure, measure_two

    service = Service(Settings(tmp_path, 1 << 30, shared=True))
    pair = measure(service.live("me"), Weights(0.5), 1, silent)
    before, after = (service.alone(source) for source in DEMO_PAIR)
    two = measure_two(before, after, 1, silent)
    for name, same in (("before", "base"), ("after", "regional")):
        values = {language: row.value for language, row in two.rows[name].items()}
        assert values == {language: row.value for language, row in pair.rows[same].items()}


def test_a_run_that_cannot_be_is_said_in_its_status(runs: Path) -> None:
    text = trainings.start_config("small-world-siglip")
    run = trainings.start(trainings.changed(text, trainings.Wanted(data="/nowhere.parquet")))
    until = time.monotonic() + 120
    while run.status.alive and time.monotonic() < until:
        time.sleep(0.1)
    assert "/nowhere.parquet: no such file or folder" in trainings.shown([run.name], None, shared=False).status


def test_where_training_is_off_the_page_says_why(tmp_path: Path) -> None:
    for may in (True, False):
        page = build(Service(Settings(tmp_path, 1 << 30, shared=not may, training=may)))
        parts = [part["props"] for part in page.get_config_file()["components"]]
        starts = [props for props in parts if props.get("value") == say("train.start")]
        assert [props["interactive"] for props in starts] == [may]
        assert any(escape(say("train.off")) in str(props.get("value")) for props in parts) is not may


def test_on_a_space_training_is_off_unless_its_owner_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.from_environment().training
    monkeypatch.setenv("SPACE_ID", "someone/space")
    assert not Settings.from_environment().training
    monkeypatch.setenv("GGEZ_TRAINING", "on")
    assert Settings.from_environment().training
