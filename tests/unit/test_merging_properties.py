"""Properties of a merge for any tensors: names, shapes, types, shards and threads never change a value."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from ggez_core.checkpoints import compare, open_checkpoint
from ggez_core.merging import merge

FLOATS = [torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2, torch.float64]
OTHERS = [torch.int64, torch.uint8, torch.bool]
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).filter(lambda n: n != "__metadata__")
TENSORS = st.dictionaries(
    NAMES,
    st.tuples(st.sampled_from(FLOATS + OTHERS), st.sampled_from(FLOATS), st.lists(st.integers(0, 9), max_size=3)),
    min_size=1,
    max_size=12,
)


def drawn(dtype: torch.dtype, shape: list[int], generator: np.random.Generator) -> torch.Tensor:
    """Values of a type that hold in every other: small multiples of 1/4 and zeros of both signs."""
    values = torch.from_numpy(np.asarray(generator.integers(-24, 25, shape))).to(torch.float64) / 4
    values = torch.where(torch.from_numpy(np.asarray(generator.random(shape) < 0.1)), -0.0, values)
    return (values * 4 if dtype in OTHERS else values).abs().to(dtype) if dtype in OTHERS else values.to(dtype)


def formula(a: torch.Tensor, b: torch.Tensor, beta: float) -> torch.Tensor:
    """a + β·(b − a) in float32 (float64 where one is), rounded once; what isn't floating is the base's."""
    if a.dtype in OTHERS or beta == 0:
        return a
    if beta == 1:
        return b.to(a.dtype)
    wide = torch.float64 if torch.float64 in (a.dtype, b.dtype) else torch.float32
    x, y = a.to(wide), b.to(wide)
    moved = torch.where(x == y, x, x + torch.tensor(beta, dtype=wide) * (y - x))
    return (moved.float() if a.dtype != torch.float64 else moved).to(a.dtype)


def bits(tensor: torch.Tensor) -> bytes:
    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()


def written(folder: Path, tensors: dict[str, torch.Tensor], cut: int) -> Path:
    """A checkpoint in one file, or in as many shards as `cut` says, in no order that anyone would choose."""
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    names = list(tensors)
    if cut < 2:
        save_file(tensors, folder / "model.safetensors")
        return folder
    weight_map = {name: f"model-{i % cut + 1:05}-of-{cut:05}.safetensors" for i, name in enumerate(names)}
    for file in set(weight_map.values()):
        save_file({name: tensors[name] for name in names if weight_map[name] == file}, folder / file)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    return folder


@settings(max_examples=40)
@given(
    tensors=TENSORS,
    beta=st.sampled_from([0.0, 1.0]) | st.floats(0, 1, width=32),
    shard_size=st.integers(1, 4_000),
    cuts=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    threads=st.integers(1, 4),
    batch=st.sampled_from([1 << 10, 4 << 10, 16 << 20]),
    seed=st.integers(0, 2**32),
)
def test_any_checkpoint(
    tmp_path_factory: pytest.TempPathFactory,
    tensors: dict[str, tuple[torch.dtype, torch.dtype, list[int]]],
    beta: float,
    shard_size: int,
    cuts: tuple[int, int],
    threads: int,
    batch: int,
    seed: int,
) -> None:
    folder = tmp_path_factory.mktemp("any")
    generator = np.random.default_rng(seed)
    first = {name: drawn(dtype, shape, generator) for name, (dtype, _, shape) in tensors.items()}
    second = {
        name: drawn(dtype if dtype in OTHERS else other, shape, generator)
        for name, (dtype, other, shape) in tensors.items()
    }
    a, b = written(folder / "a", first, cuts[0]), written(folder / "b", second, cuts[1])
    assert compare(open_checkpoint(a), open_checkpoint(b)).compatible
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ggez_core.merging.plan.BATCH", batch)
        merge(a, b, beta, folder / "out", shard_size=shard_size, threads=threads, verify=seed % 3 == 0)
    files = sorted((folder / "out").glob("*.safetensors"))
    shards = [load_file(file) for file in files]
    found = {name: tensor for shard in shards for name, tensor in shard.items()}
    assert sum(map(len, shards)) == len(found)
    assert found.keys() == first.keys()
    for name, tensor in found.items():
        expected = formula(first[name], second[name], beta)
        assert (tensor.dtype, tensor.shape) == (expected.dtype, expected.shape)
        assert bits(tensor) == bits(expected), name
    for shard in shards:
        assert len(shard) == 1 or sum(t.nbytes for t in shard.values()) <= shard_size
    if len(files) > 1:
        index = json.loads((folder / "out/model.safetensors.index.json").read_text())["weight_map"]
        assert index == {name: file.name for file, shard in zip(files, shards, strict=True) for name in shard}
