"""Questions on pictures for programs: the vision-language family's named endpoint."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from ggez_core.errors import DataError
from ggez_core.families.visual_questions import VisualQuestion

from ...images import image_of
from ...problem import offer
from ...service import Service
from ...session import session_of
from . import ask


@dataclass(frozen=True)
class SaidReport:
    """One model's answer; probabilities are those of the options, likeliest is the index of the largest."""

    model: str
    beta: float | None
    text: str
    probabilities: list[float]
    likeliest: int | None


@dataclass(frozen=True)
class AnswersReport:
    """Base | merged | regional, and the server's time for it in milliseconds."""

    question: str
    options: list[str]
    columns: list[SaidReport]
    move_ms: float
    answer_ms: float


def register(service: Service) -> None:
    """Offer the endpoint, inside the current Blocks."""

    def answer_question(
        request: gr.Request,
        picture: str,
        question: str,
        beta: float = 0.5,
        components: dict[str, float] | None = None,
        options: list[str] | None = None,
        language: str = "en",
        max_new_tokens: int = 64,
        temperature: float = 0.0,
        seed: int = 0,
    ) -> AnswersReport:
        """Ask about a picture (the id of a test picture, or an image as a data URI) at base, β and the regional end."""
        if not isinstance(options, list | None) or not all(isinstance(option, str) for option in options or ()):
            raise DataError("options must be a list of texts, as in ['Laos', 'Thailand']; leave it out for none")
        session = session_of(request)
        asking = VisualQuestion(
            question, image_of(picture), tuple(options or ()), language, max_new_tokens, temperature, seed
        )
        found = ask.answer_question(service, session, picture, asking, service.weights(session, beta, components))
        columns = []
        for part in found.parts:
            said = ask.answer_of(part)
            columns.append(SaidReport(part.model, part.beta, said.text, list(said.probabilities), said.likeliest))
        return AnswersReport(question, list(asking.options), columns, found.pace.move_ms, found.pace.answer_ms)

    offer(answer_question, "answer_question", "slow", 2)
