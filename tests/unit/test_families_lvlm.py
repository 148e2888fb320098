"""The lvlm family on tiny models of every class named: what it answers is what the library itself answers."""

from __future__ import annotations

import dataclasses
import itertools
import json
import random
import threading
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from PIL import Image

from ggez_core.checkpoints import open_checkpoint
from ggez_core.errors import Cancelled, CheckpointError, DataError
from ggez_core.families import Placement, family_of
from ggez_core.families.lvlm import VisionLanguageModel, VisualQuestion, load_lvlm
from ggez_core.families.prompts import LETTERS, parse_letter
from ggez_core.merging import LiveModel, merge
from ggez_core.progress import Step
from tests import tiny
from tests.tiny_lvlm import LVLMS, saved

OPTIONS = ("a cat", "a dog", "a boat")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Path]]:
    """Two random checkpoints of every class."""
    root = tmp_path_factory.mktemp("lvlms")
    return {kind: (saved(kind, 1, root / kind / "a"), saved(kind, 2, root / kind / "b")) for kind in LVLMS}


def noise(rng: random.Random, width: int, height: int) -> Image.Image:
    return Image.frombytes("RGB", (width, height), rng.randbytes(width * height * 3))


@pytest.fixture
def image(seed: int) -> Image.Image:
    return noise(random.Random(seed), 50, 40)


@pytest.fixture
def gemma(folders: dict[str, tuple[Path, Path]]) -> VisionLanguageModel:
    return load_lvlm(open_checkpoint(folders["gemma3"][0]))


def alone(folder: Path, asked: VisualQuestion, **settings: Any) -> tuple[str, torch.Tensor, Any]:
    """The library's own way to ask a checkpoint: the text, the first token's logits, and the processor."""
    model = transformers.AutoModelForImageTextToText.from_pretrained(folder)
    processor = transformers.AutoProcessor.from_pretrained(folder)
    question = asked.question
    if asked.options:
        lettered = [f"{letter}. {option}" for letter, option in zip("ABCDEF", asked.options, strict=False)]
        question = "\n".join([question, *lettered, "Answer with the letter."])
    if model.config.model_type == "paligemma":
        inputs = processor(text=f"<image>answer id {question}", images=asked.image, return_tensors="pt")
    else:
        content = [{"type": "image", "image": asked.image}, {"type": "text", "text": question}]
        inputs = processor.apply_chat_template(
            [{"role": "user", "content": content}],
            add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt",
        )  # fmt: skip
    with torch.no_grad():
        first = model(**inputs).logits[0, -1]
        tokens = model.generate(**inputs, max_new_tokens=asked.max_new_tokens, **settings)
    new = tokens[0, inputs["input_ids"].shape[1] :]
    return processor.tokenizer.decode(new, skip_special_tokens=True).strip(), first, processor


@pytest.mark.parametrize("kind", LVLMS)
@pytest.mark.parametrize("temperature", [0.0, 1.5])
def test_a_moved_model_answers_as_its_export_does(
    folders: dict[str, tuple[Path, Path]], image: Image.Image, tmp_path: Path, kind: str, temperature: float
) -> None:
    base, regional = (open_checkpoint(folder) for folder in folders[kind])
    assert family_of(base).name == "lvlm"
    model = load_lvlm(base)
    LiveModel(model.model, base, regional).set_beta(0.375)
    merge(base, regional, 0.375, tmp_path / "merged")
    asked = VisualQuestion("Apa ini?", image, language="id", max_new_tokens=12, temperature=temperature, seed=7)
    if temperature:
        torch.manual_seed(7)
        expected = alone(tmp_path / "merged", asked, do_sample=True, temperature=temperature)[0]
    else:
        expected = alone(tmp_path / "merged", asked, do_sample=False)[0]
    torch.manual_seed(123)
    state = torch.get_rng_state()
    *partial, last = model.preview(asked)
    assert last.text == expected
    assert expected
    assert last.done
    assert not any(answer.done for answer in partial)
    assert torch.equal(torch.get_rng_state(), state)
    if not temperature:
        assert model.answer(model.prepare([asked]))[0].text == expected


@pytest.mark.parametrize("kind", LVLMS)
def test_options_are_as_likely_as_their_letters(
    folders: dict[str, tuple[Path, Path]], image: Image.Image, kind: str
) -> None:
    folder = folders[kind][0]
    asked = VisualQuestion("Apa ini?", image, OPTIONS, language="id", max_new_tokens=4)
    _, first, processor = alone(folder, asked, do_sample=False)
    space = "Ġ" if kind == "smolvlm" else ""  # its template answers after a space
    letters = processor.tokenizer.convert_tokens_to_ids([f"{space}{letter}" for letter in "ABC"])
    expected = (first[letters].double().exp() / first[letters].double().exp().sum()).tolist()
    model = load_lvlm(open_checkpoint(folder))
    opening, *_, last = model.preview(asked)
    assert opening.probabilities == last.probabilities == pytest.approx(expected, abs=1e-5)
    assert (opening.text, opening.done) == ("", False)
    assert last.likeliest == expected.index(max(expected))


