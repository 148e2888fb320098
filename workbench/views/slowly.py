"""How a slow family answers: one place of the slider after the other, the growing answers shown meanwhile.

The same question goes to every place, with the same inputs; what was answered before is there at once. Used by the
views of slow families, and by their endpoints.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ggez_core.errors import Cancelled
from ggez_core.progress import Step

from ..problem import Problem, attempt
from ..service import Service
from ..slow import GivenUp, Post, Superseded
from ..turns import never
from ..weights import BASE, REGIONAL, Weights
from .view import Pace

if TYPE_CHECKING:
    from ..live import LivePair


@dataclass(frozen=True)
class Asked:
    """A question as a family takes it. key: tells it from others; nbytes: how much a whole answer takes in memory."""

    key: Hashable
    inputs: Any
    nbytes: Callable[[Any], int]


@dataclass(frozen=True)
class Part:
    """The answer at one place. result: what there is of it; whole: all of it; step: how far the work on it is."""

    model: str
    weights: Weights
    result: Any = None
    whole: bool = False
    step: Step | None = None
    move_ms: float = 0.0

    @property
    def beta(self) -> float | None:
        """The one β of all weights, or None if components differ."""
        return self.weights.single


Parts = tuple[Part, ...]


@dataclass(frozen=True)
class SoFar:
    """The answers so far, and the time since the question was asked. waiting: nothing is being worked on yet."""

    parts: Parts
    pace: Pace | None = None
    waiting: bool = False

    @property
    def whole(self) -> bool:
        """Whether every part is."""
        return all(part.whole for part in self.parts)


@dataclass(frozen=True)
class Stopped:
    """The visitor pressed Cancel."""


def three(merged: Weights) -> Parts:
    """Base | merged | regional, yet to be asked."""
    return Part("base", BASE), Part("merged", merged), Part("regional", REGIONAL)


def along(betas: Sequence[float]) -> Parts:
    """Every one of these β, yet to be asked."""
    return tuple(Part("merged", Weights.at(beta)) for beta in betas)


def known(live: LivePair, asked: Asked, parts: Parts) -> Parts:
    """The parts with the answers that were given before."""
    found = ((part, live.known(asked.key, part.weights)) for part in parts)
    return tuple(replace(part, result=a.result, whole=True) if a else part for part, a in found)


def answer_each(
    live: LivePair, asked: Asked, parts: Parts, post: Post[SoFar] = lambda _: None, given_up: GivenUp = never
) -> SoFar:
    """Ask at every place, in their order; posts whenever there is more to see. Raises Cancelled once given up."""
    started = time.perf_counter()
    now = list(known(live, asked, parts))

    def tell(waiting: bool = False) -> SoFar:
        moved = max(part.move_ms for part in now)
        so_far = SoFar(tuple(now), Pace(moved, 1e3 * (time.perf_counter() - started)), waiting)
        post(so_far)
        return so_far

    so_far = tell(waiting=not all(part.whole for part in now))
    for k, part in enumerate(now):
        if part.whole:
            continue

        def step(done: Step, k: int = k) -> None:
            now[k] = replace(now[k], step=done)
            tell()

        for answered in live.ask(
            asked.key, asked.inputs, part.weights, nbytes=asked.nbytes, given_up=given_up, progress=step
        ):
            now[k] = replace(now[k], result=answered.result, move_ms=answered.move_ms)
            so_far = tell()
        now[k] = replace(now[k], whole=True)
        so_far = tell()
    return so_far


def follow(
    service: Service, session: str, asked: Callable[[LivePair], Asked], parts: Parts
) -> Iterator[SoFar | Problem | Stopped]:
    """Ask for a visitor, in place of their older question; the answers so far as they come.

    Ends with the whole answer, the problem with the question, or that it was stopped; in silence if a newer question
    took its place.
    """

    def work(post: Post[SoFar], given_up: GivenUp) -> None:
        live = service.live(session)
        answer_each(live, asked(live), parts, post, given_up)

    answers = service.slow.ask(session, work)
    while True:
        got = attempt(lambda: _next(answers))
        if got is None:
            return
        yield got
        if not isinstance(got, SoFar):
            return


def _next(answers: Iterator[SoFar]) -> SoFar | Stopped | None:
    try:
        return next(answers, None)
    except Superseded:
        return None
    except Cancelled:
        return Stopped()
