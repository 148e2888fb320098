"""Where the files shipped with the project lie: beside the sources in a checkout, inside the package in a wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
DEMO_PREFIX = "demo:"
CONFIGS = ("config.json", "model_index.json", "open_clip_config.json")  # every layout's folder has one of them


def demo_root() -> Path:
    """The folder of the shipped demo checkpoints, `<family>/<name>/` below it."""
    installed = _PACKAGE / "_assets" / "demo"
    return installed if installed.is_dir() else _PACKAGE.parent / "assets" / "demo"


def configs_root() -> Path:
    """The folder of the configs that ship, one YAML file each."""
    installed = _PACKAGE / "_assets" / "configs"
    return installed if installed.is_dir() else _PACKAGE.parent / "assets" / "configs"


def demo_names() -> list[str]:
    """The shipped checkpoints as they are named on the command line and the page: `demo:siglip/base`, …"""
    root = demo_root()
    folders = {config.parent for name in CONFIGS for config in root.glob(f"*/*/{name}")}
    return sorted(DEMO_PREFIX + folder.relative_to(root).as_posix() for folder in folders)
