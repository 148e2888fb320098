"""Who is visiting: which pair each visitor chose and where their exports go. Weights and β are never kept here.

Gradio's session hash tells visitors apart; it lasts as long as the page is open. Used by `service`.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import gradio as gr

from .exports import Exports
from .pairs import Pair

if TYPE_CHECKING:
    from .live import LivePair

REMEMBERED = 10_000


@dataclass(frozen=True)
class Visitor:
    """The pair a visitor chose (None: the demo pair) and the ticket of their exports.

    met: which loading of it answered them last. reloaded: seconds that loading it again took, until they are told.
    """

    ticket: str
    pair: Pair | None = None
    met: int = 0
    reloaded: float = 0.0


def session_of(request: gr.Request) -> str:
    """The session a request belongs to; a request without one is a visitor of its own."""
    return request.session_hash or Exports.new_ticket()


class Visitors:
    """Visitors by session, the longest unseen ones forgotten first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Visitor] = OrderedDict()

    def get(self, session: str) -> Visitor:
        """The visitor of a session, a new one if it is unknown."""
        with self._lock:
            return self._get(session)

    def choose(self, session: str, pair: Pair) -> None:
        """Remember the pair a visitor chose."""
        with self._lock:
            self._known[session] = replace(self._get(session), pair=pair, met=0, reloaded=0.0)

    def met(self, session: str, live: LivePair) -> None:
        """The visitor's pair is about to answer; where it isn't the loading that answered before, they are to know."""
        with self._lock:
            before = self._get(session)
            if before.met != live.number:
                seconds = live.load_seconds if before.met else 0.0
                self._known[session] = replace(before, met=live.number, reloaded=seconds)

    def reloaded(self, session: str) -> float:
        """Seconds that loading the visitor's pair again took, if they haven't been told yet; else 0."""
        with self._lock:
            found = self._known.get(session)
            if found is None or not found.reloaded:
                return 0.0
            self._known[session] = replace(found, reloaded=0.0)
            return found.reloaded

    def tickets(self) -> frozenset[str]:
        """The tickets of who is here."""
        with self._lock:
            return frozenset(visitor.ticket for visitor in self._known.values())

    def forget(self, session: str) -> None:
        """The visitor left."""
        with self._lock:
            self._known.pop(session, None)

    def _get(self, session: str) -> Visitor:
        visitor = self._known.setdefault(session, Visitor(Exports.new_ticket()))
        self._known.move_to_end(session)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return visitor
