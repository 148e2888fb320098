"""What is fetched from the Hub, and one clear line for everything that can't be."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub
import pytest
import torch
from huggingface_hub.errors import OfflineModeIsEnabled
from safetensors.torch import save

from ggez_core.checkpoints import hub, open_checkpoint
from ggez_core.errors import Cancelled, GgezError, SourceError
from ggez_core.progress import Step
from tests.fake_hub import COMMIT, FakeHub, serving
from tests.tiny import saved, siglip, write_checkpoint

SDXL = [
    "model_index.json",
    "sd_xl_base_1.0.safetensors",
    "text_encoder/flax_model.msgpack",
    "text_encoder/model.safetensors",
    "tokenizer/merges.txt",
    "unet/config.json",
    "unet/diffusion_flax_model.msgpack",
    "unet/diffusion_pytorch_model.fp16.safetensors",
    "unet/diffusion_pytorch_model.safetensors",
    "unet/model.onnx",
]
SHARDED = ["config.json", "model.safetensors.index.json", *(f"model-0000{i}-of-00002.safetensors" for i in (1, 2))]


@pytest.mark.parametrize(
    ("files", "weights"),
    [
        (["model.safetensors", "pytorch_model.bin", "tf_model.h5", "modeling.py"], ["model.safetensors"]),
        ([*SHARDED, "pytorch_model-00001-of-00001.bin"], SHARDED[2:]),
        (["pytorch_model.bin", "training_args.bin"], ["pytorch_model.bin"]),
        (["open_clip_model.safetensors", "open_clip_pytorch_model.bin"], ["open_clip_model.safetensors"]),
        (["pytorch_lora_weights.safetensors", "image.png"], ["pytorch_lora_weights.safetensors"]),
        (["sd15.safetensors", "README.md"], ["sd15.safetensors"]),
        (SDXL, ["text_encoder/model.safetensors", "unet/diffusion_pytorch_model.safetensors"]),
    ],
)
def test_one_format_of_the_weights_is_chosen(files: list[str], weights: list[str]) -> None:
    chosen, side = hub.choose("o/n", files)
    assert chosen == weights
    assert set(side) == {name for name in files if name.endswith((".json", ".txt"))}


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (["modeling.py"], "only code"),
        (["README.md"], "no weights"),
        ([], "no weights"),
        (["a.ckpt", "b.pt", "c.bin"], r"only pickles \(a\.ckpt, b\.pt, c\.bin\)"),
        (["a.safetensors", "b.safetensors"], "2 safetensors files"),
        (["tf_model.h5", "config.json"], r"another framework only \(tf_model\.h5\)"),
    ],
)
def test_a_repository_without_weights(files: list[str], says: str) -> None:
    with pytest.raises(SourceError, match=rf"o/n: holds .*{says}.*choose a repository with safetensors"):
        hub.choose("o/n", files)


# --- with the real client, against a Hub on this machine ----------------------------------------------------------


@pytest.fixture
def fake_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeHub]:
    with serving(monkeypatch, tmp_path / "cache") as served:
        yield served


def refusal(source: str) -> str:
    with pytest.raises(GgezError) as caught:
        open_checkpoint(source)
    said = str(caught.value)
    assert "\n" not in said
    return said


def test_a_repository_is_pinned_to_its_commit_and_downloaded_once(fake_hub: FakeHub, tmp_path: Path) -> None:
    folder = saved(siglip(3), tmp_path / "m", "60KB")
    (folder / "modeling.py").write_text("raise SystemExit")
    (folder / "pytorch_model.bin").write_bytes(b"x" * 100)
    fake_hub.add("owner/name", folder)
    here = open_checkpoint(folder)
    for source in ("owner/name", "owner/name@main", f"owner/name@{COMMIT}"):
        there = open_checkpoint(source)
        assert (there.source, there.revision) == (f"owner/name@{COMMIT}", COMMIT)
        assert there.tensors.keys() == here.tensors.keys()
        assert all(torch.equal(there.read(name), here.read(name)) for name in here.tensors)
    wanted = {path.name for path in folder.iterdir()} - {"modeling.py", "pytorch_model.bin"}
    assert sorted(fake_hub.downloaded) == sorted(wanted)
    fake_hub.down = True  # from the cache, although files were left out on purpose
    assert open_checkpoint("owner/name").revision == COMMIT
    assert "can't be reached" in refusal("owner/other")


def test_what_the_hub_refuses(fake_hub: FakeHub) -> None:
    fake_hub.repos["owner/gated"] = {"config.json": b"{}", "model.safetensors": b"x"}
    fake_hub.gated.add("owner/gated")
    assert "owner/gone: no folder of that name here and no such model on the Hub" in refusal("owner/gone")
    assert "owner/gated: gated: its owner asks for an agreement" in refusal("owner/gated")
    assert "owner/gated: has no revision 'v9'" in refusal("owner/gated@v9")


def test_a_model_of_its_own_code_is_refused_before_its_weights_come(fake_hub: FakeHub) -> None:
    config = {"model_type": "theirs", "auto_map": {"AutoModel": "modeling.Theirs"}}
    files = {"config.json": json.dumps(config).encode(), "modeling.py": b"raise SystemExit", "model.safetensors": b"x"}
    fake_hub.repos["owner/theirs"] = files
    assert "owner/theirs: the model 'theirs' runs only with code from its own repository" in refusal("owner/theirs")
    assert fake_hub.downloaded == ["config.json"]


class Bomb:
    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, ("bomb",)


def test_a_repository_of_pickles(fake_hub: FakeHub, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name, content in (("weights", {"a.b": torch.arange(3.0)}), ("bomb", {"a.b": torch.ones(1), "c": Bomb()})):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "config.json").write_text("{}")
        torch.save(content, folder / "pytorch_model.bin")
        fake_hub.add(f"owner/{name}", folder)
    with caplog.at_level(logging.WARNING, "ggez_core"):
        assert open_checkpoint("owner/weights").read("a.b").tolist() == [0, 1, 2]
    assert [record.message for record in caplog.records] == [
        "owner/weights: holds only pickles; they are read by weights-only loading, which runs no code"
    ]
    said = refusal("owner/bomb")
    assert said.startswith(
        f"owner/bomb@{COMMIT}/pytorch_model.bin: a pickle that holds more than weights and could run"
    )
    fake_hub.repos["owner/zoo"] = {"one.pt": b"x", "two.ckpt": b"y"}
    assert "owner/zoo: holds only pickles (one.pt, two.ckpt)" in refusal("owner/zoo")


def test_damaged_files_are_told_by_the_repositorys_name(fake_hub: FakeHub) -> None:
    fake_hub.repos["owner/bad"] = {"config.json": b"{}", "model.safetensors": save({"a": torch.ones(9)})[:-4]}
    assert refusal("owner/bad").startswith(f"owner/bad@{COMMIT}/model.safetensors: not a sound safetensors file")


def test_a_download_that_stops(fake_hub: FakeHub, tmp_path: Path) -> None:
    fake_hub.add("owner/name", write_checkpoint(tmp_path / "m", {"a.b": torch.ones(2)}))
    fake_hub.broken.add("model.safetensors")
    assert "owner/name: the download stopped" in refusal("owner/name")
    fake_hub.down = True
    assert "owner/name: only parts of it were downloaded before, and the Hub can't be reached" in refusal("owner/name")
    fake_hub.down = False
    fake_hub.broken.clear()
    assert open_checkpoint("owner/name").read("a.b").tolist() == [1, 1]


def test_a_download_tells_how_far_it_is_and_can_be_stopped(fake_hub: FakeHub, tmp_path: Path) -> None:
    fake_hub.add("owner/name", write_checkpoint(tmp_path / "m", {"a.b": torch.ones(5_000)}))
    steps: list[Step] = []

    def stop(step: Step) -> None:
        steps.append(step)
        raise Cancelled

    with pytest.raises(Cancelled):
        open_checkpoint("owner/name", progress=stop)
    assert steps[0].unit == "bytes"
    assert steps[0].total > 20_000
    steps.clear()
    assert open_checkpoint("owner/name", progress=steps.append).read("a.b").tolist() == [1] * 5_000
    assert max(step.done for step in steps) == steps[0].total


def test_a_model_larger_than_is_allowed_is_not_downloaded(fake_hub: FakeHub) -> None:
    fake_hub.repos["owner/name"] = {"config.json": b"{}", "model.safetensors": b""}
    fake_hub.sizes["model.safetensors"] = 3 * 10**9
    with pytest.raises(SourceError, match=r"owner/name: has 3\.0 GB of weights, and 2\.0 GB are allowed here"):
        open_checkpoint("owner/name", largest=2 * 10**9)
    assert not fake_hub.downloaded


def test_a_download_that_does_not_fit_is_refused_before_it_starts(fake_hub: FakeHub) -> None:
    fake_hub.repos["owner/name"] = {"config.json": b"{}", "model.safetensors": b""}
    fake_hub.sizes["model.safetensors"] = 10**18
    said = refusal("owner/name")
    assert "owner/name: 1,000,000,000.0 GB to download, and the disk of" in said
    assert not fake_hub.downloaded


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OfflineModeIsEnabled("offline\nmode"), "can't be reached .*OfflineModeIsEnabled: offline"),
        (ConnectionError("no route\nto host"), "can't be reached .*ConnectionError: no route"),
    ],
)
def test_no_hub_at_all(error: Exception, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", fail)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", fail)
    with pytest.raises(SourceError, match=says) as caught:
        open_checkpoint("owner/name@v9")
    assert "\n" not in str(caught.value)
