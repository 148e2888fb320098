"""Where the tensors of a torch pickle (`.bin`, `.pt`) lie in its file, so that they are read like any others.

torch's own weights-only loader walks the pickle on the meta device: no code of the pickle runs, and no weight is read.
What it doesn't check is checked here first: that tensors lie in the file as they are, and are no longer than they lie.
"""

from __future__ import annotations

import pickle
import struct
import sys
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from ..errors import CheckpointError
from .dtypes import DTYPES
from .header import TensorInfo

if TYPE_CHECKING:
    import torch

PICKLES = frozenset({".bin", ".pt", ".pth", ".ckpt"})
_NESTED = ("state_dict", "model")  # where training checkpoints keep the weights, beside the optimizer's
_WRAPPERS = ("module.", "_orig_mod.")  # what DistributedDataParallel and torch.compile put before every name
_CODES = {dtype.name: code for code, dtype in DTYPES.items()}


def read_pickle(path: Path) -> list[TensorInfo]:
    """Every tensor of a pickled state dict, in the order of their bytes. Raises `CheckpointError` if it isn't one."""
    import torch

    records = _records(path)
    try:
        with warnings.catch_warnings(action="ignore"):  # what it has to say of a file is told by the error
            content = torch.load(path, map_location="meta", mmap=True, weights_only=True)
    except pickle.UnpicklingError:
        _refuse(path, "a pickle that holds more than weights and could run code when loaded", "get it as safetensors")
    except Exception as error:  # torch raises whatever a damaged or older file makes it stumble over
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
        _refuse(
            path, f"no weights that torch loads safely ({reason})", "load it where you trust it and save safetensors"
        )
    if not isinstance(content, Mapping):
        _refuse(path, f"a pickled {type(content).__name__}, not a state dict", "save the model's state_dict()")
    state = next((content[key] for key in _NESTED if _is_state(content.get(key))), content)
    tensors = {name: value for name, value in state.items() if isinstance(value, torch.Tensor)}
    if not tensors:
        _refuse(path, "a pickle without tensors", "save the model's state_dict()")
    found = [_info(path, name, tensor, records) for name, tensor in _unwrapped(tensors).items()]
    return sorted(found, key=lambda info: (info.offset, info.name))


def _records(path: Path) -> dict[int, int]:
    """Where the records of torch's archive start, and their bytes; none in a file that is no such archive.

    A compressed record can't be read in place. In one of another byte order torch would swap bytes that aren't there.
    """
    records: dict[int, int] = {}
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as file:
            for entry in archive.infolist():
                if entry.compress_type != zipfile.ZIP_STORED:
                    _refuse(path, "its tensors are compressed", "save it again with torch.save, or as safetensors")
                if entry.filename.endswith("/byteorder") and archive.read(entry) != sys.byteorder.encode():
                    _refuse(path, "saved on a machine of another byte order", "get it as safetensors")
                file.seek(entry.header_offset + 26)
                name, extra = struct.unpack("<HH", file.read(4))
                records[entry.header_offset + 30 + name + extra] = entry.file_size
    except zipfile.BadZipFile:
        return {}
    except (OSError, ValueError, NotImplementedError, RuntimeError, EOFError, struct.error) as error:
        _refuse(path, f"a damaged archive ({error})", "copy or download it again")
    return records


def _is_state(value: object) -> bool:
    import torch

    return isinstance(value, Mapping) and any(isinstance(entry, torch.Tensor) for entry in value.values())


def _unwrapped(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The tensors without what all of their names start with, in whatever order they were wrapped."""
    for wrapper in _WRAPPERS:
        if all(str(name).startswith(wrapper) for name in tensors):
            return _unwrapped({name.removeprefix(wrapper): tensor for name, tensor in tensors.items()})
    return tensors


def _info(path: Path, name: Any, tensor: torch.Tensor, records: Mapping[int, int]) -> TensorInfo:
    code = _CODES.get(str(tensor.dtype).removeprefix("torch."))
    storage = tensor.untyped_storage()
    start = int(getattr(storage, "_checkpoint_offset", None) or -1)
    if not isinstance(name, str) or code is None or start not in records:
        _refuse(path, f"{name!r} is a {tensor.dtype} that can't be located", "save it as safetensors")
    if not tensor.is_contiguous():
        _refuse(path, f"{name!r} is stored as a strided view", "save contiguous tensors as safetensors")
    within = int(tensor.storage_offset()) * tensor.element_size()
    if max(storage.nbytes(), within + int(tensor.nbytes)) > records[start]:
        _refuse(path, f"{name!r} takes more bytes than the file has of it", "copy or download it again")
    offset = start + within
    return TensorInfo(name, code, tuple(tensor.shape), path, offset, tensor.nbytes)


def _refuse(path: Path, what: str, remedy: str) -> NoReturn:
    raise CheckpointError(f"{path}: {what}; {remedy}")
