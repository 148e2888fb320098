"""Drawing for programs: the diffusion family's named endpoint. Pictures come as addresses that only who asked knows."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from ggez_core.families.drawing import Drawing

from ...images import png_of
from ...problem import offer
from ...service import Service
from ...session import session_of
from . import draw


@dataclass(frozen=True)
class DrawnReport:
    """One model's picture; `url` is relative to the page's address. change: mean difference from the base's, 0 to 1."""

    model: str
    beta: float | None
    url: str
    change: float | None


@dataclass(frozen=True)
class DrawingReport:
    """Base | merged | regional with the settings they share, and the server's time for it in milliseconds."""

    prompt: str
    negative_prompt: str
    seed: int
    steps: int
    guidance: float
    width: int
    height: int
    scheduler: str
    columns: list[DrawnReport]
    move_ms: float
    answer_ms: float


def register(service: Service) -> None:
    """Offer the endpoint, inside the current Blocks."""

    def draw_images(
        request: gr.Request,
        prompt: str,
        beta: float = 0.5,
        components: dict[str, float] | None = None,
        seed: int = 0,
        steps: int | None = None,
        guidance: float | None = None,
        negative_prompt: str = "",
        width: int | None = None,
        height: int | None = None,
        scheduler: str | None = None,
    ) -> DrawingReport:
        """Draw a prompt at base, at β and at the regional end with one seed; None leaves a setting to the model."""
        session = session_of(request)
        drawing = Drawing(prompt, negative_prompt, seed, steps, guidance, width, height, scheduler)
        found, whole = draw.draw_images(service, session, drawing, service.weights(session, beta, components))
        ticket, columns = service.ticket(session), []
        for part in found.parts:
            url = service.drawn.offer(ticket, png_of(draw.image_of(part)))
            columns.append(DrawnReport(part.model, part.beta, url, draw.change(part, found.parts[0])))
        return DrawingReport(
            prompt=whole.prompt,
            negative_prompt=whole.negative_prompt,
            seed=whole.seed,
            steps=whole.steps,
            guidance=whole.guidance,
            width=whole.width,
            height=whole.height,
            scheduler=whole.scheduler,
            columns=columns,
            move_ms=found.pace.move_ms,
            answer_ms=found.pace.answer_ms,
        )

    offer(draw_images, "draw_images", "slow", 2)
