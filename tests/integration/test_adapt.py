"""The whole method on the small world, small: every stage once, then none, then only what a change concerns."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file

from ggez_core.adapt.run import NAMES, Adapted, adapt
from ggez_core.adapt.settings import adapt_from
from ggez_core.adapt.stages import Stages, key_of
from ggez_core.checkpoints import open_checkpoint
from ggez_core.demo.world.mixture import write_mixture
from ggez_core.errors import Cancelled, TrainingError
from ggez_core.families.embedding import load_embedding
from ggez_core.progress import Step
from ggez_core.runs import RunFolder
from tests.conftest import Ggez

CONFIGS = sorted((Path(__file__).parents[2] / "assets" / "configs" / "adapt").glob("*.yaml"))


def config(raw: Path, **changes: Any) -> dict[str, Any]:
    return {
        "base": "demo:siglip/base", "curate": {"inputs": [str(raw)], "near": None, "workers": 1},
        "finetune": {"loop": {"steps": 3, "batch": 8, "learning_rate": 1e-4, "device": "cpu", "save_every": 1}},
        "sweep": {"tasks": ["world-retrieval"], "betas": [0, 1], "limit": 60}, **changes,
    }  # fmt: skip


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_shipped_config_is_whole(path: Path) -> None:
    found = adapt_from(yaml.safe_load(path.read_text("utf-8")))
    assert found.training(Path("data"))["model"] == found.base


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"finetune": {"model": "x", "loop": {"steps": 1}}}, "finetune.model: is what the stages before give"),
        ({"finetune": {"loop": {"stepz": 1}}}, "loop.stepz: is no setting"),
        ({"curate": {}}, "curate.inputs: is missing"),
        ({"swep": {}}, "swep: is no setting; there is: base"),
    ],
)
def test_a_config_that_is_none_is_told(changes: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=said):
        adapt_from(config(tmp_path, **changes))


def test_keys_follow_settings_files_and_the_stage_before(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one")
    key = key_of("before", {"x": 1, "y": 2}, [tmp_path])
    assert key == key_of("before", {"y": 2, "x": 1}, [tmp_path])
    assert (
        len({key, key_of("other", {"x": 1, "y": 2}, [tmp_path]), key_of("before", {"x": 2, "y": 2}, [tmp_path])}) == 3
    )
    (tmp_path / "a").write_text("two, longer")
    assert key != key_of("before", {"x": 1, "y": 2}, [tmp_path])
    stages = Stages(tmp_path)
    stages.begin("curate", key)
    assert (Stages(tmp_path).begun_with("curate"), Stages(tmp_path).done_with("curate")) == (key, None)
    stages.finish("curate", key)
    assert Stages(tmp_path).done_with("curate") == key
    stages.begin("curate", "new")
    assert Stages(tmp_path).done_with("curate") is None


def test_killed_in_every_stage_it_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    raw = write_mixture(tmp_path / "raw" / "mixed.parquet", 90, regional=0.6, seed=5)
    loop = {"steps": 12, "batch": 8, "learning_rate": 1e-4, "device": "cpu", "save_every": 1}
    settings = config(raw, finetune={"loop": loop})
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    called = [sys.executable, "-m", "tests.kill_adapt", str(tmp_path / "config.yaml"), str(tmp_path / "killed")]
    ended = subprocess.run(called, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert ended.returncode == 0, ended.stderr[-3000:]
    told = json.loads(ended.stdout)
    assert told["killed"] == {stage: list(NAMES[:place]) for place, stage in enumerate(NAMES)}
    assert told["left"] == ["export"]
    begun = [e["step"] for e in RunFolder(tmp_path / "killed" / "training").events() if e["kind"] == "began"]
    assert len(begun) == 2
    assert begun[0] == 0 < begun[1]
    adapt(adapt_from(settings), tmp_path / "whole")
    one, other = (load_file(tmp_path / name / "model" / "model.safetensors") for name in ("whole", "killed"))
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert not list((tmp_path / "killed").glob(".*part*"))


def test_everything_once_and_then_only_what_changed(ggez: Ggez, tmp_path: Path) -> None:
    raw = write_mixture(tmp_path / "raw" / "mixed.parquet", 120, regional=0.5, seed=3)
    out = tmp_path / "out"
    first = config(raw)

    def stop(step: Step) -> None:
        if step.unit == "rows" and step.done:
            raise Cancelled

    with pytest.raises(Cancelled):
        adapt(adapt_from(first), out, progress=stop)
    done: Adapted = adapt(adapt_from(first), out)
    assert done.made == NAMES
    model = load_embedding(open_checkpoint(done.model))
    assert model.encode_texts(["nasi lemak"]).isfinite().all()
    assert "Southeast Asia" in (out / "model/README.md").read_text("utf-8")
    assert json.loads((out / "sweep/report.json").read_text("utf-8"))["best"] in (0, 1)
    assert adapt(adapt_from(first), out).made == ()
    wider = config(raw, sweep={**first["sweep"], "betas": [0, 0.5, 1]})
    (tmp_path / "wider.yaml").write_text(yaml.safe_dump(wider), encoding="utf-8")
    status, told, error = ggez("adapt", tmp_path / "wider.yaml", "-o", out, "--json")
    assert status == 0, error
    assert json.loads(told)["made"] == ["sweep", "export"]
    assert "finetune: unchanged" in error
