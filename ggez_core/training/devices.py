"""Where a training runs: devices, precision, processes, trackers, as accelerate sees them, or why it can't."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch

from ..errors import TrainingError
from .settings import LoopSettings


def accelerator_of(settings: LoopSettings, folder: Path) -> Any:
    """The devices, as accelerate sees them. Raises TrainingError where they aren't there."""
    cuda = check_device(settings)
    _check_trackers(settings.trackers)
    from accelerate import Accelerator
    from accelerate.utils import (
        DistributedDataParallelKwargs,
        FullyShardedDataParallelPlugin,
        InitProcessGroupKwargs,
    )

    if cuda:
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    plugin = FullyShardedDataParallelPlugin(fsdp_version=2) if settings.sharded else None
    patience = InitProcessGroupKwargs(timeout=timedelta(hours=6))  # others wait while the first one evaluates
    try:
        return Accelerator(
            cpu=not cuda,
            mixed_precision={"fp32": "no"}.get(settings.precision, settings.precision),
            fsdp_plugin=plugin,
            log_with=list(settings.trackers) or None,
            project_dir=str(folder / "trackers"),
            kwargs_handlers=[patience, DistributedDataParallelKwargs(find_unused_parameters=True)],
        )
    except (ValueError, ImportError, RuntimeError) as error:
        why = " ".join(str(error).split())[:200]
        raise TrainingError(f"accelerate can't start with these settings: {why}") from error


def _check_trackers(names: Sequence[str]) -> None:
    """Refuse trackers that accelerate would pass over without a word."""
    from accelerate.tracking import LoggerType, get_available_trackers

    known = [str(name) for name in LoggerType if name != LoggerType.ALL]
    there = {str(name) for name in get_available_trackers()}
    for name in names:
        if name not in known:
            raise TrainingError(f"loop.trackers: {name!r} is none; there are {', '.join(known)}")
        if name not in there:
            raise TrainingError(f"loop.trackers: {name} isn't installed; pip install {name}, or leave it out")


def start_trackers(accelerator: Any, names: Sequence[str], told: Mapping[str, Any]) -> None:
    """Start the accelerator's trackers and tell them the run's settings. Raises TrainingError where one refuses."""
    try:
        accelerator.init_trackers("ggez", config=_flat(told))
    except Exception as error:  # whatever the tracker's own library raises: no key, no network, no room
        why = " ".join(str(error).split())[:200] or type(error).__name__
        raise TrainingError(f"loop.trackers: can't start {', '.join(names)}: {why}") from error


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Settings as trackers take them: numbers and texts by dotted names."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = value if isinstance(value, int | float | str) else str(value)
    return found


def check_device(settings: LoopSettings) -> bool:
    """Whether a GPU is used. Raises TrainingError where one is needed that isn't there."""
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise TrainingError("loop.device: this config asks for a GPU (cuda), and there is none here; say cpu, or auto")
    cuda = settings.device != "cpu" and torch.cuda.is_available()
    if settings.precision == "fp16" and not cuda:
        raise TrainingError("loop.precision: fp16 needs a GPU, and there is none here; say bf16 or fp32")
    if settings.optimizer == "adamw8bit" and not cuda:
        raise TrainingError("loop.optimizer: adamw8bit needs a GPU, and there is none here; say adamw")
    if settings.sharded and not cuda:
        raise TrainingError("loop.sharded: FSDP needs GPUs, and there is none here; say sharded: false")
    return cuda


def forward_size(settings: LoopSettings, processes: int) -> int:
    """Rows of one forward on one process. Raises TrainingError where a batch can't be shared out evenly."""
    if settings.batch % processes:
        raise TrainingError(f"batch: {settings.batch} rows can't be shared by {processes} processes; say a multiple")
    share = settings.batch // processes
    size = min(settings.micro_batch or share, share)
    if share % size:
        raise TrainingError(
            f"micro_batch: {share} rows a process can't be cut into forwards of {size}; say a divisor of {share}"
        )
    return size
