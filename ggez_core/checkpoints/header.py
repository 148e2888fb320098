"""Headers of safetensors files, read without trust and written deterministically.

A file is an 8-byte little-endian length, that many bytes of JSON, then the tensors' bytes without gaps. A header comes
from strangers: nothing it says is believed before it is checked against the file's real size, and nothing is
allocated by its word.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from ..errors import CheckpointError
from .dtypes import DTYPES
from .files import Bytes, OpenFiles

MAX_HEADER = 100_000_000  # the format's own limit
_MOST = 1 << 63  # no file is larger
_MOST_AXES = 64  # numpy's limit
_SHOWN = 60  # characters of what a stranger wrote that go into a message
_METADATA = "__metadata__"
_AGAIN = "the file is damaged or incomplete: copy or download it again"


@dataclass(frozen=True)
class TensorInfo:
    """Where one tensor lies: `nbytes` bytes at `offset` of `file`, of `shape` and `dtype` ("F32", "BF16", …)."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    file: Path
    offset: int
    nbytes: int

    @property
    def size(self) -> int:
        """Elements."""
        return math.prod(self.shape)

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that reading it takes."""
        return (self.file,)

    @property
    def computed(self) -> bool:
        """Whether it is computed when it is read, so that its dtype is that of the computation."""
        return False

    def read_into(self, buffer: Bytes, files: OpenFiles, start: int = 0) -> None:
        """Fill `buffer` with elements from `start` on. Raises `CheckpointError` if the file changed."""
        files.read_into(buffer, self.file, self.offset + start * DTYPES[self.dtype].itemsize)


def read_header(path: Path) -> list[TensorInfo]:
    """Every tensor of a safetensors file, in the order of their bytes. Raises `CheckpointError` if it is unsound."""
    entries, start, total = _entries(path)
    entries.pop(_METADATA, None)
    tensors = [_tensor(path, name, entry, start) for name, entry in entries.items()]
    tensors.sort(key=lambda tensor: (tensor.offset, tensor.nbytes))
    end = start
    for tensor in tensors:
        if tensor.offset != end:
            _refuse(path, f"the bytes of {tensor.name[:_SHOWN]!r} start at {tensor.offset:,}, where {end:,} was due")
        end += tensor.nbytes
    if end != total:
        _refuse(path, f"its tensors end at byte {end:,} of {total:,}")
    return tensors


def read_metadata(path: Path) -> dict[str, str]:
    """The free text in a safetensors file's header. Raises `CheckpointError` if the file is unsound."""
    metadata = _entries(path)[0].get(_METADATA)
    entries = metadata.items() if isinstance(metadata, dict) else ()
    return {key: value for key, value in entries if isinstance(value, str)}


def _entries(path: Path) -> tuple[dict[str, Any], int, int]:
    """A header as it was parsed, where the tensors' bytes start, and the file's size."""
    try:
        with path.open("rb") as file:
            total = os.fstat(file.fileno()).st_size
            length = int.from_bytes(file.read(8), "little")
            if total < 8 or length > min(MAX_HEADER, total - 8):
                _refuse(path, f"its header would take {length:,} bytes of a file of {total:,}")
            raw = file.read(length)
    except OSError as error:
        raise CheckpointError(f"{path}: can't be read ({error.strerror}); check the path and its permissions") from None
    try:
        entries = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        _refuse(path, f"its header is no JSON ({error})")
    if not isinstance(entries, dict):
        _refuse(path, "its header is no JSON object")
    return entries, 8 + length, total


def write_header(tensors: Iterable[tuple[str, str, tuple[int, ...], int]], metadata: Mapping[str, str]) -> bytes:
    """The header of a file that holds `tensors` (name, dtype code, shape, bytes) in that order, padded to 8 bytes."""
    entries: dict[str, Any] = {_METADATA: dict(sorted(metadata.items()))}
    end = 0
    for name, dtype, shape, nbytes in tensors:
        entries[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [end, end + nbytes]}
        end += nbytes
    raw = json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    raw += b" " * (-len(raw) % 8)
    return len(raw).to_bytes(8, "little") + raw


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) != len(pairs):
        raise ValueError("a name occurs twice")
    return entries


def _natural(value: object) -> bool:
    return type(value) is int and 0 <= value < _MOST


def _tensor(path: Path, name: str, entry: Any, start: int) -> TensorInfo:
    called = repr(name if len(name) <= _SHOWN else name[:_SHOWN] + "…")
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        _refuse(path, f"the entry of {called} isn't one of dtype, shape and data_offsets")
    code, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(code, str) or code not in DTYPES:
        said = repr(code)[:_SHOWN]
        _refuse(path, f"{called} has the unknown dtype {said}", "update ggez-workbench or save it in another dtype")
    if not isinstance(shape, list) or len(shape) > _MOST_AXES or not all(map(_natural, shape)):
        _refuse(path, f"{called} has the shape {str(shape)[:_SHOWN]}")
    if not isinstance(offsets, list) or len(offsets) != 2 or not all(map(_natural, offsets)):
        _refuse(path, f"{called} has the offsets {str(offsets)[:_SHOWN]}")
    begin, end = offsets
    nbytes = math.prod(shape) * DTYPES[code].itemsize
    if end - begin != nbytes:
        needed = f"{nbytes:,}" if nbytes < _MOST else "more than any file holds"
        _refuse(path, f"{called} takes {end - begin:,} bytes where its shape and dtype need {needed}")
    return TensorInfo(name, code, tuple(shape), path, start + begin, nbytes)


def _refuse(path: Path, what: str, remedy: str = _AGAIN) -> NoReturn:
    raise CheckpointError(f"{path}: not a sound safetensors file: {what}; {remedy}")
