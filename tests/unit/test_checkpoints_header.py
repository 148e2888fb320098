"""Headers of safetensors files: the library reads what we write, and nothing unsound gets past the parser."""

from __future__ import annotations

import json
import resource
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from ggez_core.checkpoints.header import read_header, write_header
from ggez_core.errors import CheckpointError


def file_of(path: Path, header: object, body: int = 0, length: int | None = None) -> Path:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes((len(raw) if length is None else length).to_bytes(8, "little") + raw + b"\0" * body)
    return path


def entry(dtype: object = "F32", shape: object = (2,), offsets: object = (0, 8)) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def test_reads_what_the_library_writes(tmp_path: Path) -> None:
    tensors = {
        "a.weight": torch.randn(3, 5),
        "b": torch.tensor(2.5),
        "ü.空": torch.ones(0, 4, dtype=torch.bfloat16),
        "ids": torch.arange(7),
        "mask": torch.tensor([True, False]),
    }
    save_file(tensors, tmp_path / "x.safetensors")
    found = {info.name: info for info in read_header(tmp_path / "x.safetensors")}
    assert found.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert found[name].shape == tuple(tensor.shape)
        assert found[name].nbytes == tensor.nbytes
        raw = (tmp_path / "x.safetensors").read_bytes()[found[name].offset :][: tensor.nbytes]
        assert raw == tensor.reshape(-1).view(torch.uint8).numpy().tobytes()


def test_the_library_reads_what_we_write(tmp_path: Path) -> None:
    header = write_header([("w", "F32", (2, 2), 16), ("n", "I64", (), 8)], {"format": "pt", "ggez_recipe": "β"})
    assert len(header) % 8 == 0
    values = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    (tmp_path / "y.safetensors").write_bytes(header + values.numpy().tobytes() + (7).to_bytes(8, "little"))
    loaded = load_file(tmp_path / "y.safetensors")
    assert torch.equal(loaded["w"], values)
    assert loaded["n"].item() == 7


@pytest.mark.parametrize(
    ("header", "body"),
    [
        ({"x": entry()}, 4),
        ({"x": entry()}, 12),
        ({"x": entry(offsets=(4, 12))}, 12),
        ({"x": entry(), "y": entry()}, 8),
        ({"x": entry(), "y": entry(offsets=(4, 12))}, 12),
        ({"x": entry(shape=(3,))}, 8),
        ({"x": entry(shape=(-2,))}, 8),
        ({"x": entry(shape=(2.0,))}, 8),
        ({"x": entry(shape=(True, 2))}, 8),
        ({"x": entry(shape=(2**62, 2**62), offsets=(0, 2**126))}, 8),
        ({"x": entry(offsets=(0, 8, 9))}, 8),
        ({"x": entry(offsets=(8, 0))}, 8),
        ({"x": entry(dtype="Q4")}, 8),
        ({"x": entry(dtype=["F32"])}, 8),
        ({"x": {"dtype": "F32", "shape": [2]}}, 8),
        ({"x": [1]}, 8),
        ([1, 2], 0),
        (b"{", 0),
        (b"\xff\xfe", 0),
        (b"[" * 100_000, 0),
        (b'{"x":' + json.dumps(entry()).encode() + b',"x":' + json.dumps(entry()).encode() + b"}", 8),
    ],
)
def test_an_unsound_header_is_one_clear_error(tmp_path: Path, header: object, body: int) -> None:
    path = file_of(tmp_path / "bad.safetensors", header, body)
    with pytest.raises(CheckpointError, match=r"bad\.safetensors: not a sound safetensors file") as caught:
        read_header(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("length", [2**63, 2**64 - 1, 100_000_001, 9])
def test_a_huge_header_length_allocates_nothing(tmp_path: Path, length: int) -> None:
    path = file_of(tmp_path / "bad.safetensors", b"{}", length=length)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CheckpointError, match="header would take"):
        read_header(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


@settings(deadline=None)  # it's the disk's time, not ours
@given(data=st.data())
def test_a_flipped_byte_is_an_error_or_a_sound_header(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "x.safetensors"
    save_file({"a": torch.zeros(3), "b": torch.zeros(2, 2, dtype=torch.int64)}, path)
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)) | st.just(len(raw)))
    path.write_bytes(raw[:cut])
    try:
        found = read_header(path)
    except CheckpointError:
        return
    assert all(info.offset + info.nbytes <= cut for info in found)
