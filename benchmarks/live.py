"""How fast `LiveModel.set_beta` moves a model, against plain `torch.lerp` over one flat buffer of the same bytes.

Two floors, measured alternately with ours in one run: `torch.lerp(a, b, β, out=live)`, which like ours reads both ends
and writes a third place, so that it can go to any β again and again; and `live.lerp_(b, β)`, which overwrites one end
and can't. Ratios are medians over rounds. Run: `python benchmarks/live.py [--large]`. Inputs are random and made here.

`python benchmarks/live.py --unet` moves the UNet of SDXL in its real geometry (2.6 billion bfloat16 weights, random)
on a graphics card, against the card's own copy of as many bytes: a move reads two ends and writes a third, a copy reads
one and writes one, so it copies 1.5 times the size. It takes 16 GB of the card (24 while it copies) and 11 GB of disk;
`--device cpu --scale 0.1` is a small try of the same anywhere. Written for a card, but not run on one so far.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch
from safetensors.torch import save_file
from transformers import SiglipConfig, SiglipModel
from transformers.utils import logging as transformers_logging

from benchmarks import real_sizes
from ggez_core import LiveModel, open_checkpoint
from ggez_core.merging.fused import interpolate_on_device


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes, after a pause in which OpenMP's threads stop spinning on the other core."""
    time.sleep(0.005)
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def alternately(works: Sequence[Callable[[], object]], rounds: int) -> list[list[float]]:
    """The seconds of each work in every round, taken turn by turn so that all see the same machine."""
    for work in works:
        work()
    return [[seconds(work) for work in works] for _ in range(rounds)]


def demo_size() -> torch.nn.Module:
    """A real SigLIP of about two million parameters in about 150 tensors."""
    tower = {"hidden_size": 128, "intermediate_size": 512, "num_hidden_layers": 4, "num_attention_heads": 4}
    text = {**tower, "vocab_size": 3000, "max_position_embeddings": 64, "projection_size": 128}
    return SiglipModel(SiglipConfig(text_config=text, vision_config={**tower, "image_size": 64, "patch_size": 8}))


def layers(count: int, width: int) -> torch.nn.Module:
    """`count` square layers: the shape of a large model without its code."""
    return torch.nn.ModuleDict({"tower": torch.nn.Sequential(*(torch.nn.Linear(width, width) for _ in range(count)))})


def save(model: torch.nn.Module, folder: Path) -> None:
    """Random weights as a checkpoint."""
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "benchmark"}', encoding="utf-8")
    save_file(
        {name: torch.randn_like(tensor) for name, tensor in model.state_dict().items()}, folder / "model.safetensors"
    )


def measure(title: str, model: torch.nn.Module, rounds: int) -> None:
    """Print one line for one model."""
    with tempfile.TemporaryDirectory() as temporary:
        base, regional = Path(temporary) / "base", Path(temporary) / "regional"
        save(model, base)
        save(model, regional)
        live = LiveModel(model, open_checkpoint(base), open_checkpoint(regional))
    dtype = next(model.parameters()).dtype
    size = live.changed_bytes // dtype.itemsize
    # Nothing is shared between the works, so that none finds its inputs in the cache because of another.
    a, b, out, onto, other = (torch.randn(size).to(dtype) for _ in range(5))
    betas = iter(lambda: 0.1 + 0.8 * torch.rand(()).item(), None)
    works = (
        lambda: live.set_beta(next(betas)),
        lambda: torch.lerp(a, b, next(betas), out=out),
        lambda: onto.lerp_(other, next(betas)),
    )
    taken = alternately(works, rounds)
    ours, third, in_place = (1e3 * statistics.median(times) for times in zip(*taken, strict=True))
    to_third, to_in_place = (statistics.median(times[0] / times[i] for times in taken) for i in (1, 2))
    tensors = sum(1 for _ in model.parameters())
    print(
        f"{title:<28} {size / 1e6:8.1f} M  {str(dtype).removeprefix('torch.'):<9} {tensors:4} tensors  "
        f"move {ours:8.2f} ms   lerp(out=) {third:8.2f} ms: ratio {to_third:.2f}   "
        f"lerp_ {in_place:8.2f} ms: ratio {to_in_place:.2f}"
    )


