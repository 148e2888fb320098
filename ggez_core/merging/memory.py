"""How much memory a merge will take at its peak, from its plan alone: before a byte is read.

A merge holds a few batches of the output, the blocks that its workers are at, and for methods that look at a whole
tensor first what they keep of it. So it depends on method, threads and the largest tensors, not on the model's size.
The constants are measured; a test measures every kind of method again.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, repeat

from ..checkpoints.dtypes import DTYPES
from .plan import ALIGN, BATCH, LEAF, Operation, Plan
from .resolve import Merger

_INTERPRETER = 170_000_000  # what the command and the compiled loops take before the first tensor
_TORCH, _TORCH_FOR_CUDA = 200_000_000, 500_000_000  # and torch, which methods and devices need
_WORKER = 30_000_000  # what a worker of a method takes besides its tensors
_TEMPORARIES = 8  # tensors of a block's size that a method makes on its way
_TEMPORARIES_WHOLE = 5  # the same where a block is a whole tensor
_COUNT = 8 << 16  # bytes of one count of the values that sixteen bits have
_COLLECTED = 1 << 22  # elements, at most, that a search for a threshold ends with


@dataclass(frozen=True)
class Memory:
    """Bytes at a merge's peak.

    libraries: of a process that does nothing else. working: of the merge itself. device: what it takes on the device
    that it computes on, if that isn't the CPU.
    """

    libraries: int
    working: int
    device: int = 0

    @property
    def process(self) -> int:
        """Both."""
        return self.libraries + self.working


def peak_memory(plan: Plan, threads: int, device: str | None = None) -> Memory:
    """What running a plan with so many workers will take at most, about."""
    operations = list(plan.operations)
    mergers = [operation for operation in operations if isinstance(operation.treatment, Merger)]
    outputs = _largest(threads + 1, ((op.size, op.step, op.dtype.itemsize) for op in operations))
    held = sum(max(size, BATCH) + ALIGN for size in outputs) + (threads + 1 - len(outputs)) * (BATCH + ALIGN)
    blocks = sum(_largest(threads, (_block(operation, device) for operation in mergers)))
    kept = max((_kept(operation, threads) for operation in mergers), default=0)
    working = blocks + kept + threads * (_WORKER if mergers else 2 * LEAF * 8)
    libraries = _INTERPRETER + (_torch() if mergers or device else 0)
    return Memory(libraries, held + working, blocks if device not in (None, "cpu") else 0)


def _largest(count: int, kinds: Iterable[tuple[int, int, int]]) -> list[int]:
    """Bytes of the largest pieces that are worked on at once; a tensor is (elements, elements a piece, bytes each)."""
    pieces = (repeat(min(size, step) * each, min(count, -(-size // step))) for size, step, each in kinds if size)
    return heapq.nlargest(count, chain.from_iterable(pieces))


def _block(operation: Operation, device: str | None) -> tuple[int, int, int]:
    """A tensor's elements, those of a block, and what an element takes: as it is read, widened, and on the way."""
    from .methods import Reach
    from .on_disk import longest_on

    merger = operation.treatment
    assert isinstance(merger, Merger)
    step = merger.method.extent(merger.arguments, operation.shape, longest_on(device)).step
    temporaries = _TEMPORARIES_WHOLE if merger.method.reach is Reach.WHOLE else _TEMPORARIES
    wide = _wide(operation)
    each = sum(DTYPES[info.dtype].itemsize + wide for info in operation.inputs) + temporaries * wide
    return operation.size, step, each


def _kept(operation: Operation, threads: int) -> int:
    """What a method keeps of a whole tensor while it looks at it: sums, counts, candidates for a threshold, masks."""
    merger = operation.treatment
    assert isinstance(merger, Merger)
    method, extent = merger.method, merger.method.extent(merger.arguments, operation.shape)
    results = 2 * threads + 2  # of blocks, that wait to be put together
    axis = method.axis(merger.arguments)
    if axis == 0 and operation.shape:
        columns = operation.size // max(1, operation.shape[0])
        return results * 8 * len(operation.inputs) ** 2 * columns
    if extent.count == 1:
        return 0
    search = results * _COUNT + 3 * 8 * min(operation.size // 32, _COLLECTED)
    masks = merger.models * operation.size // 8 if method.random else 0
    return merger.models * method.searches * search + masks


def _wide(operation: Operation) -> int:
    return 8 if any(info.dtype == "F64" for info in operation.inputs) else 4


def _torch() -> int:
    import torch

    return _TORCH if torch.version.cuda is None else _TORCH_FOR_CUDA
