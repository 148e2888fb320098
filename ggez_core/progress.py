"""One way to report progress, for the terminal, the library's callers, run events and the page alike.

Long work takes a `Progress` callback and calls it with a `Step` now and then. A callback that raises `Cancelled`
stops the work. Nothing here draws anything; `ggez_core.cli` and `workbench` do.
"""

from __future__ import annotations

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
