"""The one header that every tab shares: the loaded pair, β, one β a component, α and the time of the last move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import gradio as gr

from . import render
from .events import ON_CLICK, ON_LANGUAGE, REACHABLE
from .markup import fine
from .pairs import Pair
from .problem import Problem, attempt
from .render import Scored
from .service import Service
from .text import say
from .views.view import Pace
from .weights import Weights

if TYPE_CHECKING:
    from ggez_core.evaluation.parity import Point

SLIDERS = 6
START = 0.5
FOLLOW = f"(beta) => Array({SLIDERS}).fill(beta)"  # in the browser: the components' sliders go along with β


@dataclass(frozen=True)
class Header:
    """The header's components, for the tabs to listen to and write into.

    said: a line on the page as a whole. copy: wants a link to what is compared. pair: the loaded pair, and a button for
    each shipped one. scores: of the weights in force. strip: GRP over β, once a sweep has it.
    """

    said: gr.HTML
    copy: gr.Button
    pair: gr.HTML
    beta: gr.Slider
    components: tuple[gr.Slider, ...]
    scores: gr.HTML
    facts: gr.HTML
    strip: gr.HTML


def build() -> Header:
    """Lay the header out, inside the current Blocks."""
    with gr.Row(elem_classes="gg-top"):
        gr.HTML(render.title(), padding=False, js_on_load=ON_LANGUAGE + REACHABLE)
        copy = gr.Button(say("link.copy"), size="sm", scale=0, min_width=96, elem_classes="gg-quiet")
    said = gr.HTML(padding=False)
    pair = gr.HTML(render.pair_line(say("pair.loading")), js_on_load=ON_CLICK, padding=False)
    with gr.Row(elem_classes="gg-controls"):
        with gr.Column(scale=4, min_width=300):
            beta = gr.Slider(0, 1, START, step=0.01, label=say("beta.label"), info=say("beta.info"), buttons=[])
            strip = gr.HTML(padding=False)
        scores = gr.HTML(render.scores(Service.alpha(), None), padding=False)
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
    return Header(said, copy, pair, beta, sliders, scores, facts, strip)


def own_betas(pair: Pair, values: Sequence[float]) -> dict[str, float]:
    """β by component, from what the sliders stand at."""
    return dict(zip(pair.components, values, strict=False))


def show_pair(pair: Pair, beta: float) -> list[object]:
    """Updates of `pair` and `components` for a pair just loaded."""
    names = pair.components[:SLIDERS]
    shown = [gr.update(label=say("components.slider", name=name), value=beta, visible=True) for name in names]
    hidden = [gr.update(visible=False, value=beta)] * (SLIDERS - len(names))
    return [render.pair_line(pair), *shown, *hidden]


def show_facts(pace: Pace | None, reloaded: float = 0.0) -> str:
    """The update of `facts`. reloaded: seconds that loading the pair again took, since it had left memory."""
    return render.facts(Service.alpha(), pace, reloaded)


def show_scores(service: Service, session: str, weights: Weights) -> str:
    """The update of `scores`: those of the pair at these weights, if it was swept."""

    def work() -> Scored | None:
        job = service.sweeps.latest(service.current(session))
        return scored([p.point for p in job.curve], weights.beta) if job and not weights.components else None

    found = attempt(work)
    return render.scores(service.alpha(), None if isinstance(found, Problem) else found)


def scored(points: Sequence[Point], beta: float) -> Scored | None:
    """The scores at β: measured, or on the line between the two measured β around it; None outside of what is."""
    for left, right in pairwise(points):
        if left.beta <= beta <= right.beta:
            share = (beta - left.beta) / (right.beta - left.beta)
            q_global = (1 - share) * left.q_global + share * right.q_global
            q_regional = (1 - share) * left.q_regional + share * right.q_regional
            return Scored(q_global, q_regional, measured=share in (0, 1))
    return None
