"""GG-EZ: adapt vision-language models to a region of the world without losing the rest.

The engine, as a library: `import ggez_core as gg`. Names load on first use, so that importing the package is quick.
"""

from __future__ import annotations

import importlib
from typing import Any

_PUBLIC = {
    "Checkpoint": "checkpoints",
    "GgezError": "errors",
    "LiveModel": "merging",
    "Recipe": "merging",
    "alpha": "regions",
    "compare": "checkpoints",
    "curate": "curation.curate",
    "evaluate": "evaluation.runner",
    "grp": "evaluation",
    "merge": "merging",
    "open_checkpoint": "checkpoints",
    "recut": "curation.curate",
    "retrieval_metrics": "evaluation",
    "run_recipe": "merging",
    "sweep": "evaluation.sweep",
}

__version__ = "0.1.0"
__all__ = ["__version__", *_PUBLIC]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(importlib.import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
