"""In which floating-point type a checkpoint's weights are computed when nobody says. Used by every family's `load`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import torch

from ..checkpoints import Checkpoint
from ..checkpoints.dtypes import DTYPES
from .family import Placement


def own_dtype(checkpoint: Checkpoint, names: Iterable[str], placement: Placement) -> torch.dtype | None:
    """The type that most bytes of the named tensors have; None where none is in floating point.

    float32 stands for float16 on the CPU, where float16 is three to nine times slower and the results are no better.
    """
    found = _usual(checkpoint, names)
    return torch.float32 if found == torch.float16 and _on_cpu(placement) else found


def of_transformers(checkpoint: Checkpoint, placement: Placement) -> torch.dtype | str:
    """What `from_pretrained` is told: the library's own choice ("auto"), but float32 for float16 on the CPU."""
    if placement.dtype is not None:
        return placement.dtype
    stated = checkpoint.config.get("dtype") or checkpoint.config.get("torch_dtype")
    halves = stated == "float16" if stated else _usual(checkpoint, checkpoint.tensors) == torch.float16
    return torch.float32 if halves and _on_cpu(placement) else "auto"


def _usual(checkpoint: Checkpoint, names: Iterable[str]) -> torch.dtype | None:
    sizes: Counter[str] = Counter()
    for name in names:
        tensor = checkpoint.tensors[name]
        if DTYPES[tensor.dtype].merges:
            sizes[tensor.dtype] += tensor.nbytes
    return getattr(torch, DTYPES[sizes.most_common(1)[0][0]].name) if sizes else None


def _on_cpu(placement: Placement) -> bool:
    """Whether all is computed on the CPU."""
    if placement.device_map == "auto":
        return not torch.cuda.is_available()
    return placement.device_map in (None, "cpu") and torch.device(placement.device or "cpu").type == "cpu"
