"""Checkpoints on the Hugging Face Hub: pin the revision, choose the files, check their size, then download.

Only weights and the small text files beside them are fetched, one format of each; code never is.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from ..errors import SourceError

_SIDE_SUFFIXES = {".json", ".txt", ".model", ".jinja", ".tiktoken"}
_PIPELINE = "model_index.json"
_SHARD = r"(-\d{5}-of-\d{5})?"
_PREFERENCES = tuple(  # the first that a folder has is what is downloaded of it
    map(
        re.compile,
        (
            rf"(model|diffusion_pytorch_model){_SHARD}\.safetensors",
            rf"(model|diffusion_pytorch_model)\.\w+{_SHARD}\.safetensors",
            r"(adapter_model|pytorch_lora_weights)\.safetensors",
            r"open_clip_(pytorch_)?model\.safetensors",
            rf"(pytorch_model|diffusion_pytorch_model){_SHARD}\.bin",
            r"adapter_model\.bin",
            r"open_clip_pytorch_model\.bin",
        ),
    )
)
_LONE = re.compile(r".+\.(safetensors|bin|pt|pth|ckpt)")


def download(repo: str, revision: str | None) -> tuple[Path, str]:
    """The folder of a snapshot and its commit; from the cache where the Hub can't be asked.

    Raises `SourceError` for what is not there, gated, too large for the disk, or holds no weights.
    """
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    try:
        info = HfApi().model_info(repo, revision=revision, timeout=20, files_metadata=True)
        files = {sibling.rfilename: sibling.size or 0 for sibling in info.siblings or ()}
        chosen = choose(repo, files)
        _check_room(repo, str(info.sha), {name: files[name] for name in chosen})
        folder = snapshot_download(repo, revision=info.sha, allow_patterns=chosen)
    except SourceError:
        raise
    except GatedRepoError:
        raise SourceError(
            f"{repo}: gated: its owner asks for an agreement first; accept it on https://huggingface.co/{repo} and run "
            "`hf auth login`"
        ) from None
    except RevisionNotFoundError:
        raise SourceError(f"{repo}: has no revision {revision!r}; write one of its branches, tags or commits") from None
    except RepositoryNotFoundError:
        raise SourceError(
            f"{repo}: no folder of that name here and no such model on the Hub, or a private one; check the name, or "
            "run `hf auth login`"
        ) from None
    except Exception as error:
        folder = _cached(repo, revision, error)
    path = Path(folder).resolve()
    return path, path.name


def choose(repo: str, files: Iterable[str]) -> list[str]:
    """The files of a repository that a checkpoint needs, sorted. Raises `SourceError` if it has no weights."""
    names = sorted(files)
    pipeline = _PIPELINE in names
    folders = sorted({str(PurePosixPath(name).parent) for name in names} - {"."}) if pipeline else ["."]
    weights = [name for folder in folders for name in _weights(names, folder)]
    if not weights:
        code = any(name.endswith(".py") for name in names)
        what = "only code, which is never executed here" if code else "no weights"
        raise SourceError(f"{repo}: holds {what}; choose a repository with safetensors files")
    depth = 1 if pipeline else 0
    side = [name for name in names if PurePosixPath(name).suffix in _SIDE_SUFFIXES and name.count("/") <= depth]
    return sorted({*weights, *side})


def _weights(names: Iterable[str], folder: str) -> list[str]:
    """The weights of one folder, in the preferred format."""
    here = {PurePosixPath(name).name: name for name in names if str(PurePosixPath(name).parent) == folder}
    for preference in _PREFERENCES:
        if found := [name for base, name in here.items() if preference.fullmatch(base)]:
            return found
    lone = [name for base, name in here.items() if _LONE.fullmatch(base)]
    return lone if len(lone) == 1 else []


def _check_room(repo: str, commit: str, sizes: Mapping[str, int]) -> None:
    """Refuse a download that the cache's disk can't hold, before it starts."""
    from huggingface_hub import constants, try_to_load_from_cache

    missing = sum(
        size for name, size in sizes.items() if not isinstance(try_to_load_from_cache(repo, name, revision=commit), str)
    )
    cache = Path(constants.HF_HUB_CACHE).absolute()
    disk = next(parent for parent in (cache, *cache.parents) if parent.exists())
    free = shutil.disk_usage(disk).free
    if missing > free:
        raise SourceError(
            f"{repo}: {missing / 1e9:,.1f} GB to download, and the disk of {cache} has {free / 1e9:,.1f} GB free; make "
            "room or set HF_HOME to a larger disk"
        )


def _cached(repo: str, revision: str | None, failure: Exception) -> str:
    """A snapshot downloaded earlier, for when the Hub can't be asked; else the failure as one line."""
    from huggingface_hub import snapshot_download

    try:
        return str(snapshot_download(repo, revision=revision, local_files_only=True))
    except Exception:
        reason = (str(failure).strip().splitlines() or [type(failure).__name__])[0]
        raise SourceError(
            f"{repo}: no folder of that name here, and the Hub can't be reached "
            f"({type(failure).__name__}: {reason[:200]}); check the network, or name a folder"
        ) from None
