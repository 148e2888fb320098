"""Which files of a data set belong to a split: by the card's own `configs`, else by their names. Pure functions."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Any

import yaml

from ..written import load_yaml
from .tables import SUFFIXES


def split_files(names: Iterable[str], card: str, split: str | None, config: str | None = None) -> list[str]:
    """The files of rows of a split (of every split if None) of a configuration, sorted; none if nothing fits.

    names: paths within the data set. card: the text of its README.md, whose front matter may say which files there are.
    """
    files = sorted(name for name in names if PurePosixPath(name).suffix in SUFFIXES)
    if (globs := card_globs(card, split, config)) is not None:
        return [name for name in files if any(fnmatch.fnmatch(name, glob) for glob in globs)]
    if config and (own := [name for name in files if _named(name, config)]):
        files = own
    if split is None or len(files) == 1:
        return files
    return [name for name in files if _named(name, split)]


def card_globs(card: str, split: str | None, config: str | None) -> list[str] | None:
    """The patterns that a card gives for a split of a configuration; None where it says nothing about them."""
    front = re.match(r"\A---\s*\n(.*?)\n---", card, re.DOTALL)
    try:
        configs = (load_yaml(front[1]) or {}).get("configs") if front else None
    except (yaml.YAMLError, AttributeError):
        return None
    for one in configs if isinstance(configs, list) else ():
        if isinstance(one, dict) and str(one.get("config_name", "default")) == (config or "default"):
            return _globs(one.get("data_files"), split)
    return None


def _globs(files: Any, split: str | None) -> list[str] | None:
    if isinstance(files, dict):
        files = [{"split": name, "path": path} for name, path in files.items()]
    if isinstance(files, str):
        files = [{"split": "train", "path": files}]
    found: list[str] = []
    for one in files or ():
        if isinstance(one, dict) and split in (None, one.get("split")):
            paths = one.get("path")
            found += [paths] if isinstance(paths, str) else [str(path) for path in paths or ()]
    return found or None


def _named(name: str, word: str) -> bool:
    """Whether a part of the path is the word, or begins or ends with it, set apart by a sign."""
    return any(
        re.search(rf"(^|[^a-zA-Z0-9]){re.escape(word)}($|[^a-zA-Z0-9_])", part) for part in PurePosixPath(name).parts
    )


def known_splits(names: Sequence[str]) -> str:
    """The files there are, for a message."""
    files = sorted(name for name in names if PurePosixPath(name).suffix in SUFFIXES)
    return ", ".join(files[:8]) + (f" and {len(files) - 8} more" if len(files) > 8 else "")
