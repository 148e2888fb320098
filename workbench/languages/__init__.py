"""The languages that the page speaks, its words in each, and which of them a visitor reads.

`?language=th` in the page's address decides, else the languages that the browser asks for. Gradio's own translation is
of no use here: it goes by the browser alone, knows only the locales that Gradio ships (no Malay, Vietnamese, Filipino,
Burmese, Khmer or Lao), and reaches labels, not what the server writes. Used by `text` and `page`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from pathlib import Path
from string import Formatter
from types import MappingProxyType

from gradio.context import LocalContext

DEFAULT = "en"
SPOKEN = (DEFAULT, "id", "ms", "th", "vi", "fil", "my", "km", "lo", "ta", "zh")
PARAMETER = "language"  # of the page's address; Gradio's page sends it along with every event
OTHER_NAMES: Mapping[str, str] = MappingProxyType({"tl": "fil", "in": "id", "cmn": "zh"})  # what some systems call them

LONGEST = 256  # characters of a header that are read

_spoken: ContextVar[str] = ContextVar("language", default=DEFAULT)


def language() -> str:
    """The language to speak: that of the visitor whose event is answered here, else the one that was set.

    Gradio tells in every event's function and generator whose it is; threads have to be started with this context.
    """
    request = LocalContext.request.get(None)
    if request is None:
        return _spoken.get()
    return choose(request.query_params.get(PARAMETER), request.headers.get("accept-language"))


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Speak a language outside of events."""
    token = _spoken.set(code)
    try:
        yield
    finally:
        _spoken.reset(token)


def choose(asked: str | None, accepted: str | None) -> str:
    """The language for a visitor, one of `SPOKEN`.

    asked: a code that was chosen, or None. accepted: the header Accept-Language (RFC 9110, 12.5.4), or None.
    """
    return _spoken_as(asked or "") or _best_of((accepted or "")[:LONGEST]) or DEFAULT


@cache
def words(code: str) -> Mapping[str, str]:
    """The texts in a language by key. What it lacks, or would fill in with other values, is English."""
    english = catalogue(DEFAULT)
    own = catalogue(code)
    fitting = {key: own[key] for key in english if key in own and fields(own[key]) == fields(english[key])}
    return MappingProxyType({**english, **fitting})


def catalogue(code: str) -> dict[str, str]:
    """The texts of a language as its file has them."""
    read: dict[str, str] = json.loads(Path(__file__).with_name(f"{code}.json").read_text("utf-8"))
    return read


def fields(text: str) -> set[tuple[str, str]]:
    """Which values a text is filled in with, and how each is written: `{beta:.2f}` is ("beta", ".2f")."""
    return {(name, how or "") for _, name, how, _ in Formatter().parse(text) if name is not None}


def _spoken_as(tag: str) -> str | None:
    """The language of a BCP 47 tag, where the page speaks it: zh for zh-Hans-CN."""
    code = tag.strip().casefold().split("-")[0]
    code = OTHER_NAMES.get(code, code)
    return code if code in SPOKEN else None


@lru_cache(maxsize=256)
def _best_of(accepted: str) -> str | None:
    found = [
        (_weight(parameters), code)
        for tag, _, parameters in (part.partition(";") for part in accepted.split(","))
        if (code := _spoken_as(tag))
    ]
    weight, best = max(found, key=lambda one: one[0], default=(0.0, None))
    return best if weight > 0 else None


def _weight(parameters: str) -> float:
    """What `q=0.8` weighs: 1 where nothing is said, 0 for what is no number."""
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
