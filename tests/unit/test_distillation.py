"""Distillation on tiny models of the real classes: data, kept targets, and a loop that can be cut and stopped."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from transformers import AutoModel

from ggez_core.checkpoints import open_checkpoint
from ggez_core.errors import DataError, TrainingError
from ggez_core.families.embedding import EmbeddingModel, load_embedding
from ggez_core.progress import silent
from ggez_core.training import distillation
from ggez_core.training.distillation import plan
from ggez_core.training.distillation.captions import load_captions
from ggez_core.training.distillation.sampling import ByLanguage
from ggez_core.training.distillation.settings import DistillSettings
from ggez_core.training.examples import DataSettings
from ggez_core.training.loop import Hooks, train
from tests import tiny_open_clip
from tests.tiny_distillation import LINES, OBJECTIVES, Seen, parallel, seen, settings, teacher_of
from tests.tiny_embedding import aligned, clip, naflex


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return teacher_of(tmp_path_factory.mktemp("teacher") / "siglip")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return parallel(tmp_path_factory.mktemp("data"))


def trained(asked: DistillSettings, folder: Path, hooks: Hooks | None = None) -> Mapping[str, torch.Tensor]:
    made = plan(asked, folder / "prepared", silent)
    train(made.objective, made.order, asked.loop, folder, hooks)
    return {name: p.detach().clone() for name, p in made.objective.named_parameters()}


@pytest.mark.parametrize("objective", ["FD", "ED", "SD", "MCL", "DR", "DR@image + 0.5 ED@image", "MCL@image"])
def test_a_student_learns_and_its_library_loads_it(objective: str, teacher: Path, data: Path, tmp_path: Path) -> None:
    steps: list[Any] = []
    asked = settings(teacher, data, objective=objective, loop={"steps": 40, "learning_rate": 1e-2, "log_every": 1})
    trained(asked, tmp_path, Hooks(logged=steps.append))
    first, last = (sum(step.loss for step in some) for some in (steps[2:10], steps[-8:]))  # the queue is full by then
    assert last < first
    assert set(steps[0].watched) >= {"variance", "collapsing"}
    before, after = (open_checkpoint(folder) for folder in (tmp_path / "prepared/student", tmp_path / "model"))
    assert before.tensors.keys() == after.tensors.keys()
    changed = {after.component_of(n) for n in after.tensors if not torch.equal(before.read(n), after.read(n))}
    assert changed == {"text_model"}
    AutoModel.from_pretrained(tmp_path / "model")
    student, taught = (aligned(load_embedding(found)) for found in (after, open_checkpoint(teacher)))
    picture = Image.new("RGB", (32, 32), "red")
    assert torch.equal(student.encode_images([picture]), taught.encode_images([picture]))


def test_a_stopped_training_goes_on_as_if_it_hadnt_been(teacher: Path, data: Path, tmp_path: Path) -> None:
    asked = settings(teacher, data, objective="DR + 0.3 ED", temperature=2.0)
    whole = trained(asked, tmp_path / "whole")
    calls = iter(range(100))
    trained(asked, tmp_path / "parts", Hooks(stop=lambda: next(calls) == 3))
    assert not (tmp_path / "parts/model").exists()
    parts = trained(asked, tmp_path / "parts")
    assert whole.keys() == parts.keys()
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def alike(one: Seen, other: Seen) -> None:
    assert len(one.losses) == len(other.losses) == 6
    assert one.losses == pytest.approx(other.losses, rel=1e-5)
    assert one.norms == pytest.approx(other.norms, rel=1e-3)
    assert one.weights == pytest.approx(other.weights, rel=1e-4, abs=1e-4)


@pytest.fixture(scope="module")
def whole(teacher: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    """Each objective in one process and one batch."""
    folder = tmp_path_factory.mktemp("whole")
    return {name: seen(name, teacher, data, folder / str(number)) for number, name in enumerate(OBJECTIVES)}


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_accumulated_batches_are_one_batch(
    objective: str, whole: dict[str, Seen], teacher: Path, data: Path, tmp_path: Path
) -> None:
    """To losses of rows, to DR's queue, and to MCL, whose rows are compared with all others of the step."""
    alike(seen(objective, teacher, data, tmp_path, micro_batch=2), whole[objective])


