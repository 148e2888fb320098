"""Evaluates a tiny pair's merges slowly and notes every embedded batch, for a test that kills it.

python -m tests.kill_evaluation BASE REGIONAL OUTPUT LOG
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from ggez_core.evaluation.sweep import sweep
from ggez_core.families import embedded
from tests.tiny_pairs import Pairs

PAUSE = 0.05


class Log(list[tuple[str, int]]):
    """Written to a file line by line."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a")

    def append(self, item: Any) -> None:
        time.sleep(PAUSE)
        self._file.write(f"{item[0]} {item[1]}\n")
        self._file.flush()


if __name__ == "__main__":
    base, regional, output, log = map(Path, sys.argv[1:])
    embedded.BATCHES["cpu"] = 4
    sweep(base, regional, (0.5,), [Pairs(count=12, embedded=Log(log))], output=output)
