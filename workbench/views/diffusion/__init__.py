"""Diffusion pairs in Compare: one prompt drawn by all three models with the same seed and settings, and along β.

Drawing takes seconds: it starts with a button, an example or when the thumb is let go, and can be stopped. While the
thumb moves, what was drawn nearby is shown and says so.
"""

from __future__ import annotations

import random

import gradio as gr

from ggez_core.families.drawing import MOST_GUIDANCE

from ... import world
from ...events import CURTAIN, ON_CLICK, QUICK
from ...markup import fine, notice
from ...service import Service
from ...text import say
from ..parts import example_chips
from ..view import View
from . import blind, draw, markup
from .answers import Answers, Controls
from .endpoints import register

__all__ = ["blind", "build", "register"]

START_SEED = 1
NEW_SEEDS = 1_000_000
MOST_SHOWN_STEPS = 100


def build(service: Service) -> View:
    """Lay the view out."""
    first = world.examples()[0]
    with gr.Column() as box:
        with gr.Row(equal_height=True):
            prompt = gr.Textbox(
                first.text,
                label=say("draw.prompt"),
                placeholder=say("draw.prompt.placeholder"),
                max_length=draw.LONGEST_PROMPT,
                max_lines=3,
                scale=5,
                min_width=280,
            )
            with gr.Column(scale=1, min_width=200, elem_classes="gg-actions"):
                button = gr.Button(say("draw.button"), variant="primary")
                cancel = gr.Button(say("slow.cancel"), interactive=False)
        chips = gr.HTML(example_chips(world.examples()), js_on_load=ON_CLICK, padding=False)
        with gr.Row(equal_height=True):
            seed = gr.Number(
                START_SEED, label=say("draw.seed"), precision=0, minimum=0, maximum=draw.LARGEST_SEED, min_width=120
            )
            another = gr.Button(say("draw.seed.new"), scale=0, min_width=120, elem_classes="gg-beside")
            steps = gr.Slider(1, MOST_SHOWN_STEPS, 20, step=1, label=say("draw.steps"), min_width=220, buttons=[])
            guidance = gr.Slider(0, MOST_GUIDANCE, 5, step=0.5, label=say("draw.guidance"), min_width=220, buttons=[])
        with gr.Accordion(say("draw.more"), open=False):
            negative = gr.Textbox(label=say("draw.negative"), info=say("draw.negative.info"), max_length=500)
            with gr.Row():
                width = gr.Slider(8, 2048, 64, step=8, label=say("draw.width"), min_width=200, buttons=[])
                height = gr.Slider(8, 2048, 64, step=8, label=say("draw.height"), min_width=200, buttons=[])
                scheduler = gr.Dropdown(label=say("draw.scheduler"), min_width=200)
        status = gr.HTML(notice(say("draw.empty")), padding=False)
        answer = gr.HTML(padding=False)
        with gr.Row():
            with gr.Column(min_width=320):
                which = gr.Radio(
                    [(say("draw.overlay.pair", **names), str(index)) for index, names in enumerate(_pair_names())],
                    value="0",
                    label=say("draw.overlay"),
                )
                overlay = gr.HTML(fine(say("draw.overlay.empty")), js_on_load=CURTAIN, padding=False)
            with gr.Column(min_width=320):
                along = gr.Button(say("draw.strip.button"))
                strip = gr.HTML(fine(say("draw.strip.empty")), js_on_load=ON_CLICK, padding=False)

    controls = Controls(
        status, answer, overlay, strip, cancel, prompt, seed, steps, guidance, negative, width, height, scheduler, which
    )
    answers = Answers(service, controls)
    return View(
        box=box,
        inputs=controls.inputs,
        outputs=controls.outputs,
        at_once=answers.at_once,
        quick=(which.input,),
        after=(
            chips.select(_example, None, prompt, **QUICK),
            another.click(lambda: random.randrange(NEW_SEEDS), None, seed, **QUICK),
        ),
        in_time=answers.in_time,
        slow=(button.click, prompt.submit),
        settled=answers.settled,
        loaded=answers.loaded,
        others=((along.click, answers.strip),),
        picks=((strip, lambda index: draw.STRIP[index]),),
        cancel=cancel,
        fields={
            "prompt": prompt, "negative": negative, "seed": seed, "steps": steps, "guidance": guidance, "width": width,
            "height": height, "scheduler": scheduler, "over": which,
        },
        settings=("steps", "guidance", "width", "height", "scheduler"),
        sample={"prompt": next(example.text for example in world.examples() if example.language == "th")},
    )  # fmt: skip


def _pair_names() -> list[dict[str, str]]:
    return [{"left": say(f"column.{left}"), "right": say(f"column.{right}")} for left, right in markup.PAIRS]


def _example(event: gr.EventData) -> str:
    return world.examples()[int(event.index)].text
