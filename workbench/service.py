"""What every part of the page shares: visitors with the pair each chose, pairs in memory, slow questions, exports.

β and the components' own β come with every call; a session only says which pair its visitor chose. What can be asked
of a pair is in `views`, writing it to disk in `exporting`. Every method raises GgezError for input that can't be used.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ggez_core.errors import Cancelled, GgezError, RecipeError
from ggez_core.progress import Progress, silent

from . import strangers
from .curations import Curations
from .drawn import Drawn
from .errands import Errands
from .exports import Exports
from .pairs import Pair, PairStore
from .rating import Ballots
from .session import Visitors
from .settings import Settings
from .slow import SlowQuestions
from .sweeps import SweepJobs
from .weights import Weights
from .zero import zero_gpu

if TYPE_CHECKING:
    from ggez_core.evaluation.ratings import RatingStore
    from ggez_core.regions import Alpha

    from .live import LivePair

DEMO_PAIR = ("demo:siglip/base", "demo:siglip/sea")
REGION = "SEA"


@dataclass(frozen=True)
class Loaded:
    """A pair as a visitor has it. why_not_live: empty, or why it can be merged but not compared live."""

    pair: Pair
    why_not_live: str


class Service:
    """Everything behind the page, shared by all visitors."""

    def __init__(self, settings: Settings) -> None:
        if settings.shared:
            strangers.forget_tokens()
        self.settings = settings
        self._visitors = Visitors()
        self.exports = Exports(settings.storage / "exports", settings.limits, self._visitors.tickets)
        self.drawn = Drawn()
        self.slow = SlowQuestions()
        self.errands = Errands(settings.limits.at_once)
        self.sweeps = SweepJobs(
            settings.storage / "sweeps", settings.memory_budget, settings.limits, shared=settings.shared
        )
        self.curations = Curations(settings.storage / "curations", settings.limits, shared=settings.shared)
        self.ballots = Ballots()
        self._opening = threading.Lock()
        self._ratings: RatingStore | None = None
        self._pairs = PairStore(settings.memory_budget, settings.limits, zero_gpu())

    @property
    def ratings(self) -> RatingStore:
        """What visitors have rated: a file in the storage; on a Space that is storage over a network."""
        from ggez_core.evaluation.ratings import RatingStore

        with self._opening:
            if self._ratings is None:
                self._ratings = RatingStore(self.settings.storage / "ratings.sqlite", network=self.settings.shared)
            return self._ratings

    def preflight(self, base: str, regional: str, *, progress: Progress = silent) -> Pair:
        """Open and compare two checkpoints; the report says whether they can be merged.

        Raises SourceError where visitors are strangers and one isn't theirs to name.
        """
        if self.settings.shared:
            base, regional = strangers.checkpoint(base), strangers.checkpoint(regional)
        return self._pairs.open(base, regional, progress)

    def load_pair(self, session: str, base: str, regional: str, *, progress: Progress = silent) -> Loaded:
        """Make a pair the session's own, and load it live if it can be. Raises GgezError for an incompatible one."""
        with self.errands.run(session, "load") as errand:
            pair = self.preflight(base, regional, progress=errand.watched(progress))
            if not pair.comparison.compatible:
                raise GgezError(pair.comparison.explain())
            if errand.given_up():
                raise Cancelled
            self.slow.cancel(session)
            self._visitors.choose(session, pair)
            try:
                self.live(session)
            except GgezError as error:
                return Loaded(pair, str(error))
            return Loaded(pair, "")

    def current(self, session: str) -> Pair:
        """The session's pair: the one it chose, or the demo pair."""
        pair = self._visitors.get(session).pair
        if pair is None:
            pair = self._pairs.open(*DEMO_PAIR)
            self._visitors.choose(session, pair)
        return pair

    def live(self, session: str) -> LivePair:
        """The session's pair in memory, loaded if it isn't. Raises GgezError for one that can't be run or held."""
        live = self._pairs.live(self.current(session))
        self._visitors.met(session, live)
        return live

    def reloaded(self, session: str) -> float:
        """Seconds that loading the session's pair again took since it was evicted; 0 once they have been told."""
        return self._visitors.reloaded(session)

    def alone(self, source: str) -> LivePair:
        """One model in memory, as it is. Raises GgezError for one that can't be run or held."""
        return self._pairs.live(self._pairs.open(source, source))

    def weights(self, session: str, beta: float, components: Mapping[str, float] | None = None) -> Weights:
        """Checked weights for the session's pair. Raises RecipeError for a bad β or an unknown component."""
        if not isinstance(components, Mapping | None):
            raise RecipeError("components must map names to weights, as in {'text_model': 0.3}; leave it out for one β")
        pair = self.current(session)
        for name in components or {}:
            if name not in pair.components:
                known = ", ".join(pair.components) or "none, the two are identical"
                raise RecipeError(f"{name[:80]!r} is no component in which the pair differs; those are {known}")
        return Weights.at(beta, components)

    def ticket(self, session: str) -> str:
        """The secret name under which the session's exports and pictures are fetched."""
        return self._visitors.get(session).ticket

    def stop(self, session: str, *kinds: str) -> int:
        """Stop what the visitor waits for: errands of these kinds, or everything; how much that was.

        Sweeps and curations go on in the background and have a stop of their own.
        """
        return self.errands.cancel(session, *kinds) + (0 if kinds else int(self.slow.cancel(session)))

    def leave(self, session: str) -> None:
        """The visitor closed the page. On a machine of one's own an export that was begun is still written."""
        if self.settings.shared:
            self.errands.cancel(session)
        self.slow.cancel(session)
        self.curations.leave(session)
        self._visitors.forget(session)
        self.exports.tidy()

    @staticmethod
    def alpha() -> Alpha:
        """α of the region that the demo pair is about."""
        from ggez_core.regions import alpha

        return alpha(REGION)
