"""The Compare tab: one question to base | merged | regional, answered again at every move of a slider."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from PIL import Image

from .. import header, render, reports, world
from ..events import LATEST_WINS, ON_CLICK, QUICK
from ..header import Header
from ..markup import notice
from ..problem import Problem, attempt
from ..service import Answer, Direction, Service
from ..session import session_of
from ..text import language_name, say
from ..weights import Weights

UPLOAD_SIDE = 512  # pixels; more than any of the models looks at


@dataclass(frozen=True)
class Question:
    """The tab's inputs besides β, in the order in which events receive them."""

    direction: gr.Radio
    query: gr.Textbox
    language: gr.Dropdown
    picture: gr.Textbox
    captions: gr.Dropdown

    @property
    def inputs(self) -> list[gr.components.Component]:
        """As a list of event inputs."""
        return [self.direction, self.query, self.language, self.picture, self.captions]


@dataclass(frozen=True)
class CompareTab:
    """What other tabs and the page's start need of this one."""

    question: Question
    answer: gr.HTML


def ask(
    service: Service,
    session: str,
    beta: float,
    direction: Direction,
    query: str,
    language: str,
    picture: str,
    captions: str,
    *own: float,
) -> Answer | Problem:
    """The answer to the tab's question; `own` are the components' β in the order of the pair's components."""

    def work() -> Answer:
        components = header.own_betas(service.current(session), own)
        if direction == "pictures":
            return service.search_images(session, query, beta, components, language=language)
        return service.rank_captions(session, picture, beta, components, language=captions)

    return attempt(work)


def show(found: Answer | Problem) -> str:
    """The answer, or why there is none, as the tab shows it."""
    return notice(found.message, "problem") if isinstance(found, Problem) else render.answer(found)


def show_weights(service: Service, session: str, beta: float, own: Sequence[float]) -> str:
    """The weights in force, as the Export tab shows them."""
    said = attempt(lambda: reports.in_force(Weights.at(beta, header.own_betas(service.current(session), own))))
    return notice(said.message, "problem") if isinstance(said, Problem) else said


def upload_uri(image: Image.Image) -> str:
    """An uploaded picture as the small data URI that travels with every question."""
    small = image.convert("RGB")
    small.thumbnail((UPLOAD_SIDE, UPLOAD_SIDE))
    file = io.BytesIO()
    small.save(file, "WEBP", quality=90)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()


def build(service: Service, head: Header, force: gr.HTML) -> CompareTab:
    """Lay the tab out and wire it. `force` is where Export says which weights are in force."""
    first = world.examples()[0]
    picked = world.shown_pictures()
    with gr.Row(equal_height=True):
        direction = gr.Radio(
            [(say("direction.pictures"), "pictures"), (say("direction.captions"), "captions")],
            value="pictures",
            label=say("direction.label"),
            scale=2,
            min_width=360,
        )
        query = gr.Textbox(
            first.text,
            label=say("query.label"),
            placeholder=say("query.placeholder"),
            max_length=500,
            scale=4,
            min_width=280,
            max_lines=1,
        )
        language = gr.Dropdown(
            _languages(say("language.none")), value=first.language, label=say("language.label"), scale=1, min_width=200
        )
        captions = gr.Dropdown(
            _languages(say("captions.all")),
            value=world.ALL_LANGUAGES,
            label=say("captions.label"),
            scale=5,
            min_width=200,
            visible=False,
        )
    chips = gr.HTML(render.example_chips(world.examples()), js_on_load=ON_CLICK, padding=False)
    with gr.Row(visible=False, elem_classes="gg-choice") as pictures:
        picker = gr.HTML(_picker(world.gallery()[picked[0]].id), js_on_load=ON_CLICK, padding=False, min_width=280)
        with gr.Column(scale=0, min_width=240):
            upload = gr.Image(label=say("upload.label"), type="pil", sources=["upload", "clipboard"], height=160)
    picture = gr.Textbox(world.gallery()[picked[0]].id, visible=False)
    answer = gr.HTML(notice(say("pair.loading")), padding=False)
    question = Question(direction, query, language, picture, captions)

    def moved(request: gr.Request, beta: float, *inputs: Any) -> tuple[str, str, str]:
        session = session_of(request)
        found = ask(service, session, beta, *inputs)
        return (
            show(found),
            header.show_facts(found),
            show_weights(service, session, beta, inputs[len(question.inputs) :]),
        )

    outputs = [answer, head.facts, force]
    head.beta.input(moved, [head.beta, *question.inputs], outputs, **LATEST_WINS)
    everything = [head.beta, *question.inputs, *head.components]
    asked = [slider.input for slider in head.components] + [
        query.input,
        language.input,
        direction.input,
        captions.input,
    ]
    gr.on([*asked, picture.change], moved, everything, outputs, **LATEST_WINS)

    direction.input(_show_inputs, direction, [query, language, chips, captions, pictures], **QUICK)

    def choose_example(event: gr.EventData) -> tuple[str, str]:
        example = world.examples()[int(event.index)]
        return example.text, example.language

    def choose_picture(event: gr.EventData) -> tuple[str, str, None]:
        chosen = world.gallery()[int(event.index)].id
        return chosen, _picker(chosen), None

    chips.select(choose_example, None, [query, language], **QUICK).then(moved, everything, outputs, **LATEST_WINS)
    picker.select(choose_picture, None, [picture, picker, upload], **QUICK)
    upload.input(_take_upload, upload, [picture, picker], **QUICK)
    return CompareTab(question, answer)


def _show_inputs(direction: Direction) -> list[object]:
    """Which of query, language, examples, caption language and pictures are seen."""
    of_texts, of_pictures = gr.update(visible=direction == "pictures"), gr.update(visible=direction == "captions")
    return [of_texts, of_texts, of_texts, of_pictures, of_pictures]


def _take_upload(image: Image.Image | None) -> tuple[object, object]:
    """An uploaded picture becomes the question; removing it leaves the question as it is."""
    return (upload_uri(image), _picker("")) if image else (gr.skip(), gr.skip())


def _picker(chosen: str) -> str:
    return render.picture_picker(world.shown_pictures(), chosen)


def _languages(none: str) -> list[tuple[str, str]]:
    return [(none, ""), *((language_name(code), code) for code in world.languages())]