@pytest.mark.parametrize("kind", LVLMS)
def test_a_batch_answers_as_one_at_a_time(folders: dict[str, tuple[Path, Path]], seed: int, kind: str) -> None:
    rng = random.Random(seed)
    model = load_lvlm(open_checkpoint(folders[kind][0]))
    images = [noise(rng, 60, 60) for _ in range(3)]
    asked = [
        VisualQuestion("Which of these is it, do you think?", images[0], OPTIONS, max_new_tokens=6),
        VisualQuestion("What?", images[1], max_new_tokens=9),
        VisualQuestion("นี่คืออะไร", images[2], ("x", "y"), max_new_tokens=3),
    ]
    together = model.answer(model.prepare(asked))
    for question, answer in zip(asked, together, strict=True):
        (single,) = model.answer(model.prepare([question]))
        assert answer.text == single.text
        assert answer.probabilities == pytest.approx(single.probabilities, abs=1e-5)
    if model.image_components:
        seen = model.answer(model.prepare(asked), model.see(images))
        assert [a.text for a in seen] == [a.text for a in together]
    assert model.image_components == {"gemma3": GEMMA, "paligemma": GEMMA}.get(kind, ())
    (unseen,) = model.answer(model.prepare([dataclasses.replace(asked[0], image=None)]))
    assert unseen.probabilities != pytest.approx(together[0].probabilities, abs=1e-5)


GEMMA = ("vision_tower", "multi_modal_projector")


def test_an_image_is_looked_at_again_only_by_other_weights(
    folders: dict[str, tuple[Path, Path]], image: Image.Image
) -> None:
    base, regional = (open_checkpoint(folder) for folder in folders["gemma3"])
    model = load_lvlm(base)
    live = LiveModel(model.model, base, regional)
    looks: list[int] = []
    model.model.model.vision_tower.register_forward_hook(lambda *_: looks.append(1))
    asked = VisualQuestion("What?", image, OPTIONS, max_new_tokens=5)
    counts = []
    for beta in (0.0, 0.25, 0.0, 0.75, 0.25):
        at = {"language_model": beta, "vision_tower": 0.0, "multi_modal_projector": float(round(beta))}
        live.set_beta(beta, at)
        expected = list(model.preview(asked))  # of a model that is told nothing, which looks each time
        looks.clear()
        assert list(model.preview(asked, beta_of=at.__getitem__)) == expected
        counts.append(len(looks))
    assert counts == [1, 0, 0, 1, 0]


def test_partial_answers_only_grow(gemma: VisionLanguageModel, image: Image.Image) -> None:
    steps: list[Step] = []
    texts = [a.text for a in gemma.preview(VisualQuestion("?", image, max_new_tokens=20), progress=steps.append)]
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(texts))
    assert [step.done for step in steps] == list(range(1, len(steps) + 1))
    assert {(step.total, step.unit) for step in steps} == {(20, "tokens")}


@pytest.mark.parametrize("how", ["progress raises", "closed"])
def test_a_cancelled_answer_stops_the_model(gemma: VisionLanguageModel, image: Image.Image, how: str) -> None:
    calls = []
    gemma.model.register_forward_hook(lambda *_: calls.append(1))
    gemma.model.generation_config.eos_token_id = None

    def cancelled(step: Step) -> None:
        if step.done == 3 and how == "progress raises":
            raise Cancelled

    answers = gemma.preview(VisualQuestion("?", image, max_new_tokens=300), progress=cancelled)
    next(answers)
    if how == "closed":
        answers.close()
    else:
        with pytest.raises(Cancelled):
            list(answers)
    assert len(calls) < 150
    assert not [thread for thread in threading.enumerate() if thread.name == "answer"]


