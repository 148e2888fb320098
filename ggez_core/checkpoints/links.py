"""Components that a merge leaves as they are: found without computing, and put into the output without copying.

A file is shared by a reflink where the file system can, else by a hard link, else copied inside the kernel. Writers of
checkpoints replace files rather than changing them, so a shared file stays what it is in both places.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np

from ..errors import CheckpointError
from .checkpoint import Checkpoint
from .files import empty_bytes, opened, stamp
from .layouts import Group

_FICLONE = 0x40049409  # linux/fs.h
_PIECE = 8 << 20


def linkable(group: Group, base: Checkpoint) -> dict[str, Path]:
    """The files that hold a group in a layout of several, by their names in a copy; none where they can't be shared."""
    plain = all(file.suffix == ".safetensors" for file in group.files)
    if len(base.groups) == 1 or not plain or not _is_its_files(group, base):
        return {}
    if len(group.files) == 1:
        return {group.filename(): group.files[0]}
    of = len(group.files)
    names = [group.filename(number, of) for number in range(1, of + 1)]
    index = base.folder / group.index
    if [base.folder / name for name in names] != list(group.files) or not index.is_file():
        return {}
    return {**dict(zip(names, group.files, strict=True)), group.index: index}


def unchanged(group: Group, base: Checkpoint, regional: Checkpoint) -> bool:
    """Whether a group of a layout of several is the same on both sides: the same tensors, or files of equal content."""
    if len(base.groups) == 1:
        return False
    own = {name: info for name, info in base.tensors.items() if name.startswith(group.prefix)}
    if all(regional.tensors.get(name) is info for name, info in own.items()):
        return True
    theirs = next((other for other in regional.groups if other.prefix == group.prefix), None)
    if theirs is None or not _is_its_files(group, base) or not _is_its_files(theirs, regional):
        return False
    pairs = zip(group.files, theirs.files, strict=False)
    return len(group.files) == len(theirs.files) and all(same_content(a, b) for a, b in pairs)


def place(source: Path, target: Path) -> None:
    """Make `target` a file with the content of `source`, sharing its bytes on disk where that is possible."""
    source = source.resolve()
    if _reflinked(source, target):
        return
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        _copy(source, target)


def _reflinked(source: Path, target: Path) -> bool:
    """Make `target` a copy that shares its blocks with `source`; false, and no target, where the system can't."""
    if sys.platform != "linux":
        return False
    import fcntl

    with source.open("rb") as file, target.open("xb") as copy:
        try:
            fcntl.ioctl(copy.fileno(), _FICLONE, file.fileno())
        except OSError:
            target.unlink()
            return False
        os.fsync(copy.fileno())
        return True


def _copy(source: Path, target: Path) -> None:
    """Copy inside the kernel where it can."""
    with source.open("rb", 0) as file, target.open("xb", 0) as copy:
        size = left = os.fstat(file.fileno()).st_size
        with suppress(OSError, AttributeError):  # across some file systems, or elsewhere than on Linux
            while left and (count := os.copy_file_range(file.fileno(), copy.fileno(), left)):
                left -= count
        if left:
            file.seek(size - left), copy.seek(size - left)
            shutil.copyfileobj(file, copy, _PIECE)
        if os.fstat(copy.fileno()).st_size != size:
            raise CheckpointError(f"{source}: changed while it was copied; try again")
        os.fsync(copy.fileno())


def _is_its_files(group: Group, checkpoint: Checkpoint) -> bool:
    """Whether a group's tensors are what its files hold, and not computed from them or replaced from elsewhere."""
    own = (info for name, info in checkpoint.tensors.items() if name.startswith(group.prefix))
    return all(not info.computed and info.file in group.files for info in own)


def same_content(a: Path, b: Path, *, from_disk: bool = False) -> bool:
    """Whether two files hold the same bytes; reads no further than the first difference.

    `from_disk` reads both to the end, from the disk where the system lets us, even where they are one file: a disk that
    can't give its bytes back is found out. Raises `CheckpointError` for one that can't be read.
    """
    size = stamp(a)[0]
    if stamp(b)[0] != size:
        return False
    if not from_disk and a.samefile(b):
        return True
    one, other = empty_bytes(min(_PIECE, size)), empty_bytes(min(_PIECE, size))
    with opened((a, b)) as files:
        if from_disk:
            files.forget_cached()
        for start in range(0, size, _PIECE):
            count = min(_PIECE, size - start)
            files.read_into(one[:count], a, start)
            files.read_into(other[:count], b, start)
            if not np.array_equal(one[:count], other[:count]):
                return False
    return True
