"""From exceptions to one line a person can act on; never a traceback. Used around every event and endpoint."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

import gradio as gr

from ggez_core.errors import Cancelled, GgezError

from .text import say

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Problem:
    """What went wrong, in one line."""

    message: str


def attempt(work: Callable[[], T]) -> T | Problem:
    """The result of `work`, or the problem with it: also that it was stopped. Failures of ours are only logged."""
    try:
        return work()
    except GgezError as error:
        return Problem(" ".join(str(error).split()))
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
