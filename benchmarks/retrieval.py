"""Recall@1, 5 and 10 both ways on 3,600 images × 7,200 texts: ours against CLIP_benchmark's own functions.

Two comparisons, taken turn by turn in one run, medians over rounds: from a matrix of scores, which is what the metric
itself costs, and from embeddings (512 numbers each), whose products both need and which bound the second ratio. The
values have to be equal. Memory is what a process that does only this adds at its peak; a boolean matrix of positives
would take 26 MB. Embeddings are random and made here.

Run: `python benchmarks/retrieval.py --peer PYTHON`, where PYTHON is one that has CLIP_benchmark: `.ci/peers FOLDER`
prints it. Without it only our own numbers are printed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

IMAGES, TEXTS, WIDTH = 3600, 7200, 512
KS = (1, 5, 10)


def embeddings() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Unit rows of images, of two texts each that lie near them, and each text's image."""
    rng = np.random.default_rng(0)
    owner = np.arange(TEXTS) // 2
    images = rng.standard_normal((IMAGES, WIDTH), np.float32)
    texts = images[owner] + 6 * rng.standard_normal((TEXTS, WIDTH), np.float32)
    return (*(x / np.linalg.norm(x, axis=1, keepdims=True) for x in (images, texts)), owner)


def ours_from_scores(scores: np.ndarray, across: np.ndarray, owner: np.ndarray) -> dict[str, float]:
    """Recall both ways from (texts, images) and (images, texts)."""
    from ggez_core.evaluation import ranks_of_scores

    index = np.arange(IMAGES)
    there, back = ranks_of_scores(scores, owner, index), ranks_of_scores(across, index, owner)
    return {
        f"{way}_recall@{k}": float((ranks <= k).mean())
        for way, ranks in (("text_to_image", there), ("image_to_text", back))
        for k in KS
    }


def theirs_from_scores(scores: np.ndarray, owner: np.ndarray) -> dict[str, float]:
    """CLIP_benchmark's `evaluate` after the embedding, with its batches of 64."""
    import torch

    from tests.peers.retrieval_driver import recalls

    return recalls(torch.from_numpy(scores), torch.from_numpy(owner), list(KS))


def worker(side: str) -> None:
    """Answers lines of stdin ("scores", "embeddings") with seconds and values; says first what memory it takes."""
    images, texts, owner = embeddings()
    scores = texts @ images.T
    across = np.ascontiguousarray(scores.T)

    def run(what: str) -> dict[str, float]:
        if side == "ours" and what == "scores":
            return ours_from_scores(scores, across, owner)
        if side == "ours":
            from ggez_core.evaluation import retrieval_metrics

            found = retrieval_metrics(images, texts, owner, KS)
            return {name: value for name, value in found.items() if "recall" in name}
        return theirs_from_scores(scores if what == "scores" else texts @ images.T, owner)

    run("scores")  # compiled, imported, threads started
    before, _ = _memory(reset=True)
    run("embeddings")
    print(json.dumps(_memory()[1] - before), flush=True)
    for line in sys.stdin:
        started = time.perf_counter()
        found = run(line.strip())
        print(json.dumps([time.perf_counter() - started, found]), flush=True)


def _memory(reset: bool = False) -> tuple[float, float]:
    """Megabytes of this process: now, and at the peak since the last reset (Linux)."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    lines = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
    return tuple(float(lines[name].split()[0]) / 1e3 for name in ("VmRSS", "VmHWM"))  # type: ignore[return-value]


def main() -> None:
    """Print two lines of times and one of memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", help="a Python that has CLIP_benchmark")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--worker", choices=("ours", "theirs"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.worker:
        worker(asked.worker)
        return
    root = Path(__file__).resolve().parent.parent
    pythons = {"ours": sys.executable} | ({"theirs": asked.peer} if asked.peer else {})
    environment = os.environ | {"PYTHONPATH": str(root)}
    running = {
        side: subprocess.Popen(
            [python, __file__, "--worker", side],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for side, python in pythons.items()
    }
    memory = {side: json.loads(process.stdout.readline()) for side, process in running.items()}  # type: ignore[union-attr]
    print(
        f"{platform.machine()}, {os.cpu_count()} cores; {IMAGES:,} images × {TEXTS:,} texts, {WIDTH} wide, k = 1, 5, 10"
    )
    for what in ("scores", "embeddings"):
        taken: dict[str, list[float]] = {side: [] for side in running}
        values: dict[str, dict[str, float]] = {}
        for _ in range(asked.rounds):
            for side, process in running.items():
                print(what, file=process.stdin, flush=True)
                seconds, values[side] = json.loads(process.stdout.readline())  # type: ignore[union-attr]
                taken[side].append(seconds)
        line = f"from {what}: ours {statistics.median(taken['ours']) * 1e3:,.0f} ms"
        if "theirs" in taken:
            ratios = [b / a for a, b in zip(taken["ours"], taken["theirs"], strict=True)]
            largest = max(abs(values["ours"][name] - values["theirs"][name]) for name in values["theirs"])
            line += f", CLIP_benchmark {statistics.median(taken['theirs']) * 1e3:,.0f} ms: "
            line += f"{statistics.median(ratios):.0f} × as fast; largest difference of a value {largest:.1e}"
        print(line)
    print(
        "peak memory from embeddings: " + ", ".join(f"{side} {megabytes:,.0f} MB" for side, megabytes in memory.items())
    )
    for process in running.values():
        process.stdin.close()  # type: ignore[union-attr]
        process.wait()


if __name__ == "__main__":
    main()
