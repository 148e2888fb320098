"""Asking a model that is served elsewhere, through the OpenAI-compatible chat interface (vLLM, SGLang, llama.cpp, …).

Many questions are on their way at once, so that the server can batch them. What passes (a time-out, 429, a server's
error) is tried again after a pause that grows; what doesn't becomes a `Failure` of that question alone. Only what no
question can survive (a wrong key, an unknown model) raises. Used by rewards and translation.
"""

from __future__ import annotations

import os
import random
import re
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..errors import DataError

if TYPE_CHECKING:
    import httpx

PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
HOPELESS = frozenset({401, 403, 404})
LONGEST_PAUSE = 30.0  # seconds
PATIENCE = 16  # questions in a row without any answer, after which the next ones are tried once only

_KEY = re.compile(r"([A-Z0-9]+_)*API_KEY")

Message = Mapping[str, Any]


@dataclass(frozen=True)
class Reply:
    """What a model said. first: how likely the first token is, by token, where log-probabilities were asked for."""

    text: str
    first: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Failure:
    """Why a question has no answer, in one line."""

    why: str


@dataclass(frozen=True)
class Endpoint:
    """A served model.

    url: up to and with `/v1`. key: the name of the environment variable that holds the key, which ends in API_KEY; none
    is sent where it is not set. timeout: seconds for one try. tries: of one question. at_once: questions on their way
    together. pause: seconds after the first failed try, doubled after each more, and drawn at random up to that.
    """

    url: str
    model: str
    key: str = "OPENAI_API_KEY"
    timeout: float = 60.0
    tries: int = 5
    at_once: int = 16
    pause: float = 0.5

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise DataError(f"endpoint url={self.url!r}: is no address; write it like http://localhost:8000/v1")
        if parts.username is not None or parts.query or parts.fragment:  # it is recorded with what was asked
            raise DataError(
                f"endpoint at {parts.hostname}: a password or key in an address would be written down; put it into an "
                "environment variable whose name ends in _API_KEY, and name that with key="
            )
        if self.key and not _KEY.fullmatch(self.key):
            raise DataError(
                f"endpoint {self.url}: key={self.key[:40]!r} isn't sent to servers: a key's variable is called "
                "…_API_KEY, so that a config from elsewhere can't give away another secret"
            )
        if not self.model:
            raise DataError(f"endpoint {self.url}: which model isn't said; add model=NAME, as /v1/models lists")
        if self.timeout <= 0 or self.tries < 1 or self.at_once < 1:
            raise DataError(f"endpoint {self.url}: timeout, tries and at_once must be positive")

    def ask(
        self, questions: Sequence[Sequence[Message]], *, max_tokens: int = 256, first_tokens: int = 0
    ) -> list[Reply | Failure]:
        """Answers in the questions' order, each as likely as can be (temperature 0).

        first_tokens: how many of the first token's likeliest values come with an answer. Raises DataError where the
        server refuses the key, or doesn't know the model.
        """
        import httpx

        key = os.environ.get(self.key, "") if self.key else ""
        headers = {"authorization": f"Bearer {key}"} if key else {}
        extra = {"logprobs": True, "top_logprobs": first_tokens} if first_tokens else {}
        bodies = [
            {"model": self.model, "messages": list(asked), "temperature": 0, "max_tokens": max_tokens, **extra}
            for asked in questions
        ]
        limits = httpx.Limits(max_connections=self.at_once)
        state = _State()
        with (
            httpx.Client(headers=headers, timeout=self.timeout, limits=limits) as client,
            ThreadPoolExecutor(self.at_once, thread_name_prefix="endpoint") as pool,
        ):
            return list(pool.map(lambda body: self._asked(client, body, state), bodies))

    def _asked(self, client: httpx.Client, body: Mapping[str, Any], state: _State) -> Reply | Failure:
        import httpx

        tries = self.tries if state.silent < PATIENCE else 1
        why = ""
        for attempt in range(tries):
            if attempt:
                time.sleep(min(random.random() * self.pause * 2**attempt, LONGEST_PAUSE))
            try:
                response = client.post(f"{self.url.rstrip('/')}/chat/completions", json=body)
            except httpx.TimeoutException:
                why = f"no answer within {self.timeout:g} s"
            except httpx.HTTPError as error:
                why = f"no connection ({type(error).__name__}: {' '.join(str(error).split())[:120]})"
            else:
                if response.status_code in HOPELESS:
                    raise DataError(
                        f"{self.url}: refuses model {self.model!r} (HTTP {response.status_code}: {_said(response)}); "
                        f"check url and model, and the key in {self.key or 'key='}"
                    )
                if response.status_code not in PASSING:
                    state.heard()
                    return _read(response)
                why = f"HTTP {response.status_code}: {_said(response)}"
                _wait_as_told(response)
        state.unheard()
        return Failure(f"{why}, {tries} times" if tries > 1 else why)


class _State:
    """How many questions in a row got no answer at all: a server that is down is not asked five times by each."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.silent = 0

    def heard(self) -> None:
        with self._lock:
            self.silent = 0

    def unheard(self) -> None:
        with self._lock:
            self.silent += 1


def _read(response: httpx.Response) -> Reply | Failure:
    """The answer in a response; a failure where there is none in it."""
    if response.status_code != 200:
        return Failure(f"HTTP {response.status_code}: {_said(response)}")
    try:
        choice = response.json()["choices"][0]
        text = choice["message"]["content"]
        first = _first_token(choice.get("logprobs"))
    except (ValueError, LookupError, TypeError, AttributeError):
        return Failure(f"the answer isn't a chat completion: {_said(response)}")
    if not isinstance(text, str):
        return Failure(f"the answer has no text: {_said(response)}")
    return Reply(text, first)


def _first_token(logprobs: Any) -> dict[str, float]:
    import math

    if not logprobs:
        return {}
    likeliest = logprobs["content"][0]["top_logprobs"]
    return {str(entry["token"]): math.exp(float(entry["logprob"])) for entry in likeliest}


def _said(response: httpx.Response) -> str:
    return " ".join(response.text.split())[:120] or "nothing"


def _wait_as_told(response: httpx.Response) -> None:
    """Wait as long as the server asks to, up to a limit."""
    try:
        seconds = float(response.headers.get("retry-after", "0"))
    except ValueError:
        return  # a date; our own pause has to do
    if seconds > 0:
        time.sleep(min(seconds, LONGEST_PAUSE))
