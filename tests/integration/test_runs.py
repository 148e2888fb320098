"""Runs as processes of their own, over the command: they outlive it, stop, vanish, resume, and end the same."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from safetensors.torch import load_file

from ggez_core.errors import TrainingError
from ggez_core.progress import silent
from ggez_core.runs import RunFolder, launch, work
from ggez_core.runs.events import EventsFile, effective, read_events
from ggez_core.runs.kinds import complete, read_config
from ggez_core.runs.status import Status, own_process, read_status, write_status
from ggez_core.training.finetune import plan
from ggez_core.training.finetune.settings import settings_from
from ggez_core.training.loop import Hooks, train
from tests.conftest import Ggez
from tests.tiny_embedding import siglip
from tests.tiny_training import pairs

STEPS = 30


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A config of a fine-tuning of some seconds; runs are kept in the test's folder."""
    monkeypatch.setenv("GGEZ_RUNS", str(tmp_path / "runs"))
    siglip(tmp_path / "model")
    pairs(tmp_path / "data", 32)
    settings: dict[str, Any] = {
        "kind": "finetune", "preset": "embedding", "model": "model", "data": [{"source": "data/train.jsonl"}],
        "loop": {"steps": STEPS, "batch": 8, "learning_rate": 0.001, "log_every": 1, "save_every": 4, "device": "cpu"},
    }  # fmt: skip
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return path


def losses(run: RunFolder) -> dict[int, float]:
    return {event["step"]: event["loss"] for event in run.events() if event["kind"] == "step"}


def at_step(run: RunFolder, step: int) -> None:
    """Wait until the run has taken so many steps."""
    until = time.monotonic() + 120
    while run.status.step < step:
        assert run.status.alive, run.status.message + run.log_tail()
        assert time.monotonic() < until
        time.sleep(0.02)


def test_stopped_killed_and_resumed_it_ends_as_one_that_was_left_alone(config: Path, ggez: Ggez) -> None:
    status, out, err = ggez("finetune", config, "-o", "runs/whole", "--json")
    assert status == 0, err
    whole = RunFolder.find("whole")
    assert json.loads(out)["state"] == whole.status.state == "finished"
    assert list(losses(whole)) == list(range(1, STEPS + 1))

    status, out, err = ggez("finetune", config, "-o", "runs/parts", "--detach", "--json")
    assert status == 0, err
    parts = RunFolder.find("parts")
    at_step(parts, 5)
    status, out, err = ggez("runs", "stop", "parts", "--json")
    assert json.loads(out)["state"] == "stopped"
    stopped_at = parts.status.step
    assert 5 <= stopped_at < STEPS

    launch.resume(parts)
    at_step(parts, stopped_at + 7)
    pid = parts.status.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + 60
    while parts.status.alive and time.monotonic() < until:
        time.sleep(0.05)
    assert parts.status.state == "failed"
    assert "its process vanished at step" in parts.status.message

    status, out, err = ggez("finetune", "--resume", "parts", "--detach")
    assert (status, "ggez runs follow parts" in out) == (0, True), err
    status, out, err = ggez("runs", "follow", "parts", "--json")
    assert json.loads(out)["state"] == "finished", err
    assert losses(parts) == losses(whole)
    one, other = (load_file(run.models["model"] / "model.safetensors") for run in (whole, parts))
    assert all((one[name] == other[name]).all() for name in one)
    status, out, err = ggez("runs", "resume", "parts")
    assert (status, "has finished" in err) == (2, True)
    listed = json.loads(ggez("runs", "list", "--json")[1])
    assert {run["name"]: run["state"] for run in listed} == {"whole": "finished", "parts": "finished"}
    again = yaml.safe_load((whole.path / "config.yaml").read_text())
    assert again["loop"]["weight_decay"] == 0.001  # the preset's, written out


def test_a_config_is_checked_and_nothing_begun(config: Path, ggez: Ggez) -> None:
    status, out, err = ggez("finetune", config, "--check", "--launch", 2)
    assert (status, err) == (0, "")
    whole = yaml.safe_load(out)
    assert (whole["loop"]["weight_decay"], whole["loop"]["batch"], whole["processes"]) == (0.001, 8, 2)
    assert whole["augment"]["mirror"] == 0  # every setting is said
    assert json.loads(ggez("finetune", config, "--check", "--json")[1])["loop"] == whole["loop"]
    assert not (config.parent / "runs").exists()
    for given in ([], [config, "--resume", "whole"]):
        status, _, err = ggez("finetune", *given)
        assert (status, "name a config (YAML), or a run with --resume" in err) == (2, True)
    status, _, err = ggez("distill", config, "--check")
    assert (status, "is of the kind finetune" in err) == (2, True)
    config.write_text(config.read_text().replace("save_every", "safe_every"))
    status, _, err = ggez("finetune", config, "--check")
    assert (status, "loop.safe_every: is no setting; there is: steps" in err) == (2, True)


