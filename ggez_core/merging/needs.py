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
from .stream import working_memory
from .to_disk import default_threads

_INTERPRETER = 170_000_000  # what the command takes before the first tensor; measured by benchmarks/merge.py


@dataclass(frozen=True)
class Needs:
    """Bytes that a pair will take, and that this machine has free.

    `disk` is what a merge writes in the base's types, besides `linked` bytes of files that it shares with the base;
    `merge_memory` its peak, which doesn't grow with the model; `live_memory` that of a loaded model that moves between
    the two: the model, and both ends of the weights that differ.
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


def needs(base: Checkpoint, regional: Checkpoint, comparison: Comparison, folder: Path | None = None) -> Needs:
    """What the compared pair will take, with the output in `folder` (by default, the current one)."""
    import psutil

    one, other = aligned(base, regional)
    changed = {tensor.name for tensor in comparison.tensors if tensor.status not in ("identical", "missing", "extra")}
    differing = [name for name in changed if name in one.tensors and DTYPES[one.tensors[name].dtype].merges]
    linked = 0
    for group in base.groups:
        own = [info for name, info in one.tensors.items() if name.startswith(group.prefix)]
        if linkable(group, base) and not any(info.name in changed for info in own):
            linked += sum(info.nbytes for info in own)
    small = [name for name in differing if one.tensors[name].size < LARGE]  # of larger ones the base end is mapped
    ends = sum(one.tensors[name].nbytes for name in small) + sum(other.tensors[name].nbytes for name in differing)
    return Needs(
        disk=one.nbytes - linked,
        linked=linked,
        merge_memory=_INTERPRETER + working_memory(default_threads()),
        live_memory=one.nbytes + ends,
        free_disk=shutil.disk_usage(folder or Path.cwd()).free,
        free_memory=psutil.virtual_memory().available,
    )
