"""Saves and restores the tiny line spread over two processes (FSDP): `torchrun … -m tests.shard_training FOLDER`.

Fails where what is restored isn't what was saved.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
import torch.distributed as dist
from torch.distributed.fsdp import fully_shard

from ggez_core.training.averaged import Averaged
from ggez_core.training.optimizers import optimizer_of
from ggez_core.training.saved import SavedStates, moment_of, restore, whole_weights
from ggez_core.training.settings import LoopSettings
from tests.tiny_training import Line

SETTINGS = LoopSettings(steps=4, batch=8, device="cpu")


def spread() -> tuple[Line, torch.optim.Optimizer, Averaged]:
    """The line with its weights spread, its optimizer, and the average of its weights."""
    line = Line(dropout=0.0)
    fully_shard(line)
    return line, optimizer_of(line, SETTINGS), Averaged([p for p in line.parameters() if p.requires_grad], 0.5)


def steps(line: Line, optimizer: torch.optim.Optimizer, average: Averaged, first: int) -> None:
    """Two steps."""
    for step in range(first, first + 2):
        parts = line(line.batch(range(8 * step, 8 * step + 8), [step] * 8).inputs)
        (parts["near"] + parts["apart"]).backward()
        optimizer.step()
        optimizer.zero_grad()
        average.update(step)


def main(folder: Path) -> None:
    """Two steps, a checkpoint, two more; and again from the checkpoint."""
    dist.init_process_group("gloo")
    line, optimizer, average = spread()
    steps(line, optimizer, average, 0)
    moment = moment_of(2, line, optimizer, {}, average)
    if dist.get_rank() == 0:
        SavedStates(folder, 1).save(moment)
    dist.barrier()
    steps(line, optimizer, average, 2)
    again, other, averaged = spread()
    restore(SavedStates(folder, 1).load(2), again, other, averaged)
    steps(again, other, averaged, 2)
    one, two = whole_weights(line), whole_weights(again)
    mean, same = whole_weights(line, average=average), whole_weights(again, average=averaged)
    if dist.get_rank() == 0:
        assert one.keys() == two.keys() == mean.keys()
        assert all(torch.equal(one[name], two[name]) for name in one)
        assert all(torch.equal(mean[name], same[name]) for name in one)
        assert not torch.equal(mean["network.0.weight"], one["network.0.weight"])
        assert "network.0.weight" in one
    dist.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
