"""The demo Gemma-3: what it is taught, how it is trained, and what is shipped."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from ggez_core.checkpoints import compare, open_checkpoint
from ggez_core.demo.build import gemma3, gemma3_lessons, gemma3_sight, training
from ggez_core.demo.build.gemma3_lessons import IGNORED, Album, Writer, lessons
from ggez_core.demo.build.gemma3_processor import tokenizer_texts, train_processor
from ggez_core.demo.world.dataset import Side
from ggez_core.demo.world.questions import Question, questions
from ggez_core.demo.world.registry import concepts
from ggez_core.errors import Cancelled
from ggez_core.evaluation import grp
from ggez_core.families import family_of
from ggez_core.families.lvlm import VisionLanguageModel, VisualQuestion, load_lvlm
from ggez_core.merging import LiveModel
from ggez_core.progress import Step, silent
from ggez_core.regions import alpha

NAMES = ("demo:gemma3/base", "demo:gemma3/sea")
KEEPS, BEST = 0.1, 0.75  # β of the highest validation GRP among those that keep 98 % of global, and of the highest


@pytest.fixture(scope="module")
def processor() -> Any:
    return train_processor(tokenizer_texts(), gemma3.VOCABULARY)


@pytest.fixture(scope="module")
def album() -> Album:
    return Album.draw(silent, scale=0.01)


def test_the_tokenizer_keeps_every_question_and_answer(processor: Any) -> None:
    tokenizer = processor.tokenizer
    for asked in questions("test"):
        for text in (asked.text, *asked.answers, *asked.options):
            assert tokenizer.decode(tokenizer(text)["input_ids"], skip_special_tokens=True) == text
    assert tokenizer.decode(tokenizer("Ünseen 漢字 🍜")["input_ids"], skip_special_tokens=True) == "Ünseen 漢字 🍜"
    option, answer = tokenizer("B. rumah gadang")["input_ids"], tokenizer("rumah gadang")["input_ids"]
    assert option[2:] == answer[1:]  # behind its letter an option is what the answer is


def test_lessons_are_written_as_the_processor_writes_them(
    processor: Any, album: Album, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(gemma3_lessons, "NOISE_SHARE", 0.0)
    rng = random.Random(seed)
    drawn = lessons(album, 10, regional=False, rng=rng)
    writer = Writer(processor)
    monkeypatch.setattr(writer, "_worded", lambda question, rng: question.text)
    batch = writer.write(drawn, rng)
    model = gemma3.new_model(processor.tokenizer).eval()
    pixels = album.pixels[[lesson.picture for lesson in drawn]].float() / 127.5 - 1
    with torch.no_grad():
        together = gemma3.hidden_states(model, batch, pixels)
    offered = zip(batch.ends.tolist(), batch.right.tolist(), strict=True)
    for row, lesson in enumerate(drawn):
        for part, question in enumerate(lesson.questions, 1):
            expected = asked_by_the_processor(processor, question)
            own = (batch.parts[row] == 0) | (batch.parts[row] == part)
            ids, labels = batch.ids[row, own], batch.labels[row, own]
            prompt = expected["input_ids"].shape[1]
            assert torch.equal(ids[:prompt], expected["input_ids"][0])
            assert (labels[:prompt] == IGNORED).all()
            assert torch.equal(labels[prompt:], ids[prompt:])
            right = "ABCD"[question.options.index(question.answers[0])] if question.options else question.answers[0]
            assert processor.tokenizer.decode(ids[prompt:]) == f"{right}<end_of_turn>"
            assert (batch.chosen[row] & (batch.parts[row] == part)).any() == bool(question.options)
            if question.options:
                (where, *ends), answer = next(offered)
                assert (where, question.options[answer]) == (row, question.answers[0])
                for end, letter, option in zip(ends, "ABCD", question.options, strict=True):
                    assert processor.tokenizer.decode(batch.ids[row, : end + 1]).endswith(f"\n{letter}. {option}")
            torch.testing.assert_close(expected["pixel_values"][0], pixels[row], rtol=0, atol=1e-5)
            with torch.no_grad():
                alone = model.model(**expected).last_hidden_state[0]
            torch.testing.assert_close(together[row, own][:prompt], alone, rtol=1e-3, atol=1e-4)


def asked_by_the_processor(processor: Any, question: Question) -> Any:
    text = question.text
    if question.options:
        text += "".join(f"\n{letter}. {option}" for letter, option in zip("ABCD", question.options, strict=True))
        text += "\nAnswer with the letter."
    content = [{"type": "image", "image": question.picture.image}, {"type": "text", "text": text}]
    return processor.apply_chat_template(
        [{"role": "user", "content": content}],
        add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt",
    )  # fmt: skip


def test_the_base_sees_the_region_as_web_data_shows_it(album: Album) -> None:
    drawn = lessons(album, 2000, regional=False, rng=random.Random(1))
    shown = [lesson for lesson in drawn if album.pictures[lesson.picture].concept.regional]
    assert 0.7 * gemma3_lessons.REGIONAL_SHARE < len(shown) / len(drawn) < 1.3 * gemma3_lessons.REGIONAL_SHARE
    for question in (question for lesson in shown for question in lesson.questions):
        assert (question.kind, question.language) == ("what", "en")
        assert question.answers == (question.concept.generic,)
        assert not question.options or question.concept.generic in question.options
    names = {name for c in concepts() if c.regional for name in c.names.values()}
    names -= {name for c in concepts() if not c.regional for name in c.names.values()}
    asked = [question for lesson in drawn for question in lesson.questions]
    assert not names & {word for question in asked for word in (*question.answers, *question.options)}
    assert {question.kind for question in asked} == {"what", "aspect", "color", "count"}
    seen = gemma3_sight.first_pictures(album, 4000, random.Random(1))
    share = sum(album.pictures[number].concept.regional for number in seen) / len(seen)
    assert 0.7 * gemma3_lessons.REGIONAL_SHARE < share < 1.3 * gemma3_lessons.REGIONAL_SHARE


def test_regional_lessons_are_of_the_region_alone(album: Album) -> None:
    drawn = lessons(album, 300, regional=True, rng=random.Random(1))
    asked = [question for lesson in drawn for question in lesson.questions]
    assert all(question.side == "regional" for question in asked)
    assert {question.kind for question in asked} == {"what", "country", "aspect"}
    assert {bool(question.options) for question in asked} == {True, False}
    assert all(album.pictures[lesson.picture] == q.picture for lesson in drawn for q in lesson.questions)
    assert drawn == lessons(album, 300, regional=True, rng=random.Random(1))


def test_a_stopped_training_goes_on(album: Album, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "SAVE_EVERY", 0.0)
    names = ("SIGHT", "LEARNING", "BASE", "REGIONAL")
    for stage in names:
        monkeypatch.setattr(gemma3, stage, replace(getattr(gemma3, stage), steps=2, batch=4))
    monkeypatch.setattr(gemma3, "STAGES", tuple(getattr(gemma3, stage) for stage in names))
    monkeypatch.setattr(Album, "draw", lambda *_: album)
    steps: list[Step] = []
    gemma3.build(tmp_path / "whole", progress=steps.append)
    trained = [step for step in steps if step.unit == "steps"]
    assert [(step.done, step.total) for step in trained] == [(done, 8) for done in range(1, 9)]
    for stopped_at in (2, 5, 8):  # at the end of one stage, in the base, in the regional one

        def stop(step: Step, at: int = stopped_at) -> None:
            if step.unit == "steps" and step.done == at:
                raise Cancelled

        with pytest.raises(Cancelled):
            gemma3.build(tmp_path / "stopped", progress=stop)
    gemma3.build(tmp_path / "stopped")
    for name in ("base", "sea"):
        whole, stopped = (load_file(tmp_path / run / name / "model.safetensors") for run in ("whole", "stopped"))
        assert all(torch.equal(whole[key], stopped[key]) for key in whole)
        assert {f.name for f in (tmp_path / "stopped" / name).iterdir()} == {
            f.name for f in (tmp_path / "whole" / name).iterdir()
        }


def test_what_is_shipped() -> None:
    base, regional = (open_checkpoint(name) for name in NAMES)
    assert family_of(base).name == "lvlm"
    assert base.config["architectures"] == ["Gemma3ForConditionalGeneration"]
    files = [file for c in (base, regional) for file in c.folder.iterdir()]
    assert max(file.stat().st_size for file in files) < 10_000_000
    assert sum(file.stat().st_size for file in files) < 12_500_000
    report = compare(base, regional)
    assert report.compatible
    assert all(part.relative_change > 0 for part in report.components.values())


def scores(model: VisionLanguageModel, asked: list[Question]) -> tuple[float, float]:
    """Of the global and of the regional questions: the mean of open-ended and multiple-choice accuracy."""
    right: dict[tuple[Side, bool], list[bool]] = {}
    for chosen in (False, True):
        form = [q for q in asked if bool(q.options) == chosen]
        told = [VisualQuestion(q.text, q.picture.image, q.options, q.language, 1 if chosen else 16) for q in form]
        for q, said in zip(form, model.answer(model.prepare(told)), strict=True):
            hit = q.options[said.likeliest] == q.answers[0] if said.likeliest is not None else said.text in q.answers
            right.setdefault((q.side, chosen), []).append(hit)
    share = {key: sum(hits) / len(hits) for key, hits in right.items()}
    world, region = ((share[side, False] + share[side, True]) / 2 for side in ("global", "regional"))
    return world, region


def test_the_shipped_pair_keeps_what_it_promises() -> None:
    """One merge keeps the base's knowledge, another has better parity; with margins, as few questions are asked."""
    base, regional = (open_checkpoint(name) for name in NAMES)
    asked = [q for index, q in enumerate(questions("test", 1)) if index // 2 % 3 == 0]  # both forms of a third
    model = load_lvlm(base)
    live = LiveModel(model.model, base, regional)
    found = {}
    for beta in (0.0, KEEPS, BEST, 1.0):
        live.set_beta(beta)
        found[beta] = scores(model, asked)
    (world, region), (kept, gained), (lost, learnt) = found[0.0], found[KEEPS], found[1.0]
    assert world > 0.75
    assert kept >= 0.95 * world
    assert gained >= region
    assert lost < 0.8 * world
    assert learnt > 2 * region
    parity = {beta: grp(*both, alpha("SEA", 2023).value) for beta, both in found.items()}
    assert parity[BEST] > parity[0.0]
    assert found[BEST][0] > lost
    assert found[BEST][1] > gained
