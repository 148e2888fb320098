"""From what the diffusion view's controls hold to what its outputs show. Used by the view; tested without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from ggez_core.families.drawing import Drawing

from ...images import png_of
from ...markup import fine, notice
from ...problem import Problem, attempt
from ...service import Service
from ...text import say
from ...weights import Weights
from ..slowly import Asked, Part, Parts, SoFar, Stopped, along, follow, known, three
from ..view import Shown
from . import draw, markup

SMALL = 100_000_000  # bytes of a pair that draws its first example unasked


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


@dataclass(frozen=True)
class Answers:
    """Answers visitors' requests with updates of the controls."""

    service: Service
    controls: Controls

    def at_once(self, session: str, weights: Weights, *inputs: Any) -> Shown:
        """What was drawn before at these weights, or nearby; nothing new where this was never asked."""

        def work() -> Shown:
            live = self.service.live(session)
            question = draw.asked(live, drawing_of(inputs))
            parts = known(live, question, three(weights))
            if not any(part.whole for part in parts):
                return Shown({})
            nearby = None if parts[1].whole else draw.near(live, question, parts[1])
            return self._columns(session, SoFar(parts), question, nearby, inputs[-1])

        return self._or_problem(attempt(work))

    def draw(self, session: str, weights: Weights, *inputs: Any) -> Iterator[Shown]:
        """Draw what isn't drawn yet of the three, showing every step."""

        def show(found: SoFar, question: Asked) -> Shown:
            merged = found.parts[1]
            nearby = None if merged.whole else draw.near(self.service.live(session), question, merged)
            return self._columns(session, found, question, nearby, inputs[-1])

        yield from self._follow(session, inputs, three(weights), show)

    def draw_strip(self, session: str, weights: Weights, *inputs: Any) -> Iterator[Shown]:
        """Draw the strip over β, showing every step."""

        def show(found: SoFar, question: Asked) -> Shown:
            shown = markup.strip(found.parts, question.inputs, self._url(session))
            return Shown({self.controls.strip: shown}, found.pace)

        yield from self._follow(session, inputs, along(draw.STRIP), show)

    def settled(self, session: str, weights: Weights, *inputs: Any) -> Iterator[Shown]:
        """Draw at the β at which the thumb was let go, if this drawing was asked for before."""

        def asked_before() -> bool:
            live = self.service.live(session)
            return live.nearest(draw.asked(live, drawing_of(inputs)).key, weights.beta) is not None

        if attempt(asked_before) is True:
            yield from self.draw(session, weights, *inputs)

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
        yield Shown(
            {
                **dict(zip(c.settings, own, strict=True)),
                c.status: notice(say("draw.empty")),
                c.answer: "",
                c.overlay: fine(say("draw.overlay.empty")),
                c.strip: fine(say("draw.strip.empty")),
            }
        )
        if live.pair.base.nbytes <= SMALL:
            words, which = inputs[:3], inputs[-1]
            yield from self.draw(session, weights, *words, *[None] * len(c.settings), which)

    def _follow(self, session: str, inputs: tuple[Any, ...], parts: Parts, show: Any) -> Iterator[Shown]:
        """Ask for the parts in place of the visitor's older question; `show` makes updates of what there is so far."""
        c, questions = self.controls, list[Asked]()

        def asked(live: Any) -> Asked:
            questions.append(draw.asked(live, drawing_of(inputs)))
            return questions[0]

        for found in follow(self.service, session, asked, parts):
            match found:
                case Problem():
                    yield self._or_problem(found)
                case Stopped():
                    yield Shown({c.status: notice(say("slow.stopped")), c.cancel: gr.update(interactive=False)})
                case SoFar():
                    said = say("slow.waiting" if found.waiting else "slow.done" if found.whole else "draw.working")
                    shown = show(found, questions[0])
                    ours = {c.status: notice(said), c.cancel: gr.update(interactive=not found.whole)}
                    yield Shown({**ours, **shown.updates}, found.pace if found.whole else None)

    def _columns(self, session: str, found: SoFar, question: Asked, nearby: Part | None, which: str) -> Shown:
        drawing: Drawing = question.inputs
        url = self._url(session)
        over = markup.overlay(found.parts, markup.PAIRS[int(which)], drawing, url)
        return Shown({self.controls.answer: markup.answer(found, drawing, nearby, url), self.controls.overlay: over})

    def _or_problem(self, done: Shown | Problem) -> Shown:
        if isinstance(done, Problem):
            c = self.controls
            return Shown({c.status: notice(done.message, "problem"), c.cancel: gr.update(interactive=False)})
        return done

    def _url(self, session: str) -> markup.Url:
        ticket = self.service.ticket(session)

        def url(part: Part) -> str:
            image = draw.image_of(part)
            return "" if image is None else self.service.drawn.offer(ticket, png_of(image))

        return url


def drawing_of(inputs: tuple[Any, ...]) -> Drawing:
    """The drawing that the values of `Controls.inputs` ask for. Raises DataError for a number that isn't whole."""
    return draw.drawing_from(*inputs[:-1])
