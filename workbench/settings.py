"""What an operator can set about the page, read once from the environment. Used by `build` and `service`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from ggez_core.errors import GgezError

from .limits import GIB, Limits

__all__ = ["GIB", "Limits", "Settings"]


@dataclass(frozen=True)
class Settings:
    """Where exports go, how many bytes of models stay in memory, and whether strangers use the page.

    storage: GGEZ_STORAGE, by default a folder in the user's data folder.
    memory_budget: GGEZ_MEMORY_BUDGET in GiB, by default half of the machine's memory.
    shared: on a Space (SPACE_ID is set), where paths of the machine mean nothing to a visitor and are not shown.
    hosts: GGEZ_HOSTS, names by commas: of a page on one's own machine that is reached through a proxy of that name.
    training: whether training may be started from the page: not on a Space, unless GGEZ_TRAINING is "on".
    limits: what one visitor may take.
    """

    storage: Path
    memory_budget: int
    shared: bool
    training: bool = True
    limits: Limits = field(default_factory=Limits)
    hosts: frozenset[str] = frozenset()

    @classmethod
    def from_environment(cls) -> Settings:
        """The settings of this process. Raises GgezError for a variable that can't be what it says."""
        storage = os.environ.get("GGEZ_STORAGE")
        shared = "SPACE_ID" in os.environ
        return cls(
            storage=Path(storage).expanduser().resolve() if storage else _user_data() / "ggez",
            memory_budget=_memory_budget(os.environ.get("GGEZ_MEMORY_BUDGET", "")),
            shared=shared,
            training=not shared or os.environ.get("GGEZ_TRAINING") == "on",
            limits=Limits.of(os.environ, shared=shared),
            hosts=frozenset(
                name.strip().lower() for name in os.environ.get("GGEZ_HOSTS", "").split(",") if name.strip()
            ),
        )


def _user_data() -> Path:
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")


def _memory_budget(given: str) -> int:
    """Bytes: what is given in GiB, or half of what the machine has."""
    import psutil

    if not given.strip():
        return int(psutil.virtual_memory().total) // 2
    try:
        return int(float(given) * GIB)
    except (ValueError, OverflowError):
        raise GgezError(f"GGEZ_MEMORY_BUDGET: {given!r} is no number of GiB; give one, such as 8") from None
