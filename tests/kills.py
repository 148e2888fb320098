"""Kills merges at random moments: `python -m tests.kills FOLDER SEED COUNT` makes small checkpoints of every layout and
merges each, kill -9 after kill -9, until COUNT merges died. Prints what was found as one JSON document.

A process of its own, with no other threads, so that each merge is a cheap fork that meets a real SIGKILL.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from safetensors.torch import save_file

from ggez_core.checkpoints import open_checkpoint
from ggez_core.checkpoints import output as output_module
from ggez_core.merging import merge, plan
from ggez_core.progress import Step, unshare_bars

Tensors = dict[str, torch.Tensor]
Pair = tuple[Path, Path]


def tensors(seed: int, dtype: torch.dtype = torch.bfloat16, prefix: str = "m") -> Tensors:
    """Some 400 KB of weights in two components."""
    generator = torch.Generator().manual_seed(seed)
    names = [f"{prefix}.{part}.layers.{i}.weight" for part in ("vision", "text") for i in range(5)]
    found = {name: torch.randn(96 + i, 200, generator=generator).to(dtype) for i, name in enumerate(names)}
    return found | {f"{prefix}.text.ids": torch.arange(9), f"{prefix}.scale": torch.tensor(1.5 + seed).to(dtype)}


def folder_of(folder: Path, state: Tensors, file: str = "model.safetensors", config: str = "config.json") -> Path:
    """One folder of one file of weights with a config."""
    folder.mkdir(parents=True)
    (folder / config).write_text(json.dumps({"model_type": "tiny", "name": folder.name}))
    (folder / "tokenizer.json").write_text("{}")
    save_file(state, folder / file) if file.endswith("safetensors") else torch.save(state, folder / file)
    return folder


def single(folder: Path) -> Pair:
    """Transformers' folders of one file."""
    return folder_of(folder / "a", tensors(1)), folder_of(folder / "b", tensors(2))


def sharded(folder: Path) -> Pair:
    """A transformers folder of shards, against one of another type."""
    base = folder / "a"
    base.mkdir()
    (base / "config.json").write_text("{}")
    where = {}
    for number, (name, tensor) in enumerate(tensors(1).items(), start=1):
        where[name] = f"model-{number:05}-of-00012.safetensors"
        save_file({name: tensor}, base / where[name])
    (base / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": where}))
    return base, folder_of(folder / "b", tensors(2, torch.float32))


def pickled(folder: Path) -> Pair:
    """A folder of pickles, against a training checkpoint."""
    torch.save({"epoch": 1, "state_dict": {f"module.{k}": v for k, v in tensors(2).items()}}, folder / "b.pt")
    return folder_of(folder / "a", tensors(1), "pytorch_model.bin"), folder / "b.pt"


def pipeline(folder: Path) -> Pair:
    """Pipelines of which only the UNet differs; the others' files are linked, one of them in shards."""
    for side, seed in (("a", 1), ("b", 2)):
        index = {"_class_name": "P", **{part: ["diffusers", "M"] for part in ("unet", "vae", "text_encoder")}}
        (folder / side).mkdir()
        (folder / side / "model_index.json").write_text(json.dumps(index))
        folder_of(folder / side / "unet", tensors(seed), "diffusion_pytorch_model.safetensors")
        folder_of(folder / side / "text_encoder", tensors(5))
        vae = folder_of(
            folder / side / "vae", {"x": torch.ones(9)}, "diffusion_pytorch_model-00001-of-00002.safetensors"
        )
        save_file({"y": torch.ones(999)}, vae / "diffusion_pytorch_model-00002-of-00002.safetensors")
        where = {name: f"diffusion_pytorch_model-0000{i}-of-00002.safetensors" for i, name in ((1, "x"), (2, "y"))}
        (vae / "diffusion_pytorch_model.safetensors.index.json").write_text(json.dumps({"weight_map": where}))
    return folder / "a", folder / "b"


def open_clip(folder: Path) -> Pair:
    """open_clip's folders."""
    file, config = "open_clip_model.safetensors", "open_clip_config.json"
    states = (tensors(seed, torch.float32, "visual") for seed in (1, 2))
    a, b = (folder_of(folder / side, state, file, config) for side, state in zip("ab", states, strict=True))
    return a, b


def single_file(folder: Path) -> Pair:
    """Lone files in the original key layout."""
    for side, seed in (("a", 1), ("b", 2)):
        save_file(tensors(seed, torch.float16, "model.diffusion_model"), folder / f"{side}.safetensors")
    return folder / "a.safetensors", folder / "b.safetensors"


def peft(folder: Path) -> Pair:
    """A PEFT adapter as the regional side."""
    adapter, state = folder / "b", dict[str, torch.Tensor]()
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "lora_alpha": 6, "r": 2}))
    base = tensors(1)
    for name in [name for name in base if ".layers." in name][::2]:
        module = f"base_model.model.{name.removesuffix('.weight')}"
        state[f"{module}.lora_A.weight"] = torch.randn(2, base[name].shape[1])
        state[f"{module}.lora_B.weight"] = torch.randn(base[name].shape[0], 2)
    save_file(state, adapter / "adapter_model.safetensors")
    return folder_of(folder / "a", base), adapter


