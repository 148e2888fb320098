"""Every kind of embedding model, moved in place: what it says is what its library says of the exported checkpoint."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from ggez_core import families
from ggez_core.checkpoints import open_checkpoint
from ggez_core.families import Placement
from ggez_core.families.embedding import EmbeddingModel, Search, load_embedding
from ggez_core.merging import LiveModel, merge
from tests import tiny_embedding, tiny_open_clip
from tests.unit.test_families_embedding import by_library
from tests.unit.test_families_open_clip import by_library as by_open_clip
from tests.unit.test_families_open_clip import named_by_path

TEXTS = ["A photo of a CAT", "nasi lemak", "งานวัด"]
KINDS: dict[str, Callable[..., Path]] = {
    **tiny_embedding.EMBEDDINGS,
    **{f"open_clip {name}": make for name, make in tiny_open_clip.OPEN_CLIP.items()},
}
BETA = 0.37


def moved_apart(base: Path, regional: Path, seed: int, components: tuple[str, ...] | None = None) -> Path:
    """A copy in which every weight differs, or those of some components."""
    shutil.copytree(base, regional)
    checkpoint = open_checkpoint(regional)
    file = checkpoint.groups[0].files[0]
    tensors, generator = load_file(file), torch.Generator().manual_seed(seed)
    for name, tensor in tensors.items():
        if components is None or checkpoint.component_of(name) in components:
            tensors[name] = tensor + 0.05 * torch.randn(tensor.shape, generator=generator).to(tensor.dtype)
    save_file(tensors, file, {"format": "pt"})
    return regional


def pictures(seed: int) -> list[Image.Image]:
    rng = random.Random(seed)
    return [Image.frombytes("RGB", size, rng.randbytes(size[0] * size[1] * 3)) for size in ((32, 32), (60, 40))]


def one_by_one(encode: Callable[[list[Any]], torch.Tensor], items: list[Any]) -> torch.Tensor:
    """As `by_library` asks: each alone, so that the same kernels run on the same shapes."""
    return torch.cat([encode([item]) for item in items])


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_moved_model_answers_as_the_exported_one(kind: str, tmp_path: Path, seed: int) -> None:
    name = kind.removeprefix("open_clip ")
    base = KINDS[kind](tmp_path / "base" / name)
    regional = moved_apart(base, tmp_path / "regional" / name, seed)
    model = families.load(open_checkpoint(base))
    assert isinstance(model, EmbeddingModel)
    live = LiveModel(model.model, open_checkpoint(base), open_checkpoint(regional))
    live.set_beta(BETA)
    out = tmp_path / "merged" / name
    merge(base, regional, BETA, out)
    images = pictures(seed)
    if kind == name:
        expected = by_library(out, images, TEXTS)
        found = one_by_one(model.encode_images, images), one_by_one(model.encode_texts, TEXTS)
    else:
        expected = by_open_clip(named_by_path(out, tmp_path / "copy"), images, TEXTS)
        found = model.encode_images(images), model.encode_texts(TEXTS)
    for mine, theirs in zip(found, expected, strict=True):
        assert torch.equal(mine, theirs)
    at_base = load_embedding(open_checkpoint(base)).encode_images(images)
    assert not torch.allclose(model.encode_images(images), at_base)  # the move is felt
    (cosines,) = model.preview(Search(TEXTS, images))
    assert torch.equal(cosines, model.encode_texts(TEXTS) @ model.encode_images(images).T)


def test_a_tower_that_stands_still_is_asked_once(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    base = tiny_embedding.clip(tmp_path / "base")
    regional = moved_apart(base, tmp_path / "regional", seed, ("text_model", "text_projection"))
    model = load_embedding(open_checkpoint(base))
    live = LiveModel(model.model, open_checkpoint(base), open_checkpoint(regional))
    asked: list[str] = []
    for side in ("encode_texts", "encode_images"):
        real = getattr(model, side)
        monkeypatch.setattr(model, side, lambda given, real=real, side=side: asked.append(side) or real(given))
    search = Search(TEXTS, pictures(seed))

    def at(beta: float) -> torch.Tensor:
        live.set_beta(beta)
        (cosines,) = model.preview(search, beta_of=lambda part: beta if part in live.component_names else 0.0)
        return cosines

    first, second, again = at(0.0), at(0.5), at(0.0)
    assert asked.count("encode_images") == 1
    assert asked.count("encode_texts") == 2
    assert torch.equal(first, again)
    assert not torch.allclose(first, second)
    live.set_beta(1.0)
    (unsaid,) = model.preview(search)  # where the weights are isn't said: nothing kept is used
    assert asked.count("encode_images") == 2
    assert not torch.allclose(unsaid, first)


@pytest.mark.parametrize("make", [tiny_embedding.siglip_two, tiny_embedding.clip, tiny_open_clip.native])
@pytest.mark.parametrize("map_of", ["auto", "disk"])
def test_a_spread_model_answers_as_a_whole_one(
    make: Callable[..., Path], map_of: str, tmp_path: Path, seed: int
) -> None:
    checkpoint = open_checkpoint(make(tmp_path / "m"))
    whole = load_embedding(checkpoint)
    children = [name for name, _ in whole.model.named_children()]
    parameters = [name for name, _ in whole.model.named_parameters(recurse=False)]
    half = {name: "disk" if "text" in name or name == "transformer" else "cpu" for name in [*children, *parameters]}
    spread = load_embedding(checkpoint, placement=Placement(device_map="auto" if map_of == "auto" else half))
    on_disk = [name for name, parameter in spread.model.named_parameters() if parameter.is_meta]
    assert bool(on_disk) == (map_of == "disk")
    images = pictures(seed)
    torch.testing.assert_close(spread.encode_images(images), whole.encode_images(images), rtol=0, atol=2e-6)
    torch.testing.assert_close(spread.encode_texts(TEXTS), whole.encode_texts(TEXTS), rtol=0, atol=2e-6)
