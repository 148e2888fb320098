"""Weights on disk: resolve a source, list components, read lazily, compare two, write atomically.

Knows files and tensors, no architectures. Used by everything above it; uses only errors, progress and assets.
"""

from .checkpoint import Checkpoint, open_checkpoint
from .compare import Comparison, ComponentDifference, LayerDifference, TensorDifference, compare
from .header import TensorInfo

__all__ = [
    "Checkpoint",
    "Comparison",
    "ComponentDifference",
    "LayerDifference",
    "TensorDifference",
    "TensorInfo",
    "compare",
    "open_checkpoint",
]
