"""Where a loaded model keeps the tensors of a checkpoint: in its modules, or where accelerate's hooks fetch them from.

A model that doesn't fit has modules of empty tensors; hooks fill them before a module runs, from a `weights_map` in
memory or on disk. Weights that move have to be in memory: those on disk are taken from there once they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from ..checkpoints import Checkpoint
from ..checkpoints.aliases import naming
from ..checkpoints.dtypes import DTYPES
from ..errors import IncompatibleError


@dataclass(frozen=True)
class Owned:
    """One tensor of a model, by its name in the model."""

    model: torch.nn.Module
    name: str
    tensor: torch.Tensor

    @property
    def offloaded(self) -> bool:
        """Whether the module holds an empty tensor in the place of the weights."""
        return self.tensor.is_meta

    def weights(self) -> torch.Tensor:
        """The tensor that the model computes with, in memory. Raises `IncompatibleError` if there is none."""
        if not self.offloaded:
            return self.tensor
        for hook, key in self._hooks():
            found = _in_memory(hook.weights_map, key)
            if found is not None:
                return found
        raise IncompatibleError(
            f"{self.name} is offloaded to where it can't be moved; load the model whole, or merge to disk and load that"
        )

    def _hooks(self) -> Iterator[tuple[Any, str]]:
        """Hooks with a map of weights on the tensor's module or one around it, and its key there."""
        parts = self.name.split(".")
        for depth in range(len(parts) - 1, -1, -1):
            hook = getattr(self.model.get_submodule(".".join(parts[:depth])), "_hf_hook", None)
            for each in getattr(hook, "hooks", (hook,)):
                if getattr(each, "weights_map", None) is not None:
                    yield each, ".".join(parts[depth:])


def owned(model: torch.nn.Module, base: Checkpoint) -> dict[str, Owned]:
    """The model's own tensor for every tensor of the checkpoint; of tied ones, one. Raises `IncompatibleError`."""
    own = _tensors(model)
    held: dict[str, Owned] = {}
    seen: set[int] = set()
    for name, alias in own_names(model, base).items():
        tensor, info = own[alias], base.tensors[name]
        if tuple(tensor.shape) != info.shape:
            raise IncompatibleError(
                f"{base.source}: {name!r} has the shape {list(info.shape)}, in the loaded model {list(tensor.shape)}; "
                "load that checkpoint"
            )
        if id(tensor) not in seen:
            seen.add(id(tensor))
            held[name] = Owned(model, alias, tensor)
    return held


def own_names(model: torch.nn.Module, base: Checkpoint) -> dict[str, str]:
    """The model's own name for every tensor of the checkpoint. Raises `IncompatibleError` for one it doesn't have."""
    own = _tensors(model)
    found: dict[str, str] = {}
    for name, info in base.tensors.items():
        alias = _own(name, own, base)
        if alias is not None:
            found[name] = alias
        elif DTYPES[info.dtype].merges:  # else position ids and the like, which only some versions store
            raise IncompatibleError(
                f"{base.source}: its tensor {name!r} isn't in the loaded {type(model).__name__}; load that checkpoint"
            )
    return found


def _tensors(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return dict(model.named_parameters(remove_duplicate=False)) | dict(model.named_buffers(remove_duplicate=False))


def _own(name: str, own: Mapping[str, torch.Tensor], base: Checkpoint) -> str | None:
    """The model's name of the tensor that is stored under a name, which may be another version's."""
    for alias in (name, f"model.{name}", name.removeprefix("model.")):
        if alias in own:
            return alias
    group = base.group_of(name)
    canonical = group.prefix + naming(group.config).canonical(group.stored(name))
    return canonical if canonical in own else None


def _in_memory(weights: Any, key: str) -> torch.Tensor | None:
    """The tensor that a map gives for a key each time; one on disk is taken into memory, and given from then on."""
    while hasattr(weights, "dataset") and hasattr(weights, "prefix"):
        weights, key = weights.dataset, f"{weights.prefix}{key}"
    if key not in weights:
        return None
    stored = weights.state_dict if hasattr(weights, "state_dict") else weights
    if key not in stored:
        taken = weights[key].clone()
        place = weights.index[key]
        tied = "safetensors_file" in place  # else the entry says no more than type and shape
        for twin in (other for other, where in weights.index.items() if other == key or (tied and where == place)):
            stored[twin] = taken
    tensor = stored[key]
    return tensor if isinstance(tensor, torch.Tensor) and not tensor.is_meta else None
