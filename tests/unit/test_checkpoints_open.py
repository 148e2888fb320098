"""Opening a checkpoint: what is listed, what is read, and one clear line for everything that can't be opened."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from ggez_core.checkpoints import open_checkpoint
from ggez_core.errors import CheckpointError, SourceError
from tests.tiny import saved, siglip, write_checkpoint


def test_lists_components_and_reads_single_tensors(tmp_path: Path) -> None:
    model = siglip(3, torch.bfloat16)
    checkpoint = open_checkpoint(saved(model, tmp_path / "m"))
    state = model.state_dict()
    assert checkpoint.model_type == "siglip"
    assert tuple(checkpoint.components) == ("text_model", "vision_model", "other")
    assert checkpoint.components["other"] == ("logit_bias", "logit_scale")
    assert sum(map(len, checkpoint.components.values())) == len(state) == len(checkpoint.tensors)
    assert checkpoint.nbytes == sum(tensor.nbytes for tensor in state.values())
    for name, tensor in state.items():
        assert torch.equal(checkpoint.read(name), tensor)
        assert checkpoint.read(name).dtype == tensor.dtype


def test_reads_shards_as_one(tmp_path: Path) -> None:
    model = siglip(4)
    whole, sharded = (open_checkpoint(saved(model, tmp_path / size, size)) for size in ("5GB", "40KB"))
    assert len({info.file for info in sharded.tensors.values()}) > 3
    assert whole.tensors.keys() == sharded.tensors.keys()
    assert all(torch.equal(whole.read(name), sharded.read(name)) for name in whole.tensors)


def test_components_see_through_a_wrapper(tmp_path: Path) -> None:
    names = ("model.vision_tower.a", "model.language_model.b", "lm_head.weight", "scale")
    checkpoint = open_checkpoint(write_checkpoint(tmp_path / "w", {name: torch.ones(2) for name in names}))
    assert tuple(checkpoint.components) == ("language_model", "vision_tower", "other")
    assert checkpoint.components["language_model"] == ("lm_head.weight", "model.language_model.b")


def test_scalars_empty_tensors_and_odd_names(tmp_path: Path) -> None:
    tensors = {
        "a.ü/空 x": torch.zeros(0, 3),
        "s": torch.tensor(1.5),
        "a.ids": torch.arange(3),
        "a.m": torch.tensor([True]),
    }
    checkpoint = open_checkpoint(write_checkpoint(tmp_path / "w", tensors))
    for name, tensor in tensors.items():
        assert torch.equal(checkpoint.read(name), tensor)
    with pytest.raises(CheckpointError, match="no tensor 'b'"):
        checkpoint.read("b")


def test_side_files_are_the_small_ones_a_copy_needs(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "w", {"a.b": torch.ones(1)})
    kept = (
        "tokenizer.json",
        "preprocessor_config.json",
        "merges.txt",
        "spiece.model",
        "chat_template.jinja",
        "LICENSE",
    )
    for name in (
        *kept,
        "README.md",
        "optimizer.pt",
        "trainer_state.json",
        ".hidden.json",
        "model.safetensors.index.json.bak",
    ):
        (folder / name).write_text("{}")
    assert {path.name for path in open_checkpoint(folder).side_files} == {*kept, "config.json"}


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("", "empty"),
        ("nowhere", "neither a folder nor a Hub id"),
        ("./nowhere", "no such folder"),
        ("/nowhere/at/all", "no such folder"),
        ("demo:siglip/nope", "no demo checkpoint"),
        ("demo:../../etc", "no demo checkpoint"),
        ("owner/../name", "neither a folder nor a Hub id"),
        ("https://huggingface.co/owner/name", "neither a folder nor a Hub id"),
        ("owner/name with space", "neither a folder nor a Hub id"),
        ("owner/name@..", "no revision"),
    ],
)
def test_a_source_that_is_none(source: str, says: str) -> None:
    with pytest.raises(SourceError, match=says) as caught:
        open_checkpoint(source)
    assert "\n" not in str(caught.value)


def test_folders_that_are_no_checkpoint(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(CheckpointError, match=r"no config\.json"):
        open_checkpoint(empty)
    (empty / "config.json").write_text("{}")
    with pytest.raises(CheckpointError, match="no safetensors file"):
        open_checkpoint(empty)
    (empty / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(CheckpointError, match="no weights that torch loads safely"):
        open_checkpoint(empty)
    (empty / "config.json").write_text("{nonsense")
    with pytest.raises(CheckpointError, match="can't be read as JSON"):
        open_checkpoint(empty)


def test_a_truncated_shard_and_a_lying_index(tmp_path: Path) -> None:
    folder = saved(siglip(5), tmp_path / "m", "40KB")
    shard = sorted(folder.glob("*.safetensors"))[1]
    sound = shard.read_bytes()
    shard.write_bytes(sound[:-5])
    with pytest.raises(CheckpointError, match=rf"{shard.name}: not a sound safetensors file: its tensors end at byte"):
        open_checkpoint(folder)
    shard.write_bytes(sound)
    index = folder / "model.safetensors.index.json"
    document = json.loads(index.read_text())
    for lie in ("../../etc/passwd", "absent.safetensors"):
        first = next(iter(document["weight_map"]))
        index.write_text(json.dumps({"weight_map": {**document["weight_map"], first: lie}}))
        with pytest.raises(CheckpointError, match="names the shard"):
            open_checkpoint(folder)
    index.write_text(json.dumps({"weight_map": {**document["weight_map"], "ghost": shard.name}}))
    with pytest.raises(CheckpointError, match="'ghost' is in"):
        open_checkpoint(folder)
