"""The preflight report against what was put into the two checkpoints, and norms against torch."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from ggez_core.checkpoints import compare, open_checkpoint
from ggez_core.checkpoints.compare import layer_of
from ggez_core.merging import LiveModel, merge
from ggez_core.merging.needs import needs
from ggez_core.progress import Step
from tests import kills
from tests.tiny import siglip, siglip_pair, write_checkpoint


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


# --- where two models differ --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("text_model.encoder.layers.11.mlp.fc1.weight", "text_model.encoder.layers.11"),
        ("unet.down_blocks.1.attentions.0.norm.weight", "unet.down_blocks.1"),
        ("vision_model.embeddings.patch_embedding.weight", "vision_model.embeddings"),
        ("vision_model.head.mlp.fc1.weight", "vision_model.head"),
        ("model.multi_modal_projector.norm.weight", "model.multi_modal_projector.norm"),
        ("text.proj", "text"),
        ("logit_scale", "logit_scale"),
    ],
)
def test_the_layer_of_a_tensor(name: str, layer: str) -> None:
    assert layer_of(name) == layer


def test_layers_are_in_order_with_the_norms_of_their_weights(tmp_path: Path) -> None:
    names = [f"t.layers.{i}.{part}.weight" for i in range(12) for part in ("a", "b")] + ["t.emb.weight", "scale"]
    first = {name: torch.randn(5, 3) for name in names}
    second = {name: w + 0.1 * torch.randn(5, 3) if "layers.7" not in name else w for name, w in first.items()}
    a, b = (open_checkpoint(write_checkpoint(tmp_path / n, t)) for n, t in (("a", first), ("b", second)))
    layers = compare(a, b).layers
    assert [layer.name for layer in layers] == ["t.emb", *(f"t.layers.{i}" for i in range(12)), "scale"]
    for layer in layers:
        own = [name for name in names if f"{name}.".startswith(f"{layer.name}.")]
        before, after = (torch.cat([side[n].flatten() for n in own]).double() for side in (first, second))
        assert layer.relative_change == pytest.approx(((after - before).norm() / before.norm()).item(), rel=1e-6)
        assert (layer.changed, layer.tensors) == (0 if layer.name == "t.layers.7" else len(own), len(own))
        assert layer.nbytes == len(own) * 60


def test_what_a_merge_and_a_live_comparison_will_take(tmp_path: Path) -> None:
    a, b = (open_checkpoint(folder) for folder in siglip_pair(tmp_path, torch.bfloat16))
    needed = needs(a, b, compare(a, b), tmp_path)
    written = merge(a, b, 0.5, tmp_path / "out")
    assert needed.disk == pytest.approx(written.nbytes, rel=0.1)  # the file has a header too
    live = LiveModel(siglip(1, torch.bfloat16), a, b)
    held = sum(parameter.nbytes for parameter in live.model.parameters()) + 2 * live.changed_bytes
    assert needed.live_memory == pytest.approx(held, rel=0.2)  # tiny tensors are padded to cache lines
    assert needed.linked == 0
    assert needed.free_disk > 0
    assert not needed.lacking


def test_what_is_linked_takes_no_disk(tmp_path: Path) -> None:
    a, b = map(open_checkpoint, kills.pipeline(tmp_path))
    needed = needs(a, b, compare(a, b), tmp_path)
    result = merge(a, b, 0.5, tmp_path / "out")
    assert needed.disk == pytest.approx(result.nbytes, rel=0.1)
    assert needed.linked == sum(t.nbytes for name, t in a.tensors.items() if not name.startswith("unet."))


def test_what_is_lacking_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = (open_checkpoint(folder) for folder in siglip_pair(tmp_path))
    report = compare(a, b)
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("Memory", (), {"available": 10_000}))
    assert [line.split(":")[0] for line in needs(a, b, report).lacking] == [
        "not enough disk to merge them here",
        "not enough memory to merge them",
        "not enough memory to compare them live",
    ]
