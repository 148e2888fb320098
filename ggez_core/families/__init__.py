"""Model families: what a checkpoint can do once it is loaded. The only place that knows architectures."""

from __future__ import annotations

import importlib

from ..checkpoints import Checkpoint
from ..errors import CheckpointError
from .family import Family, FamilyModel, Placement

__all__ = ["Family", "FamilyModel", "Placement", "families", "family_of", "load"]

_FILES = ("embedding",)  # each has a FAMILY


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
