"""Vision-language pairs on the page: answers as each model alone gives them, streamed and stopped, compared."""

from __future__ import annotations

import base64
import io
import random
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch
from PIL import Image

from ggez_core.families.visual_questions import VisualAnswer, VisualQuestion

if TYPE_CHECKING:
    from workbench.service import Service
    from workbench.views.lvlm.answers import Answers

VISITOR = "visitor"
QUESTION = "What is this?"
PICTURE = "test/jeepney/0"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A tiny Gemma-3 pair."""
    from tests.tiny_lvlm import saved

    folder = tmp_path_factory.mktemp("gemma3")
    return str(saved("gemma3", 1, folder / "base")), str(saved("gemma3", 2, folder / "regional"))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """The service behind the page."""
    from workbench.service import Service
    from workbench.settings import GIB, Settings

    return Service(Settings(tmp_path_factory.mktemp("storage"), GIB, shared=False))


@pytest.fixture
def loaded(service: Service, pair: tuple[str, str]) -> Service:
    """The service, with the pair chosen by the visitor."""
    assert service.load_pair(VISITOR, *pair).why_not_live == ""
    return service


def alone(folder: str | Path, question: str, image: Image.Image, tokens: int) -> str:
    """What transformers' own model says to the question, with nothing of ours in between."""
    from transformers import AutoModelForImageTextToText, AutoProcessor

    model = AutoModelForImageTextToText.from_pretrained(folder).eval()
    processor = AutoProcessor.from_pretrained(folder)
    turn = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": question}]}
    prompt = processor.apply_chat_template([turn], add_generation_prompt=True, tokenize=False)
    inputs = processor(text=prompt, images=[image], return_tensors="pt", add_special_tokens=False)
    with torch.inference_mode():
        said = model.generate(**inputs, max_new_tokens=tokens, do_sample=False)
    return str(processor.decode(said[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)).strip()


def test_the_three_answers_are_what_each_model_alone_says(loaded: Service, pair: tuple[str, str], seed: int) -> None:
    from workbench.exporting import export
    from workbench.images import image_of
    from workbench.views.lvlm.ask import answer_of, answer_question

    beta = round(0.05 + 0.9 * (seed % 997) / 997, 3)
    asking = VisualQuestion(QUESTION, image_of(PICTURE), max_new_tokens=12)
    found = answer_question(loaded, VISITOR, PICTURE, asking, loaded.weights(VISITOR, beta))
    done = export(loaded, VISITOR, f"said-{seed}", beta)
    assert "Gemma3ForConditionalGeneration" in done.loading_code
    for part, folder in zip(found.parts, (pair[0], done.folder, pair[1]), strict=True):
        said = answer_of(part)
        assert said is not None
        assert said.text == alone(folder, QUESTION, image_of(PICTURE), 12), part.model


def controls(**changed: Any) -> tuple[Any, ...]:
    """Values of the view's inputs, as the browser sends them."""
    values = {
        "picture": PICTURE, "upload": None, "question": QUESTION, "language": "en", "options": "", "longest": 8,
        "temperature": 0, "seed": 0,
    }  # fmt: skip
    return tuple({**values, **changed}.values())


@pytest.fixture
def answers(loaded: Service) -> Answers:
    """What answers the view's events."""
    import gradio as gr

    from workbench.views.lvlm.answers import Answers, Controls

    kinds = [gr.HTML, gr.HTML, gr.Button, gr.Textbox, gr.Image, gr.Textbox, gr.Dropdown, gr.Textbox]
    return Answers(loaded, Controls(*(kind() for kind in [*kinds, gr.Slider, gr.Slider, gr.Number])))


def test_options_come_with_probabilities_that_add_up(answers: Answers, loaded: Service) -> None:
    weights = loaded.weights(VISITOR, 0.5)
    last = list(answers.in_time(VISITOR, weights, *controls(options="Laos\n\n Thailand \nVietnam")))[-1]
    shown = last.updates[answers.controls.answer]
    assert "Done" in last.updates[answers.controls.status]
    assert shown.count('class="gg-options"') == 3
    assert shown.count(">Thailand<") == 3
    live = loaded.live(VISITOR)
    question = answers.asked(live, controls(options="Laos\nThailand\nVietnam"))
    known = live.known(question.key, weights)
    assert known is not None
    assert sum(known.result.probabilities) == pytest.approx(1)


def test_a_long_answer_is_stopped_after_the_token_it_is_at(answers: Answers, loaded: Service) -> None:
    weights = loaded.weights(VISITOR, 0.5)
    shown = answers.in_time(VISITOR, weights, *controls(longest=400))
    for update in shown:
        if "of 400" in str(update.updates.get(answers.controls.answer)):
            break
    assert loaded.slow.cancel(VISITOR)
    assert "Stopped" in list(shown)[-1].updates[answers.controls.status]


def test_an_answer_given_nearby_is_shown_at_its_own_beta(answers: Answers, loaded: Service) -> None:
    asked = controls(question="Which colour?")
    list(answers.in_time(VISITOR, loaded.weights(VISITOR, 0.3), *asked))
    near = answers.at_once(VISITOR, loaded.weights(VISITOR, 0.35), *asked).updates[answers.controls.answer]
    assert "Answered at β = 0.30, the nearest so far" in near
    assert answers.at_once(VISITOR, loaded.weights(VISITOR, 0.35), *controls(question="New?")).updates == {}


def test_an_own_picture_is_asked_as_it_was_uploaded(answers: Answers, loaded: Service, tmp_path: Path) -> None:
    from workbench.images import image_of

    image_of(PICTURE).save(tmp_path / "own.png")
    weights, live = loaded.weights(VISITOR, 0.5), loaded.live(VISITOR)
    for asked in (controls(), controls(upload=str(tmp_path / "own.png"))):
        list(answers.in_time(VISITOR, weights, *asked))
    said = [
        live.known(answers.asked(live, asked).key, weights)
        for asked in (controls(), controls(upload=str(tmp_path / "own.png")))
    ]
    assert all(isinstance(one and one.result, VisualAnswer) for one in said)
    assert said[0].result.text == said[1].result.text  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"question": " "}, "question is empty"),
        ({"options": "only one"}, "1 options"),
        ({"picture": "test/../x"}, "no picture"),
        ({"question": "x" * 3000}, "characters"),
        ({"upload": __file__}, "can&#x27;t be read"),
    ],
)
def test_a_question_that_cannot_be_asked_gets_one_clear_line(
    answers: Answers, loaded: Service, changed: dict[str, Any], said: str
) -> None:
    shown = list(answers.in_time(VISITOR, loaded.weights(VISITOR, 0.5), *controls(**changed)))
    assert said in shown[-1].updates[answers.controls.status]
    assert 'role="alert"' in shown[-1].updates[answers.controls.status]


