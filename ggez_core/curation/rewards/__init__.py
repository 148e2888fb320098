"""Reward models: how well a caption and its picture belong together, by whatever model is at hand.

One protocol, one file a kind; `made` is the only one who knows them all. A score is on the kind's own documented scale
(`RewardModel.scale`); those called "1 to 5" agree in their meaning: 1 doesn't fit, 3 fits, 5 fits in every respect.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ...errors import DataError

if TYPE_CHECKING:
    from ..signal import Batch

ONE_TO_FIVE = "1 to 5"


class Scored(NamedTuple):
    """A score, or why there is none. raw: what it was computed from, where that is something else (a cosine)."""

    value: float | None
    why: str = ""
    raw: float | None = None


class RewardModel(Protocol):
    """Scores pairs. Made from settings alone; the model is loaded by the first `score` and kept for the process."""

    @property
    def scale(self) -> str:
        """The scale in words: `1 to 5`, or what else."""

    @property
    def version(self) -> str:
        """Of the model, its settings and the rules by which an answer becomes a score."""

    def score(self, batch: Batch, rows: Sequence[int]) -> list[Scored]:
        """Scores of these rows, which have both a picture and a caption."""


KINDS = {
    "similarity": "similarity",  # image-text similarity of an embedding model
    "lvlm": "lvlm",  # a vision-language model that is asked for a score (UnifiedReward), by transformers
    "endpoint": "served",  # the same, served elsewhere
    "hpsv2": "hpsv2",  # human preference score, an open_clip model
    "imagereward": "imagereward",  # the ImageReward package
}


def made(kind: str, settings: dict[str, Any]) -> RewardModel:
    """The reward model of that kind. settings: those of `Reward`; a kind takes what it needs.

    Raises DataError for an unknown kind, or a setting that can't be.
    """
    if kind not in KINDS:
        raise DataError(f"reward by={kind}: is no kind of reward model; there is {', '.join(KINDS)}")
    model: RewardModel = importlib.import_module(f"{__name__}.{KINDS[kind]}").reward_model(**settings)
    return model
