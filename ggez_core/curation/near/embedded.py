"""Pairs of near embeddings of a whole curation, computed once and kept beside what was measured.

Comparing all with all is costly, so it is done once down to `FLOOR`; a threshold above it is then a comparison.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .cosine import MatchesByCosine, cosine_pairs

FLOOR = 0.9
COLUMN = "embedding"


def embedding_pairs(files: Sequence[Path], floor: float = FLOOR) -> MatchesByCosine:
    """The pairs of rows of measured files, in their order, whose embeddings have a cosine of at least `floor`.

    Kept in the files' folder under a name that says which files they are of; a file that can't be used is made again.
    """
    folder = files[0].parent
    path = folder / f"near-{_digest(files)}-{floor:g}.npz"
    try:
        with np.load(path, allow_pickle=False) as kept:
            return MatchesByCosine(kept["pairs"], kept["cosines"], floor)
    except (OSError, ValueError, KeyError):
        pass
    found = cosine_pairs(_vectors(files), floor)
    part = folder / f".{path.name}.{os.getpid()}.part"
    try:
        with part.open("wb") as file:
            np.savez(file, pairs=found.pairs, cosines=found.cosines)
            file.flush()
            os.fsync(file.fileno())
        for older in folder.glob("near-*.npz"):
            older.unlink(missing_ok=True)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return found


def _vectors(files: Sequence[Path]) -> NDArray[np.float32]:
    """All embeddings (n, d); NaN in rows without one."""
    import pyarrow.parquet as parquet

    columns = [parquet.read_table(file, columns=[COLUMN], use_threads=False)[COLUMN] for file in files]
    widths = {len(column[at]) for column in columns for at in range(len(column)) if column[at].is_valid}
    width = max(widths, default=1)
    found = np.full((sum(len(column) for column in columns), width), np.nan, np.float32)
    start = 0
    for column in columns:
        there = np.flatnonzero(np.asarray(column.is_valid()))
        flat = np.asarray(column.combine_chunks().drop_null().flatten(), np.float32)
        found[start + there] = flat.reshape(len(there), width) if there.size else 0
        start += len(column)
    return found


def _digest(files: Sequence[Path]) -> str:
    stamps = [(file.name, status.st_size, status.st_mtime_ns) for file in files for status in (file.stat(),)]
    return hashlib.blake2b(repr(stamps).encode(), digest_size=8).hexdigest()
