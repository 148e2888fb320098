"""Benchmarks, one file each: what is asked of a model, of which region, country and language.

A file is named in `_FILES` and ends in `TASKS`, a tuple of what it offers.
"""

from __future__ import annotations

import difflib
import importlib

from ...errors import DataError
from ..task import Task

_FILES: tuple[str, ...] = ("world_retrieval", "world_questions", "world_drawing")


def tasks() -> tuple[Task, ...]:
    """All tasks, imported when first asked for."""
    return tuple(task for name in _FILES for task in importlib.import_module(f"{__name__}.{name}").TASKS)


def task(name: str) -> Task:
    """The task of that name. Raises DataError, with the nearest one, where there is none."""
    known = {found.info.name: found for found in tasks()}
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise DataError(f"no task {name!r}; {hint}all are listed by: ggez eval --list")
    return known[name]
