"""A folder that one process at a time may write: the operating system's lock, which ends with its process."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import OutputError


@contextmanager
def alone_in(folder: Path, what: str) -> Iterator[None]:
    """Keep every other process out of a folder. Raises OutputError where another `what` is writing there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise OutputError(f"{folder}: can't be written ({error.strerror}); name another place") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise OutputError(f"{folder}: another {what} is writing there; wait for it or name another place") from None
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)  # a process that another thread just forked holds a copy of it
        os.close(descriptor)
