"""What a training will take, before it is started: memory by parameters, time by earlier runs of the same model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from ..checkpoints import open_checkpoint
from ..checkpoints.dtypes import DTYPES
from ..families import family_of
from .folder import list_runs

_ADAM = {"adamw": 8, "adamw8bit": 2, "sgd": 0}  # bytes of optimizer state a trained parameter


@dataclass(frozen=True)
class Estimate:
    """parameters, trained: numbers. fixed: bytes of weights, gradients and optimizer; activations come on top.

    steps: of the training; None where the data has to be counted first. seconds: None where no earlier run of this
    model and precision says how long an example takes; since says which.
    """

    family: str
    parameters: int
    trained: int
    fixed: int
    steps: int | None
    seconds: float | None
    since: str = ""


def estimate(config: Mapping[str, Any], within: Path | None = None) -> Estimate:
    """The estimate of a complete config. Raises SourceError or CheckpointError for a model that can't be opened."""
    checkpoint = open_checkpoint(config["model"])
    sizes = {part: sum(checkpoint.tensors[name].size for name in names if DTYPES[checkpoint.tensors[name].dtype].merges)
             for part, names in checkpoint.components.items()}  # fmt: skip
    total = sum(sizes.values())
    trained = held = sizes.get("unet", total)  # of a pipeline the UNet alone: what the rest says is computed before
    lora = config.get("lora")
    if lora:
        widths = [info.shape for info in checkpoint.tensors.values() if len(info.shape) == 2]
        trained = min(trained, sum(int(lora["rank"]) * (rows + columns) for rows, columns in widths))
    width = 2 if config.get("weights") == "bfloat16" else 4
    loop = config["loop"]
    fixed = held * width + trained * (width + _ADAM.get(loop["optimizer"], 8))
    steps = loop.get("steps")
    rate, since = _rate(config, within)
    seconds = steps * loop["batch"] / rate if steps and rate else None
    return Estimate(family_of(checkpoint).name, total, trained, fixed, steps, seconds, since)


def _rate(config: Mapping[str, Any], within: Path | None) -> tuple[float | None, str]:
    """Examples a second of the newest run of the same model, precision and kind."""
    wanted = [config.get("kind"), config.get("model"), config["loop"].get("precision"), bool(config.get("lora"))]
    for run in list_runs(within):
        other = run.config
        loop = other.get("loop") or {}
        if [other.get("kind"), other.get("model"), loop.get("precision"), bool(other.get("lora"))] == wanted:
            rates = [e["examples_per_second"] for e in run.events() if e["kind"] == "step" and e["step"] > 1]
            if rates:
                return median(rates), run.name
    return None, ""
