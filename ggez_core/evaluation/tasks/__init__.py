"""Benchmarks, one file each: what is asked of a model, of which region, country and language.

A task is listed here with its file, which ends in `TASKS`, a tuple of what it offers. A task that is asked for by name
is the only one imported, and the list is read without any.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import DataError
from ..options import split_name, with_options

if TYPE_CHECKING:
    from ..task import Task


@dataclass(frozen=True)
class Listed:
    """A task as the list shows it: its `doc` and, whatever its options are, the families that can be asked."""

    file: str
    families: tuple[str, ...]
    doc: str


_CHOICE = ("embedding", "lvlm")
LISTED: Mapping[str, Listed] = {
    "world-retrieval": Listed(
        "world_retrieval",
        ("embedding",),
        "pictures and captions of the small world look for each other, in fifteen languages",
    ),
    "world-questions": Listed(
        "world_questions",
        ("lvlm",),
        "what, which country, which aspect, which colour and how many, on pictures of the small world",
    ),
    "world-drawing": Listed(
        "world_drawing",
        ("diffusion",),
        "pictures of the small world's things, asked for in its languages, judged by a classifier of its own",
    ),
    "cvqa": Listed(
        "cvqa",
        _CHOICE,
        "CVQA: four-way cultural questions in 31 languages; all count globally, the region's regionally",
    ),
    "sea-vqa": Listed("sea_vqa", _CHOICE, "SEA-VQA: four-way questions on heritage of eight Southeast Asian countries"),
    "worldcuisines": Listed(
        "worldcuisines",
        _CHOICE,
        "WorldCuisines: which dish, and where from; the region's languages count regionally too",
    ),
    "xm3600": Listed(
        "xm3600", ("embedding",), "Crossmodal-3600: photos and captions in 36 languages look for each other"
    ),
    "xtd10": Listed(
        "xtd10", ("embedding",), "XTD10: 1,000 COCO images and captions in 11 languages look for each other"
    ),
    "multi30k": Listed(
        "multi30k", ("embedding",), "Multi30K: Flickr30k images and captions in four languages look for each other"
    ),
    "dpg-bench": Listed(
        "dpg_bench",
        ("diffusion",),
        "DPG-Bench: dense prompts, each picture judged by yes-or-no questions that depend on each other",
    ),
    "custom": Listed(
        "custom",
        ("embedding", "lvlm"),
        "your own folder of images with captions, or with questions; give it with --data",
    ),
}


def tasks() -> tuple[Task, ...]:
    """All tasks, with their options at the defaults."""
    return tuple(_made(name) for name in LISTED)


def task(text: str) -> Task:
    """The task of that name, with the options that follow it: `xm3600:protocol=any,languages=id+th`.

    Raises DataError, with the nearest one, where there is no such task or option.
    """
    name, options = split_name(text)
    if name not in LISTED:
        near = difflib.get_close_matches(name, LISTED, 1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise DataError(f"no task {name!r}; {hint}all are listed by: ggez eval --list")
    made: Task = with_options(_made(name), options)
    return made


def _made(name: str) -> Task:
    found: tuple[Task, ...] = importlib.import_module(f"{__name__}.{LISTED[name].file}").TASKS
    return next(one for one in found if one.info.name == name)
