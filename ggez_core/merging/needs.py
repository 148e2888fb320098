"""What a merge of a pair will take of disk and memory, and what comparing it live will, before either is begun."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from ..checkpoints import Checkpoint, Comparison
from ..checkpoints.dtypes import DTYPES
from ..checkpoints.links import linkable
from ..checkpoints.pairing import aligned
from .ends import LARGE
from .memory import peak_memory
from .recipe import LINEAR, Recipe
from .to_disk import default_threads, planned


@dataclass(frozen=True)
class Needs:
    """Bytes that a pair will take, and that this machine has free.

    `disk` is what a merge writes in the base's types, besides `linked` bytes of files that it shares with the base;
    `merge_memory` its peak by the method asked for, which doesn't grow with the model (see `memory`; 0 for a pair that
    can't be merged); `live_memory` that of a loaded model that moves between the two: the model, and of the weights
    that differ both ends where they are small, one where they are large.
    """

    disk: int
    linked: int
    merge_memory: int
    live_memory: int
    free_disk: int
    free_memory: int

    @property
    def lacking(self) -> tuple[str, ...]:
        """One line for everything that this machine hasn't enough of."""
        pairs = (
            ("disk to merge them here", self.disk, self.free_disk),
            ("memory to merge them", self.merge_memory, self.free_memory),
            ("memory to compare them live", self.live_memory, self.free_memory),
        )
        return tuple(
            f"not enough {what}: {needed / 1e9:,.2f} GB needed, {free / 1e9:,.2f} GB free"
            for what, needed, free in pairs
            if needed > free
        )


def needs(
    base: Checkpoint,
    regional: Checkpoint,
    comparison: Comparison,
    folder: Path | None = None,
    *,
    method: str = LINEAR,
    threads: int | None = None,
) -> Needs:
    """What the compared pair will take, with the output in `folder` (by default, the current one).

    Raises `RecipeError` for a method that two checkpoints can't be merged by.
    """
    import psutil

    one, _ = aligned(base, regional)
    changed = _changed(comparison)
    linked = 0
    for group in base.groups:
        own = [info for name, info in one.tensors.items() if name.startswith(group.prefix)]
        if linkable(group, base) and not any(info.name in changed for info in own):
            linked += sum(info.nbytes for info in own)
    return Needs(
        disk=one.nbytes - linked,
        linked=linked,
        merge_memory=_merge_memory(base, regional, comparison, method, threads or default_threads()),
        live_memory=live_memory(base, regional, comparison),
        free_disk=shutil.disk_usage(folder or Path.cwd()).free,
        free_memory=psutil.virtual_memory().available,
    )


def live_memory(base: Checkpoint, regional: Checkpoint, comparison: Comparison, *, mapped: bool = True) -> int:
    """Bytes of a loaded model that moves between a compared pair, as `LiveModel` holds it.

    mapped: on the CPU, where the base end of a large tensor is mapped from its file; elsewhere it is held too.
    """
    one, other = aligned(base, regional)
    total = one.nbytes
    for name in _changed(comparison) & one.tensors.keys():
        if DTYPES[one.tensors[name].dtype].merges:
            held = not mapped or one.tensors[name].size < LARGE
            total += other.tensors[name].nbytes + (one.tensors[name].nbytes if held else 0)
    return total


def _merge_memory(base: Checkpoint, regional: Checkpoint, comparison: Comparison, method: str, threads: int) -> int:
    """The peak of a process that merges the two; 0 where they can't be merged."""
    document = {"merge_method": method, "base_model": base.source, "regional_model": regional.source}
    recipe = Recipe.make(document | ({"beta": 0.5} if method == LINEAR else {}), "a merge of the two")
    if not comparison.compatible:
        return 0
    plan = planned(recipe, {base.source: base, regional.source: regional})
    return peak_memory(plan, threads).process


def _changed(comparison: Comparison) -> set[str]:
    """The tensors of both that aren't the same."""
    return {tensor.name for tensor in comparison.tensors if tensor.status not in ("identical", "missing", "extra")}
