"""The preflight report against what was put into the two checkpoints, and norms against torch."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from ggez_core.checkpoints import compare, open_checkpoint
from ggez_core.progress import Step
from tests.tiny import siglip_pair, write_checkpoint


def test_every_status_is_told_apart(tmp_path: Path) -> None:
    base = {
        "t.same": torch.randn(4), "t.changed": torch.randn(4, 3), "t.gone": torch.ones(2), "t.shape": torch.ones(2, 3),
        "v.precise": torch.randn(3), "v.kind": torch.ones(3), "v.nan": torch.ones(3), "v.zero": torch.zeros(2),
        "v.ids": torch.arange(3),
    }  # fmt: skip
    regional = {
        "t.same": base["t.same"], "t.changed": base["t.changed"] + 1, "t.new": torch.ones(1),
        "t.shape": torch.ones(3, 2),
        "v.precise": base["v.precise"].half(), "v.kind": torch.ones(3, dtype=torch.int32),
        "v.nan": torch.tensor([1, float("nan"), 1]), "v.zero": torch.ones(2), "v.ids": torch.arange(3) + 1,
    }  # fmt: skip
    a = open_checkpoint(write_checkpoint(tmp_path / "a", base))
    b = open_checkpoint(write_checkpoint(tmp_path / "b", regional))
    report = compare(a, b)
    statuses = {tensor.name: tensor.status for tensor in report.tensors}
    assert statuses == {
        "t.same": "identical", "t.changed": "changed", "t.gone": "missing", "t.new": "extra",
        "t.shape": "shape_mismatch",
        "v.precise": "dtype_mismatch", "v.kind": "dtype_mismatch", "v.nan": "non_finite",
        "v.zero": "changed", "v.ids": "changed",
    }  # fmt: skip
    assert [tensor.name for tensor in report.blocking] == ["t.gone", "t.new", "t.shape", "v.kind", "v.nan"]
    assert not report.compatible
    assert report.explain().endswith("(4 more such tensors); choose two checkpoints of one model")
    assert report.components["t"].counts["changed"] == 1
    assert report.components["v"].names["dtype_mismatch"] == ("v.kind", "v.precise")
    json.dumps(report.as_dict(), allow_nan=False)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_relative_change_is_the_ratio_of_norms(tmp_path: Path, dtype: torch.dtype) -> None:
    a, b = (torch.randn(501, 37).to(dtype) for _ in range(2))
    pair = [
        open_checkpoint(write_checkpoint(tmp_path / name, {"m.w": tensor, "m.v": torch.ones(5)}))
        for name, tensor in (("a", a), ("b", b))
    ]
    report = compare(*pair)
    expected = ((b.double() - a.double()).norm() / a.double().norm()).item()
    change = {tensor.name: tensor.relative_change for tensor in report.tensors}
    assert change["m.w"] == pytest.approx(expected, rel=1e-6)
    assert change["m.v"] == 0.0


def test_a_real_pair_is_compatible_and_progress_ends_at_the_total(tmp_path: Path) -> None:
    a, b = (open_checkpoint(folder) for folder in siglip_pair(tmp_path))
    steps: list[Step] = []
    report = compare(a, b, progress=steps.append)
    assert report.compatible
    assert report.components["text_model"].names["identical"] == ("text_model.final_layer_norm.weight",)
    assert (steps[-1].done, steps[-1].unit) == (a.nbytes, "bytes")
    assert steps[-1].done == steps[-1].total


def test_another_architecture_is_named(tmp_path: Path) -> None:
    a = open_checkpoint(write_checkpoint(tmp_path / "a", {"x.y": torch.ones(2)}, "siglip"))
    b = open_checkpoint(write_checkpoint(tmp_path / "b", {"x.y": torch.ones(2)}, "clip"))
    assert not compare(a, b).compatible
    assert 'model_type "clip"' in compare(a, b).explain()
