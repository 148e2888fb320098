"""LoRA by peft: small matrices beside frozen weights, saved as PEFT's adapter and folded into the weights on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from ..checkpoints import Checkpoint, open_checkpoint
from ..checkpoints.adapters import adapted
from ..errors import TrainingError

if TYPE_CHECKING:
    from .finetune.settings import LoraSettings

ADAPTER = "adapter"


def add_lora(model: torch.nn.Module, settings: LoraSettings, trains: Callable[[str], bool]) -> None:
    """Freeze the model and put LoRA beside the linear layers whose weights `trains` names.

    Raises TrainingError where peft isn't installed or no layer has such a name.
    """
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ImportError:
        raise TrainingError("lora: needs peft; install it with: pip install 'ggez-workbench[lora]'") from None
    linear = [name for name, module in model.named_modules()
              if isinstance(module, torch.nn.Linear) and trains(f"{name}.weight")]  # fmt: skip
    chosen = [
        name for name in linear
        if (not settings.targets or name.rpartition(".")[2] in settings.targets or name in settings.targets)
    ]  # fmt: skip
    if not chosen:
        known = sorted({name.rpartition(".")[2] for name in linear})
        raise TrainingError(f"lora.targets: no linear layer is called so; there is: {', '.join(known)}")
    model.requires_grad_(False)
    inject_adapter_in_model(_config(LoraConfig, settings, chosen), model)


def write_adapted(
    base: Checkpoint, settings: LoraSettings, weights: Mapping[str, torch.Tensor], folder: Path
) -> Checkpoint:
    """Write PEFT's adapter to `folder`/adapter; the base with it folded in.

    weights: by the names in the model that `add_lora` was called with.
    """
    from peft import LoraConfig
    from safetensors.torch import save_file

    found = {
        f"base_model.model.{name.replace('.default.', '.')}": tensor.contiguous()
        for name, tensor in weights.items()
        if ".lora_A." in name or ".lora_B." in name
    }
    modules = sorted({name.partition(".lora_")[0] for name in weights if ".lora_A." in name})
    target = folder / ADAPTER
    target.mkdir()
    config = _config(LoraConfig, settings, modules)
    config.base_model_name_or_path = base.source
    config.save_pretrained(str(target))
    save_file(found, target / "adapter_model.safetensors", metadata={"format": "pt"})
    return replace(base, tensors=adapted(base, open_checkpoint(target)).tensors)


def _config(kind: Any, settings: LoraSettings, modules: list[str]) -> Any:
    return kind(
        r=settings.rank, lora_alpha=settings.alpha, lora_dropout=settings.dropout, target_modules=modules, bias="none"
    )
