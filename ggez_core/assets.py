"""Where the files shipped with the project lie: beside the sources in a checkout, inside the package in a wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
DEMO_PREFIX = "demo:"


def demo_root() -> Path:
    """The folder of the shipped demo checkpoints, `<family>/<name>/` below it."""
    installed = _PACKAGE / "_assets" / "demo"
    return installed if installed.is_dir() else _PACKAGE.parent / "assets" / "demo"


def demo_names() -> list[str]:
    """The shipped checkpoints as they are named on the command line and the page: `demo:siglip/base`, …"""
    root = demo_root()
    return sorted(DEMO_PREFIX + p.parent.relative_to(root).as_posix() for p in root.glob("*/*/config.json"))
