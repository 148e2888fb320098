"""Questions with their answers as a vision-language model learns them: one conversation each, by its chat template.

Only the answer and the end of its turn are to be learned; everything before is the prompt that `prepare` would make.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Sequence
from typing import Any

import torch

from ..errors import DataError
from .family import one_line
from .vision_language import VisionLanguageModel
from .visual_questions import VisualQuestion, check_question, readable

IGNORED = -100  # a label that isn't learned
_VISION = ("vision_tower", "vision_model", "visual", "vision_encoder")


class Lessons:
    """How a loaded model is taught. Threads may share it."""

    def __init__(self, model: VisionLanguageModel) -> None:
        self.model = model
        # A fast tokenizer keeps how to pad, which each call sets anew: not the one that answers questions meanwhile.
        self._processor, self._one_at_a_time = copy.deepcopy(model.processor), threading.Lock()

    @property
    def vision_parts(self) -> tuple[str, ...]:
        """What the names of the weights that look at images begin with, in the loaded model."""
        return tuple(f"{name}." for name, _ in self.model.model.named_modules() if name.rpartition(".")[2] in _VISION)

    def written(self, asked: VisualQuestion, answer: str) -> str:
        """The whole conversation as text; it begins with the prompt. Raises DataError for an empty answer."""
        check_question(asked)
        if not answer.strip():
            raise DataError("the answer is empty; write it, or leave the row out")
        return self.model.conversation(asked, answer.strip())

    def tokens(self, asked: VisualQuestion, answer: str) -> tuple[int, int]:
        """Tokens of the conversation without those of the image, and those to be learned."""
        if self.model.prompting.form is not None:
            learned = len(self._ids(answer.strip())) + 1  # and the end
            return len(self._ids(self.model.prompt(asked))) + 1 + learned, learned
        whole = self._ids(self.written(asked, answer))
        return len(whole), len(whole) - _shared(self._ids(self.model.prompt(asked)), whole)

    def prepare(self, questions: Sequence[VisualQuestion], answers: Sequence[str]) -> dict[str, torch.Tensor]:
        """Inputs padded on the right, all with an image, and `labels` (n, length): token ids, `IGNORED` elsewhere.

        Raises DataError for a row that can't be taught.
        """
        images = [[readable(asked.image)] for asked in questions if asked.image is not None]
        if len(images) < len(questions):
            raise DataError("a row has no image; every row is taught with one")
        if self.model.prompting.form is not None:
            return self._by_suffix(questions, answers, images)
        texts = [self.written(asked, answer) for asked, answer in zip(questions, answers, strict=True)]
        bos = self._processor.tokenizer.bos_token
        found = self._processed(text=texts, images=images, add_special_tokens=not (bos and texts[0].startswith(bos)))
        labels = torch.full_like(found["input_ids"], IGNORED)
        lengths = found["attention_mask"].sum(1).tolist()
        for row, (asked, answer, length) in enumerate(zip(questions, answers, lengths, strict=True)):
            _, learned = self.tokens(asked, answer)
            labels[row, length - learned : length] = found["input_ids"][row, length - learned : length]
        return {**found, "labels": labels}

    def _by_suffix(
        self, questions: Sequence[VisualQuestion], answers: Sequence[str], images: list[Any]
    ) -> dict[str, torch.Tensor]:
        """For processors that put an answer behind a prefix themselves, and label it (PaliGemma)."""
        prompts = [self.model.prompt(asked) for asked in questions]
        found = self._processed(text=prompts, images=images, suffix=[answer.strip() for answer in answers])
        found["labels"] = found["labels"].masked_fill(found["attention_mask"] == 0, IGNORED)
        return found

    def _processed(self, **given: Any) -> dict[str, torch.Tensor]:
        try:
            with self._one_at_a_time:
                found = self._processor(padding=True, padding_side="right", return_tensors="pt", **given)
        except (ValueError, TypeError, OSError) as error:
            raise DataError(f"a row can't be prepared for the model: {one_line(error)}") from error
        return {name: value for name, value in found.items() if isinstance(value, torch.Tensor)}

    def _ids(self, text: str) -> list[int]:
        with self._one_at_a_time:
            ids: list[int] = self._processor.tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids


def _shared(first: Sequence[int], second: Sequence[int]) -> int:
    """How many tokens two texts begin with together."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(first), len(second)))
