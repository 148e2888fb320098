"""Two checkpoints made one: the regional side under the base's names and in its shapes, whatever form it came in.

An adapter is put onto the base; names that differ by a library's version only are matched; a tied weight that one side
stores twice and the other once is one tensor; a regional vocabulary with new rows can be kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from ..errors import IncompatibleError
from .adapters import adapted
from .aliases import naming
from .checkpoint import Checkpoint
from .computed import GrownTensor
from .dtypes import DTYPES
from .header import TensorInfo
from .layouts import ADAPTER, Group

_VOCABULARY = "vocab_size"
_TOKENIZER = re.compile(
    r"(.*/)?(tokenizer.*|vocab\..*|merges\.txt|special_tokens_map\.json|added_tokens\.json|.*\.(model|tiktoken))"
)


def aligned(base: Checkpoint, regional: Checkpoint, *, keep_new_rows: bool = False) -> tuple[Checkpoint, Checkpoint]:
    """The two as they can be merged: `regional` under the base's names, and `base` with the regional new rows if kept.

    What can't be matched stays as it is, for the preflight report. Raises `IncompatibleError` for an adapter that
    isn't one of the base.
    """
    if base.layout == ADAPTER:
        raise IncompatibleError(f"{base.source}: an adapter can't be the base; name the model that it was trained on")
    if regional.layout == ADAPTER:
        regional = adapted(base, regional)
    elif base.tensors.keys() != regional.tensors.keys():
        regional = _renamed(base, regional)
    return (_grown(base, regional) if keep_new_rows else base), regional


def new_rows(base: Checkpoint, regional: Checkpoint) -> dict[str, int]:
    """By how many rows the regional vocabulary grew, for each of the tensors that it made larger."""
    before, after = set(_vocabularies(base)), set(_vocabularies(regional))
    found = {}
    for name, a in base.tensors.items():
        b = regional.tensors.get(name)
        if b is None or not a.shape or len(a.shape) != len(b.shape) or a.shape[1:] != b.shape[1:]:
            continue
        if a.shape[0] < b.shape[0] and a.shape[0] in before and b.shape[0] in after:
            found[name] = b.shape[0] - a.shape[0]
    return found


def _renamed(base: Checkpoint, regional: Checkpoint) -> Checkpoint:
    """`regional` with its tensors under the base's names, where the two are known to be the same tensors."""
    tensors: dict[str, TensorInfo] = {}
    for group in base.groups:
        tensors |= _renamed_group(group, base, regional)
    for name, info in base.tensors.items():
        if name not in tensors and not DTYPES[info.dtype].merges:
            tensors[name] = info  # position ids and the like: only some versions store them
    return replace(regional, tensors=MappingProxyType(tensors), component_of=base.component_of)


def _renamed_group(group: Group, base: Checkpoint, regional: Checkpoint) -> dict[str, TensorInfo]:
    wanted = [name for name in base.tensors if name.startswith(group.prefix)]
    given = {name: info for name, info in regional.tensors.items() if name.startswith(group.prefix)}
    if given.keys() == set(wanted):
        return given
    mine = naming(group.config)
    config = next((other.config for other in regional.groups if other.prefix == group.prefix), {})
    theirs = naming(config) if config else mine
    by_canonical = {theirs.canonical(group.stored(name)): name for name in given}
    found: dict[str, TensorInfo] = {}
    used: set[str] = set()
    for name in wanted:
        canonical = mine.canonical(group.stored(name))
        twin = by_canonical.get(theirs.tied.get(canonical, ""))
        source = name if name in given else by_canonical.get(canonical, twin)
        if source is not None:
            found[name] = replace(given[source], name=name)
            used.add(source)
    for name, info in given.items():
        twin = theirs.tied.get(theirs.canonical(group.stored(name)))
        if name not in used and DTYPES[info.dtype].merges and by_canonical.get(twin or "") not in used:
            found[name] = info
    return found


def _grown(base: Checkpoint, regional: Checkpoint) -> Checkpoint:
    """`base` with the new rows of the regional vocabulary, and with the config and tokenizer that belong to them."""
    grown = new_rows(base, regional)
    if not grown:
        return base
    tensors = {
        name: GrownTensor.of(info, regional.tensors[name]) if name in grown else info
        for name, info in base.tensors.items()
    }
    sizes = {base.tensors[name].shape[0]: regional.tensors[name].shape[0] for name in grown}
    rewritten = {
        group.config_file: json.dumps(_with_vocabulary(group.config, sizes), ensure_ascii=False, indent=2).encode()
        for group in base.groups
        if group.config_file in base.side and sizes.keys() & set(_sizes(group.config))
    }
    tokenizer = {name: path for name, path in regional.side.items() if _TOKENIZER.fullmatch(name)}
    side = {name: path for name, path in base.side.items() if not (tokenizer and _TOKENIZER.fullmatch(name))}
    return replace(base, tensors=MappingProxyType(tensors), side={**side, **tokenizer}, rewritten=rewritten)


def _vocabularies(checkpoint: Checkpoint) -> Iterator[int]:
    return (size for group in checkpoint.groups for size in _sizes(group.config))


def _sizes(config: Any) -> Iterator[int]:
    """Every `vocab_size` in a config and in those nested in it."""
    if isinstance(config, Mapping):
        for key, value in config.items():
            if key == _VOCABULARY and isinstance(value, int):
                yield value
            yield from _sizes(value)


def _with_vocabulary(config: Any, sizes: Mapping[int, int]) -> Any:
    if not isinstance(config, Mapping):
        return config
    return {
        key: sizes.get(value, value) if key == _VOCABULARY else _with_vocabulary(value, sizes)
        for key, value in config.items()
    }