def test_what_fails_in_the_model_reaches_the_caller(gemma: VisionLanguageModel, image: Image.Image) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("no memory left")

    gemma.model.register_forward_hook(broken)
    with pytest.raises(RuntimeError, match="no memory left"):
        list(gemma.preview(VisualQuestion("?", image)))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"question": " \n"}, "the question is empty"),
        ({"question": "why " * 200}, "this model reads 512 in all: shorten it"),
        ({"options": ("a",)}, "1 options are given; give two to 26, or none"),
        ({"options": ("a",) * 27}, "27 options are given"),
        ({"options": ("a", " ", "b")}, "option 2 is empty"),
        ({"max_new_tokens": 0}, "allow at least one"),
        ({"temperature": -1.0}, "the temperature is -1.0"),
        ({"temperature": float("nan")}, "the temperature is nan"),
    ],
)
def test_questions_that_cannot_be_asked(
    gemma: VisionLanguageModel, image: Image.Image, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(DataError, match=said) as caught:
        list(gemma.preview(VisualQuestion(**{"question": "What?", "image": image} | change)))
    assert "\n" not in str(caught.value)


def test_images_that_cannot_be_read(gemma: VisionLanguageModel, image: Image.Image, tmp_path: Path) -> None:
    image.save(tmp_path / "whole.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "whole.png").read_bytes()[:200])
    with pytest.raises(DataError, match="the image can't be read"):
        list(gemma.preview(VisualQuestion("What?", Image.open(tmp_path / "cut.png"))))
    with pytest.raises(DataError, match="prepare them apart"):
        gemma.prepare([VisualQuestion("What?", image), VisualQuestion("What?")])
    with pytest.raises(DataError, match="no questions"):
        gemma.prepare([])


def test_every_kind_of_image_is_read(gemma: VisionLanguageModel) -> None:
    for mode in ("1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "F"):
        assert list(gemma.preview(VisualQuestion("What?", Image.new(mode, (1, 300)), max_new_tokens=1)))[-1].done


def test_placement(folders: dict[str, tuple[Path, Path]], image: Image.Image) -> None:
    checkpoint = open_checkpoint(folders["gemma3"][0])
    asked = VisualQuestion("What?", image, OPTIONS, max_new_tokens=5)
    expected = load_lvlm(checkpoint).answer(load_lvlm(checkpoint).prepare([asked]))[0]
    halved = load_lvlm(checkpoint, Placement(dtype=torch.bfloat16, device="cpu"))
    assert halved.model.dtype == torch.bfloat16
    assert halved.answer(halved.prepare([asked]))[0].probabilities == pytest.approx(expected.probabilities, abs=0.02)
    rest = {"model.language_model": "cpu", "model.multi_modal_projector": "cpu", "lm_head": "cpu"}
    offloaded = load_lvlm(checkpoint, Placement(device_map={**rest, "model.vision_tower": "disk"}))
    assert any(p.device.type == "meta" for p in offloaded.model.parameters())
    live = LiveModel(offloaded.model, checkpoint, open_checkpoint(folders["gemma3"][1]))
    live.set_beta(1.0)
    regional = load_lvlm(open_checkpoint(folders["gemma3"][1]))
    moved, wanted = (model.answer(model.prepare([asked]))[0] for model in (offloaded, regional))
    assert (moved.text, moved.probabilities) == (wanted.text, pytest.approx(wanted.probabilities, abs=1e-6))
    live.set_beta(0.0)
    found = offloaded.answer(offloaded.prepare([asked]))[0]
    assert (found.text, found.probabilities) == (expected.text, pytest.approx(expected.probabilities, abs=1e-6))


def test_checkpoints_that_cannot_be_asked(folders: dict[str, tuple[Path, Path]], tmp_path: Path) -> None:
    def broken(*without: str, **config: Any) -> Path:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        for file in folders["gemma3"][0].iterdir():
            if file.name not in without:
                (folder / file.name).write_bytes(file.read_bytes())
        old = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(old | config))
        return folder

    cases = {
        "has no chat template": broken("chat_template.jinja"),
        "has no usable processor files|has no processor": broken("processor_config.json", "tokenizer.json"),
        "lacks .* weights|can't be loaded": broken(text_config={**DEEPER}),
        "is a siglip, not a vision-language model": tiny.saved(tiny.siglip(1), tmp_path / "siglip"),
    }
    for said, folder in cases.items():
        with pytest.raises(CheckpointError, match=said) as caught:
            load_lvlm(open_checkpoint(folder))
        assert "\n" not in str(caught.value)
    pickled = broken("model.safetensors")
    torch.save(LVLMS["gemma3"](1)[0].state_dict(), pickled / "pytorch_model.bin")
    with pytest.raises(CheckpointError, match="can't be loaded"):
        load_lvlm(open_checkpoint(pickled))


DEEPER = {"num_hidden_layers": 3}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("B", 1), (" b.\n", 1), ("(B)", 1), ("B. a dog", 1), ("(b) a dog", 1), ("The answer is C.", 2), ("A dog", None),
        ("a dog", 1), ("A boat.", 2), ("Either A or B", None), ("", None), ("D", None), ("**B**", 1), ("B) since A", 1),
        ("I like CATS", None),
    ],
)  # fmt: skip
def test_letters_are_read_from_answers(answer: str, expected: int | None) -> None:
    options = ("a cat", "a dogs" if answer == "A dog" else "a dog", "a boat")
    assert parse_letter(answer, options) == expected


def test_every_letter_has_its_token(gemma: VisionLanguageModel) -> None:
    assert gemma.processor.tokenizer.convert_ids_to_tokens(list(gemma.letters)) == list(LETTERS)
