"""How fast is a distillation? Kept teacher vectors against computed ones; on a GPU the loop against a bare one.

    python benchmarks/distill.py              # the small world: steps per second with and without kept vectors
    python benchmarks/distill.py --towers     # the same for SigLIP2-B's towers, without opening pictures
    python benchmarks/distill.py --geometry   # SigLIP2-B's text encoder in bf16: samples/s, model FLOP utilisation

The same loop takes turns with both ways; seconds are of processor time, since other work may share the machine. The
floor is the student's own step on a batch that is ready (forward, backward, optimizer): what no loop can save.
`--geometry` wants a GPU; `--tiny` runs its code on any machine with a model of no size.
"""

from __future__ import annotations

import argparse
import io
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from ggez_core.checkpoints import open_checkpoint
from ggez_core.families.embedding import EmbeddingModel, load_embedding
from ggez_core.families.last_position import last_position_alone
from ggez_core.progress import silent
from ggez_core.training.distillation import Distillation, plan
from ggez_core.training.distillation.settings import settings_from
from ggez_core.training.loop import Hooks, train
from ggez_core.training.losses import Vectors, WeightedSum, parsed
from ggez_core.training.objective import Batch, Inputs, Objective
from ggez_core.training.order import Shuffled
from ggez_core.training.settings import LoopSettings

TEACHER = "demo:siglip/base"
STUDENT = {"layers": [0], "vocabulary": "used"}  # half of the teacher's parameters
LANGUAGES = ["en", "id", "th", "vi", "fil", "km", "zh"]
PEAK = {"H100": 989e12, "H200": 989e12, "A100": 312e12, "L40": 181e12, "L4": 121e12, "4090": 165e12}  # bf16, dense


class Computed:
    """The teacher's vectors computed anew for every step, once each: what keeping them saves."""

    def __init__(self, embed: Callable[[Sequence[int]], torch.Tensor]) -> None:
        self._embed = embed
        self._last: tuple[list[int], torch.Tensor] = ([], torch.empty(0))

    def of(self, rows: Sequence[int]) -> torch.Tensor:
        """Those of some rows; asked of the same ones twice in a row (by the queue too), they are the same."""
        if self._last[0] != list(rows):
            self._last = (list(rows), self._embed(rows))
        return self._last[1]


def world(steps: int, rounds: int, batch: int) -> None:
    """Print steps per second of the loop with kept vectors over those without, for each kind of target."""
    model = load_embedding(open_checkpoint(TEACHER))
    print(f"teacher {TEACHER}, student {STUDENT}, batches of {batch}, {rounds} rounds of {steps} steps each way")
    for objective, least in (("FD", 1.5), ("DR", 1.5), ("FD@image", 3.0), ("DR@image", 3.0)):
        rates: dict[str, list[float]] = {"kept": [], "computed": [], "floor": []}
        for number in range(rounds):
            for way, measured in rates.items():
                measured.append(_rate(objective, way, steps, batch, number, model))
        kept, computed, floor = (statistics.median(rates[way]) for way in rates)
        print(
            f"{objective:<9} kept {kept:6.2f} steps/s, computed {computed:6.2f}: × {kept / computed:.2f} (at least "
            f"{least}); floor {floor:6.2f}, of which kept is {kept / floor:.2f}"
        )


def _rate(objective: str, way: str, steps: int, batch: int, seed: int, model: EmbeddingModel) -> float:
    loop = {"steps": steps + 1, "batch": batch, "learning_rate": 1e-4, "device": "cpu", "workers": 0, "seed": seed,
            "log_every": steps + 1, "save_every": 0}  # fmt: skip
    asked = settings_from({"model": TEACHER, "objective": objective, "student": STUDENT, "queue": 4096, "loop": loop,
                           "data": [{"source": "demo:world", "languages": LANGUAGES, "limit": 4000}]})  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        made = plan(asked, _PREPARED, silent)
        distilled = made.objective
        assert isinstance(distilled, Distillation)
        if way == "computed":
            distilled.targets = {kind: _computed(kind, distilled, model) for kind in distilled.targets}  # type: ignore[misc]
        if way == "floor":
            return _own_step(distilled, made.order.rows(0), steps)
        return _steps_per_second(distilled, made.order, asked.loop, Path(folder), time.process_time)


def _own_step(objective: Distillation, rows: Sequence[int], steps: int) -> float:
    """Steps per second of the student alone."""
    inputs = objective.batch(rows, [0] * len(rows)).inputs
    parameters = [p for p in objective.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=1e-4, fused=True)
    objective.before_step(rows)
    started = 0.0
    for step in range(steps + 1):
        if step == 1:
            started = time.process_time()
        parts = objective.train()(inputs)
        sum(weight * parts[name] for name, weight in objective.weights.items()).backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return steps / (time.process_time() - started)


