"""Run a plan out of core: workers read and compute batches ahead while the caller's thread writes them in order.

Memory is a few batches, however large the model; every batch's buffers are used again. A tensor that a method has to
see before it merges it is passed over by the same workers, when its first batch comes up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..checkpoints.files import Bytes, elements, empty_bytes, opened
from ..checkpoints.output import OutputFolder, Position
from ..errors import OutputError
from ..progress import Progress, Step
from .compute import Computer, Scratch
from .digests import Digests
from .plan import ALIGN, BATCH, Batch, Operation, Plan
from .resolve import Merger

if TYPE_CHECKING:
    from .methods.blocks import Apply


@dataclass(frozen=True)
class How:
    """What runs a plan: `threads` workers, on torch's `device` or by default on the CPU's kernels."""

    threads: int
    device: str | None = None


def write_weights(plan: Plan, output: OutputFolder, how: How, *, progress: Progress) -> Digests:
    """Write every file of weights, going on from `output.start`; the hashes of all that was read.

    Raises `IncompatibleError` for a value that isn't finite, `CheckpointError` for an input that vanishes,
    `OutputError` for a disk that fills up; and whatever `progress` raises.
    """
    digests = Digests()
    before = sum(shard.nbytes for shard in plan.shards[: output.start.file]) + output.start.offset
    progress(Step(before, plan.nbytes, "bytes", "resuming" if before else ""))
    with opened(_inputs(plan)) as files:
        computer = Computer(files, how.device, digests)
        if before:
            read_again(plan, computer, how, progress=progress, until=output.start)
        for batch, parts in _in_order(plan, computer, output.start, how, progress):
            shard = plan.shards[batch.file]
            if batch.offset == len(shard.header):
                output.write(Position(batch.file), [np.frombuffer(shard.header, np.uint8)])
            output.write(Position(batch.file, batch.offset), parts)
            progress(Step(_bytes_after(plan, batch), plan.nbytes, "bytes", shard.filename))
    return digests


def hash_inputs(plan: Plan, how: How, *, progress: Progress) -> Digests:
    """The hashes of all that a plan reads, without merging anything."""
    digests = Digests()
    with opened(_inputs(plan)) as files:
        read_again(plan, Computer(files, None, digests), how, progress=progress)
    return digests


def read_again(plan: Plan, computer: Computer, how: How, *, progress: Progress, until: Position | None = None) -> None:
    """Hash the inputs of the batches before a place in the output, or of all."""
    digests = computer.digests
    assert digests is not None
    end = (len(plan.shards), 0) if until is None else (until.file, until.offset)
    batches = (batch for batch in plan.batches() if (batch.file, batch.offset) < end)

    def hash_batch(batch: Batch) -> Batch:
        for part in batch.parts:
            digests.add_part(part, computer.files)
        return batch

    with _pool(how) as pool:
        for batch in _ahead(pool, hash_batch, batches, how.threads):
            progress(Step(_bytes_after(plan, batch), plan.nbytes, "bytes", "checking what was read"))


def verify_weights(plan: Plan, folder: Path, how: How, *, progress: Progress) -> None:
    """Read every file of weights in `folder` again, from the disk if the system lets us, and compare with the inputs.

    Raises `OutputError` for a byte that isn't as it should be.
    """
    paths = [folder / shard.filename for shard in plan.shards]
    with opened(_inputs(plan)) as files, opened(iter(paths)) as written:
        written.forget_cached()
        for batch, parts in _in_order(plan, Computer(files, how.device), Position(), how, progress):
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
    """What one batch is worked in: the output, and room for a little of each input."""

    out: Bytes = field(default_factory=lambda: empty_bytes(BATCH + ALIGN))
    scratch: Scratch = field(default_factory=Scratch)


def _in_order(
    plan: Plan, computer: Computer, start: Position, how: How, progress: Progress
) -> Iterator[tuple[Batch, list[Bytes]]]:
    """Every batch from `start` on with its finished bytes, in order; computed ahead by workers."""
    waiting: deque[tuple[Batch, _Buffers, Future[list[Bytes]]]] = deque()
    free = [_Buffers() for _ in range(how.threads + 1)]
    batches = (batch for batch in plan.batches() if (batch.file, batch.offset) >= (start.file, start.offset))
    with _pool(how) as pool:
        known = _Known(computer, pool, how.threads, plan, progress)
        while True:
            while free and (batch := next(batches, None)):
                buffers = free.pop()
                waiting.append((batch, buffers, pool.submit(_compute, batch, computer, known.of(batch), buffers)))
            if not waiting:
                return
            batch, buffers, result = waiting.popleft()
            yield batch, result.result()
            free.append(buffers)


@contextmanager
def _pool(how: How) -> Iterator[ThreadPoolExecutor]:
    """Workers, of which each computes by itself."""
    pool = ThreadPoolExecutor(how.threads, thread_name_prefix="ggez-merge")
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _ahead(pool: ThreadPoolExecutor, work: Callable[[Any], Any], items: Iterable[Any], threads: int) -> Iterator[Any]:
    """`map`, with a few items worked on at a time and results in order."""
    waiting: deque[Future[Any]] = deque()
    for item in items:
        waiting.append(pool.submit(work, item))
        if len(waiting) > 2 * threads:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


@dataclass
class _Known:
    """What is known of tensors that are merged in several parts, for as long as their parts come."""

    computer: Computer
    pool: ThreadPoolExecutor
    threads: int
    plan: Plan
    progress: Progress
    applies: dict[str, Apply] = field(default_factory=dict)

    def of(self, batch: Batch) -> dict[str, Apply]:
        """For the batch's large tensors the function that merges a block; the passes over one are made here."""
        needed = {part.operation.name: part.operation for part in batch.parts if not part.whole}
        self.applies = {name: apply for name, apply in self.applies.items() if name in needed}
        for name, operation in needed.items():
            if name not in self.applies and isinstance(operation.treatment, Merger):
                apply = self.computer.settle(operation, self._run_for(operation, batch))
                assert apply is not None
                self.applies[name] = apply
        return dict(self.applies)

    def _run_for(self, operation: Operation, batch: Batch) -> Callable[..., Iterator[Any]]:
        done = _bytes_after(self.plan, replace(batch, parts=()))

        def run(work: Callable[[int], Any], numbers: Iterable[int]) -> Iterator[Any]:
            for result in _ahead(self.pool, work, numbers, self.threads):
                self.progress(Step(done, self.plan.nbytes, "bytes", f"looking at {operation.name}"))
                yield result

        return run


def _compute(batch: Batch, computer: Computer, applies: dict[str, Apply], buffers: _Buffers) -> list[Bytes]:
    """The bytes of a batch's parts; they lie in `buffers`, and are good until those are used again."""
    end, done = 0, []
    room = buffers.out if batch.nbytes + ALIGN * len(batch.parts) <= len(buffers.out) else empty_bytes(batch.nbytes)
    for part in batch.parts:
        operation = part.operation
        out = elements(room[end : end + part.nbytes], operation.dtype.holds)
        end += -(-part.nbytes // ALIGN) * ALIGN
        apply = applies.get(operation.name) or computer.settle(operation)
        computer.part(part, apply, out, buffers.scratch)
        done.append(out.view(np.uint8))
    return done
