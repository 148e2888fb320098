"""From what the diffusion view's controls hold to what its outputs show. Used by the view; tested without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from ...images import png_of
from ...markup import fine, notice
from ...problem import Problem, attempt
from ...service import Service
from ...text import say
from ...weights import Weights
from ..slowly import Asked, Inputs, Part, SlowView, SoFar, Updates, along
from ..view import Shown
from . import draw, markup

if TYPE_CHECKING:
    from ...live import LivePair


@dataclass(frozen=True)
class Controls:
    """The view's components: what it shows, then what it asks with."""

    status: gr.HTML
    answer: gr.HTML
    overlay: gr.HTML
    strip: gr.HTML
    cancel: gr.Button
    prompt: gr.Textbox
    seed: gr.Number
    steps: gr.Slider
    guidance: gr.Slider
    negative: gr.Textbox
    width: gr.Slider
    height: gr.Slider
    scheduler: gr.Dropdown
    which: gr.Radio

    @property
    def settings(self) -> tuple[Any, ...]:
        """What a model has settings of its own for."""
        return (self.steps, self.guidance, self.width, self.height, self.scheduler)

    @property
    def inputs(self) -> tuple[Any, ...]:
        """What a question is made of, in the order of `Drawing`'s fields; then which two pictures are laid over."""
        words = (self.prompt, self.negative, self.seed)
        return (*words, *self.settings, self.which)

    @property
    def outputs(self) -> tuple[Any, ...]:
        """All that an answer may change."""
        return (self.status, self.answer, self.overlay, self.strip, self.cancel, *self.settings)


class Answers(SlowView):
    """Answers visitors' requests with updates of the controls."""

    def __init__(self, service: Service, controls: Controls) -> None:
        super().__init__(service, controls.status, controls.cancel)
        self.controls = controls

    def asked(self, live: LivePair, inputs: Inputs) -> Asked:
        """The drawing that the values of `Controls.inputs` ask for."""
        return draw.asked(live, draw.drawing_from(*inputs[:-1]))

    def columns(self, session: str, found: SoFar, question: Asked, nearby: Part | None, inputs: Inputs) -> Updates:
        """The three pictures, and two of them one over the other."""
        drawing, url, c = question.inputs, self._url(session), self.controls
        parts = tuple(nearby if nearby and part.model == "merged" else part for part in found.parts)
        over = markup.overlay(parts, markup.PAIRS[int(inputs[-1])], drawing, url)
        return {c.answer: markup.answer(found, drawing, nearby, url), c.overlay: over}

    def strip(self, session: str, weights: Weights, *inputs: Any) -> Iterator[Shown]:
        """Draw the strip over β, showing every step."""

        def show(live: LivePair, found: SoFar, question: Asked) -> Updates:
            return {self.controls.strip: markup.strip(found.parts, question.inputs, self._url(session))}

        yield from self.follow(session, inputs, along(draw.STRIP), show)

    def loaded(self, session: str, weights: Weights, *inputs: Any) -> Iterator[Shown]:
        """Put the controls to the model's own settings, and draw what is asked if that takes seconds only."""
        from ggez_core.families.diffusion import DiffusionModel

        live = attempt(lambda: self.service.live(session))
        if isinstance(live, Problem):
            yield self._or_problem(live)
            return
        limits = live.model(DiffusionModel).limits
        side = {"step": limits.multiple, "minimum": limits.multiple, "maximum": limits.largest}
        own = (
            gr.update(value=limits.steps),
            gr.update(value=limits.guidance),
            gr.update(value=limits.width, **side),
            gr.update(value=limits.height, **side),
            gr.update(value=limits.schedulers[0], choices=list(limits.schedulers)),
        )
        c = self.controls
        empty = {c.answer: "", c.overlay: fine(say("draw.overlay.empty")), c.strip: fine(say("draw.strip.empty"))}
        yield Shown({**dict(zip(c.settings, own, strict=True)), **empty, c.status: notice(say("draw.empty"))})
        if live.small:
            words, which = inputs[:3], inputs[-1]
            yield from self.in_time(session, weights, *words, *[None] * len(c.settings), which)

    def _url(self, session: str) -> markup.Url:
        ticket = self.service.ticket(session)

        def url(part: Part) -> str:
            image = draw.image_of(part)
            return "" if image is None else self.service.drawn.offer(ticket, png_of(image))

        return url
