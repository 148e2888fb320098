"""What is fetched from the Hub, and one clear line for everything that can't be."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import pytest
from httpx import Request, Response
from huggingface_hub.errors import GatedRepoError, OfflineModeIsEnabled, RepositoryNotFoundError, RevisionNotFoundError

from ggez_core.checkpoints import hub, open_checkpoint
from ggez_core.errors import SourceError

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
    chosen = hub.choose("o/n", files)
    assert [name for name in chosen if not name.endswith((".json", ".txt"))] == weights
    assert {name for name in files if name.endswith((".json", ".txt"))} < {*chosen, ""}


@pytest.mark.parametrize(("files", "says"), [(["modeling.py"], "only code"), (["README.md"], "no weights"), ([], "no")])
def test_a_repository_without_weights(files: list[str], says: str) -> None:
    with pytest.raises(SourceError, match=says):
        hub.choose("o/n", files)


def failing(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", fail)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", fail)


def refused(kind: Any, status: int) -> Exception:
    return kind("no\nnot here", response=Response(status, request=Request("GET", "https://huggingface.co")))


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (refused(GatedRepoError, 403), "gated: .*accept it on"),
        (refused(RepositoryNotFoundError, 404), "no such model on the Hub"),
        (refused(RevisionNotFoundError, 404), "has no revision 'v9'"),
        (OfflineModeIsEnabled("offline\nmode"), "can't be reached .*OfflineModeIsEnabled: offline"),
        (ConnectionError("no route"), "can't be reached .*no route"),
    ],
)
def test_failures_are_one_clear_line(error: Exception, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(error, monkeypatch)
    with pytest.raises(SourceError, match=says) as caught:
        open_checkpoint("owner/name@v9")
    assert "\n" not in str(caught.value)


def test_a_download_that_does_not_fit_is_refused_before_it_starts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    siblings = [SimpleNamespace(rfilename="model.safetensors", size=10**18)]
    info = SimpleNamespace(sha="0" * 40, siblings=siblings)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("downloads")

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", lambda *_, **__: info)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", never)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "not" / "there"))
    with pytest.raises(SourceError, match=r"1,000,000,000\.0 GB to download, and the disk .* GB free"):
        open_checkpoint("owner/name")
