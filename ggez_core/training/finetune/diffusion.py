"""Fine-tuning of a text-to-image model's UNet: what its scheduler says is to be predicted, at every strength of noise.

Latents and what the text encoders say are computed once and kept on disk by content; the steps need the UNet alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch

from ...checkpoints import Checkpoint
from ...errors import TrainingError
from ...families import Placement
from ...families.denoising import Denoising
from ...families.diffusion import DiffusionModel
from ...families.family import at_base
from ...families.kept import Floats
from ...families.store import StoredKept, Weights, weights_of
from ...progress import Progress, Step
from ..augment import AugmentSettings
from ..examples import Examples, load_examples
from ..objective import Batch, Inputs
from ..order import Shuffled
from ..plan import Plan
from ..samples import prompts
from .settings import FinetuneSettings
from .trained import FinetuneObjective, loaded

UNET = "unet"
_PIXELS, _MOST, _TEXTS = 8 << 20, 256, 32  # of pictures computed at a time, pictures and texts


def plan(checkpoint: Checkpoint, settings: FinetuneSettings, work: Path, progress: Progress) -> Plan:
    """Rows of `image` and `text`."""
    if settings.augment != AugmentSettings():
        raise TrainingError("augment: a diffusion model's pictures are encoded once and stay the same; leave it out")
    examples = load_examples(settings.data, ("text",), progress=progress)
    order = Shuffled(len(examples), settings.loop.batch, settings.loop.seed)
    model = cast(DiffusionModel, loaded(checkpoint, settings))
    denoising = Denoising(model, settings.diffusion.resolution)
    device = "cuda" if settings.loop.device != "cpu" and torch.cuda.is_available() else "cpu"
    prepared = Prepared.compute(checkpoint, denoising, examples, work, torch.device(device), progress)
    objective = DenoisingTuning(checkpoint, model, denoising, settings, prepared)
    facts = {"rows": len(examples), "left_out": dict(examples.dropped), "predicts": denoising.prediction,
             **objective.counts}  # fmt: skip
    return Plan(objective, order, facts, prompts(examples, settings.samples) if settings.sampled else None)


class Prepared:
    """What the frozen parts make of the data.

    latents (rows, c·h·w), hidden (texts, tokens·width), pooled (texts, width): float32, mapped from disk. text: which
    text a row has; the last one is the empty text. sizes (rows, 6): what SDXL is told.
    """

    def __init__(
        self, latents: Floats, hidden: Floats, pooled: Floats, text: list[int], sizes: torch.Tensor,
        shapes: tuple[tuple[int, ...], tuple[int, ...]],
    ) -> None:  # fmt: skip
        self.latents, self.hidden, self.pooled, self.text, self.sizes = latents, hidden, pooled, text, sizes
        self.latent_shape, self.hidden_shape = shapes

    @classmethod
    def compute(
        cls, checkpoint: Checkpoint, denoising: Denoising, examples: Examples, work: Path, device: torch.device,
        progress: Progress,
    ) -> Prepared:  # fmt: skip
        """Computed where it isn't on disk yet."""
        pipeline = denoising.pipeline
        encoders = tuple(n for n, m in pipeline.components.items() if n.startswith("text_encoder") and m is not None)
        for name in ("vae", *encoders):
            getattr(pipeline, name).to(device)
        texts = list(dict.fromkeys(examples.column("text")))
        known = {text: place for place, text in enumerate(texts)}
        texts.append("")
        shapes: dict[str, tuple[int, ...]] = {}
        at_once = max(1, min(_MOST, _PIXELS // denoising.resolution**2))
        sizes = torch.zeros(len(examples), 6)
        for first in range(0, len(examples), at_once) if denoising.sized else ():
            some = range(first, min(first + at_once, len(examples)))
            told = [denoising.size_of(image) for image in examples.pictures(some)]
            sizes[some.start : some.stop] = torch.tensor(told, dtype=sizes.dtype)
            progress(Step(some.stop, len(examples), "rows", "looking at sizes"))

        def latents(first: int, last: int) -> Floats:
            found = denoising.latents(examples.pictures(range(first, last)))
            return found.flatten(1).numpy()

        def hidden(first: int, last: int) -> Floats:
            return denoising.conditions(texts[first:last])[0].flatten(1).numpy()

        def pooled(first: int, last: int) -> Floats:
            return denoising.conditions(texts[first:last])[1].numpy()

        def report(name: str, done: int, total: int) -> None:
            progress(Step(done, total, "rows", f"computing {name}"))

        weights = weights_of(checkpoint, None, Placement(device=device, dtype=torch.float32))
        shapes["latents"] = tuple(denoising.latents(examples.pictures([0])).shape[1:])
        shapes["hidden"] = tuple(denoising.conditions(texts[-1:])[0].shape[1:])
        pictures = _kept(work, weights, [str(denoising.resolution), *examples.keys], report)
        words = _kept(work, weights, texts, report)
        made = cls(
            pictures.rows("latents", len(examples), ("vae",), latents, batch=at_once).at(at_base),
            words.rows("texts", len(texts), encoders, hidden, batch=_TEXTS).at(at_base),
            words.rows("pooled texts", len(texts), encoders, pooled, batch=_TEXTS).at(at_base),
            [known[text] for text in examples.column("text")],
            sizes,
            (shapes["latents"], shapes["hidden"]),
        )
        for name in ("vae", *encoders):
            getattr(pipeline, name).to("cpu")
        return made


def _kept(work: Path, weights: Weights, content: Sequence[str], report: Callable[[str, int, int], None]) -> StoredKept:
    digest = hashlib.blake2b("\n".join(content).encode(), digest_size=16).hexdigest()
    return StoredKept(work, weights, digest, report)


class DenoisingTuning(FinetuneObjective):
    """Mean squared error of the UNet's prediction, a row's weighted by min-SNR where asked."""

    def __init__(
        self, checkpoint: Checkpoint, model: DiffusionModel, denoising: Denoising, settings: FinetuneSettings,
        prepared: Prepared,
    ) -> None:  # fmt: skip
        super().__init__(checkpoint, model, settings, lambda name: name.startswith(f"{UNET}."), holds=UNET)
        self.weights = {"denoising": 1.0}
        self.denoising, self.prepared, self.own = denoising, prepared, settings.diffusion

    def batch(self, rows: Sequence[int], seeds: Sequence[int]) -> Batch:
        known, shape = self.prepared, self.prepared.latent_shape
        noise, steps, texts = torch.empty(len(rows), *shape), [], []
        for place, (row, seed) in enumerate(zip(rows, seeds, strict=True)):
            generator = torch.Generator().manual_seed(seed)
            noise[place] = torch.randn(shape, generator=generator)
            steps.append(int(torch.randint(self.denoising.steps, (), generator=generator)))
            dropped = float(torch.rand((), generator=generator)) < self.own.caption_dropout
            texts.append(len(known.hidden) - 1 if dropped else known.text[row])
        inputs = {
            "latents": torch.from_numpy(np.stack([known.latents[row] for row in rows])).view(-1, *shape),
            "noise": noise,
            "steps": torch.tensor(steps),
            "hidden": torch.from_numpy(np.stack([known.hidden[t] for t in texts])).view(-1, *known.hidden_shape),
            "pooled": torch.from_numpy(np.stack([known.pooled[t] for t in texts])),
            "sizes": known.sizes[list(rows)],
        }
        return Batch(inputs, float(len(rows)))

    def forward(self, inputs: Inputs) -> dict[str, torch.Tensor]:
        latents, noise, steps = (inputs[name] for name in ("latents", "noise", "steps"))
        noisy = self.denoising.noised(latents, noise, steps)
        given = [tensor.to(self.denoising.unet.dtype) for tensor in (noisy, *self._conditions(inputs))]
        found = self.denoising.predict(given[0], steps, *given[1:])
        error = (found.float() - self.denoising.target(latents, noise, steps)).square().flatten(1).mean(1)
        if self.own.min_snr is not None:
            error = error * self.denoising.min_snr(steps, self.own.min_snr)
        return {"denoising": error.mean()}

    @staticmethod
    def _conditions(inputs: Inputs) -> list[torch.Tensor]:
        return [inputs[name] for name in ("hidden", "pooled", "sizes")]
