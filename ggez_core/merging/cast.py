"""Who plays in a merge: every checkpoint that a recipe names, opened, and brought under the base's names.

The base gives the output its layout, config and tokenizer. Whether it is an input too depends on the method.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ..checkpoints import Checkpoint, open_checkpoint
from ..checkpoints.adapters import adapted
from ..checkpoints.compare import architecture_conflict, can_merge, cannot_merge, structural_conflict
from ..checkpoints.dtypes import DTYPES
from ..checkpoints.pairing import aligned, new_rows
from ..errors import IncompatibleError, RecipeError
from .recipe import Entry, Recipe
from .slices import check_range


@dataclass(frozen=True)
class Cast:
    """The checkpoints of a merge. `based` says whether the base is an input of its own, besides the `models`.

    `entries` are the recipe's, one a model; `fishers` the checkpoints of Fisher diagonals, one a model or none. All
    have the base's names.
    """

    base: Checkpoint
    models: tuple[Checkpoint, ...]
    entries: tuple[Entry, ...]
    based: bool
    fishers: tuple[Checkpoint, ...] = ()

    @property
    def inputs(self) -> tuple[Checkpoint, ...]:
        """Everything that is read, in the order in which methods take it: models, base, diagonals."""
        return (*self.models, *((self.base,) if self.based else ()), *self.fishers)


def opened_sources(recipe: Recipe, given: Mapping[str, Checkpoint] | None = None) -> dict[str, Checkpoint]:
    """Every checkpoint that a recipe names, by its source as it stands there; `given` ones aren't opened again."""
    found = dict(given or {})
    for source in (recipe.base, *(name for entry in recipe.entries for name in (entry.model, entry.fisher) if name)):
        if source not in found:
            found[source] = _open(source)
    return found


def cast(recipe: Recipe, sources: Mapping[str, Checkpoint]) -> Cast:
    """Give every checkpoint its part.

    Raises `RecipeError` for a number of models that doesn't fit the method, `IncompatibleError` for checkpoints that
    can't be merged.
    """
    base = sources[recipe.base]
    entries, based = _parts(recipe)
    if recipe.keep_new_rows and len(entries) > 1:
        raise RecipeError("keep_new_rows: works with one model besides the base; leave it out, or merge one at a time")
    models, under = [], base
    for entry in entries:
        model = sources[entry.model]
        if entry.layer_range is not None:
            check_range(entry.model, entry.layer_range, model.tensors)
        if model is not base:
            under, model = aligned(base, model, keep_new_rows=recipe.keep_new_rows)
            check_compatible(under, model)
        models.append(model)
    fishers = tuple(_diagonal(under, entry, sources) for entry in entries) if _takes_diagonals(recipe) else ()
    return Cast(under, tuple(models), entries, based, fishers)


def check_compatible(base: Checkpoint, regional: Checkpoint) -> None:
    """Refuse a pair whose configs or headers contradict each other. Raises `IncompatibleError`."""
    if conflict := architecture_conflict(base, regional):
        raise IncompatibleError(conflict)
    conflicts = []
    for name in sorted(base.tensors.keys() | regional.tensors.keys()):
        a, b = base.tensors.get(name), regional.tensors.get(name)
        found = structural_conflict(a, b)
        if found and not (a and b and can_merge(a, b)):
            conflicts.append((name, found[1]))
    if conflicts:
        raise IncompatibleError(cannot_merge(base.source, regional.source, conflicts, new_rows(base, regional)))


def _open(source: str) -> Checkpoint:
    """A source, or as in mergekit `model+adapter`."""
    model, plus, adapter = source.partition("+")
    if not plus or Path(source).expanduser().exists():
        return open_checkpoint(source)
    plain, update = open_checkpoint(model), open_checkpoint(adapter)
    return replace(
        adapted(plain, update), source=f"{plain.source}+{update.source}", folder=plain.folder, side=plain.side
    )


def _parts(recipe: Recipe) -> tuple[tuple[Entry, ...], bool]:
    """The models besides the base, and whether the base is an input by itself."""
    if recipe.interpolates:
        return recipe.entries, True
    from .methods import Base

    method, entries = recipe.method, recipe.entries
    base = recipe.base_model
    if method.base is Base.NONE:
        listed = any(entry.model == base for entry in entries)
        based = False
        if base is not None and not listed:  # as in mergekit, where a base is one of the models
            weighted = any("weight" in entry.parameters for entry in entries)
            if weighted and "weight" not in recipe.parameters:
                raise RecipeError(
                    f"base_model {base} has no weight of its own; list it under models with one, or leave it out"
                )
            entries = (*entries, Entry(model=base))
    else:
        based = base is not None
        entries = tuple(entry for entry in entries if entry.model != base)
    method.check(len(entries), based)
    return entries, based


def _takes_diagonals(recipe: Recipe) -> bool:
    return not recipe.interpolates and recipe.method.diagonals


def _diagonal(base: Checkpoint, entry: Entry, sources: Mapping[str, Checkpoint]) -> Checkpoint:
    """A model's Fisher diagonal, checked to have every tensor that is merged."""
    if entry.fisher is None:
        raise RecipeError(f"{entry.model}: has no `fisher`; name the file of its Fisher diagonal beside `model`")
    found = aligned(base, sources[entry.fisher])[1]
    for name, info in base.tensors.items():
        diagonal = found.tensors.get(name)
        if DTYPES[info.dtype].merges and (diagonal is None or diagonal.shape != info.shape):
            has = "lacks it" if diagonal is None else f"has the shape {list(diagonal.shape)}"
            raise IncompatibleError(
                f"{entry.fisher}: no Fisher diagonal of {entry.model}: {name} is {list(info.shape)} there, and this "
                f"file {has}; save one value for each weight"
            )
    return found
