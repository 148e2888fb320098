"""Questions that take longer than a thumb moves: each works in a thread of its own, whoever asked follows it.

A visitor has one at a time: a newer question stops the older one, and so do a Cancel button and leaving the page. What
is shown are the latest results; those that came too fast to be shown are left out. Used by the views.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from ggez_core.errors import Cancelled

Result = TypeVar("Result")
GivenUp = Callable[[], bool]
Post = Callable[[Result], None]
Work = Callable[[Post[Result], GivenUp], None]
"""Does the work, posts what it has so far now and then, and raises Cancelled soon after it was given up."""


class Superseded(Cancelled):
    """The visitor has asked something else meanwhile."""


class Question(Generic[Result]):
    """A question on its way."""

    def __init__(self, work: Work[Result]) -> None:
        self._work = work
        self._given_up: Cancelled | None = None
        self._news = threading.Condition()
        self._posted: Result | None = None
        self._count = 0
        self._ended = False
        self._error: BaseException | None = None
        asking = contextvars.copy_context()  # whose language it speaks, and whose quota ZeroGPU takes
        self._thread = threading.Thread(target=asking.run, args=(self._run,), name="slow question", daemon=True)

    def give_up(self, why: Cancelled) -> None:
        """Stop as soon as the work notices; `why` is raised where the question is followed."""
        with self._news:
            self._given_up = self._given_up or why
            self._news.notify_all()

    def follow(self) -> Iterator[Result]:
        """Start, and yield what is posted, the last of it for certain. Who stops following gives the question up.

        Raises what the work raises, or why it was given up.
        """
        self._thread.start()
        seen = 0
        try:
            while True:
                with self._news:
                    while self._count == seen and not self._ended and self._given_up is None:
                        self._news.wait()
                    if self._given_up is not None:
                        raise self._given_up
                    if self._count == seen:
                        break
                    seen, posted = self._count, self._posted
                yield posted  # type: ignore[misc]
            if self._error is not None:
                raise self._error
        finally:
            self.give_up(Cancelled())

    def _run(self) -> None:
        try:
            self._work(self._post, lambda: self._given_up is not None)
        except BaseException as error:  # raised again where somebody follows
            self._error = error
        finally:
            with self._news:
                self._ended = True
                self._news.notify_all()

    def _post(self, result: Result) -> None:
        with self._news:
            self._posted, self._count = result, self._count + 1
            self._news.notify_all()


class SlowQuestions:
    """The questions on their way, one a visitor."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._on_their_way: dict[str, Question[Any]] = {}

    def ask(self, session: str, work: Work[Result]) -> Iterator[Result]:
        """Ask in place of the visitor's older question, and follow. Raises as `Question.follow` does, or Superseded."""
        question = Question(work)
        with self._lock:
            older = self._on_their_way.get(session)
            self._on_their_way[session] = question
        if older is not None:
            older.give_up(Superseded())
        try:
            yield from question.follow()
        finally:
            with self._lock:
                if self._on_their_way.get(session) is question:
                    del self._on_their_way[session]

    def cancel(self, session: str) -> bool:
        """Stop the visitor's question; whether there was one."""
        with self._lock:
            question = self._on_their_way.get(session)
        if question is not None:
            question.give_up(Cancelled())
        return question is not None
