"""Checkpoints on the Hugging Face Hub: pin the revision, choose the files, check their size, then download.

Only weights and the small text files beside them are fetched, one format of each; code never is.
"""

from __future__ import annotations

import errno
import glob
import logging
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from ..errors import Cancelled, SourceError
from ..progress import Progress, Step
from .layouts.layout import CONFIG, read_json
from .layouts.transformers_folder import refuse_custom_code
from .pickles import PICKLES

log = logging.getLogger(__name__)

_SIDE_SUFFIXES = {".json", ".txt", ".model", ".jinja", ".tiktoken"}
_FOREIGN = {".h5", ".msgpack", ".onnx", ".gguf", ".ot", ".tflite", ".nemo"}
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


def download(
    repo: str, revision: str | None, largest: int | None = None, progress: Progress | None = None
) -> tuple[Path, str]:
    """The folder of a snapshot and its commit; from the cache where the Hub can't be asked.

    The small files come first, so that a model that can't be used is refused before its weights are fetched. Without a
    `progress` the Hub's client shows bars of its own; one that raises Cancelled stops it, and what was fetched is kept.
    Raises `SourceError` for what is not there, gated, larger than `largest` bytes or than the disk, or without weights;
    `CheckpointError` for a model of its own code.
    """
    from huggingface_hub import HfApi

    try:
        info = HfApi().model_info(repo, revision=revision, timeout=20, files_metadata=True)
    except Exception as error:
        if refusal := _refusal(repo, revision, error):
            raise refusal from None
        path = _cached(repo, revision, error)
        return path, path.name
    sizes = {sibling.rfilename: sibling.size or 0 for sibling in info.siblings or ()}
    weights, side = choose(repo, sizes)
    check_size(repo, sum(sizes[name] for name in weights), largest)
    commit = str(info.sha)
    missing = _check_room(repo, commit, {name: sizes[name] for name in (*weights, *side)})
    first = _fetched(repo, revision, side or weights)  # by its name: the cache remembers what that was
    if first.name != commit:  # it moved on between the two questions
        return download(repo, first.name, largest, progress)
    refuse_custom_code(repo, _config(first))
    if all(PurePosixPath(name).suffix in PICKLES for name in weights):
        log.warning("%s: holds only pickles; they are read by weights-only loading, which runs no code", repo)
    if missing:
        log.info("%s: downloading %.2f GB", repo, missing / 1e9)
    return _fetched(repo, commit, sorted((*weights, *side)), progress, missing), commit


def check_size(name: str, nbytes: int, largest: int | None) -> None:
    """Raise SourceError for weights of more than `largest` bytes."""
    if largest is not None and nbytes > largest:
        raise SourceError(
            f"{name}: has {nbytes / 1e9:,.1f} GB of weights, and {largest / 1e9:,.1f} GB are allowed here; choose a "
            "smaller model"
        )


def _fetched(
    repo: str, revision: str | None, files: list[str], progress: Progress | None = None, nbytes: int = 0
) -> Path:
    """The folder of a snapshot with these files in it, of which so many bytes are missing. Raises `SourceError`."""
    from huggingface_hub import snapshot_download

    bars: dict[str, Any] = {} if progress is None else {"tqdm_class": _told(progress, nbytes)}
    patterns = [glob.escape(name) for name in files]
    try:
        return Path(snapshot_download(repo, revision=revision, allow_patterns=patterns, **bars)).resolve()
    except Cancelled:
        raise
    except Exception as error:
        if refusal := _refusal(repo, revision, error):
            raise refusal from None
        raise SourceError(
            f"{repo}: the download stopped ({_reason(error)}); run it again: it goes on with the files that are missing"
        ) from None


def _told(progress: Progress, nbytes: int) -> type:
    """A bar for the Hub's client that shows nothing and tells `progress`, which may raise Cancelled in any thread."""
    from tqdm import tqdm  # comes with the Hub's client

    class Told(tqdm):  # type: ignore[misc]
        def __init__(self, *args: Any, **settings: Any) -> None:
            settings.pop("name", None)  # the client's own bars have one
            super().__init__(*args, **{**settings, "disable": True})
            self._of_bytes, self._done = settings.get("unit") == "B", 0  # the other bar counts files

        def update(self, n: float | None = 1) -> None:
            self._done += int(n or 0)
            if self._of_bytes:
                progress(Step(min(self._done, nbytes), nbytes, "bytes", "downloading"))

    return Told


