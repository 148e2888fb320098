"""From exceptions to one line a person can act on; never a traceback. Used around every event and endpoint.

On a page that strangers visit, paths of the machine are cut down to the file's name.
"""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

import gradio as gr
from gradio.context import LocalContext

from ggez_core.errors import Cancelled, GgezError

from .text import say

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

_FOLDERS = re.compile(r"(?<![\w:/.…])/(?:[^\s/:;,'\"()]+/)+")  # of an absolute path, not of an address of the web
_STRANGERS = "ggez_strangers"


@dataclass(frozen=True)
class Problem:
    """What went wrong, in one line."""

    message: str


def for_strangers(page: gr.Blocks) -> None:
    """Let no message of the page tell where anything lies on this machine."""
    setattr(page, _STRANGERS, True)


def without_folders(message: str) -> str:
    """The message with every absolute path cut down to its last part.

    >>> without_folders("/data/x y/m.safetensors: see https://huggingface.co/a/b")
    '…/x y/m.safetensors: see https://huggingface.co/a/b'
    """
    return _FOLDERS.sub("…/", message)


def attempt(work: Callable[[], T]) -> T | Problem:
    """The result of `work`, or the problem with it: also that it was stopped. Failures of ours are only logged."""
    try:
        return work()
    except GgezError as error:
        said = " ".join(str(error).split())
        hide = getattr(LocalContext.blocks.get(None), _STRANGERS, False)
        return Problem(without_folders(said) if hide else said)
    except Cancelled:
        return Problem(say("errand.stopped"))
    except Exception:
        log.exception("the page failed")
        return Problem(say("error.generic"))


def as_endpoint(function: Callable[P, T]) -> Callable[P, T]:
    """The function as a program calls it: a problem becomes an error message of the endpoint."""

    @functools.wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        done = attempt(lambda: function(*args, **kwargs))
        if isinstance(done, Problem):
            raise gr.Error(done.message, print_exception=False)
        return done

    return guarded


def offer(function: Callable[..., object], name: str, group: str, at_a_time: int) -> None:
    """Make a function a named endpoint, inside the current Blocks; those of a group run so many at a time."""
    gr.events.api(as_endpoint(function), api_name=name, concurrency_id=group, concurrency_limit=at_a_time)
