"""Model families: what a checkpoint can do once it is loaded. The only place that knows architectures."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from ..errors import CheckpointError
from .family import Family, FamilyModel, Placement

if TYPE_CHECKING:
    from ..checkpoints import Checkpoint

__all__ = ["Family", "FamilyModel", "Placement", "families", "family_of", "load", "loading_code"]

_FILES = ("embedding", "lvlm", "diffusion")  # each has a FAMILY


def families() -> tuple[Family, ...]:
    """All families, imported when first asked for."""
    return tuple(importlib.import_module(f"{__name__}.{name}").FAMILY for name in _FILES)


def family_of(checkpoint: Checkpoint) -> Family:
    """The family that loads a checkpoint. Raises CheckpointError where none does."""
    found = next((family for family in families() if family.takes(checkpoint)), None)
    if found is None:
        known = "; ".join(f"{family.name}: {family.known}" for family in families())
        raise CheckpointError(
            f"{checkpoint.source} is a {checkpoint.model_type or 'model of unknown type'}, which can be merged but not "
            f"run here; what can be run is {known}"
        )
    return found


def load(checkpoint: Checkpoint, placement: Placement | None = None) -> FamilyModel:
    """Load a checkpoint with its own family."""
    return family_of(checkpoint).load(checkpoint, placement or Placement())


def loading_code(checkpoint: Checkpoint, folder: str) -> str:
    """Python that loads such a checkpoint once it is saved in `folder`: with its library, or as bare tensors."""
    family = next((family for family in families() if family.takes(checkpoint)), None)
    if family is not None:
        return family.loading_code(checkpoint, folder)
    return (
        "from pathlib import Path\n\nfrom safetensors.torch import load_file\n\n"
        f'tensors = {{}}\nfor file in Path({folder!r}).rglob("*.safetensors"):\n    tensors |= load_file(file)\n'
    )
