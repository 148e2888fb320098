"""How a training goes, whatever is trained: steps, batch, learning rate, precision, how often to log and save."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class Settings(BaseModel):
    """Typed, complete, without unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LoopSettings(Settings):
    """The loop's settings.

    batch: rows of one optimizer step, over all processes and accumulated batches together; micro_batch: rows of one
    forward on one process, by default as many as the batch leaves. warmup: steps, or where below 1 a share of all.
    schedule: of the learning rate after that; floor: the share of the peak that it ends with. clip: largest norm of the
    gradient, 0 for none. average: decay of an exponential average of the weights (0.99), which is then what is
    evaluated and written; 0 for none. optimizer: `adamw8bit` needs bitsandbytes. precision: fp32, or bf16 or fp16 where
    weights stay in fp32 and arithmetic is mixed. sharded: FSDP instead of DDP where there are several processes.
    device: `cuda` is refused where there is no GPU; `auto` takes what is there. tf32 is allowed where the GPU has it.
    log_every, save_every, evaluate_every: steps; 0 is never, but the end is always saved. keep: checkpoints to go on
    from; the last one is replaced only by a whole new one. workers: threads that make batches ready.
    trackers: names accelerate knows, installed beside it (trackio, tensorboard, wandb).
    """

    steps: Count | None = None
    epochs: Positive | None = None
    batch: Count = 128
    micro_batch: Count | None = None
    learning_rate: Positive = 1e-5
    schedule: Literal["constant", "linear", "cosine"] = "linear"
    warmup: Annotated[float, Field(ge=0)] = 0.03
    floor: Annotated[float, Field(ge=0, le=1)] = 0.0
    weight_decay: Annotated[float, Field(ge=0)] = 0.01
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: Positive = 1e-8
    clip: Annotated[float, Field(ge=0)] = 1.0
    average: Annotated[float, Field(ge=0, lt=1)] = 0.0
    optimizer: Literal["adamw", "adamw8bit", "sgd"] = "adamw"
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    sharded: bool = False
    seed: Annotated[int, Field(ge=0)] = 0
    log_every: Count = 10
    save_every: Annotated[int, Field(ge=0)] = 500
    keep: Count = 2
    evaluate_every: Annotated[int, Field(ge=0)] = 0
    workers: Annotated[int, Field(ge=0)] = 2
    trackers: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_length(self) -> LoopSettings:
        if (self.steps is None) == (self.epochs is None):
            raise ValueError("say either `steps` or `epochs`, one of them")
        return self

    def total(self, steps_per_epoch: int) -> int:
        """All steps."""
        return self.steps if self.steps is not None else max(1, math.ceil((self.epochs or 1) * steps_per_epoch))

    def share_of_peak(self, step: int, steps: int) -> float:
        """The learning rate of a step (from 0), as a share of the peak."""
        warmup = round(self.warmup * steps) if self.warmup < 1 else int(self.warmup)
        if step < warmup:
            return (step + 1) / warmup
        if self.schedule == "constant":
            return 1.0
        done = (step - warmup) / max(1, steps - warmup)
        left = 1 - done if self.schedule == "linear" else 0.5 * (1 + math.cos(math.pi * done))
        return self.floor + (1 - self.floor) * left
