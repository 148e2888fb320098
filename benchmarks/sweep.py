"""What an 11-point sweep costs against eleven separate evaluations, on the demo's SigLIP pair and its own task.

Separate is what one does without a sweep, once for every β: merge to disk, load the merged checkpoint, draw and prepare
the task's pictures and captions, embed them, rank, and make rows. Counted: all of that, for both; not counted: starting
Python and importing libraries, which a shell loop would pay eleven times more. Neither finds anything kept before.
Three pairs: both towers differ, only the image tower, only the text tower (the regional tower put into the base).
What a sweep can't save is the run of the tower that moves, eleven times: its share of an evaluation is the least that
the ratio can be. Here that is large for texts (1,916 of 64 tokens) and small for pictures (477 of 36 patches).

Time is the processor time of all threads, and the clock's beside it, since other work may share the machine. Separate
evaluations are measured at three β and scaled to eleven; with --all all eleven are.

    python benchmarks/sweep.py [--all] [--limit CAPTIONS]
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from safetensors.torch import load_file, save_file

import ggez_core as gg
from ggez_core.assets import demo_root
from ggez_core.evaluation.tasks.world_retrieval import WorldRetrieval

BETAS = [i / 10 for i in range(11)]
SOME = (0.0, 0.5, 1.0)
KINDS = {"both towers differ": "", "image tower differs": "vision_model", "text tower differs": "text_model"}


class OneSplit(WorldRetrieval):
    """The task on one split alone, so that a sweep asks for exactly its eleven points."""

    def __init__(self) -> None:
        self.info = replace(WorldRetrieval.info, splits=("validation",))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="measure all eleven separate evaluations")
    parser.add_argument("--limit", type=int, help="about so many captions")
    given = parser.parse_args()
    asked = BETAS if given.all else SOME
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        warm_up(work)
        for kind, tower in KINDS.items():
            regional = with_tower(tower, work / "regional")
            separate = [timed(partial(alone, regional, beta, work, given.limit)) for beta in asked]
            together = timed(partial(swept, regional, work, given.limit))
            cpu, clock = (sum(column) * len(BETAS) / len(asked) for column in zip(*separate, strict=True))
            print(
                f"{kind}: sweep {together[0]:.1f} s of processor ({together[1]:.1f} s), eleven evaluations {cpu:.1f} s "
                f"({clock:.1f} s): ratio {together[0] / cpu:.2f} ({together[1] / clock:.2f})",
                flush=True,
            )
            shutil.rmtree(regional)


def with_tower(prefix: str, folder: Path) -> Path:
    """The base with the tensors of the regional checkpoint that start so."""
    base, sea = (demo_root() / "siglip" / end for end in ("base", "sea"))
    shutil.copytree(base, folder)
    tensors = load_file(base / "model.safetensors")
    tensors |= {name: t for name, t in load_file(sea / "model.safetensors").items() if name.startswith(prefix)}
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    return folder


def alone(regional: Path, beta: float, work: Path, limit: int | None) -> None:
    """Merge, load and evaluate one β with nothing kept from before."""
    merged, cache = work / "merged", work / "cache"
    gg.merge(gg.open_checkpoint("demo:siglip/base"), gg.open_checkpoint(regional), beta, merged)
    gg.evaluate(merged, [OneSplit()], limit=limit, cache=cache, output=work / "rows.jsonl")
    for leftover in (merged, cache, work / "rows.answers"):
        shutil.rmtree(leftover)
    (work / "rows.jsonl").unlink()


def swept(regional: Path, work: Path, limit: int | None) -> None:
    """Eleven β in one sweep, nothing kept from before either."""
    gg.sweep("demo:siglip/base", regional, BETAS, [OneSplit()], limit=limit, cache=work / "cache", output=work / "out")
    shutil.rmtree(work / "cache")
    shutil.rmtree(work / "out")


def warm_up(work: Path) -> None:
    """Import everything and compile the kernels."""
    pair = with_tower("", work / "warm")
    alone(pair, 0.5, work, 60)
    swept(pair, work, 60)
    shutil.rmtree(pair)


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Processor seconds of all threads, and seconds of the clock."""
    cpu, clock = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - clock


if __name__ == "__main__":
    main()
