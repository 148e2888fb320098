"""Tiny things to train: a network with dropout that learns a noisy line in milliseconds; pictures with captions."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import save_file

from ggez_core.training.gather import gathered
from ggez_core.training.objective import Batch, Inputs, Objective

COUNT, WIDTH = 96, 6


class Line(Objective):
    """Two parts of the loss: one a row, one that compares rows with each other. A queue moves after every step.

    poisoned: a row whose value isn't a number. uneven: rows count differently.
    """

    def __init__(self, dropout: float = 0.1, poisoned: int | None = None, uneven: bool = False) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.weights = {"near": 1.0, "apart": 0.1}
        self.network = torch.nn.Sequential(
            torch.nn.Linear(WIDTH, 16), torch.nn.Dropout(dropout), torch.nn.Tanh(), torch.nn.Linear(16, 4)
        )
        self.frozen = torch.nn.Linear(4, 4).requires_grad_(False)
        self.register_buffer("queue", torch.zeros(3, 4))
        self.queue: torch.Tensor
        self.last = torch.zeros(4)
        self.x = torch.randn(COUNT, WIDTH, generator=torch.Generator().manual_seed(4))
        self.uneven = uneven
        if poisoned is not None:
            self.x[poisoned] = float("nan")

    def batch(self, rows: Sequence[int], seeds: Sequence[int]) -> Batch:
        noise = torch.stack([torch.randn(WIDTH, generator=torch.Generator().manual_seed(s)) for s in seeds])
        count = torch.tensor([1.0 + (row % 3 if self.uneven else 0) for row in rows])
        return Batch({"x": self.x[list(rows)] + 0.1 * noise, "count": count}, float(count.sum()))

    def forward(self, inputs: Inputs) -> dict[str, torch.Tensor]:
        x, count = inputs["x"], inputs["count"]
        found = self.frozen(self.network(x))
        near = ((found - x[:, :4]) ** 2).mean(1)
        rows = torch.nn.functional.normalize(gathered(found), dim=-1)
        apart = (rows @ rows.T).square().mean() + (rows @ self.queue.T).square().mean()
        self.last = found.detach()[0]
        return {"near": (near * count).sum() / count.sum(), "apart": apart}

    def watch(self) -> dict[str, float]:
        return {"last": float(self.last[0])}

    def after_step(self) -> None:
        self.queue = torch.cat([self.queue[1:], torch.full((1, 4), 0.1)])

    def save(self, folder: Path, weights: Mapping[str, torch.Tensor]) -> None:
        save_file({n: t.clone() for n, t in weights.items() if n.startswith("network.")}, folder / "model.safetensors")


def pairs(folder: Path, count: int = 16) -> Path:
    """Pictures with captions as JSONL; rows 0 and 8 have the same caption."""
    if (folder / "train.jsonl").exists():
        return folder / "train.jsonl"
    folder.mkdir(parents=True)
    draw = random.Random(count)
    lines = []
    for index in range(count):
        colour = tuple(draw.randrange(256) for _ in range(3))
        Image.new("RGB", (40 + index, 36), colour).save(folder / f"{index}.png")
        text = "a photo of a cat" if index in (0, 8) else f"nasi lemak {index}"
        row = {"image": f"{index}.png", "text": text, "language": "en", "question": f"what is {index}?"}
        lines.append(json.dumps({**row, "answer": text.split()[0]}))
    (folder / "train.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder / "train.jsonl"
