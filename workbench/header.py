"""The one header that every tab shares: the loaded pair, β, one β a component, α and the time of the last move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import gradio as gr

from . import render
from .events import ON_LANGUAGE
from .markup import fine, notice
from .pairs import Pair
from .service import Service
from .text import say
from .views.view import Pace

SLIDERS = 6
START = 0.5
FOLLOW = f"(beta) => Array({SLIDERS}).fill(beta)"  # in the browser: the components' sliders go along with β


@dataclass(frozen=True)
class Header:
    """The header's components, for the tabs to listen to and write into. strip: GRP over β, once a sweep has it."""

    pair: gr.HTML
    beta: gr.Slider
    components: tuple[gr.Slider, ...]
    facts: gr.HTML
    strip: gr.HTML


def build() -> Header:
    """Lay the header out, inside the current Blocks."""
    gr.HTML(render.title(), padding=False, js_on_load=ON_LANGUAGE)
    pair = gr.HTML(notice(say("pair.loading")), padding=False)
    with gr.Row(elem_classes="gg-controls"):
        with gr.Column(scale=4, min_width=300):
            beta = gr.Slider(0, 1, START, step=0.01, label=say("beta.label"), info=say("beta.info"), buttons=[])
            strip = gr.HTML(padding=False)
        facts = gr.HTML(render.facts(Service.alpha(), None), padding=False)
    with gr.Accordion(say("components.label"), open=False):
        gr.HTML(fine(say("components.info")), padding=False)
        with gr.Row():
            sliders = tuple(
                gr.Slider(
                    0,
                    1,
                    START,
                    step=0.01,
                    label=say("components.slider", name=k + 1),
                    visible=False,
                    min_width=240,
                    buttons=[],
                )
                for k in range(SLIDERS)
            )
    beta.input(None, beta, list(sliders), js=FOLLOW, api_visibility="private")
    return Header(pair, beta, sliders, facts, strip)


def own_betas(pair: Pair, values: Sequence[float]) -> dict[str, float]:
    """β by component, from what the sliders stand at."""
    return dict(zip(pair.components, values, strict=False))


def show_pair(pair: Pair, beta: float) -> list[object]:
    """Updates of `pair` and `components` for a pair just loaded."""
    names = pair.components[:SLIDERS]
    shown = [gr.update(label=say("components.slider", name=name), value=beta, visible=True) for name in names]
    hidden = [gr.update(visible=False, value=beta)] * (SLIDERS - len(names))
    return [render.pair_line(pair), *shown, *hidden]


def show_facts(pace: Pace | None) -> str:
    """The update of `facts`."""
    return render.facts(Service.alpha(), pace)
