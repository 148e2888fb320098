"""How a slow family answers: one place of the slider after the other, the growing answers shown meanwhile.

The same question goes to every place, with the same inputs; what was answered before is there at once. Used by the
views of slow families, and by their endpoints.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from ggez_core.errors import Cancelled
from ggez_core.progress import Step

from ..markup import notice
from ..problem import Problem, attempt
from ..service import Service
from ..slow import GivenUp, Post, Superseded
from ..text import say
from ..turns import never
from ..weights import BASE, REGIONAL, Weights
from .view import Pace, Shown

if TYPE_CHECKING:
    from ..live import LivePair

NEARBY = 0.25  # how far in β an answer may be from the thumb to stand in there

Inputs = tuple[Any, ...]
Updates = Mapping[gr.components.Component, object]


@dataclass(frozen=True)
class Asked:
    """A question as a family takes it. key: tells it from others; nbytes: how much a whole answer takes in memory.

    seconds: how long a lent graphics card is asked for, to load the pair and answer once.
    """

    key: Hashable
    inputs: Any
    nbytes: Callable[[Any], int]
    seconds: int = 60


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
    """The answers so far, and the time since the question was asked.

    waiting: nothing is being worked on yet. idle: nothing will be, unless asked: these are answers given before.
    """

    parts: Parts
    pace: Pace | None = None
    waiting: bool = False
    idle: bool = False

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
            asked.key, asked.inputs, part.weights, nbytes=asked.nbytes, seconds=asked.seconds, given_up=given_up,
            progress=step,
        ):  # fmt: skip
            now[k] = replace(now[k], result=answered.result, move_ms=answered.move_ms)
            so_far = tell()
        now[k] = replace(now[k], whole=True)
        so_far = tell()
    return so_far


class SlowView(ABC):
    """Answers a slow family's events. A family says what is asked, and how what there is so far is shown.

    status: where the state of the work and problems are said. cancel: the button that is alive while there is work.
    """

    def __init__(self, service: Service, status: gr.HTML, cancel: gr.Button) -> None:
        self.service, self.status, self.cancel = service, status, cancel

    @abstractmethod
    def asked(self, live: LivePair, inputs: Inputs) -> Asked:
        """What the values of the view's inputs ask. Raises GgezError for what can't be asked."""

    @abstractmethod
    def columns(self, session: str, found: SoFar, question: Asked, nearby: Part | None, inputs: Inputs) -> Updates:
        """Updates that show base | merged | regional; `nearby` stands in for the merged part while it isn't whole."""

    def at_once(self, session: str, weights: Weights, *inputs: Any) -> Shown:
        """What was answered before at these weights, or nearby; nothing new where this was never asked."""

        def work() -> Shown:
            live = self.service.live(session)
            question = self.asked(live, inputs)
            found = SoFar(known(live, question, three(weights)), idle=True)
            if not any(part.whole for part in found.parts):
                return Shown({})
            return Shown(self.columns(session, found, question, _stand_in(live, question, found.parts[1]), inputs))

        return self._or_problem(attempt(work))

    def in_time(self, session: str, weights: Weights, *inputs: Any) -> Iterator[Shown]:
        """Answer what isn't answered yet of the three, showing how far it is."""

        def show(live: LivePair, found: SoFar, question: Asked) -> Updates:
            return self.columns(session, found, question, _stand_in(live, question, found.parts[1]), inputs)

        yield from self.follow(session, inputs, three(weights), show)

    def settled(self, session: str, weights: Weights, *inputs: Any) -> Iterator[Shown]:
        """Answer at the β at which the thumb was let go, if this was asked before."""

        def asked_before() -> bool:
            live = self.service.live(session)
            return live.nearest(self.asked(live, inputs).key, weights.beta) is not None

        if attempt(asked_before) is True:
            yield from self.in_time(session, weights, *inputs)

    def follow(
        self, session: str, inputs: Inputs, parts: Parts, show: Callable[[LivePair, SoFar, Asked], Updates]
    ) -> Iterator[Shown]:
        """Ask in place of the visitor's older question, and show what there is so far as it comes.

        Ends with the whole answer, the problem with the question, or that it was stopped; in silence if a newer
        question took its place.
        """
        context: list[tuple[LivePair, Asked]] = []

        def work(post: Post[SoFar], given_up: GivenUp) -> None:
            live = self.service.live(session)
            context.append((live, self.asked(live, inputs)))
            answer_each(*context[0], parts, post, given_up)

        answers = self.service.slow.ask(session, work)
        while True:
            found = attempt(lambda: _next(answers))
            match found:
                case None:
                    return
                case Problem():
                    yield self._or_problem(found)
                    return
                case Stopped():
                    yield self._said(say("slow.stopped"), working=False)
                    return
                case SoFar():
                    live, question = context[0]
                    said = say("slow.waiting" if found.waiting else "slow.done" if found.whole else "slow.working")
                    ours = self._said(said, working=not found.whole).updates
                    yield Shown({**ours, **show(live, found, question)}, found.pace if found.whole else None)

    def _said(self, text: str, *, working: bool) -> Shown:
        return Shown({self.status: notice(text), self.cancel: gr.update(interactive=working)})

    def _or_problem(self, done: Shown | Problem) -> Shown:
        if isinstance(done, Problem):
            return Shown({self.status: notice(done.message, "problem"), self.cancel: gr.update(interactive=False)})
        return done


def _stand_in(live: LivePair, asked: Asked, part: Part) -> Part | None:
    """For a part that isn't whole: the answer given before at the nearest β, as a part of its own."""
    found = None if part.whole else live.nearest(asked.key, part.weights.beta)
    if found is None:
        return None
    beta, answered = found
    if abs(beta - part.weights.beta) > NEARBY:
        return None
    return Part(part.model, Weights.at(beta), answered.result, whole=True)


def _next(answers: Iterator[SoFar]) -> SoFar | Stopped | None:
    try:
        return next(answers, None)
    except Superseded:
        return None
    except Cancelled:
        return Stopped()
