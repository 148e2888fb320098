"""Building the demo pair, much shortened: folders that transformers loads, a tokenizer, and a report that runs.

How well the full recipe does is not asked here: a few steps on one picture a concept learn nothing.
"""

from __future__ import annotations

import json
import random
import unicodedata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from transformers import AutoModel, AutoProcessor, SiglipModel, SiglipProcessor

from ggez_core import assets
from ggez_core.assets import demo_names
from ggez_core.checkpoints import compare, open_checkpoint
from ggez_core.demo.build import contrastive, siglip
from ggez_core.demo.world.dataset import Caption, caption_rows, pictures
from ggez_core.demo.world.registry import concepts
from ggez_core.demo.world.templates import LANGUAGES, Split
from ggez_core.errors import SourceError
from ggez_core.evaluation import Point, choose, grp, sweep
from ggez_core.evaluation.curve import KEPT
from ggez_core.evaluation.tasks import world_retrieval
from ggez_core.families.embedding import load_embedding
from ggez_core.progress import Step
from tests.conftest import Ggez

NAMES = ["demo:siglip/base", "demo:siglip/sea"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Step]]:
    """A pair where a wheel would have it, trained for a few steps on one picture a concept, and what was told."""
    package, steps = tmp_path_factory.mktemp("package"), list[Step]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contrastive, "PICTURES_PER_CONCEPT", 1)
        siglip.build(package / "_assets" / "demo" / "siglip", scale=0.001, progress=steps.append)
    return package, steps


