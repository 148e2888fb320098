"""Settings to begin with, by family: those of the paper (arXiv 2604.11490), below whatever a config says itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "embedding": {
        "loop": {"batch": 128, "learning_rate": 5e-6, "weight_decay": 0.001, "epochs": 2, "schedule": "linear"},
    },
    "diffusion": {
        "loop": {"batch": 32, "learning_rate": 1e-5, "weight_decay": 0.01, "epochs": 4, "schedule": "constant"},
    },
    "lvlm": {
        "loop": {"batch": 64, "learning_rate": 2e-5, "weight_decay": 0.01, "epochs": 3, "schedule": "linear"},
    },
}  # fmt: skip
BETAS: Mapping[str, tuple[float, ...]] = {  # what the paper tries for each, where evaluation says none
    "embedding": (0.25, 0.5, 0.75),
    "diffusion": (0.25, 0.5, 0.75),
    "lvlm": (0.05, 0.1, 0.5, 0.7),
}


def below(preset: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """What is said, and the preset's where nothing is; of `steps` and `epochs` only one is taken."""
    found: dict[str, Any] = dict(said)
    for name, value in preset.items():
        if isinstance(value, Mapping):
            own = found.get(name) or {}
            found[name] = below(value, own) if isinstance(own, Mapping) else own
        elif name == "epochs" and "steps" in said:
            continue
        else:
            found.setdefault(name, value)
    return found
