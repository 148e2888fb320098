"""Folders of runs as their process would have left them, for tests of what is shown of them."""

from __future__ import annotations

import time
from pathlib import Path

from ggez_core.runs import RunFolder, State
from ggez_core.runs.events import EventsFile
from ggez_core.runs.status import Status


def fabricated(
    path: Path, *, model: str = "demo:siglip/base", state: State = "finished", kind: str = "finetune"
) -> RunFolder:
    """A run of 20 steps at 100 examples a second, evaluated twice."""
    config = {"kind": kind, "model": model, "loop": {"batch": 128, "precision": "fp32"}}
    run = RunFolder.create(path, config)
    events = EventsFile(path / "events.jsonl")
    events.add("began", {"step": 0, "steps": 20, "facts": {"rows": 100}})
    for step in range(1, 21):
        loss = 2.0 / step
        events.add("step", {
            "step": step, "steps": 20, "epoch": step / 10, "loss": loss, "learning_rate": 1e-4, "grad_norm": 1.0,
            "parts": {"softmax": loss - 0.01, "sigmoid": 0.1}, "examples_per_second": 100.0, "seconds": 1.28,
            "memory": 5 * 10**8, "watched": {"image_variance": 0.8, "text_variance": 0.7},
        })  # fmt: skip
        if step % 10 == 0:
            points = [(0.0, 0.9, 0.1), (0.5, 0.9 - step / 100, 0.1 + step / 100), (1.0, 0.5, 0.6)]
            curve = [_point(*point) for point in points]
            events.add("evaluation", {"step": step, "score": 0.5, "rows": [], "curve": curve})
    run.set_status(Status(state, time.time(), None, None, 20, 20, "the disk is full" if state == "failed" else ""))
    return run


def _point(beta: float, q_global: float, q_regional: float) -> dict[str, float]:
    found = {"beta": beta}
    for name, value in (
        ("q_global", q_global),
        ("q_regional", q_regional),
        ("grp", 0.43 * q_global + 0.57 * q_regional),
    ):
        found |= {name: round(value, 6), f"{name}_low": value - 0.02, f"{name}_high": value + 0.02}
    return found
