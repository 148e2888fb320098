"""The forms that checkpoints come in: what is chosen of a folder, pickles without their code, shared files."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from ggez_core.checkpoints import open_checkpoint
from ggez_core.checkpoints.links import place
from ggez_core.errors import CheckpointError, GgezError, OutputError, SourceError
from ggez_core.merging import merge

TENSORS = {"a.weight": torch.randn(3, 4), "b.ids": torch.arange(5), "c": torch.randn(2).bfloat16()}


def folder_of(folder: Path, *files: str, config: dict[str, Any] | None = None) -> Path:
    """A folder whose weights tell by their only tensor's name which file they are."""
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config or {"model_type": "tiny"}))
    for name in files:
        state = {name: torch.ones(2)}
        save_file(state, folder / name) if name.endswith("safetensors") else torch.save(state, folder / name)
    return folder


def one_line(error: pytest.ExceptionInfo[GgezError]) -> bool:
    return "\n" not in str(error.value)


# --- which files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "chosen"),
    [
        (("model.safetensors", "model.fp16.safetensors", "pytorch_model.bin"), "model.safetensors"),
        (("model.fp16.safetensors", "pytorch_model.bin"), "model.fp16.safetensors"),
        (("pytorch_model.bin", "training_args.bin"), "pytorch_model.bin"),
        (("consolidated.safetensors", "training_args.bin"), "consolidated.safetensors"),
        (("diffusion_pytorch_model.safetensors",), "diffusion_pytorch_model.safetensors"),
        (("open_clip_model.safetensors", "open_clip_pytorch_model.bin"), "open_clip_model.safetensors"),
        (("open_clip_pytorch_model.bin", "model.safetensors"), "model.safetensors"),
    ],
)
def test_the_weights_of_a_folder(files: tuple[str, ...], chosen: str, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "m", *files)
    if any(name.startswith("open_clip") for name in files):
        (folder / "open_clip_config.json").write_text('{"model_cfg": {}}')
    assert list(open_checkpoint(folder).tensors) == [chosen]


def test_two_files_without_an_index(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"2 safetensors files and no model\.safetensors\.index\.json"):
        open_checkpoint(folder_of(tmp_path / "m", "x.safetensors", "y.safetensors"))


def test_a_pipeline_that_lacks_a_part(tmp_path: Path) -> None:
    (tmp_path / "p" / "unet").mkdir(parents=True)
    index = {
        "_class_name": "P",
        "unet": ["diffusers", "U"],
        "vae": ["diffusers", "V"],
        "feature_extractor": [None, None],
    }
    (tmp_path / "p" / "model_index.json").write_text(json.dumps(index))
    with pytest.raises(CheckpointError, match=r"names 'vae', which isn't in the folder"):
        open_checkpoint(tmp_path / "p")


def test_a_model_that_needs_its_own_code(tmp_path: Path) -> None:
    config = {"model_type": "their_own", "auto_map": {"AutoModel": "modeling.TheirOwn"}}
    with pytest.raises(CheckpointError, match="never executed here"):
        open_checkpoint(folder_of(tmp_path / "m", "model.safetensors", config=config))
    known = {"model_type": "siglip", "auto_map": {"AutoModel": "modeling.TheirOwn"}}
    assert open_checkpoint(folder_of(tmp_path / "k", "model.safetensors", config=known)).model_type == "siglip"


def test_files_that_are_no_weights(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(SourceError, match="not a file of weights"):
        open_checkpoint(tmp_path / "notes.txt")


# --- pickles --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrap", ["plain", "state_dict", "module.", "_orig_mod.module."])
def test_a_pickled_state_dict(wrap: str, tmp_path: Path) -> None:
    prefix = wrap if wrap.endswith(".") else ""
    state: dict[str, Any] = {prefix + name: tensor for name, tensor in TENSORS.items()}
    content = {"epoch": 1, "state_dict": state, "optimizer": {"state": {0: {"exp_avg": torch.ones(9)}}}}
    torch.save(state if wrap == "plain" else content, tmp_path / "x.pt")
    checkpoint = open_checkpoint(tmp_path / "x.pt")
    assert set(checkpoint.tensors) == set(TENSORS)
    for name, tensor in TENSORS.items():
        assert torch.equal(checkpoint.read(name), tensor)
        assert checkpoint.read(name).dtype == tensor.dtype


def test_views_and_shared_storage_in_a_pickle(tmp_path: Path) -> None:
    whole = torch.randn(6, 4)
    torch.save({"whole": whole, "rows": whole[2:5], "tied": whole}, tmp_path / "x.bin")
    checkpoint = open_checkpoint(tmp_path / "x.bin")
    assert torch.equal(checkpoint.read("rows"), whole[2:5])
    assert torch.equal(checkpoint.read("tied"), whole)
    torch.save({"turned": whole.T}, tmp_path / "y.bin")
    with pytest.raises(CheckpointError, match="'turned' is stored as a strided view"):
        open_checkpoint(tmp_path / "y.bin")


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("bomb",)


def test_pickles_that_are_not_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "x.pt"
    torch.save({"w": torch.ones(2), "config": Bomb()}, file)
    with pytest.raises(CheckpointError, match="could run code") as caught:
        open_checkpoint(file)
    assert one_line(caught)
    file.write_bytes(pickle.dumps({"w": Bomb()}))
    with pytest.raises(CheckpointError) as caught:
        open_checkpoint(file)
    assert one_line(caught)
    assert not (tmp_path / "bomb").exists()
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), file)
    with pytest.raises(CheckpointError) as caught:
        open_checkpoint(file)
    assert one_line(caught)
    for content, says in (({"epoch": 1}, "without tensors"), ([torch.ones(2)], "a pickled list")):
        torch.save(content, file)
        with pytest.raises(CheckpointError, match=says):
            open_checkpoint(file)
    torch.save({"w": torch.ones(99_999)}, file)
    file.write_bytes(file.read_bytes()[:-200_000])
    with pytest.raises(CheckpointError) as caught:
        open_checkpoint(file)
    assert one_line(caught)


