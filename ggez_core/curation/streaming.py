"""Files opened where they lie: on this machine, or in a data set of the Hub, of which only what is read is transferred.

A file of the Hub is `hf://datasets/owner/name@commit/path`: Parquet by ranges, the others from their beginning. Nothing
is kept on disk. The commit is recorded as `data.hub` does, so that a run that goes on reads the same data.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from ..data.hub import pinned, record
from ..data.tables import SUFFIXES
from ..errors import DataError

if TYPE_CHECKING:
    from .pieces import Piece

HUB = "hf://"
_BLOCK = 8 << 20  # bytes of one request


def open_input(path: str) -> BinaryIO:
    """The file for reading, seekable. Raises OSError where it isn't there."""
    if path.startswith(HUB):
        from huggingface_hub import HfFileSystem

        return cast(BinaryIO, io.BufferedReader(_Remote(HfFileSystem().open(path, "rb", block_size=_BLOCK)), 1 << 20))
    return io.BufferedReader(Path(path).open("rb", buffering=0), 1 << 20)


def hub_path(table: str, named: str) -> str | None:
    """Where the file lies that a row of a table of the Hub names; None for one outside of the table's folder.

    Rows come from strangers: `/etc/passwd` would be a file of this machine, `../` another repository.
    """
    within = PurePosixPath(named)
    if within.is_absolute() or ".." in within.parts or "\0" in named or "\\" in named:
        return None
    return f"{table.rpartition('/')[0]}/{within}"


class _Remote(io.RawIOBase):
    """A file of the Hub, of which whatever goes wrong on the way is an OSError."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place; nothing is transferred."""
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        """Where it is."""
        return int(self._file.tell())

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer as far as the file goes. Raises OSError."""
        try:
            data = self._file.read(len(buffer))
        except Exception as error:
            raise OSError(f"the Hub doesn't answer ({str(error)[:160] or type(error).__name__})") from None
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Give it up."""
        self._file.close()
        super().close()


def hub_pieces(given: str, rows: int) -> Iterator[Piece]:
    """The pieces of a data set of the Hub. Raises DataError where there is none, or it can't be reached."""
    from .pieces import file_pieces

    name, _, revision = given.partition("@")
    if name.count("/") != 1 or not all(name.split("/")) or name.startswith((".", "~")):
        raise DataError(f"{given}: no such file or folder, and no name of a data set of the Hub (owner/name)")
    commit, files = _listing(name, pinned(name, revision or None))
    record(name, revision or None, commit)
    rows_files = {file: size for file, size in sorted(files.items()) if PurePosixPath(file).suffix in SUFFIXES}
    if not rows_files:
        raise DataError(f"{name}: has no file of rows, which end in {', '.join(SUFFIXES)}; choose another data set")
    for file, size in rows_files.items():
        yield from file_pieces(f"{HUB}datasets/{name}@{commit}/{file}", f"{name}/{file}", commit, size, rows)


def _listing(repo: str, revision: str | None) -> tuple[str, dict[str, int]]:
    from huggingface_hub import HfApi

    try:
        info: Any = HfApi().dataset_info(repo, revision=revision, timeout=20, files_metadata=True)
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise DataError(
            f"{repo}: is no folder here, and the Hub doesn't give such a data set ({reason}); check the name and the "
            "network, or run `hf auth login` for a private or gated one"
        ) from None
    return str(info.sha), {file.rfilename: file.size or 0 for file in info.siblings or ()}
