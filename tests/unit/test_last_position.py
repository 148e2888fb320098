"""A last layer that computes the pooled position alone, against the library's own: vectors and gradients."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from ggez_core.checkpoints import open_checkpoint
from ggez_core.families.embedding import load_embedding
from tests.tiny_embedding import CORPUS, clip, naflex, siglip_two

TEXTS = CORPUS[:6]


@pytest.mark.parametrize("make", [siglip_two, naflex, clip])
def test_vectors_and_gradients_are_the_librarys(make: Callable[[Path], Path], tmp_path: Path, seed: int) -> None:
    opened = open_checkpoint(make(tmp_path / "model"))
    own, plain = (load_embedding(opened) for _ in range(2))
    batch = own.prepare_texts(TEXTS)
    library: Any = plain.model
    expected = torch.nn.functional.normalize(library.get_text_features(**batch).pooler_output, dim=-1)
    rows: list[int] = []
    layer: Any = own.model.text_model.encoder.layers[-1]  # type: ignore[union-attr]
    layer.mlp.register_forward_hook(lambda module, given, found: rows.append(found.shape[1]))
    found = own.text_vectors(batch)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)
    assert rows == [batch["input_ids"].shape[1] if make is clip else 1]  # CLIP pools its end token, wherever it is
    towards = torch.randn(found.shape, generator=torch.Generator().manual_seed(seed))
    for vectors in (found, expected):
        (vectors * towards).sum().backward()
    wanted = dict(plain.model.named_parameters())
    for name, parameter in own.model.named_parameters():
        assert (parameter.grad is None) == (wanted[name].grad is None), name
        if parameter.grad is not None:
            torch.testing.assert_close(parameter.grad, wanted[name].grad, rtol=1e-4, atol=1e-6)
    assert own.model.state_dict().keys() == plain.model.state_dict().keys()


def test_a_mask_that_is_given_counts(tmp_path: Path) -> None:
    opened = open_checkpoint(siglip_two(tmp_path / "model"))
    own, plain = (load_embedding(opened) for _ in range(2))
    batch = dict(own.prepare_texts(TEXTS))
    batch["attention_mask"] = (batch["input_ids"] != 0).long()
    expected = torch.nn.functional.normalize(plain.model.get_text_features(**batch).pooler_output, dim=-1)  # type: ignore[operator]
    torch.testing.assert_close(own.text_vectors(batch), expected, rtol=0, atol=1e-6)
