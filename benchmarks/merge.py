"""How fast and how small `ggez merge` is: against a bare loop over the same files, and against mergekit and sd-mecha.

The pair has the geometry of SigLIP2-SO400M (1.1 B parameters, bfloat16, 2.3 GB each) with cheap random weights, made in
a temporary folder. The floor reads both files in 16 MiB pieces, lerps and writes, with and without an fsync at the
end; ours is the whole command, start of the interpreter, checks and fsync included; the peers are their own commands
with their default options, from an environment made by `.ci/peers` and named by GGEZ_PEERS_PYTHON (left out without
it). All take turns in one run; a ratio is the median over the rounds, a peak the largest resident set. mergekit and
sd-mecha compute in the inputs' type and float32, ours in float32; both ends of every run are on the same disk.

Then a pair four times as large (9 GB each, 27 GB of disk) is merged, to see that the peak stays: `--no-large` skips it,
as does a disk that is too small.
Run: `python benchmarks/merge.py [--rounds 3] [--methods linear ties slerp] [--no-large] [--folder DIR]`.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PIECE = 16 << 20
LAYERS, LARGE_LAYERS = 27, 139  # a tower; the second makes four times the parameters
FLOOR = """
import os, sys, time, torch
a_path, b_path, out_path, piece, sync = *sys.argv[1:4], int(sys.argv[4]), sys.argv[5] == "fsync"
started = time.perf_counter()
a, b = bytearray(piece), bytearray(piece)
with open(a_path, "rb", 0) as fa, open(b_path, "rb", 0) as fb, open(out_path, "wb", 0) as out:
    start = 8 + int.from_bytes(fa.read(8), "little")
    fa.seek(0), fb.seek(start), out.write(fa.read(start))
    while count := fa.readinto(a):
        fb.readinto(b)
        x, y = (torch.frombuffer(memoryview(z)[:count], dtype=torch.bfloat16) for z in (a, b))
        out.write(torch.lerp(x, y, 0.5).view(torch.uint8).numpy())
    if sync:
        os.fsync(out.fileno())
print(time.perf_counter() - started)
"""
OURS = "from ggez_core.cli import main; main()"
MECHA = """
import sys, torch, sd_mecha
method, base, regional, out = sys.argv[1:]
a, b = sd_mecha.model(base), sd_mecha.model(regional)
if method == "linear":
    recipe = sd_mecha.weighted_sum(a, b, alpha=0.5)
elif method == "slerp":
    recipe = sd_mecha.slerp(a, b, alpha=0.5)
else:
    from sd_mecha.extensions.builtin.merge_methods import linear, ties  # its own add_difference_ties fails

    recipe = linear.add_difference(a, ties.ties_sum(linear.subtract(b, a), k=0.5), alpha=0.5)
sd_mecha.merge(recipe, output=out, output_dtype=torch.bfloat16)
"""
NEEDED = {  # the least that others' time has to be, in ours; and the most that ours may be in the bare loop's
    "linear": {"mergekit": 2.5},
    "ties": {"mergekit": 2.0},
    "slerp": {"mergekit": 2.0},
}
MOST_OF_FLOOR, MOST_MEMORY = 1.3, 1 << 30


@dataclass(frozen=True)
class Run:
    """One run of one contender."""

    seconds: float
    peak: int


@dataclass(frozen=True)
class Pair:
    """Two folders of one file of weights each, and where outputs go."""

    base: Path
    regional: Path
    out: Path

    @property
    def files(self) -> tuple[Path, Path]:
        """The two files of weights."""
        return self.base / "model.safetensors", self.regional / "model.safetensors"


def make_pair(folder: Path, layers: int, vocabulary: int) -> None:
    """Two checkpoints of SigLIP2-SO400M's shapes, `layers` deep a tower, written a piece at a time."""
    import numpy as np
    import torch
    from transformers import SiglipConfig, SiglipModel
    from transformers.utils import logging

    from ggez_core.checkpoints.header import write_header

    logging.set_verbosity_error()
    tower = {"hidden_size": 1152, "intermediate_size": 4304, "num_hidden_layers": layers, "num_attention_heads": 16}
    text = {**tower, "vocab_size": vocabulary, "max_position_embeddings": 64, "projection_size": 1152}
    config = SiglipConfig(text_config=text, vision_config={**tower, "image_size": 384, "patch_size": 14})
    with torch.device("meta"):
        shapes = {name: tuple(tensor.shape) for name, tensor in sorted(SiglipModel(config).state_dict().items())}
    entries = [(name, "BF16", shape, 2 * int(np.prod(shape))) for name, shape in shapes.items()]
    for seed, name in enumerate(("base", "regional")):
        noise = torch.randn(8 << 20, generator=torch.Generator().manual_seed(seed)).mul_(0.02).bfloat16()
        raw = memoryview(noise.view(torch.uint8).numpy())
        config.save_pretrained(folder / name)
        with (folder / name / "model.safetensors").open("wb") as file:
            file.write(write_header(entries, {"format": "pt"}))
            left = sum(nbytes for *_, nbytes in entries)
            while left:
                left -= file.write(raw[:left])
    os.sync()


