"""Benchmarks, one file each: what is asked of a model, of which region, country and language.

A file is named in `FILES` beside its task and ends in `TASKS`, a tuple of what it offers. Only a task that is asked for
is imported, and none needs torch for that: what a model needs is imported when there is one.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ...errors import DataError
from ..options import split_name, with_options

if TYPE_CHECKING:
    from ..task import Task


FILES: Mapping[str, str] = {
    "world-retrieval": "world_retrieval",
    "world-questions": "world_questions",
    "world-choices": "world_choices",
    "world-drawing": "world_drawing",
    "cvqa": "cvqa",
    "sea-vqa": "sea_vqa",
    "worldcuisines": "worldcuisines",
    "xm3600": "xm3600",
    "xtd10": "xtd10",
    "multi30k": "multi30k",
    "dpg-bench": "dpg_bench",
    "custom": "custom",
}


def tasks() -> tuple[Task, ...]:
    """All tasks, with their options at the defaults."""
    return tuple(_made(name) for name in FILES)


def task(text: str) -> Task:
    """The task of that name, with the options that follow it: `xm3600:protocol=any,languages=id+th`.

    Raises DataError, with the nearest one, where there is no such task or option.
    """
    name, options = split_name(text)
    if name not in FILES:
        near = difflib.get_close_matches(name, FILES, 1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise DataError(f"no task {name!r}; {hint}all are listed by: ggez eval --list")
    made: Task = with_options(_made(name), options)
    return made


def _made(name: str) -> Task:
    found: tuple[Task, ...] = importlib.import_module(f"{__name__}.{FILES[name]}").TASKS
    return next(one for one in found if one.info.name == name)
