"""A run's folder: which files are in it, and how they are read. Where runs lie, and a list of them."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..errors import OutputError, TrainingError
from ..written import load_yaml
from .events import Event, effective, read_events
from .status import Status, read_status, write_status

CONFIG, EVENTS, STATUS, LOG, STOP = "config.yaml", "events.jsonl", "status.json", "log.txt", "stop"


def home() -> Path:
    """Where runs lie unless it is said: the folder GGEZ_RUNS, `runs` in the page's GGEZ_STORAGE or here."""
    return Path(os.environ.get("GGEZ_RUNS") or Path(os.environ.get("GGEZ_STORAGE") or "", "runs"))


@dataclass(frozen=True)
class RunFolder:
    """A run by its folder."""

    path: Path

    @classmethod
    def create(cls, path: Path, config: Mapping[str, Any]) -> RunFolder:
        """A new run with its whole config. Raises OutputError where something is there, or it can't be written."""
        partial = path.parent / f".{path.name}.partial"
        try:
            if os.path.lexists(path):
                raise OutputError(f"{path}: already exists; name another folder, or resume that run")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            text = yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True, width=120)
            (partial / CONFIG).write_text(text, encoding="utf-8")
            write_status(partial / STATUS, Status("queued", time.time()))
            partial.rename(path)
        except OSError as error:
            raise OutputError(f"{path}: can't be written ({error.strerror}); name another folder") from None
        return cls(path)

    @classmethod
    def find(cls, name: str | Path, within: Path | None = None) -> RunFolder:
        """A run by its folder, or by its name among those at home. Raises TrainingError where there is none."""
        for path in (Path(name), (within or home()) / name):
            if (path / CONFIG).is_file() and (path / STATUS).is_file():
                return cls(path)
        known = ", ".join(run.name for run in list_runs(within)[:8]) or "none"
        raise TrainingError(f"{name}: is no run's folder, nor a run's name in {within or home()}; there is: {known}")

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def training(self) -> Path:
        """Where the training writes: checkpoints, and models as their library saves them."""
        return self.path / "training"

    @property
    def config(self) -> dict[str, Any]:
        """The config. Raises TrainingError where it isn't YAML."""
        try:
            found = load_yaml((self.path / CONFIG).read_text("utf-8"))
        except (OSError, yaml.YAMLError) as error:
            raise TrainingError(f"{self.path / CONFIG}: can't be read ({' '.join(str(error).split())[:120]})") from None
        return found if isinstance(found, dict) else {}

    @property
    def status(self) -> Status:
        """Where the run is now."""
        return read_status(self.path / STATUS, (self.path / STOP).exists())

    def set_status(self, status: Status) -> None:
        """Say where the run is; only for its own process, and whoever starts that."""
        write_status(self.path / STATUS, status)

    def events(self) -> list[Event]:
        """Everything that happened and counts."""
        return effective(read_events(self.path / EVENTS)[0])

    def log_tail(self, size: int = 4000) -> str:
        """The end of what its processes wrote."""
        try:
            with (self.path / LOG).open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - size))
                return file.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return ""

    @property
    def models(self) -> dict[str, Path]:
        """The models that there are: the result, the best and the newest one evaluated."""
        return {name: path for name in ("model", "best", "newest") if (path := self.training / name).is_dir()}


def list_runs(within: Path | None = None) -> list[RunFolder]:
    """The runs in a folder, the newest first."""
    found = []
    with suppress(OSError):
        for path in (within or home()).iterdir():
            if not path.name.startswith(".") and (path / CONFIG).is_file() and (path / STATUS).is_file():
                found.append((path.joinpath(CONFIG).stat().st_mtime, path.name, path))
    return [RunFolder(path) for _, _, path in sorted(found, reverse=True)]


def new_name(config: Mapping[str, Any], within: Path) -> str:
    """A name for a run that isn't taken: its kind, its model, and a number."""
    model = re.sub(r"[^a-z0-9]+", "-", str(config.get("model", "")).partition("@")[0].lower()).strip("-")[-40:]
    stem = "-".join(filter(None, (str(config.get("kind", "run")), model)))
    number = 1
    while os.path.lexists(within / f"{stem}-{number}"):
        number += 1
    return f"{stem}-{number}"
