"""The costly stage on many workers: a Daft data frame with a row a piece, and a Daft class that measures each.

The native runner starts processes on this machine, Ray's on a cluster (all of it must see the same folders). Only names
travel: a worker reads its piece, and its output is a file. So the data frame is small however large the data is, no
picture passes through the engine, and whatever is killed loses the pieces that were in work.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..errors import DataError, GgezError
from .measure import Work
from .pieces import Piece

RUNNERS = ("native", "ray")
_LEAST = 4 << 30  # bytes that a worker may take at least


def measure_all(work: Work, pieces: Sequence[Piece], runner: str, workers: int, done: Callable[[int], None]) -> None:
    """Measure every piece, calling `done` with the rows of each as it ends.

    Raises DataError where the runner can't be had, or for what made a signal useless.
    """
    if not pieces:
        return
    daft = _with_runner(runner)
    measurer = daft.cls(max_concurrency=workers, use_process=True)(_Measurer)
    most = _share(workers) if runner == "native" else 0
    told = measurer(work.folder, list(work.signals), dict(work.names), os.environ.get("OMP_NUM_THREADS"), most)
    frame = daft.from_pydict({"piece": [piece.as_json() for piece in pieces]})
    if runner == "ray":
        frame = frame.into_partitions(min(len(pieces), 4 * workers))
    frame = frame.select(told.measure(daft.col("piece")).alias("rows"))
    for row in frame.iter_rows(results_buffer_size=1):
        found = json.loads(row["rows"])
        if "error" in found:
            raise DataError(found["error"])
        done(found["rows"])


class _Measurer:
    """A worker: made once, with its signals and their models; torch gets one thread, since there are other workers.

    most: bytes that it may take (0: as many as there are), so that a row that swells when it is unpacked is that row's
    fault and doesn't end the machine.
    """

    def __init__(self, folder: str, signals: list[str], names: dict[str, str], threads: str | None, most: int) -> None:
        os.environ["OMP_NUM_THREADS"] = threads or "1"
        quiet = {"TQDM_DISABLE": "1", "TRANSFORMERS_VERBOSITY": "error"}  # what a worker says lands on our stdout
        os.environ.update({name: value for name, value in quiet.items() if name not in os.environ})
        if most:
            import resource

            resource.setrlimit(resource.RLIMIT_DATA, (most, resource.getrlimit(resource.RLIMIT_DATA)[1]))
        self._work = Work(folder, tuple(signals), names)

    def measure(self, pieces: Any) -> list[str]:
        found = []
        for text in pieces.to_pylist():
            try:
                found.append(json.dumps({"rows": self._work.measure(Piece.from_json(text))}))
            except GgezError as error:
                found.append(json.dumps({"error": str(error)}))
        return found


def _share(workers: int) -> int:
    """Bytes for each of so many workers, of three quarters of this machine; 0 where it can't be told or set: other
    systems, and graphics cards, for which drivers reserve more addresses than there is memory."""
    if sys.platform != "linux" or Path("/dev/nvidiactl").exists():
        return 0
    import psutil

    whole = int(psutil.virtual_memory().total)
    try:
        given = Path("/sys/fs/cgroup/memory.max").read_text().strip()  # of a container, less than the machine's
        whole = min(whole, int(given)) if given.isdecimal() else whole
    except OSError:
        pass
    return max(_LEAST, whole * 3 // 4 // workers)


def _with_runner(runner: str) -> Any:
    if runner not in RUNNERS:
        raise DataError(f"--runner {runner}: is neither of {', '.join(RUNNERS)}")
    os.environ.setdefault("DAFT_ANALYTICS_ENABLED", "0")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    os.environ.setdefault("DAFT_PROGRESS_BAR", "0")
    import daft

    _declare(daft)
    logging.getLogger("daft").setLevel(logging.ERROR)
    try:
        if runner == "ray":
            try:
                import ray
            except ImportError:
                raise DataError("--runner ray needs Ray; install it with: pip install 'ggez-workbench[ray]'") from None
            _joined(ray)
            daft.set_runner_ray(noop_if_initialized=True)
        elif _begun_with() is None:  # Daft takes one runner a process, and only once
            daft.set_runner_native()
        elif _begun_with() != runner:
            raise ValueError(f"this process runs on {_begun_with()}")
    except GgezError:
        raise
    except Exception as error:
        raise DataError(
            f"--runner {runner}: can't be used ({str(error).strip().splitlines()[0][:200]}); a process keeps the "
            "runner that it began with"
        ) from None
    return daft


def _joined(ray: Any) -> None:
    """Join the cluster that runs (RAY_ADDRESS, or one that `ray start` began here), else begin one on this machine."""
    if ray.is_initialized():
        return
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        ray.init(address="auto", **quiet)
    except ConnectionError:
        ray.init(include_dashboard=False, **quiet)


def _begun_with() -> str | None:
    """The runner of this process, if it has one."""
    from daft.runners import _get_runner

    begun = _get_runner()
    return None if begun is None else str(begun.name)


def _declare(daft: Any) -> None:
    """Tell Daft what `measure` is; here, since Daft is imported only for this."""
    if not hasattr(_Measurer, "_declared"):
        declared = daft.method.batch(return_dtype=daft.DataType.string(), batch_size=1)(_Measurer.measure)
        _Measurer.measure = declared  # type: ignore[method-assign]
        _Measurer._declared = True  # type: ignore[attr-defined]
