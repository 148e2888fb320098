"""Samples of a checkpoint: what its library says itself, bounded in number, time and size, and never in the way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from PIL import Image

from ggez_core.checkpoints import open_checkpoint
from ggez_core.errors import Cancelled
from ggez_core.families import Placement, load
from ggez_core.progress import Step
from ggez_core.runs import RunFolder
from ggez_core.runs.events import EventsFile
from ggez_core.runs.samples import MOST, Sampler, samples_of
from ggez_core.training.examples import DataSettings, load_examples
from ggez_core.training.samples import (
    Asked,
    SampleSettings,
    ask,
    prompts,
    questions,
    searches,
    some_rows,
    translations,
)
from tests import tiny_embedding, tiny_lvlm
from tests.tiny_diffusion import PIPELINES
from tests.tiny_training import pairs

THREE = SampleSettings(count=3)


class Reporter:
    """What a sampler tells a run."""

    def __init__(self, folder: Path) -> None:
        self.run = RunFolder.create(folder, {"kind": "finetune", "model": "m"})
        self._file = EventsFile(folder / "events.jsonl")
        self.stopping = False

    def event(self, kind: str, values: Mapping[str, Any]) -> None:
        self._file.add(kind, values)

    def evaluating(self, step: Step) -> None:
        return

    def asked_to_stop(self) -> bool:
        return self.stopping


def sampler(asked: Asked, reporter: Reporter, **settings: Any) -> Sampler:
    told: Any = reporter
    return Sampler(asked, SampleSettings(**settings), Placement(), told)


def test_rows_are_of_every_language_in_turn_and_the_same_every_time() -> None:
    texts = ["a", "b", "a", "c", "d", "e"]
    languages = ["en", "th", "en", "en", "en", "vi"]
    found = some_rows(texts, languages, 4)
    assert found == some_rows(texts, languages, 4)
    assert {languages[row] for row in found[:3]} == {"en", "th", "vi"}
    assert len({texts[row] for row in found}) == 4
    assert len(some_rows(texts, languages, 99)) == 5


def test_a_search_is_the_librarys_order_of_pictures(tmp_path: Path) -> None:
    model: Any = load(open_checkpoint(tiny_embedding.siglip(tmp_path / "model")))
    examples = load_examples([DataSettings(source=str(pairs(tmp_path / "data")))], ("text",))
    asked = searches(examples, examples.column("text"), THREE)
    assert len(asked.texts) == 3
    assert len(asked.pictures) == 16
    processor = __import__("transformers").AutoProcessor.from_pretrained(tmp_path / "model")
    given = processor(
        text=list(asked.texts), images=list(asked.pictures), return_tensors="pt", padding="max_length", truncation=True
    )
    with torch.no_grad():
        logits = model.model(**given).logits_per_text
    for row, own, sample in zip(logits, asked.own, ask(model, asked), strict=True):
        order = row.argsort(descending=True).tolist()
        assert list(sample.found) == order[:4]
        assert sample.rank == min(order.index(place) for place in own) + 1
    assert searches(examples, examples.column("text"), SampleSettings(texts=("my own",))).texts == ("my own",)


def test_translations_are_searched_among_english() -> None:
    texts, english = ["แมว", "mèo", "cat", "หมา"], ["cat", "cat", "cat", "dog"]
    asked = translations(texts, english, ["th", "vi", "en", "th"], THREE)
    assert sorted(asked.texts) == sorted(["แมว", "mèo", "หมา"])
    assert set(asked.lines) == {"cat", "dog"}
    assert [asked.lines[next(iter(own))] for own in asked.own] == list(asked.wanted)


def test_a_drawing_is_the_pipelines_own(tmp_path: Path) -> None:
    PIPELINES["StableDiffusionPipeline"](1).save_pretrained(tmp_path / "model")
    examples = load_examples([DataSettings(source=str(pairs(tmp_path / "data")))], ("text",))
    asked = prompts(examples, SampleSettings(count=1))
    (sample,) = ask(load(open_checkpoint(tmp_path / "model")), asked)
    pipeline = diffusers.DiffusionPipeline.from_pretrained(tmp_path / "model")
    generator = torch.Generator().manual_seed(0)
    own = pipeline(asked.texts[0], num_inference_steps=20, generator=generator).images[0]
    assert sample.drawn is not None
    assert sample.drawn.tobytes() == own.tobytes()


def test_an_answer_is_of_the_picture_and_question(tmp_path: Path) -> None:
    model: Any = load(open_checkpoint(tiny_lvlm.saved("gemma3", 1, tmp_path / "model")))
    examples = load_examples([DataSettings(source=str(pairs(tmp_path / "data")))], ("question", "answer"))
    asked = questions(examples, examples.column("question"), examples.column("answer"), ["en"] * 16, THREE)
    samples = list(ask(model, asked))
    from ggez_core.families.visual_questions import VisualQuestion

    whole = [VisualQuestion(t, p, max_new_tokens=48) for t, p in zip(asked.texts, asked.pictures, strict=True)]
    assert [s.said for s in samples] == [model.answer(model.prepare([one]))[0].text for one in whole]
    assert all(wanted in ("a", "nasi") for wanted in asked.wanted)


def test_samples_lie_in_the_folder_and_are_made_of_the_base_once(tmp_path: Path) -> None:
    model = tiny_embedding.siglip(tmp_path / "model")
    examples = load_examples([DataSettings(source=str(pairs(tmp_path / "data")))], ("text",))
    reporter = Reporter(tmp_path / "run")
    made = sampler(searches(examples, examples.column("text"), THREE), reporter)
    made.before(str(model))
    made(model, 5)
    made.before(str(model))
    first, second = samples_of(reporter.run, reporter.run.events())
    assert (first.step, second.step) == (0, 5)
    assert first.items == second.items
    assert [len(item.pictures) for item in first.items] == [4, 4, 4]
    with Image.open(first.items[0].pictures[0]) as picture:
        assert max(picture.size) <= 96
    files = {path.name for path in (tmp_path / "run" / "samples").iterdir()}
    assert len(files) <= 12  # every checkpoint found the same
    document = json.loads(json.dumps(first.as_dict()))
    assert document["items"][0]["pictures"][0].endswith(".webp")
    reporter.event("samples", {"step": 9, "items": [{"asked": "x", "pictures": ["../../data/0.png", "a.webp"]}]})
    assert [one.step for one in samples_of(reporter.run, reporter.run.events())] == [0, 5]


def test_what_cannot_be_sampled_is_left_out_and_a_stop_is_heard(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = tiny_embedding.siglip(tmp_path / "model")
    examples = load_examples([DataSettings(source=str(pairs(tmp_path / "data")))], ("text",))
    reporter = Reporter(tmp_path / "run")
    asked = searches(examples, examples.column("text"), THREE)
    sampler(asked, reporter)(tmp_path / "nowhere", 1)
    sampler(asked, reporter, seconds=1e-9)(model, 2)
    assert reporter.run.events() == []
    assert "nowhere" in caplog.text
    assert "samples of step 2 took over" in caplog.text
    reporter.stopping = True
    with pytest.raises(Cancelled):
        sampler(asked, reporter)(model, 3)


def test_of_many_drawings_the_first_the_last_and_some_between_are_kept(tmp_path: Path) -> None:
    reporter = Reporter(tmp_path / "run")
    made = sampler(Asked(("a cat",)), reporter)
    (tmp_path / "run" / "samples").mkdir()
    for step in range(0, 10 * (MOST + 20), 10):
        name = f"drawn-{step}-0.webp"
        Image.new("RGB", (8, 8)).save(tmp_path / "run" / "samples" / name)
        reporter.event("samples", {"step": step, "items": [{"asked": "a cat", "pictures": [name]}]})
        made._thin_out()
    steps = [one.step for one in samples_of(reporter.run, reporter.run.events())]
    assert len(steps) == MOST
    assert (steps[0], steps[-1]) == (0, 10 * (MOST + 19))
    assert max(after - before for before, after in pairwise(steps)) <= 60
