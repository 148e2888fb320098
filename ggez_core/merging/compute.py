"""One part of an output tensor from its inputs on disk: read a little, merge it while it is in the cache, hash it.

Interpolation and copying run on the kernels of `checkpoints`; methods, and everything where a device is named, run on
torch, which is imported only then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..checkpoints import TensorInfo
from ..checkpoints.dtypes import DTYPES
from ..checkpoints.files import Bytes, Elements, OpenFiles, elements, empty_bytes
from ..checkpoints.kernels import all_finite, interpolate
from ..errors import IncompatibleError
from .digests import Digests
from .plan import LEAF, Operation, Part
from .resolve import Blend, Merger

if TYPE_CHECKING:
    from .methods.blocks import Apply, Run


class Scratch:
    """Memory that a worker reads inputs into, used again and again."""

    def __init__(self) -> None:
        self._buffers: dict[int, Bytes] = {}

    def take(self, number: int, count: int, info: TensorInfo) -> Elements:
        """Room for `count` elements of the input of that number."""
        dtype = DTYPES[info.dtype]
        needed = count * dtype.itemsize
        if number not in self._buffers or len(self._buffers[number]) < needed:
            self._buffers[number] = empty_bytes(max(needed, LEAF * 4))
        return elements(self._buffers[number][:needed], dtype.holds)


@dataclass(frozen=True)
class Computer:
    """Computes parts. `device` is torch's name of one, or None for the CPU's kernels; `digests` takes the hashes."""

    files: OpenFiles
    device: str | None = None
    digests: Digests | None = None

    def settle(self, operation: Operation, run: Run = map) -> Apply | None:
        """What has to be known of a whole tensor before a part of it can be merged."""
        treatment = operation.treatment
        if not isinstance(treatment, Merger):
            return None
        from .on_disk import settled

        return settled(operation, treatment, self.files, self.device, run)

    def part(self, part: Part, apply: Apply | None, out: Elements, scratch: Scratch) -> None:
        """Write a part's elements to `out`. Raises `IncompatibleError` for one that isn't finite."""
        operation = part.operation
        if isinstance(operation.treatment, Merger):
            from .on_disk import merge_part

            assert apply is not None
            merge_part(part, operation.treatment, apply, self.files, self.device, out)
            if self.digests is not None:
                self.digests.add_part(part, self.files)
        else:
            for start, stop in _pieces(part):
                inputs = [self._read(operation, i, start, stop, scratch) for i in range(len(operation.inputs))]
                if self.digests is not None:
                    self._hash(operation, inputs, start, stop, part)
                self._mix(operation, inputs, out[start - part.start : stop - part.start])
        if operation.dtype.merges and not all_finite(out):
            raise IncompatibleError(_why_not_finite(part, self.files))

    def _read(self, operation: Operation, number: int, start: int, stop: int, scratch: Scratch) -> Elements:
        info = operation.inputs[number]
        into = scratch.take(number, stop - start, info)
        info.read_into(into.view(np.uint8), self.files, start)
        return into

    def _hash(self, operation: Operation, inputs: list[Elements], start: int, stop: int, part: Part) -> None:
        """Hash what was read; a leaf that goes on in the next part is read once more, whole."""
        assert self.digests is not None
        if start % LEAF:
            return
        if stop - start == LEAF or stop == operation.size:
            for number, content in enumerate(inputs):
                self.digests.add(operation, number, start // LEAF, content.view(np.uint8))
        else:
            self.digests.add_part(Part(operation, start, stop), self.files)

    def _mix(self, operation: Operation, inputs: list[Elements], out: Elements) -> None:
        first, second = inputs[0], inputs[-1]
        weight = operation.treatment.weight if isinstance(operation.treatment, Blend) else 0.0
        if operation.copies and operation.inputs[0].dtype == operation.dtype.code:
            out[:] = first
        elif self.device is None:
            interpolate(first, second, weight, out)
        else:
            from .on_disk import interpolate_on

            interpolate_on(self.device, operation, first, second, weight, out)


def _pieces(part: Part) -> Iterator[tuple[int, int]]:
    """A part cut where leaves begin."""
    start = part.start
    while start < part.stop:
        stop = min(part.stop, (start // LEAF + 1) * LEAF)
        yield start, stop
        start = stop


def _why_not_finite(part: Part, files: OpenFiles) -> str:
    """Whose fault a value is that isn't finite."""
    operation = part.operation
    for source, info in zip(operation.sources, operation.inputs, strict=True):
        values = np.empty(part.stop - part.start, DTYPES[info.dtype].holds)
        info.read_into(values.view(np.uint8), files, part.start)
        if not all_finite(values):
            return f"{info.name} holds NaN or infinity in {source} ({info.file}); choose a sound checkpoint"
    at = f"at β = {operation.treatment.weight:g}" if isinstance(operation.treatment, Blend) else "once merged"
    return f"{operation.name} is too large for {operation.dtype.name} {at}; choose a wider dtype, or weights in [0, 1]"
