"""Fine-tuning of vision-language models: the answer alone is learned, by the library's own loss, of every class."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
import torch
import transformers

from ggez_core.checkpoints import open_checkpoint
from ggez_core.errors import DataError
from ggez_core.families.lessons import IGNORED, Lessons
from ggez_core.families.lvlm import load_lvlm
from ggez_core.families.visual_questions import VisualQuestion
from ggez_core.progress import silent
from ggez_core.training.finetune import plan
from ggez_core.training.finetune.lvlm import AnswerTuning
from ggez_core.training.finetune.settings import settings_from
from ggez_core.training.plan import Plan
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