def recipe(method: str, base: Path, regional: Path) -> dict[str, Any]:
    """One merge as mergekit and ours read it; the paths are folders or files."""
    a, b = str(base), str(regional)
    if method == "linear":
        weighted = [{"model": model, "parameters": {"weight": 0.5}} for model in (a, b)]
        return {"merge_method": "linear", "models": weighted}
    if method == "slerp":
        return {"merge_method": "slerp", "base_model": a, "models": [{"model": b}], "parameters": {"t": 0.5}}
    density = [{"filter": "logit", "value": 1.0}, {"value": 0.5}]  # mergekit's trimming can't take one element
    parameters = {"weight": 0.5, "density": density}
    return {
        "merge_method": "ties",
        "base_model": a,
        "models": [{"model": b, "parameters": parameters}],
        "parameters": {"normalize": False},
    }


def contenders(method: str, pair: Pair, peers: str | None) -> Iterator[tuple[str, list[str]]]:
    """Names and commands, in the order in which they take turns."""
    files = [str(file) for file in pair.files]
    if method == "linear":
        for name, sync in (("bare loop", "none"), ("bare loop + fsync", "fsync")):
            yield name, [sys.executable, "-c", FLOOR, *files, str(pair.out), str(PIECE), sync]
    written = pair.out.with_name("recipe.yaml")
    written.write_text(json.dumps(recipe(method, pair.base, pair.regional)))  # JSON is YAML
    given = [str(written)] if method != "linear" else ["--base", str(pair.base), "--regional", str(pair.regional)]
    given += ["--beta", "0.5"] if method == "linear" else []
    yield "ggez", [sys.executable, "-c", OURS, "merge", *given, "-o", str(pair.out)]
    if peers:
        theirs = pair.out.with_name("mergekit.yaml")
        theirs.write_text(json.dumps(recipe(method, *pair.files)))
        yield (
            "mergekit",
            [str(Path(peers).with_name("mergekit-pytorch")), str(theirs), str(pair.out)],
        )
        yield "sd-mecha", [peers, "-W", "ignore", "-c", MECHA, method, *files, f"{pair.out}.safetensors"]


def measured(command: list[str], out: Path) -> Run:
    """Run a command to its end, and remove what it wrote. A floor prints its own time, without the interpreter's.

    Raises `RuntimeError` with the last line that a failed command wrote.
    """
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=output, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - started
        if process.returncode:
            errors.seek(0)
            raise RuntimeError((errors.read().strip().splitlines() or ["failed"])[-1])
        output.seek(0)
        printed = output.read()
    made = [path for path in (out, Path(f"{out}.safetensors")) if path.exists()]
    if not made:
        raise RuntimeError("it ended well and wrote nothing")
    for path in made:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    os.sync()
    return Run(float(printed) if FLOOR in command else seconds, usage.ru_maxrss * 1024)


