"""Questions answered on ZeroGPU, Hugging Face's graphics cards that are lent for seconds at a time.

`spaces.GPU` runs a function in a process that is forked for it, or was for an earlier question: the card exists there
only, and what is changed there doesn't come back. So a job names the pair's files, its β and its inputs; the process
loads the pair on its card unless it has it, moves the weights, and sends back what is read without a card. The page's
own process keeps the model on the CPU, at the base, for what doesn't depend on weights.
Used by `live`, where ZeroGPU is on; imports torch when something is asked.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from ggez_core.errors import GgezError
from ggez_core.progress import Progress, Step, silent

PREVIEW = "preview"
Decorate = Callable[..., Callable[[Any], Any]]


@dataclass(frozen=True)
class Job:
    """base, regional: a folder or file. beta, components: the weights. betas: of every component that differs.

    method: of the family's model; `preview` answers in parts. inputs: its argument.
    """

    base: str
    regional: str
    beta: float
    components: tuple[tuple[str, float], ...]
    betas: tuple[tuple[str, float], ...]
    method: str
    inputs: Any


@dataclass(frozen=True)
class _Part:
    """What comes back: a result, how far the work is, or the error that ended it."""

    result: Any = None
    step: Step | None = None
    error: GgezError | None = None


class ZeroGpu:
    """The card, as the page's process has it. `decorate` is `spaces.GPU`, to be called before the page starts."""

    def __init__(self, decorate: Decorate) -> None:
        self._answer = decorate(duration=lambda job, seconds: seconds)(_OnCard().answer)

    def ask(self, job: Job, seconds: int, progress: Progress = silent) -> Iterator[Any]:
        """The job's results as they come; the card is asked for so many seconds.

        `progress` may raise Cancelled; so may who takes the results stop. Raises what the job raises, GgezError where
        there is no card, such as for a visitor whose quota is used up.
        """
        import gradio as gr

        parts: Generator[bytes, None, None] = self._answer(pickle.dumps(job), seconds)
        with closing(parts):
            try:
                for packed in parts:
                    part: _Part = pickle.loads(packed)  # from our own process
                    if part.error is not None:
                        raise part.error
                    if part.step is not None:
                        progress(part.step)
                    yield part.result
            except gr.Error as error:
                said = " ".join(str(error.message).split())
                raise GgezError(f"the graphics card can't be had: {said}; try again later, or a smaller pair") from None


class _OnCard:
    """The process with the card: holds the pair that was asked last."""

    def __init__(self) -> None:
        self._held: tuple[tuple[str, str], Any, Any] | None = None

    def answer(self, packed: bytes, seconds: int) -> Generator[bytes, None, None]:
        """The parts of a job's answer. `seconds` is for the lender."""
        job: Job = pickle.loads(packed)
        try:
            model = self._placed(job)
            if job.method != PREVIEW:
                yield pickle.dumps(_Part(getattr(model, job.method)(job.inputs)))
                return
            betas, steps = dict(job.betas), [None]
            partials = model.preview(
                job.inputs, beta_of=lambda component: betas.get(component, 0.0), progress=steps.append
            )
            with closing(partials):
                for partial in partials:
                    yield pickle.dumps(_Part(partial, steps[-1]))
        except GgezError as error:
            yield pickle.dumps(_Part(error=error))

    def _placed(self, job: Job) -> Any:
        """The family's model of the job's pair, on the card, at the job's weights."""
        import torch

        from ggez_core.checkpoints import open_checkpoint
        from ggez_core.families import Placement, family_of
        from ggez_core.merging import LiveModel
        from ggez_core.progress import unshare_bars

        unshare_bars()  # or who gives up while a model is loaded stops every later loading, here and in the page
        torch.set_num_threads(1)  # threads of the process that was forked don't exist in this one
        if self._held is None or self._held[0] != (job.base, job.regional):
            self._held = None  # its memory goes before the next pair comes
            base, regional = open_checkpoint(job.base), open_checkpoint(job.regional)
            device = "cuda" if torch.cuda.is_available() else None
            model = family_of(base).load(base, Placement(device=device))
            self._held = (job.base, job.regional), model, LiveModel(model.model, base, regional)
        _, model, weights = self._held
        weights.set_beta(job.beta, dict(job.components))
        return model


def zero_gpu() -> ZeroGpu | None:
    """The card, where ZeroGPU is on and its package is there; else None. To be called before the page starts."""
    if os.environ.get("SPACES_ZERO_GPU", "").lower() not in ("1", "t", "true"):
        return None
    try:
        import spaces
    except ImportError:
        return None
    return ZeroGpu(spaces.GPU)
