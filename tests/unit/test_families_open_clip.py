"""Embedding models of open_clip against the library itself, run as its documentation says."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from ggez_core import families
from ggez_core.checkpoints import open_checkpoint
from ggez_core.errors import CheckpointError
from ggez_core.families import Placement, family_of, loading_code
from ggez_core.families.embedding import EmbeddingModel, load_embedding
from tests.fake_hub import COMMIT, FakeHub, serving
from tests.tiny_open_clip import OPEN_CLIP, native, siglip, xlmr

TEXTS = ["A photo of a CAT, maybe", "nasi lemak", "", "งานวัด ဓာတ်ပုံ", "x " * 300]


def pictures(seed: int) -> list[Image.Image]:
    rng = random.Random(seed)
    return [Image.frombytes("RGB", (w, h), rng.randbytes(w * h * 3)) for w, h in ((32, 32), (60, 40), (33, 90))]


def by_library(folder: Path, images: list[Image.Image], texts: list[str], **options: Any) -> list[torch.Tensor]:
    """Unit vectors of images and of texts, with what open_clip makes of the folder."""
    name = f"local-dir:{folder}"
    model, _, transform = open_clip.create_model_and_transforms(name, **options)
    model.eval()
    tokenizer = open_clip.get_tokenizer(name)
    dtype = next(model.parameters()).dtype
    with torch.inference_mode():
        found = (
            model.encode_image(torch.stack([transform(i) for i in images]).to(dtype)),
            model.encode_text(tokenizer(texts)),
        )
    return [torch.nn.functional.normalize(vectors.float(), dim=-1) for vectors in found]


@pytest.fixture(scope="module", params=list(OPEN_CLIP))
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny model, whose text tower of transformers, where it has one, lies at a path."""
    return OPEN_CLIP[request.param](tmp_path_factory.mktemp("models") / request.param)


def named_by_path(folder: Path, copy: Path) -> Path:
    """A copy whose text tower of transformers, if it has one, is named by its path, as open_clip finds it offline."""
    shutil.copytree(folder, copy)
    text = json.loads((folder / "open_clip_config.json").read_text())["model_cfg"]["text_cfg"]
    if "hf_model_name" in text:
        configured(copy, lambda c: c["model_cfg"]["text_cfg"].update(hf_model_name=str(folder)))
    return copy


def test_equals_the_library(folder: Path, seed: int, tmp_path: Path) -> None:
    images = pictures(seed)
    model = families.load(open_checkpoint(folder))
    assert isinstance(model, EmbeddingModel)
    assert not model.model.training
    assert model.image_components == ("visual",)
    assert model.text_components == ("text",)
    assert set(open_checkpoint(folder).components) == {"visual", "text", "other"}
    expected = by_library(named_by_path(folder, tmp_path / "copy"), images, TEXTS)
    found = model.encode_images(images), model.encode_texts(TEXTS)
    for mine, theirs in zip(found, expected, strict=True):
        assert torch.equal(mine, theirs)
        assert torch.pdist(mine).min() > 1e-3  # the tiny model tells them apart, so equality says something


@pytest.mark.parametrize("low_cpu_mem", [True, False])
def test_half_precision_is_the_librarys_too(tmp_path: Path, seed: int, low_cpu_mem: bool) -> None:
    folder, images = native(tmp_path / "m", torch.bfloat16), pictures(seed)
    model = families.load(open_checkpoint(folder), Placement(low_cpu_mem=low_cpu_mem))
    assert {p.dtype for p in model.model.parameters()} == {torch.bfloat16}
    expected = by_library(folder, images, TEXTS, precision="pure_bf16")
    assert torch.equal(model.encode_images(images), expected[0])
    assert torch.equal(model.encode_texts(TEXTS), expected[1])
    wide = families.load(open_checkpoint(folder), Placement(dtype=torch.float32))
    assert torch.equal(wide.encode_texts(TEXTS), by_library(folder, images, TEXTS)[1])
    with pytest.raises(CheckpointError, match=r"open_clip runs no torch\.float64"):
        load_embedding(open_checkpoint(folder), dtype=torch.float64)


def test_each_has_its_own_texts_and_pictures(tmp_path: Path) -> None:
    found = load_embedding(open_checkpoint(siglip(tmp_path / "siglip")))
    assert found.text_length == 64
    one, other = found.prepare_texts(["A Cat!", "a cat"])["input_ids"]
    assert torch.equal(one, other)  # canonicalized
    assert found.prepare_images([Image.new("RGB", (32, 32), "white")])["pixel_values"].max() == 1  # mean and std ½
    native_clip = load_embedding(open_checkpoint(native(tmp_path / "native")))
    assert native_clip.text_length == 77
    assert native_clip.prepare_texts(["a"])["input_ids"][0, 0] == 49406
    assert native_clip.prepare_images([Image.new("RGB", (32, 32), "white")])["pixel_values"].max() > 1.5


def refused(folder: Path) -> str:
    """The one line with which a checkpoint is refused."""
    with pytest.raises(CheckpointError) as caught:
        families.load(open_checkpoint(folder))
    message = str(caught.value)
    assert "\n" not in message
    assert str(folder) in message
    return message


def configured(folder: Path, change: Any) -> Path:
    file = folder / "open_clip_config.json"
    config = json.loads(file.read_text())
    change(config)
    file.write_text(json.dumps(config))
    return folder


