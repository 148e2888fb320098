"""What a text-to-image model is asked and answers, and what it allows: `Drawing`, `Drawn`, `Limits`.

Light: the page builds its controls from it before any model is loaded. Used by the diffusion family.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image

from ..errors import DataError

MOST_STEPS = 200
MOST_GUIDANCE = 30.0
MOST_SEED = 2**63 - 1


@dataclass(frozen=True)
class Drawing:
    """What is to be drawn. None leaves a setting to the model: see `Limits`.

    negative_prompt: what it shall not be like; empty is none. seed: of the noise it starts with, the same on every
    device. guidance: the scale of classifier-free guidance. width, height: pixels. scheduler: a name of
    `Limits.schedulers`.
    """

    prompt: str
    negative_prompt: str = ""
    seed: int = 0
    steps: int | None = None
    guidance: float | None = None
    width: int | None = None
    height: int | None = None
    scheduler: str | None = None


@dataclass(frozen=True)
class Drawn:
    """How far a drawing is: `step` of `steps` done; the picture (RGB) comes with the last one."""

    step: int
    steps: int
    image: Image.Image | None = None


@dataclass(frozen=True)
class Limits:
    """What a model draws when nothing is said, and what it can be asked.

    width, height, steps, guidance: its own settings. multiple: both sides are multiples of it. largest: pixels of a
    side. schedulers: their names, the model's own first.
    """

    width: int
    height: int
    steps: int
    guidance: float
    multiple: int
    largest: int
    schedulers: tuple[str, ...]

    def complete(self, drawing: Drawing) -> Drawing:
        """The drawing with every setting said. Raises DataError for one that can't be drawn, but for its words."""
        whole = replace(
            drawing,
            steps=self.steps if drawing.steps is None else drawing.steps,
            guidance=self.guidance if drawing.guidance is None else float(drawing.guidance),
            width=self.width if drawing.width is None else drawing.width,
            height=self.height if drawing.height is None else drawing.height,
            scheduler=drawing.scheduler or self.schedulers[0],
        )
        if not drawing.prompt.strip():
            raise DataError("there is no prompt; say in a few words what to draw")
        _within("the seed", whole.seed, 0, MOST_SEED)
        _within("the steps", whole.steps, 1, MOST_STEPS)
        for side, pixels in (("width", whole.width), ("height", whole.height)):
            _within(f"the {side} in pixels", pixels, self.multiple, self.largest)
            if pixels is not None and pixels % self.multiple:
                near = max(self.multiple, round(pixels / self.multiple) * self.multiple)
                raise DataError(f"the {side} is {pixels} pixels; give a multiple of {self.multiple}, say {near}")
        if whole.guidance is None or not 0 <= whole.guidance <= MOST_GUIDANCE:  # refuses NaN too
            raise DataError(f"the guidance is {whole.guidance}; give a number from 0 to {MOST_GUIDANCE:g}")
        if whole.scheduler not in self.schedulers:
            raise DataError(f"this model has no scheduler {whole.scheduler!r}; it has: {', '.join(self.schedulers)}")
        return whole


def same_settings(drawings: Sequence[Drawing]) -> bool:
    """Whether the drawings differ in words and seeds alone, so that they can be drawn in one batch."""
    bare = {replace(drawing, prompt="", negative_prompt="", seed=0) for drawing in drawings}
    return len(bare) <= 1 and len({bool(drawing.negative_prompt) for drawing in drawings}) <= 1


def _within(what: str, value: int | None, low: int, high: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise DataError(f"{what}: {value!r} can't be used; give a whole number from {low} to {high}")
