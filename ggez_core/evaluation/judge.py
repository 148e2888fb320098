"""The judge of drawn pictures: a small classifier that says which thing of the small world a picture shows.

It was trained on real drawings of its own by `demo.build.judge`, apart from every model it judges, and its weights ship
beside the demo checkpoints with the names of its classes. Used by the task that scores drawing models.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional as F

from ..assets import demo_root
from ..errors import CheckpointError

SIZE = 48  # pixels
WIDTHS = (32, 64, 128)


def judge_file() -> Path:
    """Where the shipped judge is."""
    return demo_root() / "sdxl" / "judge.safetensors"


class Judge(nn.Module):
    """A convolutional classifier: (n, 3, 48, 48) in [-1, 1] → logits (n, classes)."""

    def __init__(self, classes: Sequence[str]) -> None:
        super().__init__()
        self.classes = tuple(classes)
        self.first = nn.Conv2d(3, WIDTHS[0], 3, stride=2, padding=1, bias=False)
        self.downs = nn.ModuleList(nn.Conv2d(a, b, 3, stride=2, padding=1, bias=False) for a, b in pairwise(WIDTHS))
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.BatchNorm2d(w), nn.ReLU(), nn.Conv2d(w, w, 3, padding=1, bias=False), nn.BatchNorm2d(w), nn.ReLU(),
                nn.Conv2d(w, w, 3, padding=1, bias=False),
            )
            for w in WIDTHS
        )  # fmt: skip
        self.last = nn.Linear(WIDTHS[-1], len(self.classes))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        x = self.first(pixels)
        for index, block in enumerate(self.blocks):
            x = self.downs[index - 1](x) if index else x
            x = x + block(x)
        logits: torch.Tensor = self.last(F.relu(x).mean((2, 3)))
        return logits

    @torch.inference_mode()
    def names(self, images: Sequence[Image.Image]) -> list[str]:
        """The class of each image: its key in the small world."""
        found: list[str] = []
        for start in range(0, len(images), 256):
            found += [self.classes[i] for i in self(pixels_of(images[start : start + 256])).argmax(1).tolist()]
        return found

    def save(self, file: Path) -> None:
        """Write weights (half precision) and class names."""
        file.parent.mkdir(parents=True, exist_ok=True)
        halves = {k: v.half() if v.is_floating_point() else v for k, v in self.state_dict().items()}
        save_file(halves, file, metadata={"classes": json.dumps(self.classes)})

    @classmethod
    def load(cls, file: Path) -> Judge:
        """Read a saved judge, ready to judge. Raises CheckpointError if it isn't one."""
        try:
            with safe_open(file, "pt") as opened:
                classes = json.loads((opened.metadata() or {})["classes"])
            judge = cls(classes)
            judge.load_state_dict(load_file(file))
        except (OSError, SafetensorError, KeyError, ValueError, RuntimeError) as error:
            raise CheckpointError(
                f"{file} is no judge of drawings ({type(error).__name__}); make it again: ggez demo build --family sdxl"
            ) from error
        return judge.eval().requires_grad_(False)


@cache
def shipped_judge() -> Judge:
    """The judge that ships with the project, loaded once. Raises CheckpointError where there is none."""
    return Judge.load(judge_file())


def pixels_of(images: Sequence[Image.Image]) -> torch.Tensor:
    """Images of any size → (n, 3, 48, 48) float32 in [-1, 1]."""
    shown = [i.convert("RGB") for i in images]
    shown = [i if i.size == (SIZE, SIZE) else i.resize((SIZE, SIZE), Image.Resampling.BOX) for i in shown]
    stacked = torch.from_numpy(np.stack([np.asarray(i) for i in shown]))
    return stacked.permute(0, 3, 1, 2).float() / 127.5 - 1
