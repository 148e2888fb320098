"""What the objectives of all families share: a loaded model made ready to be trained, and written when it is."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from ...checkpoints import Checkpoint
from ...errors import TrainingError
from ...families import Placement, load
from ...families.family import FamilyModel
from ...merging.owned import own_names
from ..lora import add_lora, write_adapted
from ..objective import Objective
from ..written import write_model
from .settings import FinetuneSettings

log = logging.getLogger(__name__)
_MODEL = "model."  # an objective's name for the model that it trains


def loaded(checkpoint: Checkpoint, settings: FinetuneSettings) -> FamilyModel:
    """The model on the CPU, in the type that it is trained in."""
    return load(checkpoint, Placement(dtype=getattr(torch, settings.weights)))


def check_tokens(checkpoint: Checkpoint, ids: torch.Tensor) -> None:
    """Raise TrainingError where texts have tokens that the model has no embedding of: a tokenizer of another model."""
    text = checkpoint.config.get("text_config")
    rows = (text if isinstance(text, Mapping) else checkpoint.config).get("vocab_size")
    if isinstance(rows, int) and int(ids.max()) >= rows:
        raise TrainingError(
            f"{checkpoint.source}: its tokenizer makes the token {int(ids.max())}, and the model embeds {rows:,}; it "
            "is the tokenizer of another model, put the right one beside the weights"
        )


class FinetuneObjective(Objective):
    """Trains some weights of a checkpoint's model.

    trains: whether a weight is trained, by its name in the model; LoRA goes where it says so. holds: the only part of
    the model that a step needs, where the others are asked beforehand. Raises TrainingError where gradient
    checkpointing is asked of a model that hasn't any.
    """

    def __init__(
        self, checkpoint: Checkpoint, family_model: FamilyModel, settings: FinetuneSettings,
        trains: Callable[[str], bool], holds: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.checkpoint, self.settings = checkpoint, settings
        whole = family_model.model
        names = own_names(whole, checkpoint)
        self.model = whole if holds is None else torch.nn.ModuleDict({holds: whole.get_submodule(holds)})
        held = dict(self.model.named_parameters(remove_duplicate=False))
        self._names = {stored: _MODEL + own for stored, own in names.items() if own in held}
        if settings.lora is not None:
            add_lora(self.model, settings.lora, trains)
        else:
            for name, parameter in held.items():
                parameter.requires_grad_(trains(name))
        if settings.gradient_checkpointing:
            _checkpoint_gradients(self.model)

    @property
    def counts(self) -> dict[str, int]:
        """Numbers of parameters: all, and those that are trained."""
        return {
            "parameters": sum(p.numel() for p in self.model.parameters()),
            "trained": sum(p.numel() for p in self.model.parameters() if p.requires_grad),
        }

    def save(self, folder: Path, weights: Mapping[str, torch.Tensor]) -> None:
        if self.settings.lora is None:
            trained = {name: weights[name] for name, p in self.named_parameters(remove_duplicate=False)
                       if p.requires_grad and name in weights}  # fmt: skip
            write_model(self.checkpoint, self._names, trained, folder)
            return
        own = {name.removeprefix(_MODEL): tensor for name, tensor in weights.items() if name.startswith(_MODEL)}
        write_model(write_adapted(self.checkpoint, self.settings.lora, own, folder), {}, {}, folder)


def _checkpoint_gradients(trained: torch.nn.Module) -> None:
    can: list[Any] = [
        module for module in trained.modules()
        if hasattr(module, "activation_checkpointing_enable") or hasattr(module, "gradient_checkpointing_enable")
        or hasattr(module, "enable_gradient_checkpointing") or hasattr(module, "set_grad_checkpointing")
    ]  # fmt: skip
    if not can:
        raise TrainingError("gradient_checkpointing: this model's library has none for it; leave it out")
    first = can[0]
    if hasattr(first, "activation_checkpointing_enable"):  # transformers, its newer name first
        first.activation_checkpointing_enable()
    elif hasattr(first, "gradient_checkpointing_enable"):
        first.gradient_checkpointing_enable({"use_reentrant": False})
    elif hasattr(first, "enable_gradient_checkpointing"):
        first.enable_gradient_checkpointing()
    else:
        first.set_grad_checkpointing(True)
