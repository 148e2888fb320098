"""What computation a merge took, and the training of a parent that is a run of ours: hours, energy and CO₂eq.

Estimates by a stated power and a stated carbon intensity, since nothing on most machines tells a process its watts; a
card names both. Times are measured: a merge's by whoever ran it, a run's by its own events.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..checkpoints.output import write_file
from ..errors import DataError, OutputError
from ..runs.events import read_events
from ..runs.folder import CONFIG, EVENTS, STATUS

log = logging.getLogger(__name__)
RECORD = ".ggez_cost.json"  # hidden: no part of the model, so it is never published
WATTS = 65.0  # of a processor under load, without a graphics card: what one of a desktop is made to draw
GPU_WATTS = 400.0  # of each graphics card: the limit of an A100 with SXM
CARBON = 480.0  # g of CO₂eq a kWh: the world's mean in 2023 (Ember, Global Electricity Review 2024)
_ABOVE = 4  # folders that a run's model may lie below the run


@dataclass(frozen=True)
class Cost:
    """Some computation. what: for a person. seconds: by the wall's clock. gpus: graphics cards that worked."""

    what: str
    seconds: float
    gpus: int = 0


@dataclass(frozen=True)
class Power:
    """What estimates are made with. watts: of the whole machine; None takes `WATTS`, and `GPU_WATTS` for each card.

    carbon: g of CO₂eq a kWh. Raises DataError for what isn't a number above 0.
    """

    watts: float | None = None
    carbon: float = CARBON

    def __post_init__(self) -> None:
        for name, value in (("power", self.watts), ("carbon intensity", self.carbon)):
            if value is not None and not (math.isfinite(value) and 0 < value < 1e6):
                raise DataError(f"the {name} is {value}; give a number above 0")

    def of(self, cost: Cost) -> float:
        """Watts while it ran."""
        return self.watts if self.watts is not None else WATTS + GPU_WATTS * cost.gpus

    def kwh(self, cost: Cost) -> float:
        """Its energy, in kWh."""
        return cost.seconds / 3600 * self.of(cost) / 1000

    def grams(self, costs: Iterable[Cost]) -> float:
        """g of CO₂eq of all of them."""
        return sum(map(self.kwh, costs)) * self.carbon

    def assumed(self, costs: Iterable[Cost]) -> str:
        """What the estimates take for granted, as the end of a sentence."""
        if self.watts is not None:
            drawn = f"{self.watts:g} W"
        else:
            drawn = f"{WATTS:g} W" + (f" and {GPU_WATTS:g} W a graphics card" if any(c.gpus for c in costs) else "")
        source = ", the world's mean in 2023 (Ember)" if self.carbon == CARBON else ""
        return f"{drawn}, and {self.carbon:g} g of CO₂eq a kWh{source}"


def record(folder: Path, seconds: float, device: str | None = None) -> None:
    """Note beside a merge how long it took, for its card. The folder is whole without the note, so it may fail."""
    cost = Cost("the merge", round(seconds, 3), int(device is not None and device.startswith("cuda")))
    try:
        write_file(folder / RECORD, json.dumps(asdict(cost)).encode())
    except OutputError as error:
        log.warning("%s", error)


def merge_cost(folder: Path) -> Cost | None:
    """What the merge in a folder took; None where nobody noted it."""
    try:
        said = json.loads((folder / RECORD).read_text("utf-8"))
        seconds, gpus = float(said["seconds"]), int(said["gpus"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return Cost("the merge", seconds, gpus) if math.isfinite(seconds) and seconds >= 0 and 0 <= gpus < 1e5 else None


def run_cost(model: Path) -> Cost | None:
    """What the run took that made a model; None for a model that isn't in the folder of one."""
    if not model.exists():
        return None
    above = [model, *model.absolute().parents][: _ABOVE + 1]
    found = next((path for path in above if all((path / name).is_file() for name in (CONFIG, STATUS, EVENTS))), None)
    if found is None:
        return None
    events = read_events(found / EVENTS)[0]  # all: steps that a killed run took twice took their time twice
    seconds = trained_seconds(events)
    steps = max((int(event.get("step") or 0) for event in events), default=0)
    return Cost(f"its training, {steps:,} steps", seconds, max((_gpus(event) for event in events), default=0))


def trained_seconds(events: Iterable[Mapping[str, Any]]) -> float:
    """Wall time from every beginning of a run to the last that was told before the next: pauses don't count."""
    total, began, last = 0.0, None, 0.0
    for event in events:
        now = float(event.get("time") or 0.0)
        if event.get("kind") == "began":
            total += max(0.0, last - began) if began is not None else 0.0
            began = now
        last = now
    return total + (max(0.0, last - began) if began is not None else 0.0)


def _gpus(event: Mapping[str, Any]) -> int:
    machine = event.get("machine") if event.get("kind") == "began" else None
    if not isinstance(machine, Mapping) or machine.get("device") != "cuda":
        return 0
    return int(machine.get("processes") or 1)
