"""Text-to-image models (SDXL, SD 1.5 and 2, SD 3, Flux) through diffusers' own pipelines.

A checkpoint becomes a `DiffusionModel` that draws what a prompt says, exactly as its pipeline does. Nothing here knows
a pipeline: components, settings and schedulers are asked of the library. What text encoders say is remembered, since
β moves the UNet alone as a rule.
"""

from __future__ import annotations

import inspect
import math
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

import torch
from PIL import Image

from ..checkpoints import Checkpoint
from ..errors import Cancelled, DataError
from ..progress import Progress, Step, silent
from .drawing import Drawing, Drawn, Limits, same_settings
from .family import BetaOf, Does, Family, Placement, at_base
from .pipelines import components_of, is_text_to_image, load_pipeline, pipeline_code
from .text_cache import TextCache

STEPS = 20  # enough for today's schedulers; the libraries' own default, 50, only costs time
SCHEDULERS = {  # what a model may be run with besides its own
    "DDIM": "DDIMScheduler",
    "DPM++ 2M": "DPMSolverMultistepScheduler",
    "Euler": "EulerDiscreteScheduler",
    "Euler ancestral": "EulerAncestralDiscreteScheduler",
    "Heun": "HeunDiscreteScheduler",
    "UniPC": "UniPCMultistepScheduler",
    "flow Euler": "FlowMatchEulerDiscreteScheduler",
    "flow Heun": "FlowMatchHeunDiscreteScheduler",
}
OnStep = Callable[[int], None]


