"""Tasks by name with their examples loaded, as a runner asks them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import regions
from ..errors import DataError
from .options import split_name
from .task import Examples, Task, TaskInfo
from .tasks import task as task_named

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Loaded:
    """One split of a task, with its examples."""

    info: TaskInfo
    split: str
    examples: Examples

    @property
    def name(self) -> str:
        """How it is shown and filed."""
        return f"{self.info.name}.{self.split}"


def named_tasks(tasks: Sequence[str | Task]) -> list[Task]:
    """The tasks of these names, each once. Raises DataError where there is none."""
    found = [task_named(task) if isinstance(task, str) else task for task in tasks]
    if not found:
        raise DataError("no task is named; add one (ggez eval --list shows all)")
    return list({task.info.name: task for task in found}.values())


def for_region(
    tasks: Sequence[str | Task], data: Mapping[str, Path] | None, region: str
) -> tuple[list[str | Task], dict[str, Path]]:
    """The named tasks that can be asked of any region, of this one unless they say another; and their data.

    So that the rows which make the regional score lie where α is from.
    """
    code = regions.region(region).code
    own: dict[str, str] = {}
    for text in tasks:
        if isinstance(text, str) and "region" in task_named(text).info.options and "region" not in split_name(text)[1]:
            own[text] = f"{text}{',' if ':' in text else ':'}region={code}"
    asked = [own.get(task, task) if isinstance(task, str) else task for task in tasks]
    return asked, {own.get(name, name): folder for name, folder in (data or {}).items()}


def data_by_task(tasks: Sequence[str | Task], data: Mapping[str, Path] | None) -> dict[str, Path]:
    """Folders by the tasks' own names, however their options were written.

    Raises DataError for a task that isn't asked.
    """
    names = [task.info.name for task in named_tasks(tasks)]
    folders = {(task_named(name).info.name if name in tasks else name): folder for name, folder in (data or {}).items()}
    for name in folders:
        if name not in names:
            raise DataError(f"there is data for {name!r}, which isn't among the tasks: {', '.join(names)}")
    return folders


def load_tasks(
    tasks: Sequence[str | Task],
    family: str,
    *,
    split: str | None = None,
    data: Mapping[str, Path] | None = None,
    limit: int | None = None,
) -> list[Loaded]:
    """The tasks' examples. Raises DataError as `evaluate` does."""
    found = named_tasks(tasks)
    folders = data_by_task(tasks, data)
    for task in found:
        if family not in task.info.families:
            raise DataError(
                f"{task.info.name} can be asked of {', '.join(task.info.families)} models, and this one is "
                f"{family}; choose another task (ggez eval --list)"
            )
    loaded = []
    for task in found:
        chosen = split or task.info.splits[-1]
        examples = task.load(chosen, data=folders.get(task.info.name), limit=limit)
        for problem in examples.problems:
            log.info("%s: %s: %s", task.info.name, problem.row, problem.why)
        if not len(examples):
            left = f"; all {len(examples.problems)} rows are unusable" if examples.problems else ""
            raise DataError(f"{task.info.name}, split {chosen}: has no examples{left}")
        loaded.append(Loaded(task.info, chosen, examples))
    return loaded