def test_a_run_keeps_the_checkpoint_of_the_best_merge_and_shows_what_it_is(config: Path, ggez: Ggez) -> None:
    settings = yaml.safe_load(config.read_text())
    settings["model"] = "demo:siglip/base"
    settings["loop"] |= {"steps": 4, "evaluate_every": 2, "learning_rate": 1e-4, "weight_decay": 0.0}
    settings["evaluation"] = {"tasks": ["world-retrieval"], "limit": 40, "betas": [0.5]}
    config.write_text(yaml.safe_dump(settings))
    status, out, err = ggez("finetune", config, "-o", "runs/scored", "--json")
    assert status == 0, err
    told = json.loads(out)
    assert [one["step"] for one in told["scores"]] == [2, 4]
    assert [[point["beta"] for point in one["curve"]] for one in told["scores"]] == [[0.0, 0.5, 1.0]] * 2
    for one in told["scores"]:
        assert one["score"] == pytest.approx(max(point["grp"] for point in one["curve"][1:]))
    assert set(told["models"]) == {"model", "best", "newest"}
    status, out, err = ggez("runs", "show", "scored")
    assert status == 0, err
    for text in ("finished at step 4 of 4", "kind      finetune", "model     demo:siglip/base", "learning rate",
                 "step       2 β 0.5   q_global 0.", "step       4 β 1     q_global 0.", "best      "):  # fmt: skip
        assert text in out
    whole = json.loads(ggez("runs", "show", "scored", "--json")[1])
    assert whole["config"]["evaluation"]["betas"] == [0.5]
    assert {event["kind"] for event in whole["events"]} >= {"began", "step", "evaluation", "saved", "ended"}
    assert "finished at step 4 of 4" in ggez("runs", "follow", "scored")[1]


def test_a_disk_that_fills_up_while_a_step_is_told_is_no_fault_of_the_program(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = RunFolder.create(config.parent / "runs" / "full", complete(read_config(config)))
    told = EventsFile.add

    def full(self: EventsFile, kind: str, values: Any) -> None:
        if kind == "step" and values["step"] > 9:
            raise OSError(errno.ENOSPC, "No space left on device")
        told(self, kind, values)

    monkeypatch.setattr(signal, "signal", lambda number, handler: None)
    with monkeypatch.context() as filling:
        filling.setattr(EventsFile, "add", full)
        assert work.main([str(run.path)]) == 2
    assert (run.status.state, run.status.ours) == ("failed", False)
    assert run.status.message == "the disk is full; what was saved is whole: make room, then resume"
    assert work.main([str(run.path)]) == 0
    assert [event["step"] for event in run.events() if event["kind"] == "began"] == [0, 8]
    assert list(losses(run)) == list(range(1, STEPS + 1))


def test_two_processes_have_the_losses_of_one(config: Path, ggez: Ggez) -> None:
    settings = yaml.safe_load(config.read_text())
    settings["loop"]["steps"] = 6
    config.write_text(yaml.safe_dump(settings))
    status, _, err = ggez("finetune", config, "-o", "runs/two", "--launch", 2)
    two = RunFolder.find("two")
    assert status == 0, err + two.log_tail()
    one: dict[int, float] = {}
    found = settings_from({name: value for name, value in settings.items() if name != "kind"})
    made = plan(found, config.parent, silent)
    hooks = Hooks(logged=lambda logged: one.update({logged.step: logged.loss}))
    train(made.objective, made.order, found.loop, config.parent / "one", hooks)
    assert len(one) == 6
    assert losses(two) == pytest.approx(one, rel=1e-5)


def test_what_cannot_be_trained_is_one_line(config: Path, ggez: Ggez) -> None:
    settings = yaml.safe_load(config.read_text())
    settings["data"][0]["columns"] = {"text": "caption"}
    config.write_text(yaml.safe_dump(settings))
    status, out, err = ggez("finetune", config, "-o", "runs/wrong")
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert "lacks the column" in err
    status, _, err = ggez("finetune", config, "-o", "runs/wrong")
    assert (status, "already exists" in err) == (2, True)
    status, _, err = ggez("runs", "show", "nothing")
    assert (status, "there is: wrong" in err) == (2, True)


def test_a_process_of_the_same_number_is_not_taken_for_it(tmp_path: Path) -> None:
    pid, began = own_process()
    path = tmp_path / "status.json"
    write_status(path, Status("running", time.time(), pid, began, 3, 9))
    assert read_status(path, False).state == "running"
    assert read_status(path, True).state == "stopping"
    write_status(path, Status("running", time.time(), pid, began - 1000, 3, 9))
    found = read_status(path, False)
    assert (found.state, found.message.partition(";")[0]) == ("failed", "its process vanished at step 3")
    write_status(path, Status("queued", time.time() - 1000))
    assert read_status(path, False).state == "failed"


def test_a_run_that_does_not_answer_is_ended(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "deaf", {"kind": "finetune"})
    program = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    deaf = subprocess.Popen([sys.executable, "-c", program], start_new_session=True)
    try:
        began = psutil.Process(deaf.pid).create_time()
        run.set_status(Status("running", time.time(), deaf.pid, began, 3, 9))
        threading.Thread(target=deaf.wait, daemon=True).start()
        ended = launch.stop(run, grace=0.3)
        assert (ended.state, ended.step) == ("stopped", 3)
        assert "without an answer" in run.status.message
        assert deaf.wait(10) == -signal.SIGKILL
        with pytest.raises(TrainingError, match="isn't running"):
            launch.stop(run)
    finally:
        deaf.kill()


def test_events_survive_a_cut_line_and_forget_what_was_taken_again(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    events = EventsFile(path)
    events.add("began", {"step": 0})
    for step in (1, 2, 3):
        events.add("step", {"step": step, "loss": float("nan") if step == 2 else 0.5})
    with path.open("a") as file:
        file.write('{"kind": "st')
    assert len(read_events(path)[0]) == 4
    again = EventsFile(path)
    again.add("began", {"step": 1})
    again.add("step", {"step": 2, "loss": 0.25})
    found = effective(read_events(path)[0])
    assert [(e["kind"], e["step"], e.get("loss")) for e in found] == [
        ("began", 0, None), ("step", 1, 0.5), ("began", 1, None), ("step", 2, 0.25),
    ]  # fmt: skip
    first, place = read_events(path)
    assert read_events(path, place) == ([], place)
    assert len(first) == 6
