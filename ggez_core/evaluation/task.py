"""What a task is to the runner: examples of one benchmark, prepared once for a model, answered at any weights.

A task is one file in `tasks/`. It says what is asked and what each answer is worth; the runner decides when, keeps what
doesn't change, and makes `Score` rows of the answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from ..families.family import BetaOf, FamilyModel, at_base
from ..families.kept import Kept

Side = Literal["global", "regional"]
SIDES: tuple[Side, ...] = ("global", "regional")


@dataclass(frozen=True)
class Answer:
    """One example, answered.

    values: metric → value of this example ("accuracy" → 1.0), averaged into scores over the answers that have it.
    id: unique within the task and split. side: the score it counts for.
    cluster: what it shares with other rows (a question asked in thirty languages, a concept), resampled together.
    """

    id: str
    side: Side
    cluster: str
    values: Mapping[str, float]
    language: str | None = None
    country: str | None = None
    region: str | None = None
    aspect: str | None = None


@dataclass(frozen=True)
class Problem:
    """A row of the data that couldn't be used, by name, and why: counted and reported, never dropped in silence."""

    row: str
    why: str


class Asker(Protocol):
    """A task's examples, prepared for one model's processor."""

    def __len__(self) -> int:
        """How many answers `ask` gives (more than the examples where one is asked both ways)."""

    def ask(self, model: FamilyModel, beta_of: BetaOf = at_base, *, start: int = 0) -> Iterator[list[Answer]]:
        """Answer every example in a fixed order, a batch at a time, leaving out the first `start` answers.

        A batch is what a killed evaluation loses at most, so it should take seconds, not minutes. An empty one is
        allowed: it tells that work goes on. What depends only on components at a β already seen (`beta_of`) isn't
        computed again; `Kept` does that for arrays, across restarts too.
        """


class Examples(Protocol):
    """The examples of one split of a task, loaded."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Rows of the data that can't be used."""

    @property
    def source(self) -> str:
        """Where the data is from, with its commit; empty for what code makes."""

    def __len__(self) -> int: ...

    @property
    def content(self) -> str:
        """A digest of the data: rows scored on other data are never mixed with these."""

    def prepare(self, model: FamilyModel, kept: Kept) -> Asker:
        """Make them ready for a model: tokens and pixels, which don't depend on weights.

        kept: keeps arrays that the asker computes, while the weights they come from stay as they are.
        """


@dataclass(frozen=True)
class TaskInfo:
    """What is known of a task before its data is loaded.

    families: names of the families that can be asked. main_metrics: those whose mean is the task's score in Q: one, or
    two where it is asked both ways. splits: the first is for choosing, the last for reporting. hub_id and revision:
    where its data is, pinned; None for what code makes.
    """

    name: str
    families: tuple[str, ...]
    main_metrics: tuple[str, ...]
    splits: tuple[str, ...]
    sides: tuple[Side, ...]
    doc: str
    hub_id: str | None = None
    revision: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)


class Task(Protocol):
    """A benchmark that registers itself."""

    info: TaskInfo

    def load(self, split: str, *, data: Path | None = None, limit: int | None = None) -> Examples:
        """Load a split from the Hub, or from a local copy of the same schema at `data`; at most `limit` rows.

        Raises DataError naming what is missing (a column, the file) and what would be right.
        """
