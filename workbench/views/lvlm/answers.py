"""From what the vision-language view's controls hold to what its outputs show. Used by the view."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from ggez_core.families.visual_questions import VisualQuestion

from ...images import image_of, uploaded
from ...markup import notice
from ...problem import Problem, attempt
from ...service import Service
from ...text import say
from ...weights import Weights
from ..slowly import Asked, Inputs, Part, SlowView, SoFar, Updates
from ..view import Shown
from . import ask, markup

if TYPE_CHECKING:
    from ...live import LivePair


@dataclass(frozen=True)
class Controls:
    """The view's components: what it shows, then what it asks with."""

    status: gr.HTML
    answer: gr.HTML
    cancel: gr.Button
    picture: gr.Textbox
    upload: gr.Image
    question: gr.Textbox
    language: gr.Dropdown
    options: gr.Textbox
    longest: gr.Slider
    temperature: gr.Slider
    seed: gr.Number

    @property
    def inputs(self) -> tuple[Any, ...]:
        """What a question is made of."""
        asked = (self.picture, self.upload, self.question, self.language, self.options)
        return (*asked, self.longest, self.temperature, self.seed)

    @property
    def outputs(self) -> tuple[Any, ...]:
        """All that an answer may change."""
        return (self.status, self.answer, self.cancel)


class Answers(SlowView):
    """Answers visitors' requests with updates of the controls."""

    def __init__(self, service: Service, controls: Controls) -> None:
        super().__init__(service, controls.status, controls.cancel)
        self.controls = controls

    def asked(self, live: LivePair, inputs: Inputs) -> Asked:
        """The question that the values of `Controls.inputs` ask."""
        picture, upload, question, language, options, longest, temperature, seed = inputs
        key, image = _picture(picture, upload)
        asking = VisualQuestion(
            question=(question or "").strip(),
            image=image,
            options=options_of(options),
            language=language or "en",
            max_new_tokens=int(longest),
            temperature=float(temperature),
            seed=int(seed or 0),
        )
        return ask.asked(live, key, asking)

    def columns(self, session: str, found: SoFar, question: Asked, nearby: Part | None, inputs: Inputs) -> Updates:
        """The three answers."""
        picture, asking = question.key[0], question.inputs
        example = next((e for e in ask.examples() if (e.picture, e.text) == (picture, asking.question)), None)
        right = example.answers if example else ()
        return {self.controls.answer: markup.answer(found, asking, nearby, str(picture), right)}

    def loaded(self, session: str, weights: Weights, *inputs: Any) -> Iterator[Shown]:
        """Begin anew, and answer what is asked if that takes seconds only."""
        live = attempt(lambda: self.service.live(session))
        if isinstance(live, Problem):
            yield self._or_problem(live)
            return
        yield Shown({self.controls.answer: "", self.controls.status: notice(say("ask.empty"))})
        if live.small:
            yield from self.in_time(session, weights, *inputs)


def options_of(text: str | None) -> tuple[str, ...]:
    """The options to choose from, one a line; empty lines don't count."""
    return tuple(line.strip() for line in (text or "").splitlines() if line.strip())


def _picture(picture: str, upload: str | None) -> tuple[Hashable, Image.Image]:
    """The image to ask about, and what tells it from others: the upload's path, which names its content, or its id."""
    if not upload:
        return picture, image_of(picture)
    return upload, uploaded(Path(upload))
