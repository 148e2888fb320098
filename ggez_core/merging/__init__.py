"""Merging: a typed recipe, a plan made from headers, streaming to disk, and a live model in memory.

Uses checkpoints; used by families, evaluation, the command line and the page. torch is imported with `LiveModel` only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .plan import parse_size
from .recipe import Recipe
from .to_disk import MergeResult, merge, run_recipe

if TYPE_CHECKING:
    from .live import LiveModel

__all__ = ["LiveModel", "MergeResult", "Recipe", "merge", "parse_size", "run_recipe"]


def __getattr__(name: str) -> Any:
    if name == "LiveModel":
        from .live import LiveModel

        return LiveModel
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
