"""Run a plan out of core: workers read and compute batches ahead while the caller's thread writes them in order.

Memory is a few batches, however large the model; every batch's buffers are used again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..checkpoints import TensorInfo
from ..checkpoints.dtypes import DTYPES, DType
from ..checkpoints.files import Bytes, Elements, OpenFiles, elements, empty_bytes, opened
from ..checkpoints.kernels import all_finite, interpolate
from ..checkpoints.output import OutputFolder, Position
from ..errors import IncompatibleError, OutputError
from ..progress import Progress, Step
from .plan import ALIGN, BATCH, Batch, Part, Plan

_SLACK = 64 << 10  # what aligning a batch's parts may add


def write_weights(plan: Plan, output: OutputFolder, *, threads: int, progress: Progress) -> None:
    """Write every file of weights, going on from `output.start`.

    Raises `IncompatibleError` for a value that isn't finite, `CheckpointError` for an input that vanishes,
    `OutputError` for a disk that fills up; and whatever `progress` raises.
    """
    before = sum(shard.nbytes for shard in plan.shards[: output.start.file]) + output.start.offset
    progress(Step(before, plan.nbytes, "bytes", "resuming" if before else ""))
    with opened(_inputs(plan)) as files:
        for batch, parts in _in_order(plan, files, output.start, threads):
            shard = plan.shards[batch.file]
            if batch.offset == len(shard.header):
                output.write(Position(batch.file), [np.frombuffer(shard.header, np.uint8)])
            output.write(Position(batch.file, batch.offset), parts)
            progress(Step(_bytes_after(plan, batch), plan.nbytes, "bytes", shard.filename))


def verify_weights(plan: Plan, folder: Path, *, threads: int, progress: Progress) -> None:
    """Read every file of weights in `folder` again, from the disk if the system lets us, and compare with the inputs.

    Raises `OutputError` for a byte that isn't as it should be.
    """
    paths = [folder / shard.filename for shard in plan.shards]
    with opened(_inputs(plan)) as files, opened(iter(paths)) as written:
        written.forget_cached()
        for batch, parts in _in_order(plan, files, Position(), threads):
            path, shard, offset = paths[batch.file], plan.shards[batch.file], batch.offset
            expected = [np.frombuffer(shard.header, np.uint8)] if offset == len(shard.header) else []
            offset -= sum(part.nbytes for part in expected)
            for part in (*expected, *parts):
                found = empty_bytes(part.nbytes)
                written.read_into(found, path, offset)
                if not np.array_equal(found, part):
                    raise OutputError(
                        f"{shard.filename}: its bytes from {offset:,} on differ from what was written; check the disk"
                    )
                offset += part.nbytes
            progress(Step(_bytes_after(plan, batch), plan.nbytes, "bytes", f"verifying {shard.filename}"))


def _inputs(plan: Plan) -> Iterator[Path]:
    return (path for operation in plan.operations for path in operation.files)


def _bytes_after(plan: Plan, batch: Batch) -> int:
    """How many bytes of the output lie before the end of a batch."""
    return sum(shard.nbytes for shard in plan.shards[: batch.file]) + batch.offset + batch.nbytes


@dataclass
class _Buffers:
    """What one batch is worked in: two inputs and an output."""

    a: Bytes = field(default_factory=lambda: empty_bytes(BATCH + _SLACK))
    b: Bytes = field(default_factory=lambda: empty_bytes(BATCH + _SLACK))
    out: Bytes = field(default_factory=lambda: empty_bytes(BATCH + _SLACK))


def working_memory(threads: int) -> int:
    """Bytes of buffers that `threads` workers take, whatever the models' size."""
    return (threads + 1) * 3 * (BATCH + _SLACK)


def _in_order(plan: Plan, files: OpenFiles, start: Position, threads: int) -> Iterator[tuple[Batch, list[Bytes]]]:
    """Every batch from `start` on with its finished bytes, in order; computed ahead by `threads` workers."""
    waiting: deque[tuple[Batch, _Buffers, Future[list[Bytes]]]] = deque()
    free = [_Buffers() for _ in range(threads + 1)]
    batches = (batch for batch in plan.batches() if (batch.file, batch.offset) >= (start.file, start.offset))
    pool = ThreadPoolExecutor(threads, thread_name_prefix="ggez-merge")
    try:
        while True:
            while free and (batch := next(batches, None)):
                buffers = free.pop()
                waiting.append((batch, buffers, pool.submit(_compute, batch, files, buffers)))
            if not waiting:
                return
            batch, buffers, result = waiting.popleft()
            yield batch, result.result()
            free.append(buffers)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _compute(batch: Batch, files: OpenFiles, buffers: _Buffers) -> list[Bytes]:
    """The bytes of a batch's parts; they lie in `buffers`, and are good until those are used again."""
    ends = {"a": 0, "b": 0, "out": 0}

    def take(which: str, count: int, dtype: DType) -> Elements:
        begin, end = ends[which], ends[which] + count * dtype.itemsize
        ends[which] = -(-end // ALIGN) * ALIGN
        taken: Bytes = getattr(buffers, which)[begin:end]
        return elements(taken, dtype.holds)

    done = []
    for part in batch.parts:
        operation, count = part.operation, part.stop - part.start
        base, regional, dtype = operation.base, operation.regional, operation.dtype
        out = take("out", count, dtype)
        if regional is None and base.dtype == dtype.code:
            _read(files, base, part, out)
        else:
            a = b = _read(files, base, part, take("a", count, DTYPES[base.dtype]))
            if regional is not None:
                b = _read(files, regional, part, take("b", count, DTYPES[regional.dtype]))
            interpolate(a, b, operation.weight, out)
        if dtype.merges and not all_finite(out):
            raise IncompatibleError(_why_not_finite(part, files))
        done.append(out.view(np.uint8))
    return done


def _read(files: OpenFiles, info: TensorInfo, part: Part, into: Elements) -> Elements:
    """The elements of `part` of a tensor on disk, read into `into`."""
    info.read_into(into.view(np.uint8), files, part.start)
    return into


def _why_not_finite(part: Part, files: OpenFiles) -> str:
    """Whose fault a value is that isn't finite."""
    operation = part.operation
    for side, info in (("base", operation.base), ("regional", operation.regional)):
        if info is None:
            continue
        values = np.empty(part.stop - part.start, DTYPES[info.dtype].holds)
        if not all_finite(_read(files, info, part, values)):
            return f"{info.name} holds NaN or infinity in the {side} checkpoint ({info.file}); choose a sound one"
    return (
        f"{operation.name} is too large for {operation.dtype.name} at β = {operation.weight:g}; "
        "choose a wider dtype or a β nearer to [0, 1]"
    )
