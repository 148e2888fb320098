"""A folder as `save_pretrained` writes it: config.json, weights, tokenizer and processor files beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ...errors import CheckpointError
from .layout import CONFIG, Group, Layout, by_name, first_part, read_json, side_files
from .weights import read_weights, weight_files

_STEMS = ("model", "diffusion_pytorch_model")  # the second: one component of a pipeline by itself


def read(folder: Path) -> Layout:
    """Read headers and config. Raises `CheckpointError` if the folder isn't sound."""
    config = read_json(folder / CONFIG)
    named = config.get("architectures") or []
    if not isinstance(config.get("model_type", ""), str) or not (
        isinstance(named, list) and all(isinstance(name, str) and name.isidentifier() for name in named)
    ):
        raise CheckpointError(f"{folder / CONFIG}: model_type is a name, architectures a list of names; correct it")
    stem, files = weight_files(folder, _STEMS)
    refuse_custom_code(folder, config)
    tensors = by_name((tensor for file in files for tensor in read_weights(file)), folder)
    heads = _heads(tensors)

    def component_of(name: str) -> str:
        return "language_model" if name in heads else first_part(name)

    return Layout(
        "transformers", config, tensors, (Group(stem, files, config=config),), side_files(folder), component_of
    )


def _heads(names: Iterable[str]) -> frozenset[str]:
    """The output embeddings of a language model that is saved under a name of its own."""
    listed = list(names)
    decoder = any(first_part(name) == "language_model" for name in listed)
    return frozenset(name for name in listed if decoder and name.startswith("lm_head."))


def refuse_custom_code(where: Path | str, config: Mapping[str, Any]) -> None:
    """Refuse a model that only the code in its own repository can run; such code is never executed.

    Raises `CheckpointError`.
    """
    if not config.get("auto_map"):
        return
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

    if config.get("model_type") not in CONFIG_MAPPING_NAMES:
        raise CheckpointError(
            f"{where}: the model {config.get('model_type')!r} runs only with code from its own repository, which is "
            "never executed here; choose a model whose class is in transformers"
        )
