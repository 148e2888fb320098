"""Embedding models against the library itself, run as its documentation says for each architecture."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoProcessor, CLIPModel

from ggez_core.checkpoints import open_checkpoint
from ggez_core.errors import CheckpointError, DataError
from ggez_core.families import embedding
from ggez_core.families.embedding import EmbeddingModel, is_embedding, load_embedding
from ggez_core.merging import LiveModel
from tests.tiny_embedding import EMBEDDINGS, clip, siglip, siglip_two

LENGTHS = {"clip": 77, "metaclip_two": 77, "alt_clip": 512, "chinese_clip": 52, "dual_bert": 52}  # else 64
TEXTS = ["A photo of a CAT", "nasi lemak", "", "งานวัด ဓာတ်ပုံ", "Rumah Gadang di Sumatra!", "x " * 300]
NEW_PROCESS = """
import sys
sys.modules["torchvision"] = None  # not installed, as far as this process can tell
import torch
from PIL import Image
from ggez_core.checkpoints import open_checkpoint
from ggez_core.families.embedding import load_embedding
for folder in sys.argv[2:]:
    model = load_embedding(open_checkpoint(folder))
    image = Image.frombytes("RGB", (32, 32), bytes(i * 37 % 256 for i in range(32 * 32 * 3)))
    print(folder, model.encode_images([image])[0].tolist(), model.encode_texts(["a Cat"])[0].tolist(), sep="\\t")
"""


def pictures(seed: int, sizes: tuple[tuple[int, int], ...] = ((32, 32), (60, 40), (33, 90))) -> list[Image.Image]:
    rng = random.Random(seed)
    return [Image.frombytes("RGB", size, rng.randbytes(size[0] * size[1] * 3)) for size in sizes]


def by_library(folder: Path, images: list[Image.Image], texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """Unit vectors of images and texts from the library's own classes, one text and one image at a time."""
    model, processor = AutoModel.from_pretrained(folder).eval(), AutoProcessor.from_pretrained(folder)
    for parameter in model.parameters():  # where a file was mapped to isn't aligned, and then kernels round otherwise
        parameter.data = parameter.data.clone()
    is_siglip = model.config.model_type.startswith("siglip")
    options = {"padding": "max_length" if is_siglip else True}
    length = LENGTHS.get(folder.name, 64)
    found_images, found_texts = [], []
    with torch.inference_mode():
        for image in images:
            found_images.append(
                model.get_image_features(**processor(images=[image], return_tensors="pt")).pooler_output
            )
        for text in texts:
            tokens = processor(
                text=[text.lower() if is_siglip else text],
                truncation=True,
                max_length=length,
                return_tensors="pt",
                **options,
            )
            kept = {k: v for k, v in tokens.items() if k == "input_ids" or not is_siglip}
            found_texts.append(model.get_text_features(**kept).pooler_output)
    images_of, texts_of = ([torch.nn.functional.normalize(v, dim=-1) for v in vs] for vs in (found_images, found_texts))
    return torch.cat(images_of), torch.cat(texts_of)


@pytest.fixture(scope="module", params=list(EMBEDDINGS))
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return EMBEDDINGS[request.param](tmp_path_factory.mktemp("models") / request.param)


@pytest.fixture(scope="module")
def model(folder: Path) -> EmbeddingModel:
    return load_embedding(open_checkpoint(folder))


def test_equals_the_library(folder: Path, model: EmbeddingModel, seed: int) -> None:
    images = pictures(seed)
    expected_images, expected_texts = by_library(folder, images, TEXTS)
    found_images, found_texts = model.encode_images(images), model.encode_texts(TEXTS)
    torch.testing.assert_close(found_images, expected_images, rtol=0, atol=2e-6)
    torch.testing.assert_close(found_texts, expected_texts, rtol=0, atol=2e-6)
    assert found_images.dtype == found_texts.dtype == torch.float32
    torch.testing.assert_close(found_images.norm(dim=-1), torch.ones(len(images)))
    assert torch.pdist(found_images).min() > 1e-3  # the tiny model tells them apart, so equality says something
    assert torch.pdist(found_texts).min() > 1e-3
    assert not model.model.training
    assert all(p.requires_grad for p in model.model.parameters())  # see EmbeddingModel: attention is faster with it
    assert not found_images.requires_grad


