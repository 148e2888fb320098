"""Models of real size through the same code as everything else: time to load, to move and to preview, and peak memory.

SigLIP2-SO400M, SDXL and Gemma-3-4B in their real geometry (the libraries' own classes, configs written here, random
weights) are written to a scratch folder as a base and a regional checkpoint that differ in what the paper trains,
loaded by `families.load` in bfloat16, moved by `LiveModel`, and asked once. Each runs in a process of its own. On a CPU
the memory is what the process has of its own, above what the imported libraries take; mapped files, which the system
drops at will, stand beside it. On CUDA it is what torch allocated there too. Run: `python benchmarks/families.py
[--only siglip2|sdxl|gemma3] [--device cuda]`; it takes up to 18 GB of disk below `--scratch` and gives them back.
Written for CUDA too, but run on a CPU only so far.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch
from PIL import Image

from benchmarks import real_sizes
from ggez_core import LiveModel, families, open_checkpoint
from ggez_core.families import Placement

BETAS = (0.25, 0.5, 0.75, 0.37, 0.6)


class Memory:
    """The most memory that the process held in each phase since `begin`: bytes of its own, and of files mapped."""

    def __init__(self) -> None:
        self.mapped = 0
        self.phases: dict[str, int] = {}
        self._phase = ""
        self._before = self._held()[0]
        threading.Thread(target=self._watch, daemon=True).start()

    def begin(self, phase: str) -> None:
        """What is held from now on counts for `phase`."""
        self._note()
        self._phase = phase
        self._note()

    def _watch(self) -> None:
        while True:
            time.sleep(0.02)
            self._note()

    def _note(self) -> None:
        own, mapped = self._held()
        self.mapped = max(self.mapped, mapped)
        self.phases[self._phase] = max(self.phases.get(self._phase, 0), own - self._before)

    @staticmethod
    def _held() -> tuple[int, int]:
        held = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
        own, mapped = (int(held[key].split()[0]) * 1024 for key in ("RssAnon", "RssFile"))
        return own, mapped


def seconds(work: Callable[[], Any], device: torch.device) -> float:
    """How long one call takes, the device's queue included."""
    started = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


def copy_rate(device: torch.device) -> float:
    """Bytes a second that the device reads and writes in a plain copy of 1 GiB, counted once each."""
    source, target = (torch.ones(1 << 28, device=device) for _ in range(2))
    return 2 * source.nbytes / min(seconds(lambda: target.copy_(source), device) for _ in range(5))


def question(name: str) -> Any:
    """A small input of the family, so that a CPU answers within minutes."""
    from ggez_core.families.diffusion import Drawing
    from ggez_core.families.embedding import Search
    from ggez_core.families.lvlm import VisualQuestion

    picture = Image.linear_gradient("L").resize((384, 384)).convert("RGB")
    if name == "siglip2":
        return Search(("nasi lemak", "a red bus"), (picture, picture.rotate(90)))
    if name == "sdxl":
        return Drawing("a red bus", steps=2, width=256, height=256)
    return VisualQuestion("What is this?", picture, max_new_tokens=4)


def measure(name: str, folder: Path, device: torch.device) -> None:
    """Load, move and preview the pair in `folder`, and print what each took."""
    bandwidth = copy_rate(device)
    base, regional = open_checkpoint(folder / "base"), open_checkpoint(folder / "regional")
    asked = question(name)  # imports what the family needs
    memory = Memory()
    memory.begin("loading")
    started = time.perf_counter()
    model = families.load(base, Placement(device=device))
    loading = time.perf_counter() - started
    memory.begin("finding what differs")
    started = time.perf_counter()
    live = LiveModel(model.model, base, regional)
    comparing = time.perf_counter() - started
    memory.begin("moving")
    moves = [live.set_beta(beta) for beta in BETAS]
    memory.begin("previewing")
    preview = seconds(lambda: list(model.preview(asked)), device)
    memory.begin("")
    moved = live.changed_bytes
    once = 3 * moved / bandwidth  # both ends are read, the live weights written
    move = statistics.median(moves)
    print(f"{name}: {base.nbytes / 1e9:.2f} GB, of which {moved / 1e9:.2f} GB move: {', '.join(live.component_names)}")
    print(f"  load {loading:.1f} s, find what differs and put it at β = 0 {comparing:.1f} s")
    print(f"  move {move:.2f} s (first {moves[0]:.2f} s); a copy that reads and writes as many bytes {once:.2f} s")
    print(f"  preview {preview:.1f} s")
    held = ", ".join(f"{phase} {own / base.nbytes:.2f}" for phase, own in memory.phases.items() if phase)
    print(f"  most memory of its own, in models: {held}; files mapped {memory.mapped / base.nbytes:.2f}")
    if device.type == "cuda":
        peak = torch.cuda.max_memory_allocated(device)
        print(f"  peak memory on the device {peak / base.nbytes:.2f} × the model")


def main() -> None:
    """Write, measure and remove every model asked for, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=list(real_sizes.WRITERS), action="append", help="may be given more than once")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--scale", type=float, default=1.0, help="fewer layers, to try the script")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.only[0], options.measure, torch.device(options.device))
        return
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}")
    for name in options.only or real_sizes.WRITERS:
        folder = Path(tempfile.mkdtemp(prefix=f"ggez-{name}-", dir=options.scratch))
        try:
            real_sizes.write_pair(name, folder, options.scale)
            again = [sys.executable, __file__, "--only", name, "--device", options.device, "--measure", str(folder)]
            subprocess.run(again, check=True)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
