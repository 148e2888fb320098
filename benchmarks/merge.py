"""How fast and how small `ggez merge` is, against a bare loop over the same files.

The pair has the geometry of SigLIP2-SO400M (1.1 B parameters, bfloat16, 2.3 GB each) with cheap random weights, made in
a temporary folder. The floor reads both files in 16 MiB pieces, lerps and writes, with and without an fsync at the
end; ours is the whole command, start of the interpreter and checks included. All take turns in one run.
Run: `python benchmarks/merge.py [--rounds 3] [--layers 27] [--folder DIR]`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PIECE = 16 << 20
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


def make_pair(folder: Path, layers: int) -> None:
    """Two checkpoints of SigLIP2-SO400M's shapes, `layers` deep a tower."""
    import torch
    from safetensors.torch import save_file
    from transformers import SiglipConfig, SiglipModel
    from transformers.utils import logging

    logging.set_verbosity_error()
    tower = {"hidden_size": 1152, "intermediate_size": 4304, "num_hidden_layers": layers, "num_attention_heads": 16}
    text = {**tower, "vocab_size": 256_000, "max_position_embeddings": 64, "projection_size": 1152}
    config = SiglipConfig(text_config=text, vision_config={**tower, "image_size": 384, "patch_size": 14})
    with torch.device("meta"):
        shapes = {name: tensor.shape for name, tensor in SiglipModel(config).state_dict().items()}
    for seed, name in enumerate(("base", "regional")):
        noise = torch.randn(1 << 20, generator=torch.Generator().manual_seed(seed)).mul_(0.02).bfloat16()
        weights = {
            key: noise.repeat(-(-shape.numel() // len(noise)))[: shape.numel()].view(shape)
            for key, shape in shapes.items()
        }
        config.save_pretrained(folder / name)
        save_file(weights, folder / name / "model.safetensors", {"format": "pt"})
    os.sync()


def run(command: list[str]) -> tuple[float, float, str]:
    """Seconds, peak resident MB, and the output of a process."""
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, stdout=output)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - started
        if process.returncode:
            raise SystemExit(f"{command[-1]} failed")
        output.seek(0)
        return seconds, usage.ru_maxrss / 1e3, output.read()


def main() -> None:
    """Make the pair, let floor and ours take turns, print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--layers", type=int, default=27, help="layers a tower; 27 is SO400M")
    parser.add_argument("--folder", type=Path, help="where to make the temporary files")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as temporary:
        folder = Path(temporary)
        maker = multiprocessing.get_context("spawn").Process(target=make_pair, args=(folder, options.layers))
        maker.start()  # a process of its own: a child's peak memory counts from its parent's
        maker.join()
        base, regional = folder / "base", folder / "regional"
        size = (base / "model.safetensors").stat().st_size
        print(f"{platform.machine()}, {os.cpu_count()} cores; a pair of {size / 1e9:.2f} GB each", flush=True)
        taken: dict[str, list[tuple[float, float]]] = {"bare loop": [], "bare loop + fsync": [], "ggez merge": []}
        for _ in range(options.rounds):
            for kind, sync in (("bare loop", "none"), ("bare loop + fsync", "fsync")):
                files = [str(folder_ / "model.safetensors") for folder_ in (base, regional)]
                command = [sys.executable, "-c", FLOOR, *files, str(folder / "floor"), str(PIECE), sync]
                _, peak, printed = run(command)
                taken[kind].append((float(printed), peak))
                (folder / "floor").unlink()
                os.sync()
            command = [sys.executable, "-c", OURS, "merge", "--base", str(base), "--regional", str(regional)]
            seconds, peak, _ = run([*command, "--beta", "0.5", "-o", str(folder / "out")])
            taken["ggez merge"].append((seconds, peak))
            shutil.rmtree(folder / "out")
            os.sync()
        ours = [seconds for seconds, _ in taken["ggez merge"]]
        for kind, runs in taken.items():
            ratio = statistics.median(mine / theirs for mine, (theirs, _) in zip(ours, runs, strict=True))
            typical, peak = statistics.median(seconds for seconds, _ in runs), max(peak for _, peak in runs)
            print(f"{kind:<18} {typical:6.2f} s   peak {peak:6.0f} MB   ggez merge takes {ratio:.2f} × that")


if __name__ == "__main__":
    main()
