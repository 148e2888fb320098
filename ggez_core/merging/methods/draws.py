"""Random numbers that depend on a tensor's name and the recipe's seed and on nothing else.

Counter-based (Philox 4×64, Salmon et al., SC 2011) and drawn on the CPU, so neither the order of the tensors nor
threads, shards or device change them. Taken as raw words, whose stream numpy keeps from release to release.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

_BLOCK = 1 << 22  # numbers drawn at a time; even, for two come from a word


@dataclass(frozen=True)
class Draw:
    """The randomness of one output tensor."""

    name: str
    seed: int = 0

    def uniform(self, model: int, like: Tensor) -> Tensor:
        """Numbers in [0, 1) for the `model`-th model, multiples of 2⁻²⁴: float32, shape and device of `like`."""
        words = f"{self.seed}\0{model}\0{self.name}".encode()
        key = int.from_bytes(hashlib.blake2b(words, digest_size=16).digest(), "little")
        generator = np.random.Philox(key=key)
        drawn = np.empty(like.numel(), np.float32)
        for start in range(0, drawn.size, _BLOCK):
            part = drawn[start : start + _BLOCK]
            halves = generator.random_raw((part.size + 1) // 2).astype("<u8", copy=False).view("<u4")
            np.multiply(halves[: part.size] >> 8, np.float32(2**-24), out=part, dtype=np.float32, casting="unsafe")
        return torch.from_numpy(drawn).reshape(like.shape).to(like.device)
