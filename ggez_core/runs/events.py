"""What happened in a run, one JSON line an event: appended by its process, read by everybody at any time.

Every event has `time` and `kind`: "began" (facts, machine, and `step` where it goes on from), "step" (a `Logged`),
"saved", "evaluation" (rows, score), "ended". After a kill, a run goes on from its last checkpoint: what came after that
is then told again, and `effective` leaves out what was superseded.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

Event = dict[str, Any]


class EventsFile:
    """Events to be appended. A line that a killed process left half written is removed first."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if path.exists():
            whole = path.read_bytes()
            if not whole.endswith(b"\n"):
                with path.open("rb+") as file:
                    file.truncate(whole.rfind(b"\n") + 1)

    def add(self, kind: str, values: Mapping[str, Any]) -> None:
        """Append an event; numbers that JSON doesn't know become null."""
        line = json.dumps(_plain({"time": round(time.time(), 3), "kind": kind, **values}), ensure_ascii=False)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def read_events(path: Path, start: int = 0) -> tuple[list[Event], int]:
    """The events from a byte on, and the byte behind the last whole one, from which to read on."""
    try:
        with path.open("rb") as file:
            file.seek(start)
            new = file.read()
    except FileNotFoundError:
        return [], start
    whole = new[: new.rfind(b"\n") + 1]
    found = []
    for line in whole.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict):
            found.append(event)
    return found, start + len(whole)


def effective(events: Iterable[Event]) -> list[Event]:
    """Without what a run that was killed had told of steps that it then took again."""
    found: list[Event] = []
    for event in events:
        if event.get("kind") == "began":
            step = event.get("step", 0)
            found = [old for old in found if old.get("step", 0) <= step or old["kind"] == "began"]
        found.append(event)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value if isinstance(value, str | int | bool | None) else str(value)
