"""From what a user names to a folder of files: `demo:` names, folders, and Hub ids with a pinned revision.

Nothing is fetched unless the user named a Hub id, and then only safetensors and the small text files beside them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ..assets import DEMO_PREFIX, demo_names, demo_root
from ..errors import SourceError

_DEMO_NAME = re.compile(r"[a-z0-9_-]+/[a-z0-9_-]+")
_HUB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,127}")
_HUB_FILES = ["*.safetensors", "*.json", "*.txt", "*.model", "*.jinja", "*.tiktoken"]


@dataclass(frozen=True)
class Source:
    """A resolved source: the name to show and record (a Hub id with its commit), its folder, and that commit."""

    name: str
    folder: Path
    revision: str | None = None


def resolve(source: str | Path, revision: str | None = None) -> Source:
    """Find the folder behind a source, downloading a Hub id. Raises `SourceError` where there is none."""
    name = str(source)
    if not name.strip() or "\0" in name:
        raise SourceError("the checkpoint's name is empty; name a folder, a Hub id (owner/name) or a demo: checkpoint")
    if name.startswith(DEMO_PREFIX):
        return Source(name, _demo(name))
    folder = Path(name).expanduser()
    if folder.is_dir():
        return Source(name, folder.resolve())
    if folder.exists():
        raise SourceError(f"{name}: a file, not a checkpoint folder; name the folder that holds its config.json")
    if isinstance(source, Path) or Path(name).is_absolute() or name.startswith((".", "~")):
        raise SourceError(f"{name}: no such folder; check the path")
    return _hub(name, revision)


def _demo(name: str) -> Path:
    within = name.removeprefix(DEMO_PREFIX)
    folder = demo_root() / within
    if not _DEMO_NAME.fullmatch(within) or not folder.is_dir():
        known = ", ".join(demo_names()) or "none is built yet: run `ggez demo build`"
        raise SourceError(f"{name}: no demo checkpoint of that name; there is {known}")
    return folder


def _hub(name: str, revision: str | None) -> Source:
    repo, _, inline = name.partition("@")
    wanted = revision or inline or None
    if not _HUB_ID.fullmatch(repo) or ".." in repo or "--" in repo:
        raise SourceError(
            f"{name}: neither a folder nor a Hub id; write a folder's path, owner/name or owner/name@revision"
        )
    if wanted is not None and (not _REVISION.fullmatch(wanted) or ".." in wanted):
        raise SourceError(f"{name}: {wanted!r} is no revision; write a branch, a tag or a commit hash after the @")
    from huggingface_hub import HfApi, snapshot_download

    try:
        commit = HfApi().model_info(repo, revision=wanted, timeout=20).sha
        folder = snapshot_download(repo, revision=commit, allow_patterns=_HUB_FILES)
    except Exception as error:
        folder = _cached(repo, wanted, error)
    pinned = Path(folder).resolve()
    return Source(f"{repo}@{pinned.name}", pinned, pinned.name)


def _cached(repo: str, revision: str | None, failure: Exception) -> str:
    """A snapshot downloaded earlier, for when the Hub can't be asked; else the failure as one line."""
    from huggingface_hub import snapshot_download

    try:
        return str(snapshot_download(repo, revision=revision, allow_patterns=_HUB_FILES, local_files_only=True))
    except Exception:
        reason = str(failure).strip().splitlines()[0] if str(failure).strip() else type(failure).__name__
        raise SourceError(
            f"{repo}: no folder of that name here, and not on the Hub or the Hub can't be reached "
            f"({type(failure).__name__}: {reason[:200]}); check the name, the network and your access"
        ) from None
