"""What an operator can set about the page, read once from the environment. Used by `build` and `service`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

GIB = 1 << 30


@dataclass(frozen=True)
class Settings:
    """Where exports go, how many bytes of models stay in memory, and whether strangers use the page.

    storage: GGEZ_STORAGE, by default a folder in the user's data folder.
    memory_budget: GGEZ_MEMORY_BUDGET in GiB, by default half of the machine's memory.
    shared: on a Space (SPACE_ID is set), where paths of the machine mean nothing to a visitor and are not shown.
    training: whether training may be started from the page: not on a Space, unless GGEZ_TRAINING is "on".
    """

    storage: Path
    memory_budget: int
    shared: bool
    training: bool = True

    @classmethod
    def from_environment(cls) -> Settings:
        """The settings of this process."""
        storage = os.environ.get("GGEZ_STORAGE")
        budget = os.environ.get("GGEZ_MEMORY_BUDGET")
        return cls(
            storage=Path(storage).expanduser().resolve() if storage else _user_data() / "ggez",
            memory_budget=int(float(budget) * GIB) if budget else _machine_memory() // 2,
            shared="SPACE_ID" in os.environ,
            training="SPACE_ID" not in os.environ or os.environ.get("GGEZ_TRAINING") == "on",
        )


def _user_data() -> Path:
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")


def _machine_memory() -> int:
    import psutil

    return int(psutil.virtual_memory().total)
