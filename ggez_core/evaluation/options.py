"""Options of tasks: `xm3600:protocol=any,languages=id+th` is the task xm3600 with two options set.

A task that has options is a frozen dataclass whose text fields they are; it checks them when it is made. Its name says
which differ from their defaults, so that rows of two settings are never mixed.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from typing import Any

from ..errors import DataError
from ..regions import Region, region


def split_name(text: str) -> tuple[str, dict[str, str]]:
    """A task's name and its options. Raises DataError for an option without a value."""
    name, _, rest = text.partition(":")
    options: dict[str, str] = {}
    for part in rest.split(",") if rest else ():
        key, equals, value = part.partition("=")
        if not equals or not value:
            raise DataError(f"{text}: an option is written key=value, and {part!r} isn't")
        options[key.strip()] = value.strip()
    return name.strip(), options


def with_options(task: Any, options: Mapping[str, str]) -> Any:
    """The task with these options.

    Raises DataError for one that it hasn't, with the nearest, or a value that it can't use.
    """
    if not options:
        return task
    known = task.info.options
    for key in options:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"it has: {', '.join(known) or 'none'}"
            raise DataError(f"{task.info.name} has no option {key!r}; {hint}")
    return dataclasses.replace(task, **options)


def full_name(task: Any, name: str) -> str:
    """The task's name with every option that isn't at its default, in the order of its fields."""
    fields = dataclasses.fields(task)
    own = [f"{f.name}={getattr(task, f.name)}" for f in fields if getattr(task, f.name) != f.default]
    return f"{name}:{','.join(own)}" if own else name


def one_of(task: str, option: str, value: str, allowed: tuple[str, ...]) -> None:
    """Raise DataError unless the option's value is allowed."""
    if value not in allowed:
        raise DataError(f"{task}: {option}={value} isn't known; it is one of {', '.join(allowed)}")


def several(value: str) -> tuple[str, ...]:
    """The parts of "id+th"."""
    return tuple(dict.fromkeys(part.strip() for part in value.split("+") if part.strip()))


def known_region(code: str) -> Region:
    """The region of an option, which can't be the whole world. Raises RegionError for an unknown one."""
    return region(code)


REGION = "the region whose rows count for the regional score: a code such as SEA, or countries such as ID+TH"
REVISION = "another commit, branch or tag of the data set"
FETCH = "yes fetches images that the data names by https URL, each once"