def _computed(kind: str, distilled: Distillation, model: EmbeddingModel) -> Computed:
    captions = distilled.captions
    if kind == "image":
        images, place = captions.images, captions.image
        assert images is not None
        assert place is not None
        files = _encoded(images)
        return Computed(lambda rows: model.encode_images([_opened(files[int(place[row])]) for row in rows]))
    lines = captions.text if kind == "text" else captions.english
    return Computed(lambda rows: model.encode_texts([lines[row] for row in rows]))


_FILES: list[bytes] = []


def _encoded(images: Any) -> list[bytes]:
    """The pictures as the PNG files that a data set holds: opening them is part of a loop that keeps nothing."""
    for picture in images.some(range(len(_FILES), len(images))):
        held = io.BytesIO()
        picture.save(held, "png")
        _FILES.append(held.getvalue())
    return _FILES


def _opened(file: bytes) -> Image.Image:
    return Image.open(io.BytesIO(file)).convert("RGB")


def _steps_per_second(
    objective: Objective, order: Any, settings: LoopSettings, folder: Path, clock: Callable[[], float]
) -> float:
    """Of all steps but the first, which makes memory and threads ready."""
    seen: list[tuple[int, float]] = []
    train(objective, order, settings, folder, Hooks(logged=lambda one: seen.append((one.step, clock()))))
    return (seen[-1][0] - seen[0][0]) / (seen[-1][1] - seen[0][1])


class Synthetic(Objective):
    """A text encoder of SigLIP2's geometry towards random vectors, by the same losses, without a tokenizer."""

    def __init__(self, model: torch.nn.Module, rows: int, length: int, vocabulary: int, width: int, terms: str) -> None:
        super().__init__()
        rng = np.random.default_rng(0)
        self.model = model
        self.losses = WeightedSum(parsed(terms), width, 65_536)
        self.weights = self.losses.weights
        self.tokens = torch.from_numpy(rng.integers(0, vocabulary, (rows, length)))
        self.vectors = torch.nn.functional.normalize(torch.from_numpy(rng.standard_normal((rows, width), np.float32)))

    def batch(self, rows: Sequence[int], seeds: Sequence[int]) -> Batch:
        index = torch.tensor(rows)
        return Batch({"tokens": self.tokens[index], "target": self.vectors[index], "row": index}, float(len(rows)))

    def before_step(self, rows: Sequence[int]) -> None:
        self.losses.before_step({kind: self.vectors[torch.tensor(rows)] for kind in self.losses.queued})

    def forward(self, inputs: Inputs) -> dict[str, torch.Tensor]:
        found = self.model(input_ids=inputs["tokens"]).pooler_output
        unit = torch.nn.functional.normalize(found.float(), dim=-1)
        targets = dict.fromkeys(("text", "english"), inputs["target"])
        parts: dict[str, torch.Tensor] = self.losses(Vectors(unit, None, targets, inputs["row"]))
        return parts

    def save(self, folder: Path, weights: Mapping[str, torch.Tensor]) -> None:
        (folder / "done").touch()


class Uncached(Synthetic):
    """The same, but the targets are what a teacher of SigLIP2-B's geometry says, computed for every batch."""

    def __init__(self, teacher: torch.nn.Module, inputs: dict[str, torch.Tensor], *shape: Any) -> None:
        super().__init__(*shape)
        self.asked = [teacher.eval()]  # in a list: no part of what is trained
        self.inputs = inputs

    @torch.no_grad()
    def batch(self, rows: Sequence[int], seeds: Sequence[int]) -> Batch:
        own = super().batch(rows, seeds)
        teacher = self.asked[0]
        found = [teacher(**{name: t[[row % len(t)]] for name, t in self.inputs.items()}).pooler_output for row in rows]
        target = torch.nn.functional.normalize(torch.cat(found), dim=-1)
        return Batch({**own.inputs, "target": target}, own.weight)