class DiffusionModel:
    """A pipeline whose components are one module: prompts in, pictures out. One drawing at a time."""

    does: Does = "draws"

    def __init__(self, pipeline: Any) -> None:
        self.pipeline = pipeline
        self._modules = torch.nn.ModuleDict(components_of(pipeline))
        self._scheduler = pipeline.scheduler
        self._accepted = inspect.signature(type(pipeline).__call__).parameters
        self._texts = TextCache({n: m for n, m in self._modules.items() if n.startswith("text_encoder")})

    @property
    def model(self) -> torch.nn.Module:
        """The components, by the names of their folders."""
        return self._modules

    @property
    def texts_computed(self) -> int:
        """How often a text encoder has really run."""
        return self._texts.computed

    @cached_property
    def limits(self) -> Limits:
        """The pipeline's own settings and what it can be asked."""
        side = _own_side(self.pipeline)
        own = type(self._scheduler).__name__
        known = {cls.__name__ for cls in self._scheduler.compatibles if not hasattr(cls, "_backends")}
        names = sorted(name for name, kind in SCHEDULERS.items() if kind in known and kind != own)
        first = next((name for name, kind in SCHEDULERS.items() if kind == own), own.removesuffix("Scheduler"))
        guidance = self._accepted["guidance_scale"].default if "guidance_scale" in self._accepted else 0.0
        return Limits(
            width=side, height=side, steps=min(STEPS, int(self._accepted["num_inference_steps"].default)),
            guidance=float(guidance), multiple=_multiple(self.pipeline), largest=2 * side, schedulers=(first, *names),
        )  # fmt: skip

    def complete(self, drawing: Drawing) -> Drawing:
        """The drawing with every setting said. Raises DataError for one that can't be drawn."""
        whole = self.limits.complete(drawing)
        for what, text in (("prompt", whole.prompt), ("negative prompt", whole.negative_prompt)):
            room, length = self._text_length(text)
            if length > room:
                raise DataError(f"the {what} has {length} tokens, this model reads {room}; shorten it")
        return whole

    def preview(self, inputs: Drawing, *, beta_of: BetaOf = at_base, progress: Progress = silent) -> Iterator[Drawn]:
        """Draw one picture: a `Drawn` after every step, the last one with the picture.

        The same as calling the pipeline with a CPU generator of that seed, and no negative prompt where it is empty.
        """
        asked = self.complete(inputs)
        told: queue.SimpleQueue[int | Image.Image | BaseException] = queue.SimpleQueue()
        stopped = threading.Event()
        threads = torch.get_num_threads()

        def on_step(step: int) -> None:
            if stopped.is_set():
                raise Cancelled
            told.put(step)

        def work() -> None:
            torch.set_num_threads(threads)  # a setting of each thread; results depend on it in the last bits
            try:
                told.put(self._draw([asked], beta_of, on_step)[0])
            except BaseException as error:
                told.put(error)

        worker = threading.Thread(target=work, name="drawing", daemon=True)
        worker.start()
        steps = asked.steps or 1
        try:
            while True:
                event = told.get()
                if isinstance(event, BaseException):
                    raise event
                if isinstance(event, Image.Image):
                    yield Drawn(steps, steps, event)
                    return
                done = min(event, steps)  # some schedulers call a model twice a step
                progress(Step(done, steps, "steps", "drawing"))
                yield Drawn(done, steps)
        finally:
            stopped.set()
            worker.join()

    def draw(
        self, drawings: Sequence[Drawing], *, beta_of: BetaOf = at_base, progress: Progress = silent
    ) -> list[Image.Image]:
        """Draw several pictures in one batch: prompts and seeds may differ, settings not.

        Each is what it would be alone, but for the last bits of the arithmetic. Raises DataError for an unusable one.
        """
        asked = [self.complete(drawing) for drawing in drawings]
        if not same_settings(asked):
            raise DataError("these drawings differ in more than words and seeds; draw them one batch a setting")
        if not asked:
            return []
        steps = asked[0].steps or 1
        return self._draw(asked, beta_of, lambda step: progress(Step(min(step, steps), steps, "steps", "drawing")))

    def _draw(self, asked: Sequence[Drawing], beta_of: BetaOf, on_step: OnStep) -> list[Image.Image]:
        first = asked[0]
        told = 0

        def after_step(pipeline: Any, index: int, time: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            nonlocal told
            told += 1
            on_step(told)
            return {}

        given: dict[str, Any] = {
            "prompt": [drawing.prompt for drawing in asked],
            "negative_prompt": [drawing.negative_prompt for drawing in asked] if first.negative_prompt else None,
            "num_inference_steps": first.steps,
            "guidance_scale": first.guidance,
            "width": first.width,
            "height": first.height,
            "generator": [torch.Generator().manual_seed(drawing.seed) for drawing in asked],
            "callback_on_step_end": after_step,
        }
        if len(asked) == 1:  # as one calls a pipeline by hand
            given |= {"prompt": first.prompt, "generator": torch.Generator().manual_seed(first.seed)}
            given |= {"negative_prompt": first.negative_prompt or None}
        self.pipeline.scheduler = self._new_scheduler(first.scheduler)
        try:
            with self._texts.at(beta_of):
                images = self.pipeline(**{k: v for k, v in given.items() if k in self._accepted}).images
        except (ValueError, IndexError) as error:  # what schedulers raise for too few steps
            raise DataError(
                f"{type(self.pipeline).__name__} can't draw this: {str(error).splitlines()[0][:200]}"
            ) from error
        return list(images)

    def _new_scheduler(self, name: str | None) -> Any:
        import diffusers

        own = type(self._scheduler)
        kind = own if name in (None, self.limits.schedulers[0]) else getattr(diffusers, SCHEDULERS[str(name)])
        return kind.from_config(self._scheduler.config)

    def _text_length(self, text: str) -> tuple[int, int]:
        """Tokens that the most patient text encoder reads, and those of the text there."""
        named = self._accepted.get("max_sequence_length")
        lengths = []
        for name, tokenizer in self.pipeline.components.items():
            if name.startswith("tokenizer") and tokenizer is not None:
                room = tokenizer.model_max_length
                if named is not None and type(tokenizer).__name__ not in ("CLIPTokenizer", "CLIPTokenizerFast"):
                    room = min(room, named.default)
                lengths.append((room, len(tokenizer(text)["input_ids"])))
        return max(lengths, default=(1, 0))


def load_diffusion(checkpoint: Checkpoint, placement: Placement) -> DiffusionModel:
    """Load the checkpoint's pipeline. Raises CheckpointError where it isn't a whole text-to-image pipeline."""
    return DiffusionModel(load_pipeline(checkpoint, placement))


def _own_side(pipeline: Any) -> int:
    """Pixels of a side of the pictures that the model was trained on."""
    latents = getattr(pipeline, "default_sample_size", None)
    if latents is None:
        denoiser = getattr(pipeline, "unet", None) or pipeline.transformer
        latents = denoiser.config.sample_size
    latents = max(latents) if isinstance(latents, tuple | list) else latents
    return int(latents) * int(getattr(pipeline, "vae_scale_factor", 8))


def _multiple(pipeline: Any) -> int:
    """What both sides must be multiples of, so that latents fall into whole patches."""
    factor = int(getattr(pipeline, "vae_scale_factor", 8))
    if getattr(pipeline, "unet", None) is not None:
        return math.lcm(factor, 8)  # diffusers' pipelines with a UNet demand 8
    return factor * max(2, int(getattr(pipeline.transformer.config, "patch_size", 2)))


FAMILY = Family(
    "diffusion",
    "draws",
    "text-to-image pipelines of diffusers (SDXL, SD 1.5 and 2, SD 3, Flux)",
    is_text_to_image,
    load_diffusion,
    pipeline_code,
    "text-to-image",
)
