"""How fast `LiveModel.set_beta` moves a model, against plain `torch.lerp` over one flat buffer of the same bytes.

Two floors, measured alternately with ours in one run: `torch.lerp(a, b, β, out=live)`, which like ours reads both ends
and writes a third place, so that it can go to any β again and again; and `live.lerp_(b, β)`, which overwrites one end
and can't. Ratios are medians over rounds. Run: `python benchmarks/live.py [--large]`. Inputs are random and made here.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import SiglipConfig, SiglipModel
from transformers.utils import logging as transformers_logging

from ggez_core import LiveModel, open_checkpoint


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


def main() -> None:
    """Measure the demo's size in three types, and with `--large` 100 M parameters too."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help="100 M parameters too: 2 GB of memory")
    large = parser.parse_args().large
    transformers_logging.set_verbosity_error()
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}")
    for dtype in (torch.float32, torch.bfloat16, torch.float16):
        measure("SigLIP of the demo's size", demo_size().to(dtype), rounds=201)
    for dtype in (torch.float32, torch.bfloat16) if large else ():
        measure("24 layers of 2048 × 2048", layers(24, 2048).to(dtype), rounds=21)


if __name__ == "__main__":
    main()