def measure_unet(device: torch.device, scale: float, rounds: int) -> None:
    """Print how long a UNet's weights take to move on a device, and how that compares with its own copies."""
    unet = real_sizes.sdxl_unet(scale).bfloat16()
    with tempfile.TemporaryDirectory() as temporary:
        base, regional = Path(temporary) / "base", Path(temporary) / "regional"
        for seed, folder in enumerate((base, regional)):
            real_sizes.save(unet, folder, real_sizes.Noise(seed), "model")
            (folder / "config.json").write_text('{"model_type": "benchmark"}', encoding="utf-8")
        model = unet.to_empty(device=device)
        live = LiveModel(model, open_checkpoint(base), open_checkpoint(regional))
        size = live.changed_bytes
        # Read once and written once, this is the traffic of a move: 3 · size.
        source, target = (torch.zeros(3 * size // 2, dtype=torch.uint8, device=device) for _ in range(2))
        works = (lambda: live.set_beta(0.1 + 0.8 * torch.rand(()).item()), lambda: target.copy_(source))
        taken = [[_on_device(work, device) for work in works] for _ in range(rounds + 3)][3:]
        live.set_beta(0.37)
        named = list(model.named_parameters())
        for name, weights in (named[0], named[-1]):
            first, second = (open_checkpoint(folder).read(name).flatten() for folder in (base, regional))
            interpolate_on_device(first, second, 0.37, out := torch.empty_like(first))
            assert torch.equal(weights.flatten().cpu(), out), f"{name} isn't what merge writes"
    move, copy = (1e3 * statistics.median(times) for times in zip(*taken, strict=True))
    ratio = statistics.median(moved / copied for moved, copied in taken)
    tensors = sum(1 for _ in model.parameters())
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or "cpu"
    print(
        f"SDXL's UNet, scale {scale:g}: {size / 2e6:,.0f} M bfloat16 weights in {tensors:,} tensors, on {name}\n"
        f"move {move:.2f} ms, {3 * size / move / 1e6:,.0f} GB/s; copying as many bytes {copy:.2f} ms, "
        f"{3 * size / copy / 1e6:,.0f} GB/s: ratio {ratio:.2f} (medians of {rounds})\n"
        f"held beside the model: {live.held_bytes / 1e9:.2f} GB, both ends of {size / 1e9:.2f} GB"
    )
    if device.type == "cuda":
        copies = source.nbytes + target.nbytes
        peak = torch.cuda.max_memory_allocated(device)
        print(f"on the card {torch.cuda.memory_allocated(device) - copies:,} bytes, with the copies at most {peak:,}")


def _on_device(work: Callable[[], object], device: torch.device) -> float:
    """The seconds of one call, until the device has done it."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    started = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - started


def main() -> None:
    """Measure the demo's size in three types, with `--large` 100 M parameters too; or with `--unet` SDXL's UNet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large", action="store_true", help="100 M parameters too: 2 GB of memory")
    parser.add_argument("--unet", action="store_true", help="SDXL's UNet on a graphics card instead")
    parser.add_argument("--device", default="cuda", help="where the UNet is (default: cuda)")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the UNet's transformer layers")
    given = parser.parse_args()
    transformers_logging.set_verbosity_error()
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}")
    if given.unet:
        if torch.device(given.device).type == "cuda" and not torch.cuda.is_available():
            parser.exit(2, "no CUDA device here; for a small try on the CPU: --unet --device cpu --scale 0.1\n")
        measure_unet(torch.device(given.device), given.scale, rounds=21)
        return
    for dtype in (torch.float32, torch.bfloat16, torch.float16):
        measure("SigLIP of the demo's size", demo_size().to(dtype), rounds=201)
    for dtype in (torch.float32, torch.bfloat16) if given.large else ():
        measure("24 layers of 2048 × 2048", layers(24, 2048).to(dtype), rounds=21)


if __name__ == "__main__":
    main()