def towers(steps: int, batch: int) -> None:
    """Print the same ratios for SigLIP2-B's towers (12 layers × 768, 64 tokens, 196 patches) on this machine, fp32.

    A student of six layers; its table has 4,000 tokens here, since on a CPU the optimizer's share would hide the rest.
    Opening pictures isn't counted.
    """
    from transformers import SiglipTextConfig, SiglipTextModel, SiglipVisionConfig, SiglipVisionModel

    size = {"hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12}
    text = {**size, "vocab_size": 4000, "max_position_embeddings": 64, "projection_size": 768, "pad_token_id": 0,
            "bos_token_id": 1, "eos_token_id": 1}  # fmt: skip
    pixels = torch.randn(batch, 3, 224, 224)
    tokens = torch.randint(2, 4000, (batch, 64))
    teachers: dict[str, tuple[torch.nn.Module, dict[str, torch.Tensor]]] = {
        "text": (SiglipTextModel(SiglipTextConfig(**text, num_hidden_layers=12)), {"input_ids": tokens}),
        "image": (
            SiglipVisionModel(SiglipVisionConfig(**size, num_hidden_layers=12, image_size=224, patch_size=16)),
            {"pixel_values": pixels},
        ),
    }
    settings = LoopSettings(
        steps=steps + 1, batch=batch, learning_rate=1e-5, device="cpu", workers=0, log_every=steps + 1, save_every=0
    )
    shape = (8 * batch, 64, 4000, 768, "FD")
    rates: dict[str, float] = {}
    for name, (teacher, inputs) in {"kept": (torch.nn.Identity(), {}), **teachers}.items():
        student = SiglipTextModel(SiglipTextConfig(**text, num_hidden_layers=6))
        last_position_alone(student)  # as in every distillation
        objective = Synthetic(student, *shape) if name == "kept" else Uncached(teacher, inputs, student, *shape)
        with tempfile.TemporaryDirectory() as folder:
            order = Shuffled(8 * batch, batch, 0)
            rates[name] = _steps_per_second(objective, order, settings, Path(folder), time.process_time)
    for name, least in (("text", 1.5), ("image", 3.0)):
        ratio = rates["kept"] / rates[name]
        print(f"SigLIP2-B's towers, {name} target: × {ratio:.2f} with kept vectors (at least {least})")


def geometry(steps: int, batch: int, tiny: bool) -> None:
    """Print samples per second, model FLOP utilisation and the ratio to a bare loop, for a half-size student."""
    from transformers import SiglipTextConfig, SiglipTextModel

    cuda = torch.cuda.is_available()
    if not cuda and not tiny:
        raise SystemExit("--geometry wants a GPU; --tiny runs its code without one")
    size = {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 2} if tiny else {
        "hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12}  # fmt: skip
    layers, vocabulary, length = (2, 512, 16) if tiny else (6, 128_000, 64)
    width = size["hidden_size"]
    config = SiglipTextConfig(
        **size, num_hidden_layers=layers, vocab_size=vocabulary, max_position_embeddings=length, projection_size=width,
        pad_token_id=0, bos_token_id=1, eos_token_id=1, attn_implementation="sdpa",
    )  # fmt: skip
    settings = LoopSettings(
        steps=steps + 1, batch=batch, learning_rate=1e-4, precision="bf16", log_every=steps + 1, save_every=0, workers=4
    )
    rows = max(8 * batch, 4096)
    rates: dict[str, list[float]] = {"ggez": [], "bare": []}
    for _ in range(3):
        torch.manual_seed(0)
        objective = Synthetic(SiglipTextModel(config), rows, length, vocabulary, width, "DR + 0.5 FD")
        with tempfile.TemporaryDirectory() as folder:
            order = Shuffled(rows, batch, 0)
            rates["ggez"].append(_steps_per_second(objective, order, settings, Path(folder), time.perf_counter))
        rates["bare"].append(_bare(objective, steps, batch, "cuda" if cuda else "cpu"))
    ours, bare = (statistics.median(rates[name]) for name in rates)
    inside = 12 * layers * width * width  # weights of the layers: 4 of attention, 8 of the feed-forward, in widths²
    flop = 3 * batch * length * (2 * inside + 4 * layers * length * width) + 6 * batch * width * 65_536
    name = torch.cuda.get_device_name() if cuda else "CPU"
    peak = next((value for part, value in PEAK.items() if part in name), None)
    used = f"{flop * ours / peak:.1%} of {peak / 1e12:.0f} TFLOP/s" if peak else "unknown peak"
    print(f"{name}, bf16, {layers} layers × {width}, {vocabulary:,} tokens, texts of {length}, batches of {batch}")
    print(f"{ours * batch:,.0f} samples/s; model FLOP utilisation {used}")
    print(f"bare PyTorch loop {bare * batch:,.0f} samples/s; ratio {ours / bare:.3f} (at least 0.95)")


def _bare(objective: Synthetic, steps: int, batch: int, device: str) -> float:
    """Steps per second of the fewest lines that train the same: tensors on the device, no checks, nothing logged."""
    objective = objective.to(device).train()
    tokens, vectors = objective.tokens.to(device), objective.vectors.to(device)
    optimizer = torch.optim.AdamW([p for p in objective.parameters() if p.requires_grad], lr=1e-4, fused=True)
    generator = torch.Generator().manual_seed(0)
    started = 0.0
    for step in range(steps + 1):
        if step == 1:
            _wait(device)
            started = time.perf_counter()
        index = torch.randint(len(tokens), (batch,), generator=generator).to(device)
        objective.losses.before_step({"english": vectors[index]})
        with torch.autocast(device, torch.bfloat16):
            parts = objective({"tokens": tokens[index], "target": vectors[index], "row": index})
        loss = sum(weight * parts[name] for name, weight in objective.weights.items())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(objective.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    _wait(device)
    return steps / (time.perf_counter() - started)


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


_PREPARED = Path(tempfile.gettempdir()) / "ggez-bench-distill"

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--geometry", action="store_true")
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--towers", action="store_true")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=None)
    given = parser.parse_args()
    if given.towers:
        towers(min(given.steps, 3), given.batch or 4)
    elif given.geometry or given.tiny:
        geometry(given.steps, given.batch or (8 if given.tiny else 512), given.tiny)
    else:
        world(given.steps, given.rounds, given.batch or 128)
