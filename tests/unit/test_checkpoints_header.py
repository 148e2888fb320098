"""Headers of safetensors files: the library reads what we write, and nothing unsound gets past the parser."""

from __future__ import annotations

import json
import math
import resource
import tracemalloc
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from ggez_core.checkpoints.header import TensorInfo, read_header, write_header
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
        ({"x": entry(shape=[10**18] * 63, offsets=(0, 8))}, 8),
        ({"x": entry(shape=[10**4000, 2], offsets=(0, 8))}, 8),
        ({"x": entry(shape=[1] * 65, offsets=(0, 4))}, 4),
        ({"x": entry(offsets=(2**63, 2**63 + 8))}, 8),
        ({"x": entry(offsets=(10**4000, 10**4000 + 8))}, 8),
        ({"n" * 10_000: entry(shape=(3,))}, 8),
        (b'{"x":{"dtype":"F32","shape":' + b"[" * 500 + b"]" * 500 + b',"data_offsets":[0,8]}}', 8),
        (b'{"x":' + b"9" * 5_000 + b"}", 8),
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
    assert len(str(caught.value)) < 600 + len(str(path))


@pytest.mark.parametrize("length", [2**63, 2**64 - 1, 100_000_001, 9])
def test_a_huge_header_length_allocates_nothing(tmp_path: Path, length: int) -> None:
    path = file_of(tmp_path / "bad.safetensors", b"{}", length=length)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CheckpointError, match="header would take"):
        read_header(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


NUMBERS = st.integers(-2, 40) | st.integers(-(2**70), 2**70) | st.sampled_from([2**31, 2**32, 2**62, 2**63, 2**64, 0.5])
ENTRIES = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["F32", "BF16", "F8_E4M3", "BOOL", "F4", "I64", ""]) | st.none() | NUMBERS,
        "shape": st.lists(NUMBERS, max_size=4)
        | st.lists(st.integers(0, 3), max_size=3)
        | NUMBERS
        | st.text(max_size=3),
        "data_offsets": st.lists(NUMBERS, max_size=3) | st.tuples(st.integers(0, 40), st.integers(0, 40)),
    }
)


@settings(max_examples=300)
@given(
    header=st.dictionaries(st.text(max_size=4) | st.just("__metadata__"), ENTRIES | st.none() | NUMBERS, max_size=4),
    body=st.integers(0, 64),
    length=st.none() | st.integers(0, 2**64 - 1) | st.integers(0, 200),
)
def test_any_header_is_an_error_or_sound(
    tmp_path_factory: pytest.TempPathFactory, header: object, body: int, length: int | None
) -> None:
    """Lengths, offsets, overlaps and sizes of every kind; nothing large is allocated on their word."""
    path = file_of(tmp_path_factory.getbasetemp() / "any.safetensors", header, body, length)
    found, said = list[TensorInfo](), ""
    tracemalloc.start()
    try:
        found = read_header(path)
    except CheckpointError as error:
        said = str(error)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000
    assert "\n" not in said
    if found:  # what passes, the library reads too
        assert load_file(path).keys() == {info.name for info in found}
        assert sum(info.nbytes for info in found) == body
        ends = [info.offset + info.nbytes for info in found]
        assert [info.offset for info in found[1:]] == ends[:-1]
        assert ends[-1] == path.stat().st_size


@given(data=st.data())
def test_sound_headers_of_any_order_are_read(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """So that the fuzz above doesn't only meet errors: tensors without gaps, listed in any order."""
    shapes = data.draw(st.lists(st.lists(st.integers(0, 3), max_size=3), min_size=1, max_size=6))
    entries, end = [], 0
    for i, shape in enumerate(shapes):
        size = 4 * math.prod(shape)
        entries.append((f"ü{i}", entry(shape=shape, offsets=(end, end + size))))
        end += size
    header = dict(data.draw(st.permutations(entries)))
    found = read_header(file_of(tmp_path_factory.getbasetemp() / "sound.safetensors", header, end))
    assert {info.name: list(info.shape) for info in found} == {f"ü{i}": shape for i, shape in enumerate(shapes)}


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
