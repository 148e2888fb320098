"""One way to report progress, for the terminal, the library's callers, run events and the page alike.

Long work takes a `Progress` callback and calls it with a `Step` now and then. A callback that raises `Cancelled`
stops the work. Nothing here draws anything; `ggez_core.cli` and `workbench` do.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """`done` of `total` units of `unit` ("bytes", "steps", "images"), doing `what` now."""

    done: int
    total: int
    unit: str
    what: str = ""


Progress = Callable[[Step], None]


def silent(step: Step) -> None:
    """A progress callback that shows nothing."""


def unshare_bars() -> None:
    """Give the libraries' progress bars (tqdm) locks of this process's own; to be called in one that was forked.

    Theirs is shared with the parent and all its other forks: who is killed while it draws takes it along, and every
    later bar would wait for ever.
    """
    from tqdm.std import tqdm

    kinds = [tqdm]
    while kinds:
        kind = kinds.pop()
        kind.set_lock(threading.RLock())
        kinds += kind.__subclasses__()
