"""Benchmarks asked of tiny models of the real classes, end to end: embedding, vision-language, text-to-image."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ggez_core.checkpoints import open_checkpoint
from ggez_core.evaluation.runner import evaluate
from ggez_core.evaluation.tasks import task
from ggez_core.families import load
from ggez_core.families.family import at_base
from ggez_core.families.kept import Kept
from tests import schemas, tiny_diffusion, tiny_embedding, tiny_lvlm
from tests.conftest import Ggez
from tests.data_sets import write_parquet


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GGEZ_CACHE", str(tmp_path / "cache"))


def test_an_embedding_models_choices_are_its_cosines(tmp_path: Path) -> None:
    folder = tiny_embedding.siglip_two(tmp_path / "model")
    data = write_parquet(tmp_path / "cvqa" / "test.parquet", schemas.cvqa(24), schemas.CVQA).parent
    found = evaluate(folder, ["cvqa"], data={"cvqa": data})
    model: Any = load(open_checkpoint(folder))
    examples: Any = task("cvqa").load("test", data=data)
    right = []
    for row, image in zip(examples.rows, examples.images, strict=True):
        picture = model.encode_images([examples.pictures[image]])
        texts = model.encode_texts([f"{row.question} {option}" for option in row.options])
        right.append(int((texts @ picture[0]).argmax()) == row.right)
    answers = found.tasks[0].answers
    whole = [
        v for v, side in zip(answers.values["choice_accuracy"], answers.column("side"), strict=True) if side == "global"
    ]
    assert sum(a != b for a, b in zip(whole, right, strict=True)) <= 1  # a near tie may fall either way in a batch
    assert {row.side for row in found.rows} == {"global", "regional"}
    assert {row.metric for row in found.rows} == {"choice_accuracy", "choice_without_image_accuracy", "choice_chance"}


@pytest.mark.parametrize("kind", ["gemma3", "smolvlm"])
def test_a_vision_language_model_answers_cvqa(kind: str, tmp_path: Path, seed: int) -> None:
    folder = tiny_lvlm.saved(kind, seed % 1000, tmp_path / "model")
    data = write_parquet(tmp_path / "cvqa" / "test.parquet", schemas.cvqa(10), schemas.CVQA).parent
    model: Any = load(open_checkpoint(folder))
    examples: Any = task("cvqa:question=translated").load("test", data=data)
    asker = examples.prepare(model, Kept())
    answers = [answer for batch in asker.ask(model, at_base) for answer in batch]
    assert len(answers) == len(asker) == 16
    for metric in ("choice_accuracy", "choice_written_accuracy", "choice_without_image_accuracy"):
        assert {answer.values[metric] for answer in answers} <= {0.0, 1.0}


def test_a_text_to_image_model_is_judged_by_a_vision_language_model(ggez: Ggez, tmp_path: Path, seed: int) -> None:
    drawn, _ = tiny_diffusion.pipeline_pair("StableDiffusionPipeline", tmp_path / "pair")
    judge = tiny_lvlm.saved("gemma3", seed % 1000, tmp_path / "judge")
    data = schemas.dpg_csv(tmp_path / "dpg_bench.csv", 2)
    name = f"dpg-bench:judge={judge},pictures=1"
    status, out, err = ggez("eval", drawn, "--task", name, "--data", data, "--device", "cpu", "--json")
    assert status == 0, err
    scores = {
        row["metric"]: row for row in json.loads(out)["rows"] if row["side"] == "global" and row["language"] is None
    }
    assert scores["graph_score"]["n"] == 2
    assert 0 <= scores["graph_score"]["value"] <= 1
    assert scores["graph_score"]["main"]
    status, _, err = ggez("eval", drawn, "--task", f"dpg-bench:judge={drawn}", "--data", data, "--device", "cpu")
    assert status == 2
    assert "a judge is a vision-language model" in err
