"""Work that a visitor waits for: loading, measuring, exporting, and what programs ask for. Each can be stopped.

The work runs where it was asked for and looks now and then whether it was stopped: its progress callback raises
`Cancelled` then. Drawings and questions of the page itself are `slow` questions. Used through `service`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ggez_core.errors import Cancelled, GgezError
from ggez_core.progress import Progress, Step, silent


class Errand:
    """One piece of work on its way. kind: what it is, such as "export"."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Stop as soon as the work looks."""
        self._stopped.set()

    def given_up(self) -> bool:
        """Whether it was stopped."""
        return self._stopped.is_set()

    def watched(self, progress: Progress = silent) -> Progress:
        """The progress callback that the work is to call: raises Cancelled once it was stopped."""

        def watch(step: Step) -> None:
            progress(step)
            if self._stopped.is_set():
                raise Cancelled

        return watch


class Errands:
    """All errands on their way, at most `at_once` of a visitor (None: as many as they like)."""

    def __init__(self, at_once: int | None = None) -> None:
        self._at_once = at_once
        self._lock = threading.Lock()
        self._of: dict[str, list[Errand]] = {}

    @contextmanager
    def run(self, session: str, kind: str) -> Iterator[Errand]:
        """An errand of a visitor, for as long as the block takes. Raises GgezError where they have too many already."""
        errand = Errand(kind)
        with self._lock:
            mine = self._of.setdefault(session, [])
            if self._at_once is not None and len(mine) >= self._at_once:
                raise GgezError(
                    f"{len(mine)} of your requests are on their way already ({', '.join(one.kind for one in mine)}); "
                    "wait for one, or cancel it"
                )
            mine.append(errand)
        try:
            yield errand
        finally:
            with self._lock:
                mine.remove(errand)
                if not mine and self._of.get(session) is mine:
                    del self._of[session]

    def cancel(self, session: str, *kinds: str) -> int:
        """Stop a visitor's errands of these kinds, or all of them; how many."""
        with self._lock:
            found = [one for one in self._of.get(session, ()) if not kinds or one.kind in kinds]
        for one in found:
            one.stop()
        return len(found)
