"""The loading code that an export comes with: run as it is, it loads the checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from ggez_core.checkpoints import open_checkpoint
from ggez_core.families import loading_code
from tests.tiny import siglip_pair, write_checkpoint


def run(code: str) -> dict[str, Any]:
    """The names that the code leaves behind."""
    names: dict[str, Any] = {}
    exec(compile(code, "loading code", "exec"), names)
    return names


def test_a_transformers_checkpoint_loads_in_the_class_it_names(tmp_path: Path) -> None:
    base, _ = siglip_pair(tmp_path)
    code = loading_code(open_checkpoint(base), str(base))
    assert "SiglipModel" in code
    model, _, _ = code.rpartition("processor = ")  # the tiny model was saved without a processor
    loaded = run(model)["model"].state_dict()
    for name in open_checkpoint(base).tensors:
        torch.testing.assert_close(loaded[name], open_checkpoint(base).read(name), rtol=0, atol=0)


def test_a_checkpoint_of_no_family_loads_as_tensors(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "plain", {"part.weight": torch.arange(3.0)})
    tensors = run(loading_code(open_checkpoint(folder), str(folder)))["tensors"]
    torch.testing.assert_close(tensors["part.weight"], torch.arange(3.0), rtol=0, atol=0)
