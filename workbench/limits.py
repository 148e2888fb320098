"""What one visitor may take of a page that strangers use: models, disk, rows, work at once. Used through `settings`.

Each limit is an environment variable; one that isn't set is off on your own machine, and has the value named here on a
Space. `off` lifts it. docs/reference/hosting.md has the table.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from ggez_core.errors import GgezError, SourceError

GIB, MIB = 1 << 30, 1 << 20
OFF = "off"

# What the method's papers and their like are about, by the owners that publish them.
WELL_KNOWN = (
    "demo:*", "google/siglip-*", "google/siglip2-*", "openai/clip-vit-*", "laion/CLIP-*", "google/gemma-3-*",
    "google/paligemma*", "Qwen/Qwen2.5-VL-*", "HuggingFaceTB/SmolVLM*", "aisingapore/*",
    "stabilityai/stable-diffusion-*", "stabilityai/sdxl-*", "stable-diffusion-v1-5/*",
)  # fmt: skip


def _limit(variable: str, on_a_space: float | tuple[str, ...], what: str, unit: int = 1) -> Any:
    """A limit's field: its variable, in which unit it is given, and its value on a Space in that unit."""
    facts = {"variable": variable, "on_a_space": on_a_space, "what": what, "unit": unit}
    return field(default=None, metadata=facts)


@dataclass(frozen=True)
class Limits:
    """The limits in force; None is none. Bytes, hours, and numbers of things."""

    models: tuple[str, ...] | None = _limit(
        "GGEZ_ALLOWED_MODELS", WELL_KNOWN, "patterns of the models that may be loaded, separated by commas"
    )
    largest_model: int | None = _limit("GGEZ_LARGEST_MODEL", 6, "GiB that one model may have", GIB)
    exports: int | None = _limit("GGEZ_EXPORTS", 3, "exports that a visitor may have at a time")
    export_bytes: int | None = _limit("GGEZ_EXPORTS_SIZE", 8, "GiB of all exports of a visitor", GIB)
    all_export_bytes: int | None = _limit("GGEZ_ALL_EXPORTS_SIZE", 20, "GiB of the exports of all visitors", GIB)
    export_hours: float | None = _limit("GGEZ_EXPORT_HOURS", 6, "hours until an export is deleted")
    rows: int | None = _limit("GGEZ_CURATION_ROWS", 20_000, "rows of a data set that is curated")
    at_once: int | None = _limit(
        "GGEZ_AT_ONCE", 2, "drawings, questions, exports and loads of a visitor on their way at a time"
    )
    background: int | None = _limit("GGEZ_BACKGROUND", 1, "sweeps, and curations, of a visitor on their way at a time")
    waiting: int | None = _limit("GGEZ_WAITING", 8, "sweeps, and curations, of all visitors on their way or waiting")
    queue: int | None = _limit("GGEZ_QUEUE", 200, "requests of all visitors that may wait for their turn")
    upload: int | None = _limit("GGEZ_UPLOAD", 20, "MiB of an uploaded file", MIB)

    @classmethod
    def of(cls, environment: Mapping[str, str], *, shared: bool) -> Limits:
        """The limits that an environment says. Raises GgezError for a value that can't be one."""
        return cls(**{one.name: _value(one, environment, shared) for one in dataclasses.fields(cls)})

    def check_model(self, name: str) -> None:
        """Raise SourceError for a model that may not be loaded here: any but a name that a pattern fits."""
        if self.models is None:
            return
        plain = name.strip().removeprefix("hf-hub:")
        repository = plain.partition("@")[0]
        if ".." not in repository and any(fnmatchcase(repository, pattern) for pattern in self.models):
            return
        raise SourceError(
            f"{plain[:80]}: isn't among the models that this page loads: {', '.join(self.models)}; merge others on a "
            "machine of your own"
        )

    def check_background(self, what: str, mine: int, all_of_them: int) -> None:
        """Raise GgezError where a visitor, or all visitors, have as many sweeps or curations as they may."""
        if self.background is not None and mine >= self.background:
            raise GgezError(f"a {what} of yours is on its way; wait for it, or stop it first")
        if self.waiting is not None and all_of_them >= self.waiting:
            raise GgezError(f"{all_of_them} {what}s of visitors are waiting already; try again later")


def _value(one: dataclasses.Field[Any], environment: Mapping[str, str], shared: bool) -> Any:
    variable, unit = one.metadata["variable"], one.metadata["unit"]
    given = environment.get(variable, "").strip()
    if given.lower() == OFF or not (given or shared):
        return None
    if one.name == "models":
        return tuple(filter(None, map(str.strip, given.split(",")))) if given else one.metadata["on_a_space"]
    try:
        number = float(given or one.metadata["on_a_space"])
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise GgezError(f"{variable}: {given!r} is no number of {one.metadata['what']}; give one, or {OFF}")
    return number * unit if one.name == "export_hours" else int(number * unit)
