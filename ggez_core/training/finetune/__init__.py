"""Fine-tuning a global model on regional data: one file a family, and what they share."""

from __future__ import annotations

import importlib
from pathlib import Path

from ...errors import TrainingError
from ...progress import Progress
from ..plan import Kind, Plan
from .settings import FinetuneSettings, settings_from

_FAMILIES = ("embedding", "diffusion", "lvlm")  # each a file with `plan(checkpoint, settings, work, progress)`


def plan(settings: FinetuneSettings, work: Path, progress: Progress) -> Plan:
    """Model, data and loss of a fine-tuning.

    Raises TrainingError where the preset is of another family; DataError or CheckpointError for what can't be used.
    """
    from ...checkpoints import open_checkpoint
    from ...families import family_of

    checkpoint = open_checkpoint(settings.model)
    family = family_of(checkpoint).name
    if settings.preset not in (None, family):
        raise TrainingError(
            f"preset: {settings.preset} is for another family; {settings.model} is {family}, so say preset: {family}"
        )
    if family not in _FAMILIES:
        raise TrainingError(f"{settings.model}: {family} models can't be fine-tuned here; {', '.join(_FAMILIES)} can")
    made: Plan = importlib.import_module(f"{__name__}.{family}").plan(checkpoint, settings, work, progress)
    return made


KIND = Kind("finetune", settings_from, plan)
