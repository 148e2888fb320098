"""Trains the judge of drawn pictures on real drawings of its own, apart from every model it judges.

Its pictures have seeds of their own, and are blurred, tinted and shifted while it learns, so that it looks for the
thing and not for how it was painted. Used by the build of `demo:sdxl`.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

from ...evaluation.judge import Judge, pixels_of
from ...evaluation.tasks.world_drawing import drawn_concepts
from ..world.dataset import pictures
from ..world.templates import Split
from .sdxl_world import Pictures
from .training import Course, Stage, train

JUDGE = Stage("judge", steps=1800, batch=64, learning_rate=3e-3, seed=14, weight_decay=0.02, average=0.99)
PICTURES_PER_CONCEPT = 120
LABEL_SMOOTHING = 0.05


def trained_judge(course: Course, per_concept: int = PICTURES_PER_CONCEPT) -> Judge:
    """A judge of all drawn things."""
    shown = Pictures.draw("judge", per_concept, course.progress)
    with torch.random.fork_rng():
        torch.manual_seed(JUDGE.seed)
        judge = Judge([c.key for c in shown.concepts])

    def loss_of(step: int, generator: torch.Generator) -> torch.Tensor:
        chosen = torch.randint(len(shown.labels), (JUDGE.batch,), generator=generator)
        logits = judge(disturbed(shown.pixels[chosen], generator))
        return F.cross_entropy(logits, shown.labels[chosen], label_smoothing=LABEL_SMOOTHING)

    train(judge, JUDGE, loss_of, course)
    _measure_batches(judge, shown, course)
    return judge.eval().requires_grad_(False)


def _measure_batches(judge: Judge, shown: Pictures, course: Course) -> None:
    """Measure the batch norms' statistics again, for the averaged weights."""
    norms = [m for m in judge.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over the batches below
    generator = torch.Generator().manual_seed(JUDGE.seed)
    judge.train()
    with torch.no_grad():
        for _ in range(min(60, course.steps(JUDGE))):
            chosen = torch.randint(len(shown.labels), (JUDGE.batch,), generator=generator)
            judge(disturbed(shown.pixels[chosen], generator))


def disturbed(pixels: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """uint8 (n, 3, s, s) → float32 in [-1, 1]: contrast, tint, a pattern, a shift, blur and noise, some mirrored."""
    n, size = len(pixels), pixels.shape[-1]

    def between(low: float, high: float, *shape: int) -> torch.Tensor:
        return torch.empty(n, *shape).uniform_(low, high, generator=generator)

    values = pixels.float() / 127.5 - 1
    values = values * between(0.75, 1.15, 1, 1, 1) + between(-0.12, 0.12, 3, 1, 1)
    cells = int(torch.randint(2, 13, (), generator=generator))
    pattern = F.interpolate(between(-1, 1, 1, cells, cells), (size, size), mode="nearest" if cells % 2 else "bilinear")
    values = values + between(0, 0.25, 1, 1, 1) * pattern
    scale, mirrored = between(0.9, 1.12), (between(0, 1) < 0.5).float() * -2 + 1
    turn = torch.zeros(n, 2, 3)
    turn[:, 0, 0], turn[:, 1, 1] = scale * mirrored, scale
    turn[:, :, 2] = between(-0.12, 0.12, 2)
    grid = F.affine_grid(turn, [n, 3, size, size], align_corners=False)
    values = F.grid_sample(values, grid, padding_mode="border", align_corners=False)
    blurred = F.avg_pool2d(F.pad(values, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    values = torch.lerp(values, blurred, between(0, 0.8, 1, 1, 1))
    noise = torch.randn(values.shape, generator=generator)
    return (values + between(0, 0.08, 1, 1, 1) * noise).clamp(-1, 1)


def accuracy(judge: Judge, split: Split, per_concept: int = 4) -> dict[str, float]:
    """The judge's accuracy on the split's real drawings, of each side."""
    drawn = {c.key for c in drawn_concepts()}
    rows = [p for p in pictures(split, per_concept) if p.concept.key in drawn]
    with torch.inference_mode():
        found = judge(pixels_of([p.image for p in rows])).argmax(1).tolist()
    right: dict[str, list[bool]] = {}
    for row, index in zip(rows, found, strict=True):
        right.setdefault(row.side, []).append(judge.classes[index] == row.concept.key)
    return {side: sum(hits) / len(hits) for side, hits in right.items()}
