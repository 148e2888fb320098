"""Random numbers that depend on a tensor's name and the recipe's seed and on nothing else.

Counter-based (Philox 4×64, Salmon et al., SC 2011) and drawn on the CPU, so neither the order of the tensors nor
threads, shards or device change them, and any part of a tensor can be drawn by itself. Taken as raw words, whose stream
numpy keeps from release to release.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

_PER_STEP = 8  # numbers in one step of the counter: four words, two numbers from each


@dataclass(frozen=True)
class Draw:
    """The randomness of one output tensor."""

    name: str
    seed: int = 0

    def uniform(self, model: int, like: Tensor, start: int = 0) -> Tensor:
        """Numbers in [0, 1) for the `model`-th model, multiples of 2⁻²⁴: float32, shape and device of `like`.

        `like` is the part of the tensor from its element `start` on.
        """
        words = f"{self.seed}\0{model}\0{self.name}".encode()
        generator = np.random.Philox(key=int.from_bytes(hashlib.blake2b(words, digest_size=16).digest(), "little"))
        generator.advance(start // _PER_STEP)
        skipped = start % _PER_STEP
        count = skipped + like.numel()
        halves = generator.random_raw((count + 1) // 2).astype("<u8", copy=False).view("<u4")[skipped:count]
        drawn = np.multiply(halves >> 8, np.float32(2**-24), dtype=np.float32, casting="unsafe")
        return torch.from_numpy(drawn).reshape(like.shape).to(like.device)
