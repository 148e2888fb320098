"""Answers as columns, and the files that keep them, so that scores are made again and compared without any model.

What an answer is about (its id, language, country, …) is the same at every β and written once a task; the values are
written for every β, a batch at a time, each batch durable before the next begins.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..locks import alone_in
from .rows import append_lines, whole_lines
from .task import Answer

Values = NDArray[np.float64]
_ABOUT = ("id", "side", "cluster", "language", "country", "region", "aspect")


@dataclass(frozen=True)
class Answers:
    """The answers of one task and split at one setting of the weights, in the task's order.

    about: seven names an answer (n, 7): id, side, cluster, language, country, region, aspect. values: metric → (n,),
    NaN where an answer doesn't have it.
    """

    about: NDArray[np.object_]
    values: dict[str, Values] = field(hash=False)

    def __len__(self) -> int:
        return len(self.about)

    @classmethod
    def of(cls, answers: Sequence[Answer]) -> Answers:
        """From single answers."""
        about = np.array([[getattr(a, name) for name in _ABOUT] for a in answers], object).reshape(-1, len(_ABOUT))
        metrics = dict.fromkeys(metric for a in answers for metric in a.values)
        return cls(about, {m: np.array([a.values.get(m, np.nan) for a in answers], np.float64) for m in metrics})

    @classmethod
    def joined(cls, parts: Sequence[Answers]) -> Answers:
        """One after the other."""
        metrics = dict.fromkeys(metric for part in parts for metric in part.values)
        return cls(
            np.concatenate([np.empty((0, len(_ABOUT)), object), *(part.about for part in parts)]),
            {m: np.concatenate([part.values.get(m, np.full(len(part), np.nan)) for part in parts]) for m in metrics},
        )

    def column(self, name: str) -> NDArray[np.object_]:
        """One of the seven names: (n,)."""
        found: NDArray[np.object_] = self.about[:, _ABOUT.index(name)]
        return found

    def where(self, mask: NDArray[np.bool_]) -> Answers:
        """Only some."""
        return Answers(self.about[mask], {metric: values[mask] for metric, values in self.values.items()})

    def side(self, side: str) -> Answers:
        """Those that count for one side."""
        return self.where(self.column("side") == side)

    @cached_property
    def cluster_codes(self) -> NDArray[np.int64]:
        """The clusters as numbers from 0, in the order of their appearance: (n,)."""
        order: dict[Any, int] = {}
        return np.array([order.setdefault(cluster, len(order)) for cluster in self.column("cluster")], np.int64)

    def same_questions(self, other: Answers) -> bool:
        """Whether both answer the same, in the same order."""
        return np.array_equal(self.about, other.about)


@contextmanager
def written_alone(folder: Path | None) -> Iterator[None]:
    """Keep every other process out of a folder of answers. Raises OutputError where one is writing there already."""
    if folder is None:
        yield
        return
    with alone_in(folder, "evaluation"):
        yield


class AnswersFile:
    """The answers of one task and split, of one model at one setting, growing by batches.

    `about` is shared by all settings of the task and split; `values` is this setting's own. Lines that a killed process
    left half written are forgotten.
    """

    def __init__(self, about: Path, values: Path) -> None:
        self._about_path, self._values_path = about, values
        self._about = [json.loads(line) for line in whole_lines(about)]
        self._values: list[dict[str, Any]] = [json.loads(line) for line in whole_lines(values)]
        self.complete = bool(self._values) and "complete" in self._values[-1]
        if self.complete:
            self._values.pop()

    def __len__(self) -> int:
        return sum(batch["n"] for batch in self._values)

    def append(self, answers: Sequence[Answer]) -> None:
        """Keep a batch; it is on disk when this returns."""
        start = len(self)
        about = [[getattr(a, name) for name in _ABOUT] for a in answers]
        known = self._about[start : start + len(about)]
        if known != about[: len(known)]:
            raise DataError(
                f"{self._about_path}: its answers are to other questions than the task asks now; choose another output"
            )
        if new := about[len(known) :]:
            append_lines(self._about_path, map(_compact, new))
            self._about += new
        metrics = dict.fromkeys(metric for a in answers for metric in a.values)
        batch = {"n": len(about), "values": {m: [_number(a.values.get(m)) for a in answers] for m in metrics}}
        append_lines(self._values_path, [_compact(batch)])
        self._values.append(batch)

    def finish(self) -> None:
        """Note that all are here."""
        append_lines(self._values_path, [_compact({"complete": len(self)})])
        self.complete = True

    def read(self) -> Answers:
        """All that are kept."""
        about = np.array(self._about[: len(self)], object).reshape(-1, len(_ABOUT))
        metrics = dict.fromkeys(metric for batch in self._values for metric in batch["values"])
        return Answers(about, {metric: _joined(metric, self._values) for metric in metrics})


def _joined(metric: str, batches: Iterable[dict[str, Any]]) -> Values:
    parts = [batch["values"].get(metric, [None] * batch["n"]) for batch in batches]
    return np.array([value for part in parts for value in part], np.float64)


def _number(value: float | None) -> float | None:
    return int(value) if value is not None and value == int(value) else value


def _compact(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
