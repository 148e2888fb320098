"""Both ends of weights that move, flat: read into memory, or on the CPU mapped from the file that holds them.

A mapped end costs no memory of its own: the system keeps of it what there is room for.
"""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from ..checkpoints import TensorInfo
from ..checkpoints.dtypes import DTYPES
from ..checkpoints.files import OpenFiles, stamp
from ..errors import CheckpointError

LARGE = 1 << 20  # elements of a tensor that is worth a pass, and a map, of its own
ALIGN = 64  # elements: every tensor in a buffer starts on a cache line


class Mapped:
    """Files mapped into memory, and what they were when they were."""

    def __init__(self) -> None:
        self._maps: dict[Path, mmap.mmap] = {}
        self._stamps: dict[Path, tuple[int, int]] = {}
        self.nbytes = 0

    def end(self, info: TensorInfo) -> torch.Tensor | None:
        """A tensor of a file as it lies there, or None where it is computed or lies askew."""
        dtype = DTYPES[info.dtype]
        if info.computed or info.offset % dtype.itemsize or not info.size:
            return None
        if info.file not in self._maps:
            with info.file.open("rb") as file:
                self._maps[info.file] = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)  # nothing is written
            self._stamps[info.file] = stamp(info.file)
        raw = np.frombuffer(self._maps[info.file], np.uint8, info.nbytes, info.offset)
        self.nbytes += info.nbytes
        return torch.from_numpy(raw).view(getattr(torch, dtype.name))

    def check(self) -> None:
        """Refuse files that changed under the map. Raises `CheckpointError`."""
        for path, before in self._stamps.items():
            if path.exists() and stamp(path) != before:
                raise CheckpointError(f"{path}: changed since the model was loaded from it; load both again")


def read_end(files: OpenFiles, infos: Sequence[TensorInfo]) -> torch.Tensor:
    """One checkpoint's tensors in a flat buffer, each on a cache line."""
    flat = torch.zeros(sum(room(info.size) for info in infos), dtype=getattr(torch, DTYPES[infos[0].dtype].name))
    offset = 0
    for info in infos:
        info.read_into(flat[offset : offset + info.size].view(torch.uint8).numpy(), files)
        offset += room(info.size)
    return flat


def room(size: int) -> int:
    """The elements that a tensor of `size` takes in a buffer."""
    return -(-size // ALIGN) * ALIGN
