"""Reward by a vision-language model through transformers: UnifiedReward, or any other that is asked for a score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from ...errors import CheckpointError, DataError
from ..embedder import best_place, checkpoint, version
from ..signal import Batch
from . import ONE_TO_FIVE, Scored
from .asking import ANSWERS, DIGITS, expected_score, parse_score, prompt, shortened

if TYPE_CHECKING:
    from ...families.lvlm import VisionLanguageModel, VisualQuestion

AT_ONCE = 8  # questions in a batch of the model
LONGEST = 512  # tokens of a written answer: UnifiedReward gives its reasons first


@dataclass(frozen=True)
class ByVisionLanguageModel:
    """model: a source. answer: written or expected (`asking`)."""

    model: str
    answer: str

    scale = ONE_TO_FIVE

    def __post_init__(self) -> None:
        check_answer(self.answer)

    @property
    def version(self) -> str:
        """Of the model and the prompt."""
        return f"lvlm {self.answer} {version(self.model)} {prompt('', self.answer)}"

    def score(self, batch: Batch, rows: Sequence[int]) -> list[Scored]:
        """Scores; an answer without one is said in `why`."""
        found: list[Scored] = []
        for start in range(0, len(rows), AT_ONCE):
            asked = [_question(batch, row, self.answer) for row in rows[start : start + AT_ONCE]]
            try:
                found += _scored(self.model, asked, self.answer)
            except DataError:  # one of them can't be asked: the others can
                found += [_scored_alone(self.model, question, self.answer) for question in asked]
        return found


def _question(batch: Batch, row: int, answer: str) -> VisualQuestion:
    from ...families.lvlm import VisualQuestion

    longest = LONGEST if answer == "written" else 1
    return VisualQuestion(prompt(batch.texts[row] or "", answer), batch.images[row], max_new_tokens=longest)


def _scored(source: str, asked: Sequence[VisualQuestion], answer: str) -> list[Scored]:
    model = _loaded(source)
    prepared = model.prepare(asked)
    if answer == "expected":
        digits = [dict(zip(DIGITS, shares, strict=True)) for shares in model.sign_probabilities(prepared, DIGITS)]
        return [Scored(expected_score(first)) for first in digits]
    return [_read(said.text) for said in model.answer(prepared)]


def _scored_alone(source: str, asked: VisualQuestion, answer: str) -> Scored:
    try:
        return _scored(source, [asked], answer)[0]
    except DataError as error:
        return Scored(None, str(error))


def _read(text: str) -> Scored:
    value = parse_score(text)
    return Scored(value, "" if value is not None else f"no score in the answer: {shortened(text)}")


def check_answer(answer: str) -> None:
    """Raise DataError for a way of asking that isn't known."""
    if answer not in ANSWERS:
        raise DataError(f"reward answer={answer}: is neither {' nor '.join(ANSWERS)}")


@cache
def _loaded(source: str) -> VisionLanguageModel:
    from ...families.lvlm import load_lvlm

    return load_lvlm(checkpoint(source), best_place())


def reward_model(*, model: str, answer: str, **_: Any) -> ByVisionLanguageModel:
    """From the settings of `Reward`. Raises CheckpointError where no model is named."""
    if not model:
        raise CheckpointError("reward by=lvlm: which model isn't said; add model=CodeGoat24/UnifiedReward-qwen-7b")
    return ByVisionLanguageModel(model, answer)
