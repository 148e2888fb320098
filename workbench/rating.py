"""Blind ratings: ballots handed out with their columns shuffled, and what becomes of them. For the Rate tab and `api`.

Which model stands in which column stays on the server until the ballot is rated.
"""

from __future__ import annotations

import random
import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ggez_core.errors import DataError

from .turns import never
from .weights import BASE, REGIONAL, Weights

if TYPE_CHECKING:
    from ggez_core.evaluation.ratings import Rating

    from .service import Service
    from .views.blind import Answer, GivenUp, Item

KINDS = ("rank", "pairwise", "likert")
REMEMBERED = 2000  # ballots; an older one can't be rated any more
_RATER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")


@dataclass(frozen=True)
class Ballot:
    """One item with its answers, in the order in which they are shown. models: their names and weights, not shown."""

    id: str
    session: str
    kind: str
    family: str
    base: str
    regional: str
    item: Item
    models: tuple[tuple[str, Weights], ...]
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class Rated:
    """A ballot that was rated. count: how many its rater has rated so far."""

    ballot: Ballot
    rating: Rating
    count: int


class Ballots:
    """The ballots that were handed out, the oldest forgotten first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[Ballot, Rating | None]] = OrderedDict()

    def hand_out(
        self,
        service: Service,
        session: str,
        kind: str,
        language: str,
        weights: Weights,
        *,
        rng: random.Random | None = None,
        given_up: GivenUp = never,
    ) -> Ballot:
        """Ask base, merged and regional something new, or two of them for a pair, and shuffle.

        Raises DataError for an unknown kind, or weights at which two of the models are the same one.
        """
        from .views import VIEWS

        if kind not in KINDS:
            raise DataError(f"{kind[:40]!r} is no kind of rating; choose one of {', '.join(KINDS)}")
        if weights in (BASE, REGIONAL):
            same = "base" if weights == BASE else "regional one"
            raise DataError(
                f"at β = {weights.beta:g} the merged model is the {same}; move the slider, so that there are three "
                "models to rate"
            )
        rng = rng or random.SystemRandom()
        pair = service.current(session)
        blind = VIEWS[pair.family.name].blind
        models = [("base", BASE), ("merged", weights), ("regional", REGIONAL)]
        shuffled = rng.sample(models, 2 if kind == "pairwise" else 3)
        item = blind.item(rng, language)
        answers = blind.answers(service, session, item, [at for _, at in shuffled], given_up)
        ballot = Ballot(
            secrets.token_hex(16), session, kind, pair.family.name, pair.base.source, pair.regional.source, item,
            tuple(shuffled), tuple(answers),
        )  # fmt: skip
        with self._lock:
            self._known[ballot.id] = (ballot, None)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return ballot

    def rate(self, service: Service, session: str, ballot_id: str, answer: Any, rater: str, language: str) -> Rated:
        """Keep a rating; the same again counts once. answer: for each column its place (rank), 1, 0 or ½ (pairwise), or
        [correctness, naturalness] (likert).

        Raises DataError for a ballot that isn't this visitor's, was rated otherwise, or an answer that doesn't fit.
        """
        from ggez_core.evaluation.ratings import Rating

        with self._lock:
            ballot, before = self._known.get(str(ballot_id), (None, None))
        if ballot is None or ballot.session != session:
            raise DataError("this isn't waiting for a rating any more; press Next for another one")
        marks = marks_of(ballot.kind, answer, len(ballot.models))
        if before is None:
            rating = Rating(
                rater=rater, language=language, item=ballot.item.id, side=ballot.item.side, aspect=ballot.item.aspect,
                family=ballot.family, base=ballot.base, regional=ballot.regional, kind=ballot.kind,
                columns=tuple(_shown(name, at) for name, at in ballot.models), marks=marks, id=ballot.id,
            )  # fmt: skip
            with self._lock:
                ballot, before = self._known.setdefault(ballot.id, (ballot, None))
                if before is None:
                    before = rating
                    self._known[ballot.id] = (ballot, rating)
        if before.marks != marks:
            raise DataError("you have rated this already; press Next for another one")
        service.ratings.add([before])
        return Rated(ballot, before, service.ratings.count(rater))


def marks_of(kind: str, answer: Any, columns: int) -> tuple[Mapping[str, float], ...]:
    """What a browser or a program answered, as marks. Raises DataError where it can't be that."""
    from ggez_core.evaluation.ratings.rating import MEASURES, mean_places

    if not isinstance(answer, list) or len(answer) != columns:
        raise DataError(f"an answer has one entry for each of the {columns} columns")
    if kind == "likert":
        return tuple(
            dict(zip(MEASURES["likert"], _numbers(one, len(MEASURES["likert"])), strict=True)) for one in answer
        )
    values = _numbers(answer, columns)
    if kind == "rank":
        if not all(1 <= value <= columns for value in values):
            raise DataError(f"a place is a number from 1 to {columns}")
        return tuple({"rank": place} for place in mean_places(values))
    return tuple({"preference": value} for value in values)


def _numbers(values: Any, count: int) -> list[float]:
    numbers = isinstance(values, list) and all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    if not numbers or len(values) != count:
        raise DataError("an answer is made of numbers; mark every column")
    return [float(value) for value in values]


def rater_of(remembered: object) -> str:
    """The pseudonym that a browser remembers, or a new one that says nothing about who it is."""
    known = isinstance(remembered, str) and _RATER.fullmatch(remembered)
    return str(remembered) if known else f"r-{secrets.token_hex(6)}"


def _shown(name: str, at: Weights) -> Any:
    from ggez_core.evaluation.ratings import Shown

    return Shown(name, at.beta, at.components)


def models_of(ballot: Ballot) -> Sequence[tuple[str, float | None]]:
    """The models in their columns, with the β of all components or None: to be told once the ballot is rated."""
    return [(name, at.single) for name, at in ballot.models]
