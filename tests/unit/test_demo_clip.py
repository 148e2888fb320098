"""The CLIP pair, much shortened, and its copy in open_clip's layout: the same vectors from three sides."""

from __future__ import annotations

import json
import random
from pathlib import Path

import open_clip
import pytest
import torch
from PIL import Image
from transformers import AutoProcessor, CLIPModel, CLIPProcessor

from ggez_core import assets
from ggez_core.assets import demo_names
from ggez_core.checkpoints import compare, open_checkpoint
from ggez_core.demo.build import clip, contrastive
from ggez_core.demo.build import open_clip as copy
from ggez_core.demo.world.dataset import caption_rows, pictures
from ggez_core.errors import SourceError
from ggez_core.families.embedding import load_embedding
from tests.conftest import Ggez

Vectors = tuple[torch.Tensor, torch.Tensor]
NAMES = [f"demo:{family}/{name}" for family in ("clip", "open_clip") for name in ("base", "sea")]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package with both pairs as a wheel would have them, trained for a few steps on one picture a concept."""
    package = tmp_path_factory.mktemp("package")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contrastive, "PICTURES_PER_CONCEPT", 1)
        patch.setattr(assets, "_PACKAGE", package)
        clip.build(package / "_assets" / "demo" / "clip", scale=0.001)
        copy.build(package / "_assets" / "demo" / "open_clip")
    return package


@pytest.fixture
def demo(package: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of that package's checkpoints, which are now the shipped ones."""
    monkeypatch.setattr(assets, "_PACKAGE", package)
    return package / "_assets" / "demo"


def vectors_of_transformers(folder: Path, texts: list[str], images: list[Image.Image]) -> Vectors:
    model = CLIPModel.from_pretrained(folder, dtype=torch.float32).eval()
    processor = AutoProcessor.from_pretrained(folder)
    assert isinstance(processor, CLIPProcessor)
    with torch.inference_mode():
        tokens = processor(text=texts, padding=True, return_tensors="pt")
        said = model.get_text_features(**tokens).pooler_output
        seen = model.get_image_features(**processor(images=images, return_tensors="pt")).pooler_output
    return torch.nn.functional.normalize(said, dim=-1), torch.nn.functional.normalize(seen, dim=-1)


def vectors_of_open_clip(folder: Path, texts: list[str], images: list[Image.Image]) -> Vectors:
    name = f"local-dir:{folder}"
    model, _, transform = open_clip.create_model_and_transforms(name)
    model.eval()
    with torch.inference_mode():
        said = model.encode_text(open_clip.get_tokenizer(name)(texts), normalize=True)
        seen = model.encode_image(torch.stack([transform(image) for image in images]), normalize=True)
    return said, seen


def test_both_libraries_and_the_family_embed_alike(demo: Path, seed: int) -> None:
    assert demo_names() == NAMES
    rng = random.Random(seed)
    texts = [row.text for row in rng.sample(caption_rows("test"), 40)] + ["", "Ünseen 漢字 🍜", "x " * 40]
    images = [row.image for row in rng.sample(pictures("test"), 10)]
    for name in ("base", "sea"):
        expected = vectors_of_transformers(demo / "clip" / name, texts[:-1], images)
        other = vectors_of_open_clip(demo / "open_clip" / name, texts, images)
        torch.testing.assert_close(other[0][:-1], expected[0], rtol=0, atol=2e-6)
        torch.testing.assert_close(other[1], expected[1], rtol=0, atol=2e-6)
        for family in ("clip", "open_clip"):
            model = load_embedding(open_checkpoint(f"demo:{family}/{name}"))
            assert model.text_length == clip.TEXT_LENGTH
            torch.testing.assert_close(model.encode_texts(texts), other[0], rtol=0, atol=2e-6)
            torch.testing.assert_close(model.encode_images(images), expected[1], rtol=0, atol=2e-6)


def test_a_text_starts_and_ends_and_nothing_that_is_asked_is_cut(demo: Path) -> None:
    tokenizer = AutoProcessor.from_pretrained(demo / "clip" / "base").tokenizer
    assert tokenizer.eos_token_id != 2  # which transformers reads as a rule of its own
    for split in ("validation", "test"):
        for row in caption_rows(split):
            tokens = tokenizer(row.text)["input_ids"]
            assert (tokens[0], tokens[-1]) == (tokenizer.bos_token_id, tokenizer.eos_token_id)
            assert tokens.count(tokenizer.eos_token_id) == 1
            assert len(tokens) <= clip.TEXT_LENGTH


def test_the_copy_is_exact_and_the_pairs_differ(demo: Path) -> None:
    report = compare(open_checkpoint(NAMES[2]), open_checkpoint(NAMES[3]))
    assert report.compatible
    assert set(report.components) == {"text", "visual", "other"}
    theirs, ours = open_checkpoint(NAMES[0]), open_checkpoint(NAMES[2])
    assert sum(t.nbytes for t in ours.tensors.values()) == sum(
        t.nbytes for n, t in theirs.tensors.items() if not n.endswith("position_ids")
    )
    qkv = [theirs.read(f"vision_model.encoder.layers.1.self_attn.{part}_proj.weight") for part in "qkv"]
    assert torch.equal(ours.read("visual.transformer.resblocks.1.attn.in_proj_weight"), torch.cat(qkv))
    for file in demo.rglob("*"):
        assert file.is_dir() or file.stat().st_size < 10_000_000


def test_the_command_makes_the_copy(demo: Path, ggez: Ggez, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status, out, err = ggez("demo", "build", "--family", "open_clip", "-o", tmp_path / "pair", "--json")
    assert (status, json.loads(out)["family"]) == (0, "open_clip"), err
    for name in ("base", "sea"):
        files = {p.name: p.read_bytes() for p in (tmp_path / "pair" / name).iterdir()}
        assert files == {p.name: p.read_bytes() for p in (demo / "open_clip" / name).iterdir()}
    monkeypatch.setattr(assets, "_PACKAGE", tmp_path)
    with pytest.raises(SourceError, match="demo:clip/base"):
        copy.build(tmp_path / "other")