def compare(method: str, pair: Pair, peers: str | None, rounds: int) -> list[str]:
    """Let the contenders take turns and print their ratios; the bounds that are missed."""
    taken: dict[str, list[Run]] = {}
    failed: dict[str, str] = {}
    for number in range(rounds):
        turns = list(contenders(method, pair, peers))
        for name, command in turns if number % 2 == 0 else reversed(turns):
            if name in failed:
                continue
            try:
                taken.setdefault(name, []).append(measured(command, pair.out))
            except RuntimeError as error:
                failed[name] = str(error)
    if "ggez" in failed:
        raise SystemExit(f"ggez merge failed: {failed['ggez']}")
    ours, missed = taken["ggez"], list[str]()
    print(f"\n{method}")
    for name, said in failed.items():
        print(f"  {name} failed: {said}")
    for name, runs in taken.items():
        if name in failed:
            continue
        typical, peak = statistics.median(run.seconds for run in runs), max(run.peak for run in runs)
        ratio = statistics.median(their.seconds / mine.seconds for their, mine in zip(runs, ours, strict=True))
        said = f"{ratio:.2f} × ggez's time" if name not in ("ggez", "bare loop") else ""
        if name == "bare loop":
            said = f"ggez takes {1 / ratio:.2f} × that"
            missed += [f"linear takes {1 / ratio:.2f} × the bare loop"] if 1 / ratio > MOST_OF_FLOOR else []
        least = NEEDED[method].get(name, 0)
        missed += [f"{method} is {ratio:.2f} × faster than {name}, not {least}"] if ratio < least else []
        if name == "ggez" and peak > MOST_MEMORY:
            missed.append(f"{method} peaks at {peak / 1e6:,.0f} MB")
        print(f"  {name:<18} {typical:7.2f} s   peak {peak / 1e6:7,.0f} MB   {said}", flush=True)
    return missed


def made(folder: Path, layers: int, vocabulary: int) -> Pair:
    """A new pair; a child's peak memory counts from its parent's, so another process makes it."""
    maker = multiprocessing.get_context("spawn").Process(target=make_pair, args=(folder, layers, vocabulary))
    maker.start()
    maker.join()
    if maker.exitcode:
        raise SystemExit("making the pair failed")
    pair = Pair(folder / "base", folder / "regional", folder / "out")
    print(f"a pair of {pair.files[0].stat().st_size / 1e9:.2f} GB each, {layers} layers a tower", flush=True)
    return pair


def four_times(folder: Path, vocabulary: int, layers: int) -> list[str]:
    """Merge a pair four times as large and print the peak; the bound, if it is missed."""
    needed, free = 28e9 * layers / LARGE_LAYERS, shutil.disk_usage(folder).free
    if needed > free:
        print(f"\nfour times as large: skipped, {needed / 1e9:.0f} GB of disk needed, {free / 1e9:.0f} GB free")
        return []
    print("\nfour times as large, linear:", end=" ")
    pair = made(folder, layers, vocabulary)
    run = measured(dict(contenders("linear", pair, None))["ggez"], pair.out)
    print(f"  ggez               {run.seconds:7.2f} s   peak {run.peak / 1e6:7,.0f} MB")
    return [f"four times as large peaks at {run.peak / 1e6:,.0f} MB"] if run.peak > MOST_MEMORY else []


def main() -> None:
    """Make the pairs, let all take turns, print ratios, peaks, and the bounds that are missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--methods", nargs="+", choices=sorted(NEEDED), default=["linear", "ties", "slerp"])
    parser.add_argument("--large", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--layers", type=int, default=LAYERS, help="layers a tower; 27 is SO400M")
    parser.add_argument("--vocabulary", type=int, default=256_000, help="256,000 is SigLIP2's")
    parser.add_argument("--folder", type=Path, help="where to make the temporary files")
    options = parser.parse_args()
    peers = os.environ.get("GGEZ_PEERS_PYTHON")
    print(f"{platform.machine()}, {os.cpu_count()} cores; peers: {peers or 'none (GGEZ_PEERS_PYTHON is not set)'}")
    missed: list[str] = []
    with tempfile.TemporaryDirectory(dir=options.folder) as temporary:
        pair = made(Path(temporary), options.layers, options.vocabulary)
        for method in options.methods:
            missed += compare(method, pair, peers, options.rounds)
    if options.large:
        with tempfile.TemporaryDirectory(dir=options.folder) as temporary:
            large = LARGE_LAYERS * options.layers // LAYERS
            missed += four_times(Path(temporary), options.vocabulary, large)
    print("\nevery bound holds" if not missed else "\nmissed: " + "; ".join(missed))


if __name__ == "__main__":
    main()
