"""Where downloaded images and the record of pinned data sets are kept."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """GGEZ_CACHE, or `ggez` in the user's cache folder."""
    given = os.environ.get("GGEZ_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(given) if given else Path(home) / "ggez"
