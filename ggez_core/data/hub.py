"""Data sets of the Hugging Face Hub, pinned: only the files of the splits asked for, at a commit that is recorded.

A commit that is written down (40 hexadecimal digits) is used as it is. Where only a branch is known, its commit of now
is resolved on first use, recorded in `datasets.json` in the cache folder, logged, and used from then on until another
revision is named: so numbers stay comparable on one machine, and the record says what to name on another.
"""

from __future__ import annotations

import json
import logging
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import DataError
from .places import cache_folder
from .splits import known_splits, split_files

log = logging.getLogger(__name__)
_COMMIT = re.compile(r"[0-9a-f]{40}")


def snapshot(
    repo: str, revision: str | None, splits: Sequence[str | None], configs: Sequence[str | None] = (None,)
) -> tuple[Path, str]:
    """The folder with the files of these splits and configurations, and its commit.

    Raises DataError for what isn't there, is gated, too large for the disk, or can't be reached.
    """
    wanted = pinned(repo, revision)
    try:
        commit, sizes = _listing(repo, wanted)
        card = _card(repo, commit, sizes)
    except DataError:
        raise
    except Exception as error:
        return _kept(repo, wanted, error)
    record(repo, revision, commit)
    chosen = {name for s in splits for c in configs for name in split_files(sizes, card, s, c)}
    if not chosen:
        raise DataError(f"{repo}: no files of rows for split {splits[0]}; it has {known_splits(list(sizes)) or 'none'}")
    _check_room(repo, commit, {name: sizes[name] for name in chosen})
    return _downloaded(repo, commit, sorted({*chosen, *({"README.md"} & set(sizes))})), commit


def pinned(repo: str, revision: str | None) -> str | None:
    """The revision to ask for: the one named if it is a commit, else the commit recorded for it, else itself."""
    if revision is not None and _COMMIT.fullmatch(revision):
        return revision
    recorded: str | None = _records().get(f"{repo}@{revision or 'main'}")
    return recorded or revision


def record(repo: str, revision: str | None, commit: str) -> None:
    """Remember which commit a branch stood for, the first time it is used."""
    key = f"{repo}@{revision or 'main'}"
    if (revision and _COMMIT.fullmatch(revision)) or key in (known := _records()):
        return
    log.warning("%s is pinned to its commit of now, %s (recorded in %s)", key, commit, _record_file())
    file = _record_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_text(json.dumps(known | {key: commit}, indent=1, sort_keys=True), "utf-8")
    part.replace(file)


def _record_file() -> Path:
    return cache_folder() / "datasets.json"


def _records() -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(_record_file().read_text("utf-8"))
        return found
    except (OSError, ValueError):
        return {}


def _listing(repo: str, revision: str | None) -> tuple[str, dict[str, int]]:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    try:
        info = HfApi().dataset_info(repo, revision=revision, timeout=20, files_metadata=True)
    except GatedRepoError:
        raise DataError(
            f"{repo}: gated: its owner asks for an agreement first; accept it on "
            f"https://huggingface.co/datasets/{repo} and run `hf auth login`"
        ) from None
    except RevisionNotFoundError:
        raise DataError(f"{repo}: has no revision {revision!r}; name one of its commits") from None
    except RepositoryNotFoundError:
        raise DataError(f"{repo}: no such data set on the Hub, or a private one; run `hf auth login`") from None
    return str(info.sha), {file.rfilename: file.size or 0 for file in info.siblings or ()}


def _card(repo: str, commit: str, names: dict[str, int]) -> str:
    if "README.md" not in names:
        return ""
    from huggingface_hub import hf_hub_download

    return Path(hf_hub_download(repo, "README.md", repo_type="dataset", revision=commit)).read_text("utf-8", "replace")


def _downloaded(repo: str, commit: str, names: list[str], **settings: Any) -> Path:
    from huggingface_hub import snapshot_download

    try:
        folder = snapshot_download(repo, repo_type="dataset", revision=commit, allow_patterns=names, **settings)
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise DataError(
            f"{repo}: the download failed ({type(error).__name__}: {reason}); try again: it goes on"
        ) from None
    return Path(folder).resolve()


def _kept(repo: str, revision: str | None, failure: Exception) -> tuple[Path, str]:
    """A snapshot downloaded earlier, for when the Hub can't be asked; else the failure as one line."""
    from huggingface_hub import snapshot_download

    try:
        folder = Path(snapshot_download(repo, repo_type="dataset", revision=revision, local_files_only=True)).resolve()
    except Exception:
        reason = (str(failure).strip().splitlines() or [type(failure).__name__])[0][:200]
        raise DataError(
            f"{repo}: the Hub can't be reached ({type(failure).__name__}: {reason}) and nothing was downloaded before; "
            "check the network, or name a local copy of the data"
        ) from None
    return folder, folder.name


def _check_room(repo: str, commit: str, sizes: dict[str, int]) -> None:
    from huggingface_hub import constants, try_to_load_from_cache

    missing = sum(
        size
        for name, size in sizes.items()
        if not isinstance(try_to_load_from_cache(repo, name, repo_type="dataset", revision=commit), str)
    )
    cache = Path(constants.HF_HUB_CACHE).absolute()
    disk = next(parent for parent in (cache, *cache.parents) if parent.exists())
    if missing > (free := shutil.disk_usage(disk).free):
        raise DataError(
            f"{repo}: {missing / 1e9:,.1f} GB to download, and the disk of {cache} has {free / 1e9:,.1f} GB free; make "
            "room, set HF_HOME to a larger disk, or name a local copy"
        )
