"""Pairs of checkpoints: opened, compared, and loaded live within a byte budget; the least recently used leaves first.

One store serves every visitor; what a visitor may differ in (β, query) is never kept here. Used by `service`.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ggez_core.errors import GgezError, IncompatibleError, SourceError
from ggez_core.progress import Progress, silent

from .limits import Limits

if TYPE_CHECKING:
    from ggez_core.checkpoints import Checkpoint, Comparison
    from ggez_core.families import Family

    from .live import LivePair
    from .zero import ZeroGpu

log = logging.getLogger(__name__)

REMEMBERED = 16


@dataclass(frozen=True, eq=False)
class Pair:
    """Two opened checkpoints and their preflight report."""

    base: Checkpoint
    regional: Checkpoint
    comparison: Comparison

    @cached_property
    def components(self) -> tuple[str, ...]:
        """The components in which the two differ, the only ones that a β of their own can move."""
        differing = (
            name for name, c in self.comparison.components.items() if len(c.names["identical"]) < sum(c.counts.values())
        )
        return tuple(differing)

    @cached_property
    def family(self) -> Family:
        """The family that runs the base. Raises CheckpointError where none does."""
        from ggez_core.families import family_of

        return family_of(self.base)

    @cached_property
    def live_bytes(self) -> int:
        """Memory that a live pair takes: one whole model and, where it is large, one set of the weights that differ.

        Both sets on a graphics card; and of small tensors, whose base end isn't worth mapping from its file.
        """
        import torch

        from ggez_core.merging.needs import live_memory

        return live_memory(self.base, self.regional, self.comparison, mapped=not torch.cuda.is_available())

    @cached_property
    def key(self) -> tuple[object, ...]:
        """What tells this pair from another, and from itself after its files changed."""
        return (*_fingerprint(self.base), *_fingerprint(self.regional))


class PairStore:
    """Opens pairs that `limits` allow, and keeps live ones while `budget` bytes last."""

    def __init__(self, budget: int, limits: Limits | None = None, gpu: ZeroGpu | None = None) -> None:
        self._budget, self._gpu = budget, gpu
        self._limits = limits or Limits()
        self._lock = threading.Lock()
        self._loading = threading.Lock()
        self._opened: OrderedDict[tuple[object, ...], Pair] = OrderedDict()
        self._live: OrderedDict[tuple[object, ...], LivePair] = OrderedDict()

    def open(self, base: str, regional: str, progress: Progress = silent) -> Pair:
        """Open and compare two sources, or return the pair as it was compared before if no file changed.

        Raises SourceError or CheckpointError; a pair that can't be merged is returned too, its report says why.
        """
        from ggez_core.checkpoints import compare

        for side, source in (("base", base), ("regional", regional)):
            if not source.strip():
                raise SourceError(f"no {side} checkpoint is named; give a demo: name, a Hub id or a folder")
            self._limits.check_model(source)
        one, other = self._opened_one(base.strip(), progress), self._opened_one(regional.strip(), progress)
        key = (*_fingerprint(one), *_fingerprint(other))
        with self._lock:
            if key in self._opened:
                self._opened.move_to_end(key)
                return self._opened[key]
        pair = Pair(one, other, compare(one, other, progress=progress))
        with self._lock:
            self._opened[key] = pair
            while len(self._opened) > REMEMBERED:
                self._opened.popitem(last=False)
        return pair

    def _opened_one(self, name: str, progress: Progress) -> Checkpoint:
        from ggez_core.checkpoints import open_checkpoint
        from ggez_core.checkpoints.hub import check_size

        found = open_checkpoint(name, largest=self._limits.largest_model, progress=progress)
        check_size(name, found.nbytes, self._limits.largest_model)  # one that was there already
        return found

    def live(self, pair: Pair) -> LivePair:
        """The pair with its weights in memory, loaded on first use.

        Raises IncompatibleError if the two can't be merged, GgezError if the model can't be run or held.
        """
        if not pair.comparison.compatible:
            raise IncompatibleError(pair.comparison.explain())
        pair.family  # noqa: B018  (raises for a model that can't be run)
        if pair.live_bytes > self._budget:
            raise GgezError(
                f"{pair.base.source} and its regional side need {pair.live_bytes / 1e9:.1f} GB to be compared live, "
                f"and {self._budget / 1e9:.1f} GB are allowed; Export merges them all the same, "
                "or set GGEZ_MEMORY_BUDGET"
            )
        found = self._loaded(pair)
        if found is not None:
            return found
        with self._loading:
            found = self._loaded(pair)
            if found is not None:
                return found
            self._make_room(pair.live_bytes)
            from .live import LivePair

            log.info("loading %s and %s", pair.base.source, pair.regional.source)
            loaded = LivePair(pair, self._gpu)
            with self._lock:
                self._live[pair.key] = loaded
            return loaded

    def _loaded(self, pair: Pair) -> LivePair | None:
        with self._lock:
            if pair.key in self._live:
                self._live.move_to_end(pair.key)
            return self._live.get(pair.key)

    def _make_room(self, nbytes: int) -> None:
        while True:
            with self._lock:
                if not self._live or sum(live.nbytes for live in self._live.values()) + nbytes <= self._budget:
                    return
                _, leaving = self._live.popitem(last=False)
            leaving.close()  # waits for whose turn it is; others go on meanwhile
            log.info("unloaded %s", leaving.pair.base.source)


def _fingerprint(checkpoint: Checkpoint) -> tuple[object, ...]:
    files = sorted({file for group in checkpoint.groups for file in group.files})
    return (checkpoint.source, checkpoint.folder, *((f, f.stat().st_size, f.stat().st_mtime_ns) for f in files))