def kohya(folder: Path) -> Pair:
    """A kohya adapter of a pipeline's UNet."""
    base, _ = pipeline(folder)
    module, state = "lora_unet_m_text_layers_1", tensors(1)["m.text.layers.1.weight"]
    factors = {"down": torch.randn(4, state.shape[1]), "up": torch.randn(state.shape[0], 4)}
    adapter = {f"{module}.lora_{name}.weight": factor for name, factor in factors.items()}
    save_file({**adapter, f"{module}.alpha": torch.tensor(2.0)}, folder / "lora.safetensors")
    return base, folder / "lora.safetensors"


def ties(folder: Path) -> Pair:
    """Merged by a method that passes over a tensor more than once."""
    return single(folder)


LAYOUTS: dict[str, Callable[[Path], Pair]] = {
    made.__name__: made for made in (single, sharded, pickled, pipeline, open_clip, single_file, peft, kohya, ties)
}


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def forked(work: Callable[[], object]) -> int:
    """The id of a new process that does the work."""
    process = os.fork()
    if process == 0:
        status = 1
        try:
            unshare_bars()
            torch.set_num_threads(1)  # makes torch's pool anew, before two threads of the merge would at once
            work()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    return process


def killed(work: Callable[[], object], delay: float) -> bool:
    """Whether the work, in a process of its own, was still at it after `delay` seconds, when it was killed."""
    process = forked(work)
    time.sleep(delay)
    os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) != 0:
        raise SystemExit("a merge failed that nobody killed")
    return os.WIFSIGNALED(status)


class Layout:
    """One layout's pair, what merging it gives, and how long that takes."""

    def __init__(self, name: str, folder: Path) -> None:
        self.folder = folder / name
        self.folder.mkdir()
        self.pair = LAYOUTS[name](self.folder)
        self.merge(self.folder / "whole")
        self.expected = contents(self.folder / "whole")
        assert open_checkpoint(self.folder / "whole").tensors.keys() == open_checkpoint(self.pair[0]).tensors.keys()
        started = time.perf_counter()
        os.waitpid(forked(partial(self.merge, self.folder / "timed")), 0)
        self.seconds = time.perf_counter() - started
        self.found = {"killed": 0, "absent": 0, "whole": 0, "resumed": 0}

    def merge(self, output: Path) -> int:
        """Merge; how many bytes were there already."""
        steps: list[Step] = []
        how = {"method": "ties", "parameters": {"density": 0.5}} if self.folder.name == "ties" else {}
        merge(*self.pair, 0.3, output, shard_size="150KB", threads=2, progress=steps.append, **how)
        return steps[0].done

    def dies(self, draw: random.Random) -> None:
        """Kill one merge, sometimes its successor too, and look at what is left; then let one end."""
        output = self.folder / "out"
        while not killed(partial(self.merge, output), draw.uniform(0, self.seconds)):
            assert contents(output) == self.expected, "finished"
            shutil.rmtree(output)
        self.found["killed"] += 1
        while True:
            if output.exists():
                self.found["whole"] += 1
                break
            self.found["absent"] += 1
            if draw.random() < 0.7:
                self.found["resumed"] += self.merge(output) > 0
                break
            self.found["killed"] += killed(partial(self.merge, output), draw.uniform(0, self.seconds))
        assert contents(output) == self.expected, "corrupt"
        shutil.rmtree(output)


def main(folder: Path, seed: int, count: int) -> None:
    """Kill `count` merges."""
    plan.BATCH = 16 << 10  # many small pieces and many notes, so that there are many different moments
    output_module._SYNC_EVERY = 24 << 10
    torch.manual_seed(seed)
    torch.set_num_threads(1)  # threads of a parent don't live on in its forks
    draw = random.Random(seed)
    layouts = {name: Layout(name, folder) for name in LAYOUTS}
    while sum(layout.found["killed"] for layout in layouts.values()) < count:
        for layout in layouts.values():
            layout.dies(draw)
    sys.stdout.write(json.dumps({name: layout.found for name, layout in layouts.items()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
