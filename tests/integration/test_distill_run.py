"""`ggez distill` as a run in a process of its own, on the small world: it says what it does, and the student loads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
import yaml

from ggez_core.checkpoints import open_checkpoint
from ggez_core.families.embedding import load_embedding
from ggez_core.runs import RunFolder
from tests.conftest import Ggez

CONFIG = {
    "model": "demo:siglip/base", "data": [{"source": "demo:world", "languages": ["en", "th"], "limit": 200}],
    "objective": "DR + 0.5 ED", "queue": 64, "student": {"layers": [0]},
    "loop": {"steps": 3, "batch": 8, "learning_rate": 1e-3, "device": "cpu", "log_every": 1, "evaluate_every": 2},
    "samples": {"count": 2},
}  # fmt: skip


def test_a_distillation_is_a_run(ggez: Ggez, tmp_path: Path) -> None:
    path = tmp_path / "distill.yaml"
    path.write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
    status, out, error = ggez("distill", path, "-o", tmp_path / "run", "--json")
    assert status == 0, error
    told = json.loads(out)
    assert (told["state"], told["step"], told["kind"]) == ("finished", 3, "distill")
    events = RunFolder(tmp_path / "run").events()
    facts = next(event for event in events if event["kind"] == "began")["facts"]
    assert facts["student"]["student"]["layers"] == 1
    assert facts["languages"].keys() == {"en", "th"}
    steps = [event for event in events if event["kind"] == "step"]
    assert [set(step["parts"]) for step in steps] == [{"DR", "ED"}] * 3
    assert all(0 < step["watched"]["variance"] < 1 for step in steps)
    student = load_embedding(open_checkpoint(told["models"]["model"]))
    assert student.encode_texts(["ภาพของแมว", "a photo of cat"]).shape == (2, 128)
    samples = {event["step"]: event["items"] for event in events if event["kind"] == "samples"}
    assert list(samples) == [0, 2, 3]  # the teacher, and every checkpoint that was looked at
    assert [item["language"] for item in samples[2]] == ["th", "th"]
    assert all(item["lines"] and item["wanted"] for items in samples.values() for item in items)
    assert "→" in ggez("runs", "show", tmp_path / "run")[1]
    status, out, error = ggez("distill", path, "-o", tmp_path / "two", "--launch", 2, "--json")
    assert status == 0, error + RunFolder(tmp_path / "two").log_tail()
    again = [event for event in RunFolder(tmp_path / "two").events() if event["kind"] == "step"]
    assert [step["loss"] for step in again] == pytest.approx([step["loss"] for step in steps], rel=1e-5)
    status, _, error = ggez("distill", path, "study.yaml")
    assert (status, "name one config" in error) == (2, True)
    path.write_text(yaml.safe_dump({**CONFIG, "objective": "XD"}), encoding="utf-8")
    status, _, error = ggez("distill", path, "-o", tmp_path / "other")
    assert (status, "no loss 'XD'" in error) == (2, True)
    if not torch.cuda.is_available():
        path.write_text(yaml.safe_dump({**CONFIG, "loop": {**CONFIG["loop"], "device": "cuda"}}), encoding="utf-8")  # type: ignore[dict-item]
        status, out, error = ggez("distill", path, "-o", tmp_path / "other")
        assert (status, out, error.count("\n")) == (2, "", 1)
        assert "asks for a GPU (cuda), and there is none here" in error
