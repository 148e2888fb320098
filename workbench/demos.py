"""The pairs that ship with the project, as a newcomer meets them: by what they do. Used by the header and Models."""

from __future__ import annotations

from dataclasses import dataclass

from ggez_core.assets import DEMO_PREFIX, demo_names

from .service import DEMO_PAIR

# The order in which they are offered; what each is called in the field, and what its family does (`demo.…` in `text`).
KNOWN = {
    "siglip": ("SigLIP", "search"),
    "clip": ("CLIP", "search"),
    "open_clip": ("OpenCLIP", "search"),
    "sdxl": ("SDXL", "draw"),
    "gemma3": ("Gemma-3", "ask"),
}


@dataclass(frozen=True)
class Demo:
    """A shipped pair. does: what its family is asked to do; "merge" for a pair that isn't known here."""

    base: str
    regional: str
    name: str
    does: str


def _shipped() -> tuple[Demo, ...]:
    """Every shipped regional checkpoint with its family's base."""
    names = demo_names()
    found = []
    for name in names:
        family, _, end = name.removeprefix(DEMO_PREFIX).rpartition("/")
        base = f"{DEMO_PREFIX}{family}/base"
        if end != "base" and base in names:
            found.append(Demo(base, name, *KNOWN.get(family, (family, "merge"))))
    order = list(KNOWN)
    found.sort(key=lambda demo: next((k for k, known in enumerate(order) if f":{known}/" in demo.base), len(order)))
    return tuple(found) or (Demo(*DEMO_PAIR, *KNOWN["siglip"]),)


DEMOS = _shipped()
