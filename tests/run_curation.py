"""A process that curates: `python -m tests.run_curation INPUT OUTPUT RUNNER ROWS`; says how many rows it measured."""

from __future__ import annotations

import sys
from pathlib import Path

from ggez_core.curation.curate import curate
from ggez_core.curation.cut import Cut
from ggez_core.progress import Step

SIGNALS = ("stated", "coordinates", "url", "language", "gazetteer", "text", "picture", "phash")


def told(step: Step) -> None:
    """Say that a piece is done, so that a test can kill between pieces."""
    sys.stdout.write(f"{step.done}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    found = curate(
        [sys.argv[1]], Path(sys.argv[2]), signals=SIGNALS, cut=Cut("SEA"), runner=sys.argv[3], workers=2,
        rows=int(sys.argv[4]), progress=told,
    )  # fmt: skip
    sys.stdout.write(f"measured {found.measured} kept {found.summary.kept}\n")
