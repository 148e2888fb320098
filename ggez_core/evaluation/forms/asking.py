"""Questions put to a vision-language model in batches; one that it can't be asked spoils no other."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from ...errors import DataError
from ...families.visual_questions import VisualAnswer, VisualQuestion

log = logging.getLogger(__name__)
BATCH = 8  # questions that a vision-language model answers at a time
ANSWER_TOKENS = 24


def answered(model: Any, names: Sequence[str], asked: Sequence[VisualQuestion]) -> list[VisualAnswer | None]:
    """Answers to a batch; None for a question that this model can't be asked (too long, an image of a wrong shape).

    Such a question is named in the log; the form counts it.
    """
    try:
        return list(model.answer(model.prepare(asked)))
    except DataError:
        found: list[VisualAnswer | None] = []
        for name, one in zip(names, asked, strict=True):
            try:
                found += model.answer(model.prepare([one]))
            except DataError as error:
                log.warning("%s: can't be asked: %s", name, error)
                found.append(None)
        return found
