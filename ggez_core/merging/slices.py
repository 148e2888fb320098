"""mergekit's `slices` that take whole models, read as the `models` they mean.

Slices that cut, repeat or reorder layers make another architecture, which is no merge of checkpoints: they are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import RecipeError
from .settings import Conditions, conditions, layers, unknown

_SLICE = ("sources", "base_model", "parameters")
_SOURCE = ("model", "layer_range", "parameters")
_REFUSAL = "only one slice of whole models can be merged; list the models under `models`"


def without_slices(document: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe with `models` in the place of `slices`. Raises `RecipeError` for what isn't one slice of whole models.

    How many layers the models have isn't known here: `check_range` says later whether a range is whole.
    """
    plain = dict(document)
    if "slices" not in plain:
        return plain
    slices = plain.pop("slices")
    if plain.get("models"):
        raise RecipeError("models and slices are both given; keep one")
    if not isinstance(slices, list) or len(slices) != 1:
        raise RecipeError(f"slices: {_REFUSAL}")
    one = _known(slices[0], _SLICE)
    if not isinstance(one.get("sources"), list):
        raise RecipeError("slices: has no list of sources; give each a model and its layer_range")
    plain["models"] = [dict(_known(source, _SOURCE)) for source in one["sources"]]
    if one.get("base_model") is not None:
        plain["base_model"] = one["base_model"]
    plain["parameters"] = _before(one.get("parameters") or {}, plain.get("parameters") or {})
    return plain


def check_range(model: str, given: tuple[int, int], names: Iterable[str]) -> None:
    """Refuse a slice of a model that isn't the whole of it. Raises `RecipeError`."""
    counts = sorted({last + 1 for last in layers(names)[1].values()})
    if given[0] != 0 or given[1] not in counts:
        has = " and ".join(map(str, counts)) or "no"
        raise RecipeError(f"slices: layer_range {list(given)} isn't all of {model}, which has {has} layers; {_REFUSAL}")


def _known(document: Any, keys: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(document, Mapping):
        raise RecipeError(f"slices: {str(document)[:60]!r} has no keys; known are {', '.join(keys)}")
    for key in document:
        if key not in keys:
            raise RecipeError(f"slices: {unknown('key', str(key), keys)}")
    return document


def _before(own: Mapping[str, Any], general: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of which the slice's own count first, and the general ones where those say nothing."""
    both: dict[str, Conditions] = {
        name: [*conditions(own[name]), *conditions(general[name])] for name in own.keys() & general.keys()
    }
    return {**general, **own, **both}
