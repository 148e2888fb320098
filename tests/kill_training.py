"""Trains again and again, killing it: `python -m tests.kill_training FOLDER SEED KILLS [TEACHER DATA]`.

What is trained is the tiny line, or where a teacher and captions are named a distillation with DR's queue.

One process with everything imported forks each training, so that a kill -9 meets the training and not its start.
Prints how many trainings were killed, and at which steps the next ones began.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from functools import partial
from pathlib import Path

import torch

from ggez_core.progress import silent
from ggez_core.training.distillation import plan
from ggez_core.training.loop import train
from ggez_core.training.order import Shuffled
from ggez_core.training.saved import SavedStates
from ggez_core.training.settings import LoopSettings
from tests.kills import forked, killed
from tests.tiny_distillation import settings
from tests.tiny_training import COUNT, Line

SETTINGS = LoopSettings(steps=60, batch=8, learning_rate=0.01, save_every=3, log_every=5, workers=1, device="cpu")


def line(folder: Path) -> None:
    """Train from where it was."""
    train(Line(), Shuffled(COUNT, SETTINGS.batch, SETTINGS.seed), SETTINGS, folder)


def distil(teacher: Path, data: Path, folder: Path) -> None:
    """Prepare and distil, from where it was."""
    loop = {"steps": 40, "save_every": 3, "log_every": 5, "workers": 1}
    asked = settings(teacher, data, objective="DR + 0.3 ED", temperature=2.0, loop=loop)
    made = plan(asked, folder / "prepared", silent)
    train(made.objective, made.order, asked.loop, folder)


def main(folder: Path, seed: int, kills: int, *distilled: str) -> None:
    """Train once without a kill and once with `kills` of them."""
    torch.set_num_threads(1)
    draw = random.Random(seed)
    run = partial(distil, *map(Path, distilled)) if distilled else line
    run(folder / "warm")  # whatever is imported on the way is imported in the parent
    started = time.monotonic()
    os.waitpid(forked(partial(run, folder / "whole")), 0)
    seconds = time.monotonic() - started
    begun = []
    while len(begun) < kills:
        if killed(partial(run, folder / "killed"), draw.uniform(0.05, 0.6) * seconds):
            begun.append(max(SavedStates(folder / "killed" / "checkpoints", 2).steps(), default=0))
        else:
            break
    os.waitpid(forked(partial(run, folder / "killed")), 0)
    sys.stdout.write(json.dumps(begun))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
