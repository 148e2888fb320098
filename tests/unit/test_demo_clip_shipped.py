"""The demo's CLIP pair that ships, in both layouts: what it is made of, and that merges are what the README says."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ggez_core.checkpoints import compare, open_checkpoint
from ggez_core.demo.world.dataset import caption_rows, pictures
from ggez_core.evaluation.sweep import sweep
from ggez_core.families import family_of
from ggez_core.families.embedding import load_embedding

PAIRS = {family: (f"demo:{family}/base", f"demo:{family}/sea") for family in ("clip", "open_clip")}


@pytest.mark.parametrize("family", PAIRS)
def test_what_is_shipped(family: str) -> None:
    base, regional = (open_checkpoint(name) for name in PAIRS[family])
    assert family_of(base).name == "embedding"
    files = [file for c in (base, regional) for file in c.folder.iterdir()]
    assert sum(file.stat().st_size for file in files) < 7_000_000
    report = compare(base, regional)
    assert report.compatible
    assert report.components["text" if family == "open_clip" else "text_model"].relative_change > 0.01


def test_all_that_ships_stays_small() -> None:
    sizes = {file: file.stat().st_size for file in (Path(__file__).parents[2] / "assets").rglob("*") if file.is_file()}
    assert max(sizes.values()) < 10_000_000
    assert sum(sizes.values()) < 60_000_000


def test_both_layouts_embed_alike() -> None:
    texts = [row.text for row in caption_rows("test")[::40]]
    images = [row.image for row in pictures("test")[::20]]
    for end in (0, 1):
        one, other = (load_embedding(open_checkpoint(pair[end])) for pair in PAIRS.values())
        torch.testing.assert_close(one.encode_texts(texts), other.encode_texts(texts), rtol=0, atol=1e-5)
        torch.testing.assert_close(one.encode_images(images), other.encode_images(images), rtol=0, atol=1e-5)


def test_a_merge_keeps_the_world_and_another_is_better_than_both_parents() -> None:
    base, regional = PAIRS["clip"]
    report = sweep(base, regional, betas=[0.0, 0.25, 0.75, 1.0], tasks=["world-retrieval"], keep_global=0.98)
    assert report.constrained is not None
    assert report.constrained.beta == 0.25
    test = {row.beta: row for row in report.test}
    assert test[0.25].q_global.value >= 0.98 * test[0.0].q_global.value
    assert test[0.25].q_regional.value >= 1.1 * test[0.0].q_regional.value
    assert test[1.0].q_global.value < 0.5 * test[0.0].q_global.value
    assert test[0.75].grp.value > max(test[0.0].grp.value, test[1.0].grp.value) + 0.05
