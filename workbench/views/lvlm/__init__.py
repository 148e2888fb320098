"""Vision-language pairs in Compare: a question on a picture in any language, answers streamed side by side.

Answering takes seconds: it starts with a button, an example or when the thumb is let go, and can be stopped. With
options, their probabilities are drawn too.
"""

from __future__ import annotations

import gradio as gr

from ... import world
from ...events import ON_CLICK, QUICK
from ...markup import notice
from ...service import Service
from ...text import language_name, say
from ..parts import picture_picker, upload_box
from ..view import View
from . import ask, blind, markup
from .answers import Answers, Controls
from .endpoints import register

__all__ = ["blind", "build", "register"]

START_TOKENS = 64


def build(service: Service) -> View:
    """Lay the view out."""
    first = ask.examples()[0]
    with gr.Column() as box:
        with gr.Row(equal_height=True):
            question = gr.Textbox(
                first.text,
                label=say("ask.question"),
                placeholder=say("ask.question.placeholder"),
                max_length=ask.LONGEST_QUESTION,
                max_lines=3,
                scale=5,
                min_width=280,
            )
            language = gr.Dropdown(
                [(language_name(code), code) for code in world.languages()],
                value=first.language,
                label=say("ask.language"),
                scale=1,
                min_width=240,
            )
            with gr.Column(scale=1, min_width=160, elem_classes="gg-actions"):
                button = gr.Button(say("ask.button"), variant="primary")
                cancel = gr.Button(say("slow.cancel"), interactive=False)
        chips = gr.HTML(markup.example_chips(ask.examples()), js_on_load=ON_CLICK, padding=False)
        with gr.Row(elem_classes="gg-choice"):
            picker = gr.HTML(_picker(first.picture), js_on_load=ON_CLICK, padding=False, min_width=280)
            with gr.Column(scale=0, min_width=240):
                upload = upload_box()
        picture = gr.Textbox(first.picture, visible=False)
        with gr.Accordion(say("ask.more"), open=False), gr.Row():
            options = gr.Textbox(label=say("ask.options"), info=say("ask.options.info"), lines=4, min_width=240)
            with gr.Column(min_width=240):
                longest = gr.Slider(1, ask.MOST_TOKENS, START_TOKENS, step=1, label=say("ask.longest"), buttons=[])
                temperature = gr.Slider(
                    0, 2, 0, step=0.1, label=say("ask.temperature"), info=say("ask.temperature.info"), buttons=[]
                )
                seed = gr.Number(0, label=say("draw.seed"), precision=0, minimum=0, maximum=2**53 - 1)
        status = gr.HTML(notice(say("ask.empty")), padding=False)
        answer = gr.HTML(padding=False)

    controls = Controls(
        status, answer, cancel, picture, upload, question, language, options, longest, temperature, seed
    )
    answers = Answers(service, controls)
    upload.input(lambda path: _picker("") if path else gr.skip(), upload, picker, **QUICK)
    picker.select(_choose_picture, None, [picture, picker, upload], **QUICK)
    example = chips.select(_choose_example, None, [question, language, options, picture, picker, upload], **QUICK)
    return View(
        box=box,
        inputs=controls.inputs,
        outputs=controls.outputs,
        at_once=answers.at_once,
        after=(example,),
        in_time=answers.in_time,
        slow=(button.click, question.submit),
        settled=answers.settled,
        loaded=answers.loaded,
        cancel=cancel,
        fields={
            "picture": picture, "question": question, "in": language, "options": options, "tokens": longest,
            "temperature": temperature, "seed": seed,
        },
        along=(picker,),
        arrange=lambda values: {picker: gr.update(value=_picker(values["picture"]))} if "picture" in values else {},
        sample=_sample(),
    )  # fmt: skip


def _choose_example(event: gr.EventData) -> list[object]:
    example = ask.examples()[int(event.index)]
    options = "\n".join(example.options)
    return [example.text, example.language, options, example.picture, _picker(example.picture), None]


def _choose_picture(event: gr.EventData) -> tuple[str, str, None]:
    chosen = world.gallery()[int(event.index)].id
    return chosen, _picker(chosen), None


def _sample() -> dict[str, str]:
    example = next(example for example in ask.examples() if example.language == "th")
    options = "\n".join(example.options)
    return {"picture": example.picture, "question": example.text, "in": example.language, "options": options}


def _picker(chosen: str) -> str:
    asked = [index for index, picture in enumerate(world.gallery()) if picture.id == chosen]
    shown = dict.fromkeys([*asked, *world.shown_pictures()])
    return picture_picker(tuple(shown), chosen, lambda name: say("picker.question", name=name))
