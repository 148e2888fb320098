"""Fine-tuning of vision-language models: the answer alone is learned, by the library's own loss, of every class."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pytest
import torch
import transformers

from ggez_core.checkpoints import compare, open_checkpoint
from ggez_core.errors import DataError, TrainingError
from ggez_core.families.lessons import IGNORED, Lessons
from ggez_core.families.lvlm import load_lvlm
from ggez_core.families.visual_questions import VisualQuestion
from ggez_core.progress import silent
from ggez_core.training.finetune import plan
from ggez_core.training.finetune.lvlm import AnswerTuning
from ggez_core.training.finetune.settings import settings_from
from ggez_core.training.loop import train
from ggez_core.training.plan import Plan
from ggez_core.training.settings import LoopSettings
from tests.tiny_lvlm import LVLMS, saved
from tests.tiny_training import pairs


def planned(folder: Path, kind: str, **more: Any) -> Plan:
    config = {
        "model": str(saved(kind, 1, folder / kind)), "preset": "lvlm",
        "data": [{"source": str(pairs(folder / "data"))}], "loop": {"batch": 4, "steps": 2, "device": "cpu"},
    }  # fmt: skip
    return plan(settings_from({**config, **more}), folder / "work", silent)


@pytest.mark.parametrize("kind", LVLMS)
def test_the_loss_is_the_librarys_and_of_answers_alone(tmp_path: Path, kind: str) -> None:
    made = planned(tmp_path, kind)
    objective = cast(AnswerTuning, made.objective).eval()
    rows = [2, 5, 8]
    batch = objective.batch(rows, [0] * 3)
    labels = batch.inputs["labels"]
    processor = transformers.AutoProcessor.from_pretrained(tmp_path / kind)
    for row, ids in zip(rows, labels, strict=True):
        learned = ids[ids != IGNORED]
        said = processor.tokenizer.decode(learned, skip_special_tokens=True).strip()
        assert said == ("a" if row == 8 else "nasi")
        assert len(learned) > len(processor.tokenizer(said, add_special_tokens=False)["input_ids"])  # its end, too
    assert batch.weight == int((labels != IGNORED).sum())
    given = {name: tensor for name, tensor in batch.inputs.items() if name != "labels"}
    model = objective.model
    logits = model(**given).logits[:, :-1].double()
    logs = logits.log_softmax(-1)
    places = labels[:, 1:] != IGNORED
    by_hand = -logs[places].gather(-1, labels[:, 1:][places][:, None]).mean()
    loss = objective(batch.inputs)["answers"]
    torch.testing.assert_close(loss.double(), by_hand, rtol=1e-5, atol=1e-6)
    named = dict(model.named_parameters())
    own, expected = (torch.autograd.grad(value, list(named.values()), allow_unused=True) for value in (loss, by_hand))
    for name, a, b in zip(named, own, expected, strict=True):
        assert (a is None) == (b is None), name
        if a is not None and b is not None:
            torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-6, msg=name)


def test_every_answer_can_count_the_same(tmp_path: Path) -> None:
    data = [{"source": str(questions(tmp_path / "q", None))}]
    own = {"captions": True, "weigh": "answers"}
    objective = cast(AnswerTuning, planned(tmp_path, "gemma3", data=data, lvlm=own).objective).eval()
    batch, alone = objective.batch([0, 1, 2], [0] * 3), [objective.batch([row], [0]) for row in (0, 1, 2)]
    assert batch.weight == 3
    assert len({int((one.inputs["labels"] != IGNORED).sum()) for one in alone}) > 1  # they are of different lengths
    loss = objective(batch.inputs)["answers"]
    torch.testing.assert_close(loss, torch.stack([objective(one.inputs)["answers"] for one in alone]).mean())
    plain = planned(tmp_path, "gemma3", data=data, lvlm={"captions": True}).objective.eval()
    assert not torch.isclose(loss, plain(batch.inputs)["answers"])
    torch.testing.assert_close(plain(alone[1].inputs)["answers"], objective(alone[1].inputs)["answers"])


def test_a_lesson_begins_with_the_prompt_that_is_asked(tmp_path: Path) -> None:
    model = load_lvlm(open_checkpoint(saved("gemma3", 1, tmp_path / "m")))
    lessons = Lessons(model)
    asked = VisualQuestion("what is it?", planned(tmp_path, "gemma3").objective._stages[0].examples.pictures([1])[0])  # type: ignore[index, union-attr]
    prompt, whole = model.prepare([asked]).tensors, lessons.prepare([asked], ["rumah gadang"])
    count = prompt["input_ids"].shape[1]
    assert torch.equal(whole["input_ids"][0, :count], prompt["input_ids"][0])
    assert (whole["labels"][0, :count] == IGNORED).all()
    assert (whole["labels"][0, count:] != IGNORED).all()
    with pytest.raises(DataError, match="answer is empty"):
        lessons.prepare([asked], [" "])


def test_captions_come_first_and_vision_can_stay_as_it_is(tmp_path: Path) -> None:
    captions = {"source": str(pairs(tmp_path / "captions", 8)), "columns": {"text": "text"}}
    own = {"pretraining": [captions], "pretraining_epochs": 2, "vision": False, "instruction": "Describe it."}
    made = planned(tmp_path, "gemma3", lvlm=own, loop={"batch": 4, "epochs": 1, "device": "cpu"})
    assert [max(made.order.rows(step)) < 8 for step in range(8)] == [True] * 4 + [False] * 4
    assert made.order.stage(2, 8) == (0, 4)
    assert made.order.stage(5, 8) == (4, 8)
    first, later = (made.objective.batch(made.order.rows(step), [0] * 4) for step in (0, 4))
    text = transformers.AutoProcessor.from_pretrained(tmp_path / "gemma3").tokenizer.batch_decode
    assert all("Describe it." in row for row in text(first.inputs["input_ids"]))
    assert all("what is" in row for row in text(later.inputs["input_ids"]))
    trained = {name for name, p in made.objective.named_parameters() if p.requires_grad}
    assert trained
    assert not any("vision_tower" in name for name in trained)
    with pytest.raises(DataError, match="have more than 20 tokens"):
        planned(tmp_path / "b", "gemma3", lvlm={"max_length": 20})


def questions(folder: Path, options: Any) -> Path:
    """Rows with a question each, whose answers are `durian` and `mango` in turn."""
    pairs(folder, 8)
    rows = [json.loads(line) for line in (folder / "train.jsonl").read_text("utf-8").splitlines()]
    for place, row in enumerate(rows):
        row |= {"answer": ("durian", "mango")[place % 2], "options": options, "language": ("id", "vi")[place % 2]}
    (folder / "train.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return folder / "train.jsonl"


def texts(made: Plan, folder: Path, rows: Any, seeds: Any) -> tuple[list[str], list[str]]:
    """Prompts and what is learned of some rows."""
    inputs = cast(AnswerTuning, made.objective).batch(rows, seeds).inputs
    tokenizer = transformers.AutoProcessor.from_pretrained(folder / "gemma3").tokenizer
    learned = [ids[ids != IGNORED] for ids in inputs["labels"]]
    whole, said = (tokenizer.batch_decode(ids, skip_special_tokens=True) for ids in (inputs["input_ids"], learned))
    return whole, [one.strip() for one in said]


def test_options_are_asked_in_any_order_and_answered_with_the_letter(tmp_path: Path) -> None:
    data = [{"source": str(questions(tmp_path / "q", ["mango", "durian", "rambutan"]))}]
    made = planned(tmp_path, "gemma3", data=data, lvlm={"choices": 0.5})
    asked, said = texts(made, tmp_path, [0] * 40, range(40))
    with_options = [one for one in zip(asked, said, strict=True) if "Answer with the letter." in one[0]]
    assert 8 < len(with_options) < 32
    assert all(f"{letter}. durian" in text for text, letter in with_options)
    assert {letter for _, letter in with_options} == {"A", "B", "C"}
    assert {answer for text, answer in zip(asked, said, strict=True) if "Answer with" not in text} == {"durian"}
    assert texts(made, tmp_path, [0] * 40, range(40)) == (asked, said)
    wrong = [{"source": str(questions(tmp_path / "w", ["rambutan", "mango"]))}]
    with pytest.raises(DataError, match="'durian' is none of its options"):
        planned(tmp_path / "b", "gemma3", data=wrong, lvlm={"choices": 1})
    assert planned(tmp_path / "c", "gemma3", data=wrong).facts["rows"] == 8  # nobody asks for them
    with pytest.raises(DataError, match="no row has `options`"):
        planned(tmp_path / "d", "gemma3", lvlm={"choices": 1})


def test_captions_answer_an_instruction_in_their_own_language(tmp_path: Path) -> None:
    data = [{"source": str(questions(tmp_path / "q", None))}]
    instruction = {"en": "Describe it.", "id": ["Jelaskan.", "Apa yang terlihat?"]}
    own = {"captions": True, "instruction": instruction}
    made = planned(tmp_path, "gemma3", data=data, lvlm=own)
    asked, said = texts(made, tmp_path, [2] * 12, range(12))
    assert set(said) == {"nasi lemak 2"}
    assert {text.replace("Jelaskan.", "1").replace("Apa yang terlihat?", "1") for text in asked} == {
        asked[0].replace("Jelaskan.", "1").replace("Apa yang terlihat?", "1")
    }
    assert len(set(asked)) == 2
    assert "Describe it." in texts(made, tmp_path, [3], [0])[0][0]  # Vietnamese has none of its own
    with pytest.raises(TrainingError, match="has none for `en`"):
        planned(tmp_path / "b", "gemma3", lvlm={"instruction": {"id": "Jelaskan."}})
    with pytest.raises(TrainingError, match="an instruction is empty"):
        planned(tmp_path / "b", "gemma3", lvlm={"instruction": {"en": []}})


def test_lora_and_gradient_checkpointing_train_it_too(tmp_path: Path) -> None:
    more = {"lora": {"rank": 2, "targets": ["q_proj"]}, "gradient_checkpointing": True, "augment": {"mirror": 0.5}}
    made = planned(tmp_path, "gemma3", **more)
    settings = LoopSettings(batch=4, steps=2, learning_rate=0.01, device="cpu")
    ended = train(made.objective, made.order, settings, tmp_path / "run")
    assert ended.model is not None
    compared = compare(open_checkpoint(tmp_path / "gemma3"), open_checkpoint(ended.model))
    assert compared.compatible
    assert any(part.counts.get("changed") for part in compared.components.values())
    assert (ended.model / "adapter" / "adapter_model.safetensors").is_file()


def test_threads_prepare_batches_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of different lengths, all padded, though counting tokens and padding go through one tokenizer."""
    made = planned(tmp_path, "gemma3")
    objective = cast(AnswerTuning, made.objective)
    shares = [[2, 5, 8], [8, 2], [5, 8, 2, 1]] * 8
    own = transformers.PreTrainedTokenizerFast.set_truncation_and_padding

    def slow(*args: Any, **given: Any) -> None:
        own(*args, **given)
        time.sleep(0.0005)  # others have their turn between what is set and what is done

    monkeypatch.setattr("transformers.PreTrainedTokenizerFast.set_truncation_and_padding", slow)
    alone = [objective.batch(rows, [0] * len(rows)).inputs["input_ids"] for rows in shares[:3]]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda rows: objective.batch(rows, [0] * len(rows)).inputs["input_ids"], shares))
    assert all(torch.equal(ids, alone[index % 3]) for index, ids in enumerate(found))
