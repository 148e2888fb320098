"""Optimizers by name, over the parameters that want a gradient; only weights of two dimensions or more decay."""

from __future__ import annotations

from typing import Any

import torch

from ..errors import TrainingError
from .settings import LoopSettings


def optimizer_of(module: torch.nn.Module, settings: LoopSettings) -> torch.optim.Optimizer:
    """The optimizer. Raises TrainingError where nothing is to be trained or its library isn't installed."""
    parameters = [p for p in module.parameters() if p.requires_grad]
    if not parameters:
        raise TrainingError("nothing is to be trained: no parameter wants a gradient")
    groups: list[dict[str, Any]] = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    adam: dict[str, Any] = {"lr": settings.learning_rate, "betas": settings.betas, "eps": settings.epsilon}
    if settings.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=settings.learning_rate)
    if settings.optimizer == "adamw8bit":
        try:
            from bitsandbytes.optim import AdamW8bit
        except ImportError:
            raise TrainingError(
                "optimizer adamw8bit: needs bitsandbytes; install it with: pip install bitsandbytes, or say adamw"
            ) from None
        eight_bit: torch.optim.Optimizer = AdamW8bit(groups, **adam)
        return eight_bit
    return torch.optim.AdamW(groups, **adam, fused=True)
