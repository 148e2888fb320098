"""Reward by a vision-language model that is served elsewhere (vLLM): many pairs on their way at once."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from ..endpoint import Endpoint, Failure, Message, Reply
from ..signal import Batch
from . import ONE_TO_FIVE, Scored
from .asking import expected_score, parse_score, prompt, shortened
from .lvlm import LONGEST, check_answer

SIDE = 1024  # pixels of a side of what is sent; models look at less
FIRST_TOKENS = 20  # the most that OpenAI's interface gives


@dataclass(frozen=True)
class ByEndpoint:
    """answer: written or expected (`asking`); the second needs a server that gives log-probabilities."""

    endpoint: Endpoint
    answer: str

    scale = ONE_TO_FIVE

    def __post_init__(self) -> None:
        check_answer(self.answer)

    @property
    def version(self) -> str:
        """Of the model's name and the prompt: what a server has under a name can't be seen."""
        return f"endpoint {self.answer} {self.endpoint.model} {prompt('', self.answer)}"

    def score(self, batch: Batch, rows: Sequence[int]) -> list[Scored]:
        """Scores; why there is none: the server's error, or an answer without a score."""
        questions = [[asked(batch.images[row], prompt(batch.texts[row] or "", self.answer))] for row in rows]
        one_token = self.answer == "expected"
        replies = self.endpoint.ask(
            questions, max_tokens=1 if one_token else LONGEST, first_tokens=FIRST_TOKENS if one_token else 0
        )
        return [self._read(reply) for reply in replies]

    def _read(self, reply: Reply | Failure) -> Scored:
        if isinstance(reply, Failure):
            return Scored(None, reply.why)
        value = expected_score(reply.first) if self.answer == "expected" and reply.first else parse_score(reply.text)
        return Scored(value, "" if value is not None else f"no score in the answer: {shortened(reply.text)}")


def asked(image: Image.Image | None, text: str) -> Message:
    """One turn of a person: the picture, then the question."""
    picture = [] if image is None else [{"type": "image_url", "image_url": {"url": data_uri(image)}}]
    return {"role": "user", "content": [*picture, {"type": "text", "text": text}]}


def data_uri(image: Image.Image) -> str:
    """A picture as a data URI, as small as a model needs it."""
    small = image.convert("RGB")
    small.thumbnail((SIDE, SIDE))
    file = io.BytesIO()
    small.save(file, "JPEG", quality=92)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def reward_model(
    *, model: str, answer: str, url: str, key: str, timeout: float, tries: int, at_once: int, **_: Any
) -> ByEndpoint:
    """From the settings of `Reward`."""
    return ByEndpoint(Endpoint(url, model, key, timeout, tries, at_once), answer)
