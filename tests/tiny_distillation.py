"""Tiny distillations: parallel captions with pictures, and what every loss makes of them over processes and batches.

`torchrun … -m tests.tiny_distillation TEACHER DATA FOLDER` trains with each of `OBJECTIVES`, spread over the processes
and in batches of two, and leaves each one's `Seen` in FOLDER/seen.json.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from ggez_core.progress import silent
from ggez_core.training.devices import accelerator_of
from ggez_core.training.distillation import plan
from ggez_core.training.distillation.settings import DistillSettings, settings_from
from ggez_core.training.loop import Hooks, train
from tests.tiny_embedding import siglip_two

LINES = [
    {"text": text, "language": language, "text_en": english, "group": group}
    for group, english, others in (
        ("cat", "a photo of a cat", {"id": "foto kucing", "th": "แมว", "ms": "gambar kucing"}),
        ("dog", "a dog on the beach", {"id": "anjing di pantai", "th": "หมา"}),
        ("rice", "nasi lemak", {"ms": "nasi lemak sedap", "th": "ข้าว"}),
        ("house", "rumah gadang", {"id": "rumah gadang di Sumatra", "ms": "rumah gadang Sumatera"}),
    )
    for language, text in {"en": english, **others}.items()
]
OBJECTIVES = ("FD", "ED", "SD", "MCL", "DR", "MCL@image + 0.5 DR@image + FD")


def teacher_of(folder: Path) -> Path:
    """A SigLIP2 whose texts lie apart, which a random one's hardly do: else DR's gradient is all rounding."""
    weights = siglip_two(folder) / "model.safetensors"
    tensors = load_file(weights)
    for name, tensor in tensors.items():
        if name.startswith("text_model") and tensor.ndim == 2 and "position" not in name:
            tensor *= 10
    save_file(tensors, weights, {"format": "pt"})
    return folder


def parallel(folder: Path) -> Path:
    """`LINES` with a picture each."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(len(LINES)):
        picture = Image.frombytes("RGB", (32, 32), bytes((i * (number + 3)) % 256 for i in range(32 * 32 * 3)))
        picture.save(folder / f"{number}.png")
    lines = (json.dumps({**line, "image": f"{number}.png"}) for number, line in enumerate(LINES))
    (folder / "train.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


def settings(teacher: Path, data: Path, **changes: Any) -> DistillSettings:
    """A distillation of six steps."""
    loop = {"steps": 6, "batch": 6, "learning_rate": 1e-3, "device": "cpu", "workers": 0, "save_every": 3,
            **changes.pop("loop", {})}  # fmt: skip
    given = {"model": str(teacher), "data": [{"source": str(data)}], "queue": 8, "loop": loop, **changes}
    return settings_from(given)


@dataclass
class Seen:
    """A training's losses and norms of gradients, step by step, and the sum of what it trained."""

    losses: list[float] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)


def seen(objective: str, teacher: Path, data: Path, folder: Path, accelerator: Any = None, **loop: Any) -> Seen:
    """Train with plain SGD: Adam's first steps blow rounding up to a step's size."""
    loop = {"batch": 8, "optimizer": "sgd", "learning_rate": 0.03, "log_every": 1, "save_every": 0, **loop}
    asked = settings(teacher, data, objective=objective, loop=loop)
    made = plan(asked, folder / "prepared", silent)
    found = Seen()

    def logged(one: Any) -> None:
        found.losses.append(one.loss)
        found.norms.append(one.grad_norm)

    train(made.objective, made.order, asked.loop, folder, Hooks(logged=logged), accelerator=accelerator)
    found.weights = [float(p.detach().double().sum()) for p in made.objective.parameters() if p.requires_grad]
    return found


def main(teacher: Path, data: Path, folder: Path) -> None:
    """Every objective over all processes."""
    torch.set_num_threads(1)
    accelerator = accelerator_of(settings(teacher, data).loop, folder)
    accelerator.end_training = lambda: None  # it trains again
    found = {}
    for number, objective in enumerate(OBJECTIVES):
        own = folder / str(number)
        with accelerator.main_process_first():
            plan(settings(teacher, data, objective=objective), own / "prepared", silent)
        found[objective] = asdict(seen(objective, teacher, data, own, accelerator, micro_batch=2))
    if accelerator.is_main_process:
        (folder / "seen.json").write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