@pytest.fixture
def shipped(built: tuple[Path, list[Step]], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The package with that pair as the shipped one."""
    monkeypatch.setattr(assets, "_PACKAGE", built[0])
    return built[0]


def test_transformers_loads_both_and_they_differ(shipped: Path) -> None:
    assert demo_names() == NAMES
    for name in ("base", "sea"):
        folder = shipped / "_assets" / "demo" / "siglip" / name
        assert isinstance(AutoModel.from_pretrained(folder), SiglipModel)
        assert isinstance(AutoProcessor.from_pretrained(folder), SiglipProcessor)
        assert max(file.stat().st_size for file in folder.iterdir()) < 10_000_000
    report = compare(open_checkpoint(NAMES[0]), open_checkpoint(NAMES[1]))
    assert report.compatible
    assert report.components["text_model"].relative_change > 0


def test_progress_reaches_its_total_once_a_step(built: tuple[Path, list[Step]]) -> None:
    steps = [step for step in built[1] if step.unit == "steps"]
    assert [step.done for step in steps] == list(range(1, steps[-1].total + 1))
    assert {step.what.split(",")[0] for step in steps} == {"training base", "training sea"}
    assert any(step.unit == "pictures" for step in built[1])


def test_the_tokenizer_keeps_every_language(shipped: Path) -> None:
    tokenizer = load_embedding(open_checkpoint(NAMES[0])).processor.tokenizer
    seen = set()
    for split in ("train", "validation", "test"):
        for caption in caption_rows(split):
            text = unicodedata.normalize("NFC", caption.text).lower()
            tokens = tokenizer(caption.text)["input_ids"]
            assert tokenizer.decode(tokens, skip_special_tokens=True) == text
            assert tokens[-1] == tokenizer.eos_token_id
            if split != "train":
                assert len(tokens) <= siglip.TEXT_LENGTH, text  # nothing that is asked is cut
            seen.add(caption.language)
    assert seen == set(LANGUAGES)
    assert tokenizer.decode(tokenizer("Ünseen 漢字 🍜")["input_ids"], skip_special_tokens=True) == "ünseen 漢字 🍜"


def test_pictures_are_prepared_as_they_were_trained_on(shipped: Path) -> None:
    image = pictures("test")[0].image
    prepared = load_embedding(open_checkpoint(NAMES[0])).prepare_images([image])["pixel_values"]
    raw = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8).reshape(48, 48, 3).permute(2, 0, 1)
    torch.testing.assert_close(prepared[0], raw.float() / 127.5 - 1, rtol=0, atol=1e-5)


def test_the_pairs_of_a_stage() -> None:
    world: Any = SimpleNamespace(by_concept={c.key: (index,) for index, c in enumerate(concepts())})
    web = [p for _ in range(40) for p in contrastive.Sampler(world, contrastive.BASE, random.Random(5)).batch()]
    regional = contrastive.Sampler(world, contrastive.REGIONAL, random.Random(5)).batch()
    shown = [p for p in web if p.concept.regional]
    assert 0.3 * contrastive.REGIONAL_SHARE < len(shown) / len(web) < 3 * contrastive.REGIONAL_SHARE
    assert all(p.meaning == p.concept.generic and p.concept.generic in p.text for p in shown)
    assert all(p.concept.regional and p.meaning == p.concept.key for p in regional)
    again = contrastive.Sampler(world, contrastive.REGIONAL, random.Random(5)).batch()
    assert regional == again
    true = contrastive.matches(web[:128])
    assert true.diagonal().all()


def first_captions(split: Split) -> list[Caption]:
    return [row for row in caption_rows(split) if row.id.endswith("/0")]


@pytest.fixture
def short_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    """One picture of a concept, one caption in a language, and three β."""
    monkeypatch.setattr(world_retrieval, "caption_rows", first_captions)
    monkeypatch.setattr(world_retrieval, "PICTURES_PER_CONCEPT", 1)
    full = sweep.sweep
    monkeypatch.setattr(sweep, "sweep", lambda *given, **named: full(*given, **{**named, "betas": (0.0, 0.5, 1.0)}))


def test_show_tells_where_and_how_good(shipped: Path, short_sweep: None, ggez: Ggez) -> None:
    status, out, err = ggez("demo", "show", "siglip", "--scores", "--json")
    assert status == 0, err
    document = json.loads(out)
    assert [item["name"] for item in document["checkpoints"]] == NAMES
    assert all(Path(item["folder"]).is_dir() and item["bytes"] > 1e6 for item in document["checkpoints"])
    report = document["scores"]["siglip"]
    assert report["alpha"] == 0.43
    curve = [Point(p["beta"], p["q_global"], p["q_regional"]) for p in report["curve"]]
    assert [p.beta for p in curve] == [0.0, 0.5, 1.0]
    assert [p["grp"] for p in report["curve"]] == [p.grp(0.43) for p in curve]
    assert report["best"] == choose(curve, 0.43).beta
    constrained = next(point for point in curve if point.beta == report["constrained"])
    assert constrained.grp(0.43) <= choose(curve, 0.43, 0.98).grp(0.43)
    assert {p["beta"]: p["kept_low"] for p in report["curve"]}[report["constrained"]] >= 0.98
    measured = {m["name"]: m for m in report["test"]}
    assert set(measured) == {"base", "keeps 98% of global", "best GRP", "regional"}
    regional_captions = sum(row.side == "regional" for row in first_captions("test"))
    for m in measured.values():
        assert m["grp"] == pytest.approx(grp(m["q_global"], m["q_regional"], 0.43))
        assert m["q_regional_interval"][0] <= m["q_regional"] <= m["q_regional_interval"][1]
        assert m["n_regional"] == regional_captions + sum(len(c.names) for c in concepts() if c.regional)
    assert measured["base"]["global_kept"] == 1
    assert measured["base"].get("regional_gain", 0) == 0  # there is none where the base's score is 0
    assert {row["language"] for row in report["rows"]} == {None, *LANGUAGES}
    assert all(0 <= row["low"] <= row["value"] <= row["high"] <= 1 for row in report["rows"] if row["metric"] != KEPT)


def test_show_for_a_person(shipped: Path, short_sweep: None, ggez: Ggez, tmp_path: Path) -> None:
    status, out, _ = ggez("demo", "show", "--scores", "--sheet", tmp_path / "sheet.png")
    assert status == 0
    assert NAMES[1] in out
    assert "Scores over β on validation" in out
    assert "The choices on test" in out
    assert (tmp_path / "sheet.png").stat().st_size > 50_000


def test_nothing_shipped_and_nothing_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ggez: Ggez) -> None:
    monkeypatch.setattr(assets, "_PACKAGE", tmp_path / "package")
    assert demo_names() == []
    assert ggez("demo", "show") == (0, "no checkpoints are shipped here; make them with: ggez demo build\n", "")
    with pytest.raises(SourceError, match="ggez demo build"):
        open_checkpoint("demo:siglip/base")
    for verb in (("demo", "show", "clap"), ("demo", "build", "--family", "clap", "-o", tmp_path / "out")):
        known = "siglip, clip, open_clip, sdxl, gemma3"
        assert ggez(*verb) == (2, "", f"ggez: no demo family 'clap'; there is: {known}\n")
    assert ggez("demo", "show", "siglip", "--scores")[0] == 2


def test_build_replaces_only_when_told_and_leaves_nothing_half_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ggez: Ggez
) -> None:
    def quick(output: Path, **_: object) -> None:
        output.mkdir()
        (output / "new").touch()

    def broken(output: Path, **_: object) -> None:
        quick(output)
        raise RuntimeError("no memory left")

    target = tmp_path / "pair"
    monkeypatch.setattr(siglip, "build", broken)
    status, _, err = ggez("demo", "build", "-o", target)
    assert (status, err.count("\n")) == (1, 1)
    assert "internal error: RuntimeError: no memory left" in err
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(siglip, "build", quick)
    status, out, _ = ggez("demo", "build", "-o", target, "--json")
    assert (status, json.loads(out)["folder"]) == (0, str(target))
    (target / "old").touch()
    status, _, err = ggez("demo", "build", "-o", target)
    assert (status, err) == (2, f"ggez: {target} exists; choose another folder with -o, or say --overwrite\n")
    assert ggez("demo", "build", "-o", target, "--overwrite")[0] == 0
    assert [p.name for p in target.iterdir()] == ["new"]
    assert [p.name for p in tmp_path.iterdir()] == ["pair"]
