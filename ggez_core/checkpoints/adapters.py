"""A LoRA adapter put onto its base: θ = base + scale · B·A for every weight it names, the base itself for all others.

The scale is α / r, or α / √r for a rank-stabilised adapter (Hu et al. 2021, arXiv 2106.09685; Kalajdzievski 2023,
arXiv 2312.03732). Nothing is computed here: the adapted tensors compute themselves when they are read.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from ..errors import CheckpointError, IncompatibleError
from .checkpoint import Checkpoint
from .computed import AdaptedTensor, LowRank, values
from .header import TensorInfo
from .spellings import Site, sites

_FACTOR = re.compile(
    r"(?P<module>.+?)\."
    r"(?:(?P<down>lora_A(?:\.\w+)?|lora_down|lora\.down|lora_linear_layer\.down)"
    r"|(?P<up>lora_B(?:\.\w+)?|lora_up|lora\.up|lora_linear_layer\.up))\.weight"
)
_OLD_ATTENTION = re.compile(r"(.+)\.processor\.(to_q|to_k|to_v|to_out)_lora\.(down|up)\.weight")
_EMBEDDING = re.compile(r"(?P<module>.+)\.lora_embedding_(?P<side>[AB])(?:\.\w+)?")
_PEFT = "base_model.model."
_WRAPPED = re.compile(r"\.(modules_to_save(\.default)?|base_layer)(?=\.)")


@dataclass
class _Update:
    """What an adapter holds for one module, as it is found."""

    down: TensorInfo | None = None
    up: TensorInfo | None = None
    alpha: float | None = None
    transposed: bool = False


def adapted(base: Checkpoint, adapter: Checkpoint) -> Checkpoint:
    """The base with an adapter on it. Raises `IncompatibleError` for one that isn't of this base."""
    updates, replaced = _parsed(adapter)
    spelled = sites(base, in_memory=False)
    if not all(module in spelled for module in (*updates, *replaced)):
        spelled = sites(base, in_memory=True)
    tensors: dict[str, TensorInfo] = dict(base.tensors)
    for module, info in replaced.items():
        site = _site(spelled, module, adapter, base)
        tensors[site.tensor] = replace(info, name=site.tensor)
    found: dict[str, list[LowRank]] = {}
    for module, update in updates.items():
        site = _site(spelled, module, adapter, base)
        found.setdefault(site.tensor, []).append(_low_rank(module, update, tensors[site.tensor], site, adapter))
    for name, parts in found.items():
        tensors[name] = AdaptedTensor.of(tensors[name], tuple(parts))
    return replace(
        adapter, layout=base.layout, config=base.config, tensors=MappingProxyType(tensors), groups=base.groups,
        component_of=base.component_of,
    )  # fmt: skip


def _parsed(adapter: Checkpoint) -> tuple[dict[str, _Update], dict[str, TensorInfo]]:
    """The low-rank updates by module, and the weights that the adapter replaces whole (PEFT's `modules_to_save`)."""
    updates: dict[str, _Update] = {}
    replaced: dict[str, TensorInfo] = {}
    for name, info in adapter.tensors.items():
        plain = _OLD_ATTENTION.sub(r"\1.\2.lora.\3.weight", name.removeprefix(_PEFT))
        plain = plain.replace(".to_out.lora.", ".to_out.0.lora.")
        if match := _FACTOR.fullmatch(plain):
            update = updates.setdefault(match["module"], _Update())
            if match["down"]:
                update.down = info
            else:
                update.up = info
        elif match := _EMBEDDING.fullmatch(plain):
            update = updates.setdefault(match["module"], _Update(transposed=True))
            if match["side"] == "A":
                update.down = info
            else:
                update.up = info
        elif plain.endswith(".alpha") and info.size == 1:
            updates.setdefault(plain.removesuffix(".alpha"), _Update()).alpha = float(values(info)[0])
        else:
            replaced[_WRAPPED.sub("", plain).removesuffix(".weight")] = info
    return updates, replaced


def _site(spelled: Mapping[str, Site], module: str, adapter: Checkpoint, base: Checkpoint) -> Site:
    if module in spelled:
        return spelled[module]
    near = difflib.get_close_matches(module, list(spelled), n=1, cutoff=0)
    raise IncompatibleError(
        f"{adapter.source}: adapts {module!r}, which {base.source} hasn't (the nearest is {near[0]!r}); name the model "
        "that the adapter was trained on"
    )


def _low_rank(module: str, update: _Update, target: TensorInfo, site: Site, adapter: Checkpoint) -> LowRank:
    """An update checked against its target's shape."""
    if update.down is None or update.up is None:
        missing = "first" if update.down is None else "second"
        raise CheckpointError(f"{adapter.source}: {module!r} lacks its {missing} factor; save the adapter again")
    down, up = update.down, update.up
    transposed = update.transposed or bool(adapter.config.get("fan_in_fan_out"))
    left, right = (down, up) if transposed else (up, down)
    ranks = (up.shape[1:2], down.shape[:1])
    rows = target.shape[0] // site.of if target.shape else 0
    columns = target.size // target.shape[0] if target.size else 0
    rank = down.shape[0] if down.shape else 0
    if not rank or ranks[0] != ranks[1] or (left.size, right.size) != (rows * rank, rank * columns):
        raise IncompatibleError(
            f"{adapter.source}: {module!r} is of {list(up.shape)} by {list(down.shape)}, and {target.name} of "
            f"{list(target.shape)}; name the model that the adapter was trained on"
        )
    return LowRank(left, right, _scale(module, update, rank, adapter.config), site.share * rows, transposed)


def _scale(module: str, update: _Update, rank: int, config: Mapping[str, Any]) -> float:
    """α / r of one module: from the file itself, PEFT's config, or diffusers' metadata; 1 where none says."""
    if update.alpha is not None:
        return update.alpha / rank
    component = module.partition(".")[0] + "."  # diffusers' metadata has the configs of all components in one
    own = {key.removeprefix(component): value for key, value in config.items() if key.startswith(component)}
    said = own or config
    inner = module.removeprefix(component) if own else module
    alpha = said.get("lora_alpha")
    for pattern, value in (said.get("alpha_pattern") or {}).items():
        if re.fullmatch(rf"(.*\.)?({pattern})", inner):
            alpha = value
    if alpha is None:
        return 1.0
    return float(alpha) / (math.sqrt(rank) if said.get("use_rslora") else rank)