def test_what_is_missing_or_wrong_is_told(tmp_path: Path) -> None:
    assert "no model_cfg" in refused(configured(native(tmp_path / "a"), lambda c: c.pop("model_cfg")))
    wider = configured(native(tmp_path / "b"), lambda c: c["model_cfg"].update(embed_dim=12))
    assert "has the shape [32, 24], and [32, 12] in the model" in refused(wider)
    unknown = configured(native(tmp_path / "c"), lambda c: c["model_cfg"]["vision_cfg"].update(colour="red"))
    assert "can't be loaded by open_clip" in refused(unknown)
    folder = native(tmp_path / "d")
    weights = load_file(folder / "open_clip_model.safetensors")
    del weights["ln_final.weight"]
    save_file(weights, folder / "open_clip_model.safetensors")
    assert "ln_final.weight" in refused(folder) or "Missing key" in refused(folder)
    far = configured(
        siglip(tmp_path / "e"), lambda c: c["model_cfg"]["vision_cfg"].update(timm_model_name="hf-hub:a/b")
    )
    assert "outside the checkpoint" in refused(far)


def test_what_is_only_named_is_never_fetched_for_a_local_folder(tmp_path: Path, monkeypatch: Any) -> None:
    asked = []

    def snapshot(name: str, *, local_files_only: bool, **_: object) -> str:
        asked.append((name, local_files_only))
        raise OSError("not in the cache")

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot)
    folder = xlmr(tmp_path / "m")
    tower = json.loads((folder / "config.json").read_text())
    (folder / "config.json").unlink()
    assert "the config of its text tower is 'xlm-roberta-tiny', which isn't here" in refused(folder)
    assert asked == [("xlm-roberta-tiny", True)]
    (folder / "config.json").write_text(json.dumps({**tower, "model_type": "mine", "auto_map": {"AutoConfig": "a.B"}}))
    assert "never executed" in refused(folder)
    (folder / "config.json").write_text(json.dumps(tower))
    for file in ("tokenizer.json", "tokenizer_config.json"):
        (folder / file).unlink()
    assert "its tokenizer is 'xlm-roberta-tiny', which isn't here" in refused(folder)


def test_a_tokenizer_never_runs_code_of_its_own(tmp_path: Path) -> None:
    folder = siglip(tmp_path / "m")
    (folder / "evil.py").write_text("raise SystemExit('ran')\n")
    file = folder / "tokenizer_config.json"
    own = {**json.loads(file.read_text()), "auto_map": {"AutoTokenizer": ["evil.Evil", None]}}
    file.write_text(json.dumps({**own, "tokenizer_class": "Evil"}))
    configured(folder, lambda c: c["model_cfg"]["text_cfg"]["tokenizer_kwargs"].update(trust_remote_code=True))
    assert "no usable tokenizer" in refused(folder)


def test_without_the_library_one_line_says_how_to_get_it(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['open_clip'] = None\n"
        "from ggez_core import families\nfrom ggez_core.checkpoints import open_checkpoint\n"
        "try:\n    families.load(open_checkpoint(sys.argv[1]))\nexcept Exception as error:\n    print(error)"
    )
    folder = native(tmp_path / "m")
    ran = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True)
    assert "pip install open_clip_torch" in ran.stdout
    assert ran.stdout.count("\n") == 1


def test_its_loading_code_loads_it(tmp_path: Path, seed: int) -> None:
    folder = native(tmp_path / "m")
    checkpoint = open_checkpoint(folder)
    assert family_of(checkpoint).name == "embedding"
    names: dict[str, Any] = {}
    exec(compile(loading_code(checkpoint, str(folder)), "loading code", "exec"), names)
    image = pictures(seed)[0]
    with torch.inference_mode():
        vector = names["model"].eval().encode_image(names["preprocess"](image)[None], normalize=True)
    assert torch.equal(vector, load_embedding(checkpoint).encode_images([image]))
    assert names["tokenizer"](["a"]).shape == (1, 77)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeHub]:
    with serving(monkeypatch, tmp_path / "cache") as served:
        yield served


def test_a_hub_repository_is_loaded_with_the_tower_it_names(tmp_path: Path, hub: FakeHub, seed: int) -> None:
    folder = configured(
        xlmr(tmp_path / "m"),
        lambda c: c["model_cfg"]["text_cfg"].update(hf_model_name="someone/xlmr", hf_tokenizer_name="someone/xlmr"),
    )
    expected = load_embedding(open_checkpoint(folder))
    tower = tmp_path / "tower"
    tower.mkdir()
    for file in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        (folder / file).rename(tower / file)
    hub.add("someone/clip", folder)
    hub.add("someone/xlmr", tower)
    checkpoint = open_checkpoint("hf-hub:someone/clip")
    assert checkpoint.source == f"someone/clip@{COMMIT}"
    found = load_embedding(checkpoint)
    images = pictures(seed)
    assert torch.equal(found.encode_images(images), expected.encode_images(images))
    assert torch.equal(found.encode_texts(TEXTS), expected.encode_texts(TEXTS))
    hub.down = True
    again = load_embedding(open_checkpoint("hf-hub:someone/clip"))  # from the cache, tower and all
    assert torch.equal(again.encode_texts(TEXTS), expected.encode_texts(TEXTS))
    local = shutil.copytree(folder, tmp_path / "merged")
    merged = load_embedding(open_checkpoint(f"local-dir:{local}"))
    assert torch.equal(merged.encode_texts(TEXTS), expected.encode_texts(TEXTS))