def test_what_differs_is_marked_word_by_word_or_letter_by_letter() -> None:
    from workbench.views.lvlm.ask import Piece, differing

    assert differing("a red bus here", "a blue bus here") == (
        Piece("a ", False), Piece("red ", True), Piece("bus here", False),
    )  # fmt: skip
    assert differing("the same", "the same") == (Piece("the same", False),)
    thai = differing("รถตุ๊กตุ๊ก", "รถสีแดง")
    assert thai[0].text.startswith("ร")
    assert not thai[0].new
    words = ["jeepney", "ตุ๊กตุ๊ก", "鱼尾狮", "အင်္ကျီ", "à la", " ", "x"]
    for _ in range(200):
        text, base = (" ".join(random.choices(words, k=random.randint(0, 5))) for _ in range(2))
        assert "".join(piece.text for piece in differing(text, base)) == text


def test_every_example_is_a_question_with_its_answer_among_the_options() -> None:
    from workbench import world
    from workbench.views.lvlm.ask import examples

    assert {e.language for e in examples()} >= {"en", "id", "ms", "th", "vi", "fil", "km", "lo", "my", "ta", "zh"}
    for example in examples():
        assert example.picture in {picture.id for picture in world.gallery()}
        assert not example.options or set(example.answers) & set(example.options)


@pytest.fixture(scope="module")
def url(service: Service) -> Iterator[str]:
    """The address of a served page."""
    from workbench.build import build, launch

    page = build(service)
    yield launch(service=service, page=page, wait=False)
    page.close()


def test_a_program_asks_with_a_picture_of_its_own(url: str, pair: tuple[str, str]) -> None:
    from gradio_client import Client
    from gradio_client.exceptions import AppError

    client = Client(url, verbose=False)
    assert client.predict(*pair, api_name="/load_pair")["live"]
    file = io.BytesIO()
    Image.new("RGB", (60, 40), "orange").save(file, "PNG")
    own = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
    options = ["Laos", "Thailand"]
    found = client.predict(own, QUESTION, 0.4, None, options, "en", 6, api_name="/answer_question")
    assert [column["model"] for column in found["columns"]] == ["base", "merged", "regional"]
    assert [column["beta"] for column in found["columns"]] == [0, 0.4, 1]
    for column in found["columns"]:
        assert sum(column["probabilities"]) == pytest.approx(1)
        assert column["likeliest"] == max((0, 1), key=column["probabilities"].__getitem__)
    with pytest.raises(AppError, match="list of texts"):
        client.predict(own, QUESTION, 0.4, None, "Laos", api_name="/answer_question")