def test_two_processes_are_one(whole: dict[str, Seen], teacher: Path, data: Path, tmp_path: Path) -> None:
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "tests.tiny_distillation"]
    called = [sys.executable, *torchrun, str(teacher), str(data), str(tmp_path)]
    ended = subprocess.run(called, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert ended.returncode == 0, ended.stderr[-3000:]
    found = json.loads((tmp_path / "seen.json").read_text())
    assert found.keys() == whole.keys()
    for objective, values in found.items():
        alike(Seen(**values), whole[objective])


def test_killed_at_random_moments_it_ends_as_if_it_had_not_been(
    teacher: Path, data: Path, tmp_path: Path, seed: int
) -> None:
    """Moments of preparing too: of building the student and keeping what the teacher says."""
    called = [sys.executable, "-m", "tests.kill_training", str(tmp_path), str(seed), "4", str(teacher), str(data)]
    ended = subprocess.run(called, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout), "none was killed"
    whole, killed = (load_file(tmp_path / name / "model/model.safetensors") for name in ("whole", "killed"))
    assert whole.keys() == killed.keys()
    assert all(torch.equal(whole[name], killed[name]) for name in whole)


@pytest.mark.parametrize("make", [clip, naflex, tiny_open_clip.siglip, tiny_open_clip.xlmr])
def test_teachers_of_every_class_teach(make: Callable[[Path], Path], data: Path, tmp_path: Path) -> None:
    """CLIP, SigLIP2 of any image shape, open_clip's SigLIP and CLIP; their library loads the student."""
    teacher = make(tmp_path / "teacher")
    asked = settings(teacher, data, objective="DR@image + FD + MCL", loop={"steps": 3})
    trained(asked, tmp_path)
    before, student = open_checkpoint(teacher), load_embedding(open_checkpoint(tmp_path / "model"))
    report = json.loads((tmp_path / "prepared/student.json").read_text())
    assert (report["teacher"]["layers"], report["student"]["layers"]) == (2, 1)
    start = load_embedding(open_checkpoint(tmp_path / "prepared/student"))
    texts = ["a photo of a cat", "แมว"]
    assert not torch.equal(student.encode_texts(texts), start.encode_texts(texts))
    picture = [Image.new("RGB", (32, 32), "red")]
    assert torch.equal(aligned(student).encode_images(picture), aligned(load_embedding(before)).encode_images(picture))


def test_what_the_teacher_says_is_computed_once(
    teacher: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: Counter[str] = Counter()

    def counted(name: str) -> Any:
        own = getattr(EmbeddingModel, name)

        def counting(self: EmbeddingModel, prepared: Any) -> Any:
            asked[name] += len(next(iter(prepared.values())))
            return own(self, prepared)

        return counting

    for name in ("embed_texts", "embed_images"):
        monkeypatch.setattr(EmbeddingModel, name, counted(name))
    monkeypatch.setattr(distillation, "_width", lambda model: 32)
    made = plan(settings(teacher, data, objective="FD + ED@image"), tmp_path / "one", silent)
    texts = len({line["text"] for line in LINES}) + len({line["text_en"] for line in LINES})
    assert asked == {"embed_texts": texts, "embed_images": len(LINES)}
    objective = made.objective
    assert isinstance(objective, distillation.Distillation)
    model = load_embedding(open_checkpoint(teacher), dtype=torch.float32)
    for kind, lines in (("text", [line["text"] for line in LINES]), ("english", [line["text_en"] for line in LINES])):
        assert isinstance(objective.targets[kind].vectors, np.memmap)
        torch.testing.assert_close(objective.targets[kind].of(range(len(LINES))), model.encode_texts(lines))
    asked.clear()
    plan(settings(teacher, data, objective="DR@image + FD + MCL@english"), tmp_path / "two", silent)
    assert not asked


def test_the_small_world_gives_pairs_in_the_languages_asked() -> None:
    found = load_captions((DataSettings(source="demo:world", languages=("en", "th", "jv")),), images=True)
    assert set(found.language) == {"en", "th", "jv"}
    assert found.image is not None
    assert found.images is not None
    assert len(found.images) > found.image.max()
    assert len({(meaning, place) for meaning, place in zip(found.meaning, found.image, strict=True)}) > 159
    both = load_captions(
        (DataSettings(source="demo:world", limit=50), DataSettings(source="demo:world", split="validation", limit=9)),
        images=True,
    )
    assert len(both) == 59
    assert both.image is not None
    assert both.meaning[:50].max() < both.meaning[50:].min()
    assert both.image[:50].max() < both.image[50:].min()
    sides = {}
    for side in (None, "global", "regional"):
        source = DataSettings(source="demo:world", languages=("id",), config=side)
        sides[side] = set(load_captions((source,), images=False).text)
    assert sides["global"]
    assert sides["global"] < sides[None]
    assert sides["global"] | sides["regional"] == sides[None]
    with pytest.raises(DataError, match="has no config 'local'; say global or regional"):
        load_captions((DataSettings(source="demo:world", config="local"),), images=False)
    with pytest.raises(DataError, match="the split 'test' isn't for training"):
        load_captions((DataSettings(source="demo:world", split="test"),), images=False)


def test_what_is_missing_is_told_before_the_first_step(teacher: Path, data: Path, tmp_path: Path) -> None:
    def said(error: type[Exception], match: str, **changes: Any) -> None:
        with pytest.raises(error, match=match):
            plan(settings(teacher, changes.pop("data", data), **changes), tmp_path / "work", silent)

    khmer = [{"source": str(data), "languages": ["id", "km"]}]
    with pytest.raises(DataError, match="km has no caption with its English; it has pairs of id"):
        plan(settings(teacher, data).model_copy(update={"data": tuple(map(DataSettings.model_validate, khmer))}),
             tmp_path / "work", silent)  # fmt: skip
    (tmp_path / "alone.jsonl").write_text(json.dumps({"text": "แมว", "language": "th"}), encoding="utf-8")
    said(DataError, "no row has its English", data=tmp_path / "alone.jsonl")
    (tmp_path / "mute.jsonl").write_text(json.dumps({"text": "แมว"}), encoding="utf-8")
    said(DataError, "lacks the column 'language'", data=tmp_path / "mute.jsonl")
    said(TrainingError, "text vectors have 24 numbers and the teacher's 32", source=str(clip(tmp_path / "clip")))
    said(TrainingError, "fewer than a batch of 60", loop={"batch": 60})
    other = naflex(tmp_path / "naflex")
    config = json.loads((other / "config.json").read_text())
    assert config["text_config"]["vocab_size"] < 300
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (other / name).write_bytes((teacher / name).read_bytes())
    with pytest.raises(TrainingError, match=r"its tokenizer gives ids up to \d+ and its text encoder has 288 tokens"):
        plan(settings(other, data), tmp_path / "mixed", silent)
    with pytest.raises(TrainingError, match="no loss 'XD'"):
        settings(teacher, data, objective="XD")
    with pytest.raises(TrainingError, match="temprature: is no setting"):
        settings(teacher, data, temprature=2)


def test_languages_come_by_temperature(seed: int) -> None:
    languages = ["en"] * 80 + ["th"] * 15 + ["km"] * 5
    plain = ByLanguage(languages, 10, seed)
    assert sorted(row for step in range(10) for row in plain.rows(step)) == list(range(100))
    assert plain.rows(3) == ByLanguage(languages, 10, seed).rows(3) != ByLanguage(languages, 10, seed + 1).rows(3)
    flat = ByLanguage(languages, 10, seed, temperature=1e9)
    assert flat.shares == pytest.approx({"en": 1 / 3, "th": 1 / 3, "km": 1 / 3}, abs=0.011)
    half = ByLanguage(languages, 10, seed, temperature=2)
    roots = {code: count**0.5 for code, count in (("en", 80), ("th", 15), ("km", 5))}
    assert half.shares == pytest.approx({c: r / sum(roots.values()) for c, r in roots.items()}, abs=0.011)
    seen = Counter(row for step in range(3 * flat.steps_per_epoch) for row in flat.rows(step))
    counts = [seen[row] for row in range(95, 100)]
    assert max(counts) - min(counts) <= 1  # a small language's rows come round evenly
    assert max(seen[row] for row in range(80)) - min(seen[row] for row in range(80)) <= 1


def test_a_collapse_is_warned_of(teacher: Path, data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made = plan(settings(teacher, data, objective="FD", collapse=0.5), tmp_path / "work", silent)
    objective = made.objective
    inputs = objective.batch([0, 1, 2], [0, 0, 0]).inputs
    objective(inputs)
    assert objective.watch()["collapsing"] == 0
    with torch.no_grad():
        objective.model.text_model.head.weight.zero_()  # every text becomes the bias
    objective(inputs)
    with caplog.at_level(logging.WARNING):
        watched = objective.watch()
    assert watched["collapsing"] == 1
    assert watched["variance"] < 1e-6 < watched["teacher_variance"]
    assert "embeddings collapse" in caplog.text