def test_batches_do_not_change_results(model: EmbeddingModel, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    images = pictures(seed, ((32, 32), (60, 40), (33, 90), (32, 32), (31, 32)))
    prepared_images, prepared_texts = model.prepare_images(images), model.prepare_texts(TEXTS)
    whole = model.embed_images(prepared_images), model.embed_texts(prepared_texts)
    for batch in (1, 2, 5):
        monkeypatch.setattr(embedding, "BATCH", batch)
        torch.testing.assert_close(model.embed_images(prepared_images), whole[0], rtol=0, atol=2e-6)
        torch.testing.assert_close(model.embed_texts(prepared_texts), whole[1], rtol=0, atol=2e-6)
    alone = torch.cat([model.encode_texts([text]) for text in TEXTS])
    torch.testing.assert_close(alone, whole[1], rtol=0, atol=2e-6)


def test_pictures_of_any_mode_are_taken(model: EmbeddingModel) -> None:
    grey = Image.new("L", (40, 40), 90)
    taken = model.encode_images([grey, grey.convert("RGBA"), grey.convert("P"), grey.convert("RGB")])
    torch.testing.assert_close(taken[:3], taken[3:].expand(3, -1), rtol=0, atol=2e-6)


def test_nothing_to_embed_is_told(model: EmbeddingModel) -> None:
    with pytest.raises(DataError, match="no images to embed"):
        model.encode_images([])
    with pytest.raises(DataError, match="no texts to embed"):
        model.encode_texts([])


@pytest.mark.parametrize("make", [siglip, siglip_two])
def test_siglip_lower_cases_and_pads_to_its_full_length(make: type, tmp_path: Path) -> None:
    found = load_embedding(open_checkpoint(make(tmp_path / "m")))
    assert found.text_length == 64
    tokens = found.prepare_texts(["A Cat", "a cat", "x " * 300])
    assert list(tokens) == ["input_ids"]
    assert tokens["input_ids"].shape == (3, 64)
    assert torch.equal(tokens["input_ids"][0], tokens["input_ids"][1])
    assert (tokens["input_ids"][0] == 0).sum() > 40
    assert tokens["input_ids"][2, -1] == 1  # cut, and still ended


def test_clip_pads_to_the_longest_and_cuts_at_77(tmp_path: Path) -> None:
    found = load_embedding(open_checkpoint(clip(tmp_path / "m")))
    assert found.text_length == 77
    short, both = found.prepare_texts(["a Cat"]), found.prepare_texts(["a cat", "x " * 300])
    assert short["input_ids"].shape == (1, 6)  # start, a, c, a, t, end
    assert both["input_ids"].shape == both["attention_mask"].shape == (2, 77)
    assert both["attention_mask"].sum(dim=1).tolist() == [6, 77]
    assert both["input_ids"][1, -1] == found.model.config.text_config.eos_token_id


def test_dtype_is_the_checkpoints_own_or_the_one_asked_for(tmp_path: Path, seed: int) -> None:
    checkpoint = open_checkpoint(siglip_two(tmp_path / "m", torch.bfloat16))
    own, wide = load_embedding(checkpoint), load_embedding(checkpoint, dtype=torch.float32)
    assert {p.dtype for p in own.model.parameters()} == {torch.bfloat16}
    assert {p.dtype for p in wide.model.parameters()} == {torch.float32}
    image = pictures(seed)[:1]
    assert own.encode_images(image).dtype == torch.float32
    torch.testing.assert_close(own.encode_images(image), wide.encode_images(image), rtol=0, atol=0.05)


def test_float16_is_computed_in_float32_on_the_cpu(tmp_path: Path) -> None:
    folder = clip(tmp_path / "m", torch.float16)
    halved = open_checkpoint(folder)
    found = load_embedding(halved)
    assert {p.dtype for p in found.model.parameters()} == {torch.float32}
    library = CLIPModel.from_pretrained(folder, dtype=torch.float32).eval()
    prepared = found.prepare_texts(["a cat", "kucing"])
    with torch.inference_mode():
        expected = torch.nn.functional.normalize(library.get_text_features(**prepared).pooler_output, dim=-1)
    torch.testing.assert_close(found.embed_texts(prepared), expected, rtol=0, atol=1e-6)
    live = LiveModel(found.model, halved, open_checkpoint(clip(tmp_path / "n", torch.float16)))
    live.set_beta(1.0)
    assert next(iter(found.model.parameters())).dtype == torch.float32
    asked = load_embedding(halved, dtype=torch.float16)
    assert {p.dtype for p in asked.model.parameters()} == {torch.float16}


def test_works_the_same_without_torchvision(tmp_path: Path) -> None:
    folders = [make(tmp_path / name) for name, make in EMBEDDINGS.items()]
    ran = subprocess.run(
        [sys.executable, "-c", NEW_PROCESS, "-", *map(str, folders)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    lines = [line.split("\t") for line in ran.stdout.splitlines() if "\t" in line]
    assert [line[0] for line in lines] == [str(f) for f in folders]
    image = Image.frombytes("RGB", (32, 32), bytes(i * 37 % 256 for i in range(32 * 32 * 3)))
    for path, image_vector, text_vector in lines:
        here = load_embedding(open_checkpoint(path))
        expected = here.encode_images([image])[0].tolist(), here.encode_texts(["a Cat"])[0].tolist()
        assert json.loads(image_vector) == pytest.approx(expected[0], abs=1e-4)
        assert json.loads(text_vector) == pytest.approx(expected[1], abs=1e-4)


def refused(folder: Path) -> str:
    """The one line with which a checkpoint is refused."""
    with pytest.raises(CheckpointError) as caught:
        load_embedding(open_checkpoint(folder))
    message = str(caught.value)
    assert "\n" not in message
    assert str(folder) in message
    return message


def test_missing_processor_files_are_told(tmp_path: Path) -> None:
    folder = siglip_two(tmp_path / "no_tokenizer")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()
    assert "no usable processor and tokenizer" in refused(folder)
    folder = siglip_two(tmp_path / "no_processor")
    for name in ("processor_config.json", "preprocessor_config.json"):
        (folder / name).unlink(missing_ok=True)
    assert "no usable processor and tokenizer" in refused(folder)
    folder = siglip_two(tmp_path / "broken")
    (folder / "tokenizer.json").write_text("{")
    assert "no usable processor and tokenizer" in refused(folder)


def test_missing_and_misshapen_weights_are_told(tmp_path: Path) -> None:
    folder = siglip_two(tmp_path / "missing")
    weights = load_file(folder / "model.safetensors")
    del weights["text_model.head.weight"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    assert "lacks 1 weights, the first is text_model.head.weight" in refused(folder)
    folder = siglip_two(tmp_path / "shape")
    weights = load_file(folder / "model.safetensors")
    weights["text_model.head.weight"] = torch.zeros(3, 3)
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    assert "can't be loaded by transformers" in refused(folder)


def test_another_kind_of_model_is_told(tmp_path: Path) -> None:
    folder = siglip_two(tmp_path / "bert")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "bert"}))
    assert not is_embedding(open_checkpoint(folder))
    assert "is a bert, not an embedding model; known types: siglip, siglip2, clip, " in refused(folder)
    del config["model_type"]
    (folder / "config.json").write_text(json.dumps(config))
    assert "model of unknown type" in refused(folder)


def test_pickled_weights_are_read_without_running_them(tmp_path: Path, seed: int) -> None:
    folder = clip(tmp_path / "m")
    expected = load_embedding(open_checkpoint(folder)).encode_images(pictures(seed))
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    found = load_embedding(open_checkpoint(folder)).encode_images(pictures(seed))
    torch.testing.assert_close(found, expected, rtol=0, atol=2e-6)
    torch.save({**weights, "trap": Trap()}, folder / "pytorch_model.bin")
    with pytest.raises(CheckpointError):
        load_embedding(open_checkpoint(folder))


class Trap:
    """Fails the test if it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (pytest.fail, ("a pickle was run",))