def _refusal(repo: str, revision: str | None, error: Exception) -> SourceError | None:
    """What the Hub refuses, as one clear line; None for an error that says nothing about the repository."""
    from huggingface_hub.errors import (
        DisabledRepoError,
        GatedRepoError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    said = None
    if isinstance(error, GatedRepoError):
        said = (
            f"gated: its owner asks for an agreement first; accept it on https://huggingface.co/{repo} and run "
            "`hf auth login`"
        )
    elif isinstance(error, RevisionNotFoundError):
        said = f"has no revision {revision!r}; write one of its branches, tags or commits"
    elif isinstance(error, RepositoryNotFoundError):
        said = (
            "no folder of that name here and no such model on the Hub, or a private one; check the name, or run "
            "`hf auth login`"
        )
    elif isinstance(error, DisabledRepoError):
        said = "the Hub has closed access to it; choose another model"
    elif isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        said = "the disk is full; make room or set HF_HOME to a larger disk"
    return SourceError(f"{repo}: {said}") if said else None


def _reason(error: Exception) -> str:
    """An error of a library in one line."""
    return f"{type(error).__name__}: {(str(error).strip().splitlines() or ['no reason given'])[0][:200]}"


def _config(folder: Path) -> Mapping[str, Any]:
    """The config in a folder, if there is one."""
    return read_json(folder / CONFIG) if (folder / CONFIG).is_file() else {}


def choose(repo: str, files: Iterable[str]) -> tuple[list[str], list[str]]:
    """The weights and the small files that a checkpoint needs of a repository, sorted.

    Raises `SourceError` if it has no weights.
    """
    names = sorted(files)
    pipeline = _PIPELINE in names
    folders = sorted({str(PurePosixPath(name).parent) for name in names} - {"."}) if pipeline else ["."]
    weights = sorted(name for folder in folders for name in _weights(names, folder))
    if not weights:
        raise SourceError(f"{repo}: {_why_none(names)}; choose a repository with safetensors files")
    depth = 1 if pipeline else 0
    side = [name for name in names if PurePosixPath(name).suffix in _SIDE_SUFFIXES and name.count("/") <= depth]
    return weights, side


def _why_none(names: list[str]) -> str:
    """What a repository holds instead of weights."""
    if safe := [name for name in names if name.endswith(".safetensors")]:
        return f"holds {len(safe)} safetensors files ({safe[0]}, …), and nothing says which are the model's"
    if pickled := [name for name in names if PurePosixPath(name).suffix in PICKLES]:
        return f"holds only pickles ({', '.join(pickled[:3])}), none of which is a model's weights by its name"
    if foreign := [name for name in names if PurePosixPath(name).suffix in _FOREIGN]:
        return f"holds weights of another framework only ({foreign[0]})"
    if any(name.endswith(".py") for name in names):
        return "holds only code, which is never executed here"
    return "holds no weights"


def _weights(names: Iterable[str], folder: str) -> list[str]:
    """The weights of one folder, in the preferred format."""
    here = {PurePosixPath(name).name: name for name in names if str(PurePosixPath(name).parent) == folder}
    for preference in _PREFERENCES:
        if found := [name for base, name in here.items() if preference.fullmatch(base)]:
            return found
    lone = [name for base, name in here.items() if _LONE.fullmatch(base)]
    return lone if len(lone) == 1 else []


def _check_room(repo: str, commit: str, sizes: Mapping[str, int]) -> int:
    """Bytes still to download. Refuses what the cache's disk can't hold, before it starts."""
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
    return missing


def _cached(repo: str, revision: str | None, failure: Exception) -> Path:
    """A snapshot downloaded earlier, for when the Hub can't be asked; else the failure as one line."""
    from huggingface_hub import snapshot_download

    try:  # without patterns it would want files that were left out on purpose
        folder = Path(snapshot_download(repo, revision=revision, local_files_only=True, allow_patterns=[])).resolve()
    except Exception:
        raise SourceError(
            f"{repo}: no folder of that name here, and the Hub can't be reached ({_reason(failure)}); check the "
            "network, or name a folder"
        ) from None
    if not any(path.suffix in (".safetensors", *PICKLES) for path in folder.rglob("*")):
        raise SourceError(
            f"{repo}: only parts of it were downloaded before, and the Hub can't be reached ({_reason(failure)}); "
            "check the network"
        )
    return folder
