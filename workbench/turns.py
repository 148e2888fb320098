"""A lock that is handed on in the order in which it was asked for, so that nobody waits for more than those before.

Python's own lock may go back to who just gave it up, again and again. Used by `live`.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ggez_core.errors import Cancelled

LOOK = 0.1  # seconds between two looks whether who waits has given up


def never() -> bool:
    """Whether somebody who never gives up has."""
    return False


class Turns:
    """Whose turn it is: `with turns.taken(): …`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._busy = False
        self._waiting: deque[threading.Event] = deque()

    @contextmanager
    def taken(self, given_up: Callable[[], bool] = never) -> Iterator[None]:
        """Wait for a turn, and hand it on afterwards. Raises Cancelled once `given_up` says so while waiting."""
        self._take(given_up)
        try:
            yield
        finally:
            self._hand_on()

    def _take(self, given_up: Callable[[], bool]) -> None:
        with self._lock:
            if not self._busy:
                self._busy = True
                return
            mine = threading.Event()
            self._waiting.append(mine)
        patience = None if given_up is never else LOOK
        while not mine.wait(patience):
            if given_up():
                self._leave(mine)
                raise Cancelled

    def _leave(self, mine: threading.Event) -> None:
        with self._lock:
            if mine in self._waiting:
                self._waiting.remove(mine)
                return
        self._hand_on()  # the turn came in this very moment

    def _hand_on(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._busy = False
