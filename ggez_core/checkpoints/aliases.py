"""One tensor under several names: what a model library calls a stored tensor in memory, by the library's own tables.

Two versions of a library save one model under different names (`language_model.model.layers…` and
`model.language_model.layers…`), and store a tied weight once or twice. torch and the library are imported only when
two checkpoints' names differ.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ..errors import CheckpointError

_OLD_ATTENTION = ((".query.", ".to_q."), (".key.", ".to_k."), (".value.", ".to_v."), (".proj_attn.", ".to_out.0."))
# the one class of pipelines that is loaded as transformers' own are, and isn't there
_SAFETY_CHECKER = ("diffusers.pipelines.stable_diffusion.safety_checker", "StableDiffusionSafetyChecker")


@dataclass(frozen=True)
class Naming:
    """`canonical` turns a stored name into the name in memory; `tied` maps canonical names to the one they share."""

    canonical: Callable[[str], str]
    tied: Mapping[str, str] = field(default_factory=dict)


def naming(config: Mapping[str, Any]) -> Naming:
    """How the library that wrote a config names the tensors of that model; as they are stored if it isn't known."""
    if "_class_name" in config:
        return Naming(_current_attention)
    return _transformers_naming(json.dumps(config, sort_keys=True)) or Naming(str)


def _current_attention(name: str) -> str:
    """diffusers before 0.15 named the attention of its autoencoder otherwise."""
    for old, current in _OLD_ATTENTION:
        name = name.replace(old, current)
    return name


@lru_cache(maxsize=8)
def _transformers_naming(written: str) -> Naming | None:
    """The names that transformers' loader would give, from the model's class without its weights."""
    config = json.loads(written)
    architectures = config.get("architectures") or [None]
    import torch
    import transformers
    from transformers.conversion_mapping import get_model_conversion_mapping
    from transformers.core_model_loading import WeightRenaming
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

    kind = getattr(transformers, str(architectures[0]), None)
    if architectures[0] == _SAFETY_CHECKER[1]:
        kind = getattr(importlib.import_module(_SAFETY_CHECKER[0]), _SAFETY_CHECKER[1])
    is_model = isinstance(kind, type) and issubclass(kind, transformers.PreTrainedModel)
    if kind is None or not is_model or config.get("model_type") not in CONFIG_MAPPING_NAMES:
        return None
    try:
        with torch.device("meta"):
            model = kind(kind.config_class.from_dict(config))
    except Exception as error:  # whatever a stranger's config makes of the library
        why = " ".join(str(error).split())[:160] or type(error).__name__
        raise CheckpointError(f"config.json: no {architectures[0]} can be made by it ({why}); correct it") from None
    renamings = [entry for entry in get_model_conversion_mapping(model) if isinstance(entry, WeightRenaming)]
    known, prefix = frozenset(model.state_dict()), f"{model.base_model_prefix}."

    def canonical(name: str) -> str:
        for renaming in renamings:
            name, _ = renaming.rename_source_key(name)
        if name not in known:
            inner = name.removeprefix(prefix)
            return next((other for other in (inner, prefix + name) if other in known), name)
        return name

    return Naming(canonical, dict(getattr(model, "all_tied_weights_keys", None) or {}))