def rewritten(source: Path, target: Path, compression: int = zipfile.ZIP_STORED, **records: bytes) -> Path:
    """torch's archive with some records replaced."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", compression) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, records.get(Path(entry.filename).name, old.read(entry)))
    return target


def test_archives_that_torch_writes_elsewhere_or_nobody_writes(tmp_path: Path) -> None:
    """Compressed ones would be read as they lie, and swapping bytes that aren't loaded crashes torch."""
    weights = tmp_path / "x.pt"
    torch.save({"w": torch.arange(12.0)}, weights)
    sound = rewritten(weights, tmp_path / "sound.pt")
    assert open_checkpoint(sound).read("w").tolist() == list(range(12))
    other = b"big" if sys.byteorder == "little" else b"little"
    for changes, says in (
        ({"compression": zipfile.ZIP_DEFLATED}, "its tensors are compressed"),
        ({"byteorder": other}, "another byte order"),
        ({"0": b"\0" * 40}, "'w' takes more bytes than the file has of it"),
    ):
        with pytest.raises(CheckpointError, match=says) as caught:
            open_checkpoint(rewritten(weights, tmp_path / "bad.pt", **changes))  # type: ignore[arg-type]
        assert one_line(caught)


@settings(max_examples=60)
@given(places=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=4), kept=st.floats(0.5, 1))
def test_damaged_pickles_are_an_error_or_sound(
    tmp_path_factory: pytest.TempPathFactory, places: list[tuple[float, int]], kept: float
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.pt"
    torch.save({"w": torch.arange(12.0), "ids": torch.arange(3)}, path)
    raw = bytearray(path.read_bytes())
    for where, value in places:
        raw[int(where * (len(raw) - 1))] = value
    path.write_bytes(raw[: len(raw) if kept > 0.6 else int(kept * len(raw))])
    try:
        found = open_checkpoint(path)
    except CheckpointError:
        return
    assert all(info.offset + info.nbytes <= len(raw) for info in found.tensors.values())


# --- writing --------------------------------------------------------------------------------------------------------


def test_a_pickle_is_written_back_as_safetensors(tmp_path: Path) -> None:
    a, b = ({name: t + t.dtype.is_floating_point * k for name, t in TENSORS.items()} for k in (0, 1))
    torch.save({"state_dict": {f"module.{name}": tensor for name, tensor in a.items()}}, tmp_path / "a.pt")
    save_file(b, tmp_path / "b.safetensors")
    merge(tmp_path / "a.pt", tmp_path / "b.safetensors", 1.0, tmp_path / "out")
    found = load_file(tmp_path / "out" / "a.safetensors")
    assert found.keys() == b.keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in b.items())


def test_an_output_named_as_a_file(tmp_path: Path) -> None:
    save_file({"w": torch.ones(2)}, tmp_path / "a.safetensors")
    with pytest.raises(OutputError, match=r"makes a folder; leave the \.safetensors off"):
        merge(tmp_path / "a.safetensors", tmp_path / "a.safetensors", 0.5, tmp_path / "out.safetensors")


def test_a_shared_file_outlives_its_replacement(tmp_path: Path) -> None:
    save_file({"w": torch.zeros(2)}, tmp_path / "a.safetensors")
    place(tmp_path / "a.safetensors", tmp_path / "b.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    save_file({"w": torch.ones(2)}, tmp_path / "b.safetensors")
    assert torch.equal(load_file(tmp_path / "a.safetensors")["w"], torch.zeros(2))


def test_a_file_is_copied_where_it_cannot_be_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    content = os.urandom(100_000)
    (tmp_path / "a").write_bytes(content)
    monkeypatch.setattr(os, "link", refused)
    place(tmp_path / "a", tmp_path / "b")
    monkeypatch.setattr(os, "copy_file_range", refused)
    place(tmp_path / "a", tmp_path / "c")
    assert (tmp_path / "b").read_bytes() == (tmp_path / "c").read_bytes() == content


def test_safetensors_are_merged_and_inspected_without_torch(tmp_path: Path) -> None:
    for name in "ab":
        folder_of(tmp_path / name, "model.safetensors")
    program = (
        "import sys, ggez_core.checkpoints as c, ggez_core.merging as m\n"
        "a, b, out = sys.argv[1:]\n"
        "assert c.compare(c.open_checkpoint(a), c.open_checkpoint(b)).compatible\n"
        "m.merge(a, b, 0.5, out)\n"
        "assert not {'torch', 'transformers'} & set(sys.modules), 'heavy imports'"
    )
    paths = [str(tmp_path / name) for name in ("a", "b", "out")]
    subprocess.run([sys.executable, "-c", program, *paths], check=True, cwd=Path(__file__).parents[2])
