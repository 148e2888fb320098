"""From what a user names to files on disk: `demo:` names, folders, single files, and Hub ids with a pinned revision.

Nothing is fetched unless the user named a Hub id.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ..assets import DEMO_PREFIX, demo_names, demo_root
from ..errors import SourceError
from ..progress import Progress
from .layouts import WEIGHTS

HUB_PREFIX, FOLDER_PREFIX = "hf-hub:", "local-dir:"  # as open_clip writes them
_DEMO_NAME = re.compile(r"[a-z0-9_-]+/[a-z0-9_-]+")
_HUB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,127}")


@dataclass(frozen=True)
class Source:
    """A resolved source: the name to record (a Hub id with its commit), its folder or file, and that commit."""

    name: str
    path: Path
    revision: str | None = None


def resolve(
    source: str | Path, revision: str | None = None, largest: int | None = None, progress: Progress | None = None
) -> Source:
    """Find the folder or file behind a source, downloading a Hub id of at most `largest` bytes.

    Raises `SourceError` where there is none, Cancelled where `progress` does.
    """
    name = str(source)
    if not name.strip() or "\0" in name:
        raise SourceError("the checkpoint's name is empty; name a folder, a Hub id (owner/name) or a demo: checkpoint")
    if name.startswith(DEMO_PREFIX):
        return Source(name, _demo(name))
    if name.startswith(HUB_PREFIX):
        return _hub(name.removeprefix(HUB_PREFIX), revision, largest, progress)
    name = name.removeprefix(FOLDER_PREFIX)
    path = Path(name).expanduser()
    if path.is_dir():
        return Source(name, path.resolve())
    if path.exists():
        if path.suffix not in WEIGHTS:
            known = ", ".join(sorted(WEIGHTS))
            raise SourceError(f"{name}: not a file of weights; name a model's folder or a file of {known}")
        return Source(name, path.absolute())
    if isinstance(source, Path) or Path(name).is_absolute() or name.startswith((".", "~")):
        raise SourceError(f"{name}: no such folder or file; check the path")
    return _hub(name, revision, largest, progress)


def is_hub_id(name: str) -> bool:
    """Whether a name has the form of a Hub id: `owner/name`, no address and no path."""
    return bool(_HUB_ID.fullmatch(name)) and ".." not in name and "--" not in name


def _demo(name: str) -> Path:
    within = name.removeprefix(DEMO_PREFIX)
    folder = demo_root() / within
    if not _DEMO_NAME.fullmatch(within) or not folder.is_dir():
        known = ", ".join(demo_names()) or "none is built yet: run `ggez demo build`"
        raise SourceError(f"{name}: no demo checkpoint of that name; there is {known}")
    return folder


def _hub(name: str, revision: str | None, largest: int | None, progress: Progress | None) -> Source:
    repo, _, inline = name.partition("@")
    wanted = revision or inline or None
    if not is_hub_id(repo):
        raise SourceError(
            f"{name}: neither a folder nor a Hub id; write a folder's path, owner/name or owner/name@revision"
        )
    if wanted is not None and (not _REVISION.fullmatch(wanted) or ".." in wanted):
        raise SourceError(f"{name}: {wanted!r} is no revision; write a branch, a tag or a commit hash after the @")
    from .hub import download

    folder, commit = download(repo, wanted, largest, progress)
    return Source(f"{repo}@{commit}", folder, commit)
