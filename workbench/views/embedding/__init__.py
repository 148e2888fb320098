"""Embedding pairs in Compare: a text finds pictures, a picture finds captions, answered at every move of a slider."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from ... import world
from ...events import ON_CLICK, QUICK
from ...images import upload_uri, uploaded
from ...markup import join, notice
from ...problem import Problem, attempt
from ...service import Service
from ...text import language_name, say
from ...weights import Weights
from ..parts import example_chips, picture_picker, upload_box
from ..view import Pace, Shown, View
from . import blind, markup
from .endpoints import register
from .search import Answer, Direction, rank_captions, search_images

__all__ = ["answer", "blind", "build", "register"]


def answer(
    service: Service,
    session: str,
    weights: Weights,
    direction: Direction,
    query: str,
    language: str,
    picture: str,
    captions: str,
) -> tuple[str, Pace | None]:
    """The answer to the view's question, or why there is none, and its pace."""

    def work() -> Answer:
        at = (weights.beta, dict(weights.components))
        if direction == "pictures":
            return search_images(service, session, query, *at, language=language)
        return rank_captions(service, session, picture, *at, language=captions)

    found = attempt(work)
    if isinstance(found, Problem):
        return notice(found.message, "problem"), None
    return markup.answer(found), found.pace


def build(service: Service) -> View:
    """Lay the view out."""
    first = world.examples()[0]
    picked = world.gallery()[world.shown_pictures()[0]].id
    with gr.Column() as box:
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
                _languages(say("language.none")),
                value=first.language,
                label=say("language.label"),
                scale=1,
                min_width=200,
            )
            captions = gr.Dropdown(
                _languages(say("captions.all")),
                value=world.ALL_LANGUAGES,
                label=say("captions.label"),
                scale=5,
                min_width=200,
                visible=False,
            )
        chips = gr.HTML(example_chips(world.examples()), js_on_load=ON_CLICK, padding=False)
        with gr.Row(visible=False, elem_classes="gg-choice") as pictures:
            picker = gr.HTML(_picker(picked), js_on_load=ON_CLICK, padding=False, min_width=280)
            with gr.Column(scale=0, min_width=240):
                upload = upload_box()
        picture = gr.Textbox(picked, visible=False)
        shown = gr.HTML(notice(say("pair.loading")), padding=False)

    def at_once(session: str, weights: Weights, *inputs: Any) -> Shown:
        said, pace = answer(service, session, weights, *inputs)
        return Shown({shown: said}, pace)

    def arrange(values: Mapping[str, Any]) -> Mapping[Any, dict[str, Any]]:
        updates: dict[Any, dict[str, Any]] = {}
        if "direction" in values:
            updates |= zip((query, language, chips, captions, pictures), _show_inputs(values["direction"]), strict=True)
        if "picture" in values:
            updates[picker] = gr.update(value=_picker(values["picture"]))
        return updates

    direction.input(_show_inputs, direction, [query, language, chips, captions, pictures], **QUICK)
    picker.select(_choose_picture, None, [picture, picker, upload], **QUICK)
    upload.input(_take_upload, upload, [picture, picker], **QUICK)
    return View(
        box=box,
        inputs=(direction, query, language, picture, captions),
        outputs=(shown,),
        at_once=at_once,
        quick=(query.input, language.input, direction.input, captions.input, picture.change),
        after=(chips.select(_choose_example, None, [query, language], **QUICK),),
        fields={"direction": direction, "query": query, "in": language, "picture": picture, "captions": captions},
        along=(chips, pictures, picker),
        arrange=arrange,
        sample={"direction": "pictures", **_sample()},
    )


def _choose_example(event: gr.EventData) -> tuple[str, str]:
    example = world.examples()[int(event.index)]
    return example.text, example.language


def _choose_picture(event: gr.EventData) -> tuple[str, str, None]:
    chosen = world.gallery()[int(event.index)].id
    return chosen, _picker(chosen), None


def _sample() -> dict[str, str]:
    example = next(example for example in world.examples() if example.language == "th")
    return {"query": example.text, "in": example.language}


def _show_inputs(direction: Direction) -> list[dict[str, Any]]:
    """Which of query, language, examples, caption language and pictures are seen."""
    of_texts, of_pictures = gr.update(visible=direction == "pictures"), gr.update(visible=direction == "captions")
    return [of_texts, of_texts, of_texts, of_pictures, of_pictures]


def _take_upload(path: str | None) -> tuple[object, object]:
    """An uploaded picture becomes the question; removing it leaves the question as it is."""
    if not path:
        return gr.skip(), gr.skip()
    uri = attempt(lambda: upload_uri(uploaded(Path(path))))
    if isinstance(uri, Problem):
        return gr.skip(), join([notice(uri.message, "problem"), _picker("")])
    return uri, _picker("")


def _picker(chosen: str) -> str:
    return picture_picker(world.shown_pictures(), chosen, lambda name: say("picker.captions", name=name))


def _languages(none: str) -> list[tuple[str, str]]:
    return [(none, ""), *((language_name(code), code) for code in world.languages())]
