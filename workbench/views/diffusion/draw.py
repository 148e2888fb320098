"""What a diffusion pair is asked: one prompt, drawn by base | merged | regional with the same seed and settings.

Light until something is drawn; used by the view and the endpoints.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ggez_core.errors import DataError
from ggez_core.families.drawing import Drawing, Drawn

from ...service import Service
from ...weights import Weights
from ..slowly import Asked, Part, SoFar, answer_each, three

if TYPE_CHECKING:
    from PIL import Image

    from ...live import LivePair

STRIP = (0.0, 0.25, 0.5, 0.75, 1.0)
LONGEST_PROMPT = 1000
LOADING, SECONDS_A_STEP = 30, 1.0  # of a lent graphics card: reading SDXL, and a step of it with room to spare
LARGEST_SEED = 2**53 - 1  # a browser counts no further


def asked(live: LivePair, drawing: Drawing) -> Asked:
    """The drawing as the pair is asked for it. Raises DataError for one that it can't draw."""
    from ggez_core.families.diffusion import DiffusionModel

    if len(drawing.prompt) > LONGEST_PROMPT:
        raise DataError(f"the prompt has {len(drawing.prompt)} characters; {LONGEST_PROMPT} are allowed")
    whole = live.model(DiffusionModel).complete(replace(drawing, prompt=drawing.prompt.strip()))
    return Asked(whole, whole, _nbytes, LOADING + round(SECONDS_A_STEP * (whole.steps or 1)))


def draw_images(service: Service, session: str, drawing: Drawing, weights: Weights) -> tuple[SoFar, Drawing]:
    """Draw all three to the end; also the drawing with every setting said. What programs ask for."""
    with service.errands.run(session, "drawing") as errand:
        live = service.live(session)
        question = asked(live, drawing)
        return answer_each(live, question, three(weights), given_up=errand.given_up), question.inputs


def image_of(part: Part) -> Image.Image | None:
    """The picture of a part, once it is drawn."""
    return part.result.image if isinstance(part.result, Drawn) else None


def change(part: Part, base: Part) -> float | None:
    """By how much a picture differs from the base's, from 0 (not a pixel) to 1; None while one isn't there."""
    import numpy as np

    one, other = image_of(part), image_of(base)
    if one is None or other is None:
        return None
    difference = np.asarray(one.convert("RGB"), np.float32) - np.asarray(other.convert("RGB"), np.float32)
    return float(np.abs(difference).mean() / 255)


def drawing_from(
    prompt: str,
    negative: str,
    seed: float | None,
    steps: float | None,
    guidance: float | None,
    width: float | None,
    height: float | None,
    scheduler: str | None,
) -> Drawing:
    """A drawing from what the page's controls hold. Raises DataError for numbers that aren't whole."""
    return Drawing(
        prompt=prompt or "",
        negative_prompt=(negative or "").strip(),
        seed=_whole("the seed", seed) or 0,
        steps=_whole("the steps", steps),
        guidance=None if guidance is None else float(guidance),
        width=_whole("the width", width),
        height=_whole("the height", height),
        scheduler=scheduler or None,
    )


def _whole(what: str, value: float | None) -> int | None:
    if value is None:
        return None
    if value != int(value):
        raise DataError(f"{what}: {value!r} can't be used; give a whole number")
    return int(value)


def _nbytes(drawn: Drawn) -> int:
    return 0 if drawn.image is None else drawn.image.width * drawn.image.height * len(drawn.image.getbands())
