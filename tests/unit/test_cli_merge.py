"""`ggez inspect` and `ggez merge` as a user calls them: what goes to stdout, and one line with exit status 2."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file

from ggez_core import cli
from tests.tiny import siglip_pair, write_checkpoint

Ggez = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ggez(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ggez:
    """Call the command; its exit status, stdout and stderr."""

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["ggez", *map(str, arguments)])
        capsys.readouterr()
        status = 0
        try:
            cli.main()
        except SystemExit as ended:
            status = int(ended.code or 0)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def test_inspect_one_and_two(tmp_path: Path, ggez: Ggez) -> None:
    base, regional = siglip_pair(tmp_path)
    status, out, _ = ggez("inspect", base)
    assert status == 0
    assert "text_model" in out
    document = json.loads(ggez("inspect", base, "--json")[1])
    assert document["components"]["other"] == {"tensors": 2, "parameters": 2, "bytes": 8, "dtypes": ["F32"]}
    assert len(document["tensors"]) == 88
    report = json.loads(ggez("inspect", base, regional, "--json")[1])
    assert report["compatible"] is True
    assert report["components"]["text_model"]["counts"]["identical"] == 1
    assert report["layers"][0]["component"] == "text_model"
    assert report["needs"]["disk"] == document["bytes"]
    assert report["needs"]["lacking"] == []
    status, out, _ = ggez("inspect", base, regional)
    assert status == 0
    assert "compatible: 87 of 88 tensors differ" in out
    assert "a merge writes" in out
    status, out, _ = ggez("inspect", base, regional, "--layers")
    assert "text_model.encoder.layers.1" in out


def test_merge_from_options_then_from_its_recipe(tmp_path: Path, ggez: Ggez) -> None:
    base, regional = siglip_pair(tmp_path)
    options = (
        "--base",
        base,
        "--regional",
        regional,
        "--beta",
        0.5,
        "--component",
        "text_model=0.25",
        "--verify",
        "--json",
    )
    status, out, err = ggez("merge", *options, "-o", tmp_path / "out")
    assert (status, err) == (0, "")
    document = json.loads(out)
    assert document["recipe"]["components"] == {"text_model": 0.25}
    assert document["tensors"] == {"merged": 88, "copied": 0}
    assert ggez("merge", tmp_path / "out/ggez_recipe.yaml", "-o", tmp_path / "again")[0] == 0
    for name in document["files"]:
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    status, out, _ = ggez("merge", tmp_path / "out/ggez_recipe.yaml", "--print-recipe")
    written = (tmp_path / "out/ggez_recipe.yaml").read_text()
    assert out.startswith(written)
    assert yaml.safe_load(out) == yaml.safe_load(written)
    assert "# text_model: 38 tensors: beta 0.25\n" in out


def test_unusable_input_is_one_line_and_status_two(tmp_path: Path, ggez: Ggez) -> None:
    base, regional = siglip_pair(tmp_path)
    nan = write_checkpoint(tmp_path / "nan", {"m.w": torch.tensor([float("nan")])})
    sound = write_checkpoint(tmp_path / "sound", {"m.w": torch.ones(1)})
    pair = ("--base", base, "--regional", regional)
    to = ("-o", tmp_path / "out")
    for arguments, says in (
        ((*pair, "--beta", 1.5, *to), "β = 1.5 lies outside [0, 1]"),
        ((*pair, "--beta", 0.5), "no output folder is named"),
        ((*pair, *to), "no recipe and no --beta"),
        ((*pair, "--beta", 0.5, "--component", "text_model", *to), "--component text_model: not a component and its β"),
        ((*pair, "--beta", 0.5, "--component", "txt_model=1", *to), "did you mean 'text_model'?"),
        ((*pair, "--beta", 0.5, "--dtype", "int4", *to), "dtype 'int4' is none"),
        ((*pair, "--beta", 0.5, "--shard-size", "x", *to), "shard size 'x' is no size"),
        ((*pair, "--beta", 0.5, "-o", base), "already exists"),
        (("--base", tmp_path / "gone", "--regional", regional, "--beta", 0.5, *to), "no such folder"),
        (("--base", sound, "--regional", nan, "--beta", 0.5, *to), "holds NaN or infinity"),
        (("--base", base, "--regional", sound, "--beta", 0.5, *to), "different architectures"),
        ((tmp_path / "none.yaml", *to), "can't be read as YAML"),
    ):
        status, out, err = ggez("merge", *arguments)
        assert (status, out, err.count("\n")) == (2, "", 1), err
        assert says in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["base", "nan", "regional", "sound"]


def test_the_numbers_are_right(tmp_path: Path, ggez: Ggez) -> None:
    for name, value in (("a", 1.0), ("b", 3.0)):
        write_checkpoint(tmp_path / name, {"m.w": torch.full((3,), value)})
    ggez("merge", "--base", tmp_path / "a", "--regional", tmp_path / "b", "--beta", 0.25, "-o", tmp_path / "out")
    assert load_file(tmp_path / "out/model.safetensors")["m.w"].tolist() == [1.5, 1.5, 1.5]


def test_merging_does_not_import_torch(tmp_path: Path) -> None:
    for name in "ab":
        write_checkpoint(tmp_path / name, {"m.w": torch.ones(3)})
    program = (
        "import sys, ggez_core as gg\n"
        "gg.merge(sys.argv[1], sys.argv[2], 0.5, sys.argv[3])\n"
        "gg.compare(gg.open_checkpoint(sys.argv[1]), gg.open_checkpoint(sys.argv[2]))\n"
        "assert not {'torch', 'transformers', 'gradio'} & sys.modules.keys()\n"
    )
    folders = [str(tmp_path / name) for name in ("a", "b", "out")]
    subprocess.run([sys.executable, "-c", program, *folders], check=True)
