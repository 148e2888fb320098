"""A checkpoint's components divided into groups of layers, each of which a search may give a β of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from ..checkpoints import Checkpoint
from .setting import Setting

GROUPS = 3  # of each stack of layers: early, middle, late


def layer_groups(checkpoint: Checkpoint, components: Iterable[str], groups: int = GROUPS) -> dict[str, str]:
    """Tensor → part, for the tensors of these components.

    A stack of layers (`text_model.encoder.layers.0 …`) is cut into as many groups; what is in no stack (embeddings,
    norms, heads) is a group of its own. A part's name is its component's, a slash, and where it is.
    """
    parts = {}
    for component in components:
        placed = {name: _place(name) for name in checkpoint.components[component]}
        depth: dict[str, set[int]] = {}
        for place in placed.values():
            if place is not None:
                depth.setdefault(place[0], set()).add(place[1])
        names = {stack: _cut(stack.removeprefix(f"{component}."), found, groups) for stack, found in depth.items()}
        for name, place in placed.items():
            parts[name] = f"{component}/{names[place[0]][place[1]] if place else 'outside the layers'}"
    return parts


def recipe_of(base: Checkpoint, regional: Checkpoint, groups: Mapping[str, str], setting: Setting) -> dict[str, Any]:
    """A recipe for `ggez merge` that writes a setting of these groups: task arithmetic with one weight a group."""
    weights: dict[str, float] = {}
    outside: dict[str, float] = {}
    for name, part in groups.items():
        place = _place(name)
        if place is None:
            outside[f"{base.component_of(name)}."] = setting.of_part(part)
        else:
            weights[f"{place[0]}.{place[1]}."] = setting.of_part(part)
    conditions: list[dict[str, Any]] = [{"filter": f, "value": beta} for f, beta in (weights | outside).items()]
    if set(base.tensors) - set(groups):
        conditions.append({"value": setting.beta})
    return {
        "merge_method": "task_arithmetic",
        "base_model": base.source,
        "models": [{"model": regional.source, "parameters": {"weight": conditions}}],
    }


def _place(name: str) -> tuple[str, int] | None:
    """The stack a tensor is in and its layer's number: the first number in its name."""
    parts = name.split(".")
    at = next((i for i, part in enumerate(parts) if part.isdecimal()), None)
    return None if at is None else (".".join(parts[:at]), int(parts[at]))


def _cut(stack: str, layers: Iterable[int], groups: int) -> Mapping[int, str]:
    """Layer → the name of its group, groups of sizes as equal as can be."""
    ordered = sorted(layers)
    bounds = [round(i * len(ordered) / groups) for i in range(groups + 1)]
    named = {}
    for first, last in pairwise(bounds):
        for layer in ordered[first:last]:
            span = f"{ordered[first]}–{ordered[last - 1]}" if last - first > 1 else f"{ordered[first]}"
            named[layer] = f"{stack} {span}"
    return named
