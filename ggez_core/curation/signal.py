"""What a signal is: something measured on rows of image-text data, in columns that stay with the row.

The costly stage decodes a batch of rows once and gives it to every signal; the cheap stage reads the columns only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from PIL import Image

Kind = Literal["str", "float", "int", "bool", "hash64", "vector", "list[str]", "evidence"]
"""What a column holds, any of them missing (None) where there is nothing to say.

hash64: 64 bits as an int ≥ 0. vector: a list of floats, the same number in every row, kept as float32. evidence: a list
of `Evidence`.
"""


class Evidence(NamedTuple):
    """That a row belongs to a country (ISO 3166 alpha-2), how far to trust it (0 to 1), and why, for a person to read.

    Confidence is the share of rows with such evidence that are in fact of that country, as the signal's file argues it.
    """

    country: str
    confidence: float
    why: str


@dataclass(frozen=True)
class Column:
    """A column that a signal fills. name: the signal's own, alone or followed by `_` and more: `language_code`."""

    name: str
    kind: Kind
    about: str = ""


@dataclass(frozen=True)
class Batch:
    """Some rows, decoded once for all signals; every list has the same length."""

    ids: list[str]
    """Unique in the whole input."""
    texts: list[str | None]
    """Captions as they came; None where there is none. They may be long: signals read as much as they need."""
    images: list[Image.Image | None]
    """RGB, at the size they came in, up to the pipeline's limit; None where missing or broken. Not to be changed."""
    columns: Mapping[str, list[Any]] = field(default_factory=dict)
    """The other columns as they came: language, country, lat, lon, url, …; what the input lacks isn't there."""

    def __len__(self) -> int:
        return len(self.ids)

    def column(self, name: str) -> list[Any]:
        """One of the other columns; None in every row where the input lacks it."""
        return self.columns.get(name) or [None] * len(self)


class Signal(Protocol):
    """Measures rows. One file in `signals/`, named in its `FILES`.

    A signal is a frozen dataclass: its fields are its settings, checked when it is made, with a default each. It
    travels to worker processes by pickle before it has measured anything, so models and tables are loaded by the first
    `measure` (and kept by `functools.cache` or the like), and an expensive model once a process.

    What goes wrong with one row is that row's: None in its columns, said in a column of the signal's own (`…_error`)
    where a person must know. Only what makes the whole signal useless raises a GgezError.
    """

    @property
    def name(self) -> str:
        """Its name in `FILES`, and the beginning of its columns' names."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """What `measure` gives."""

    @property
    def fingerprint(self) -> str:
        """Of its settings and of the version of its model, data or rules: what it measured under another is measured
        again."""

    def measure(self, batch: Batch) -> dict[str, list[Any]]:
        """One list a column, each as long as the batch."""
