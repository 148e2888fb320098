"""A pair in memory: one model of any family whose weights stand wherever a request wants them.

Requests of all visitors take turns: in its turn the weights are moved and the question is answered, so nobody sees
another visitor's β; pairs don't wait for each other. What was answered at some weights is kept for the next time.
Imports torch; loaded by `pairs` when first needed.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import torch

from ggez_core.errors import Cancelled, GgezError
from ggez_core.families import FamilyModel, Placement
from ggez_core.families.family import BetaOf
from ggez_core.merging import LiveModel
from ggez_core.progress import Progress, Step, silent

from .kept import Kept
from .turns import Turns, never
from .weights import BASE, Weights
from .zero import PREVIEW, Job

if TYPE_CHECKING:
    from ggez_core.checkpoints import Checkpoint

    from .pairs import Pair
    from .zero import ZeroGpu

BUDGET = 128 << 20  # bytes of answers kept for each pair
THREADS = torch.get_num_threads()  # set anew for every question: torch hands the last number on to new threads

SMALL = 100_000_000  # bytes of a model's weights
_NUMBERS = itertools.count(1)

Betas = tuple[tuple[str, float], ...]


class Helper(Protocol):
    """What a view keeps beside a live pair for as long as it is in memory, made by its class from the pair."""

    def close(self) -> None:
        """The pair is about to be forgotten, or the program ends: stop working."""


HelperOf = TypeVar("HelperOf", bound=Helper)
Model = TypeVar("Model")
Known = TypeVar("Known")


@dataclass(frozen=True)
class Answered:
    """One model's whole answer to a question, at one weights; `move_ms` is what moving them took."""

    result: Any
    move_ms: float = 0.0


class LivePair:
    """One model, moved between base and regional for whoever's turn it is. Safe to use from many threads.

    number: tells this loading of a pair from another. load_seconds: how long it took. gpu: ZeroGPU, where that is on:
    it answers for models that aren't small, since those don't need a card and a card is lent for seconds.
    """

    def __init__(self, pair: Pair, gpu: ZeroGpu | None = None) -> None:
        started = time.perf_counter()
        self.pair = pair
        self.number = next(_NUMBERS)
        self.nbytes = pair.live_bytes
        self._turns = Turns()
        self._gpu = None if self.small else gpu
        device = "cuda" if torch.cuda.is_available() and gpu is None else None
        self._model: FamilyModel = pair.family.load(pair.base, Placement(device=device))
        self._weights = None if self._gpu else LiveModel(self._model.model, pair.base, pair.regional)
        self._at = BASE
        self._making = threading.Lock()
        self._helpers: dict[type, Any] = {}
        self._answers: Kept[Answered] = Kept(BUDGET)
        self._closed = False
        self.load_seconds = time.perf_counter() - started

    def model(self, kind: type[Model]) -> Model:
        """The model, for what doesn't depend on its weights: those are right only within `at`.

        Raises GgezError if it isn't of that kind, since then it can't be asked what the caller wants to.
        """
        if not isinstance(self._model, kind):
            raise GgezError(
                f"{self.pair.base.source} is of the family {self.pair.family.name}, which can't be asked this; "
                "load another pair, or use the endpoint of its family"
            )
        return self._model

    @property
    def small(self) -> bool:
        """Whether it answers in seconds, so that the page may ask it unasked."""
        return self.pair.base.nbytes <= SMALL

    def helper(self, kind: Callable[[LivePair], HelperOf]) -> HelperOf:
        """The view's helper for this pair, made when first asked for."""
        with self._making:
            if kind not in self._helpers:
                self._helpers[kind] = kind(self)  # type: ignore[index]
                if self._closed:  # who asked before the pair left memory is answered, but nothing works ahead
                    self._helpers[kind].close()  # type: ignore[index]
            found: HelperOf = self._helpers[kind]  # type: ignore[index]
            return found

    @contextmanager
    def at(self, weights: Weights, threads: int = THREADS) -> Iterator[FamilyModel]:
        """The model at these weights, for as long as the turn lasts, working with so many threads."""
        with self._turns.taken():
            self._move(weights)
            torch.set_num_threads(threads)
            yield self._model

    def compute(
        self,
        method: str,
        inputs: Any,
        weights: Weights,
        *,
        threads: int = THREADS,
        seconds: int = 60,
        known: Callable[[], Known | None] = lambda: None,
    ) -> Any:
        """What a method of the model makes of `inputs` at these weights, or what is `known` when the turn has come.

        seconds: for which a graphics card that is lent is asked.
        """
        if self._gpu is not None:
            return list(self._gpu.ask(self._job(method, inputs, weights), seconds))[-1]
        with self.at(weights, threads) as model:
            found = known()
            return getattr(model, method)(inputs) if found is None else found

    def move(self, weights: Weights) -> float:
        """Move the model to `weights`; seconds it took. A measure: every question moves it where it needs it."""
        with self._turns.taken():
            return self._move(weights)

    def betas(self, weights: Weights) -> Betas:
        """β of every component in which base and regional differ: all that an answer depends on."""
        own = dict(weights.components)
        return tuple((name, own.get(name, weights.beta)) for name in self.pair.components)

    def ask(
        self,
        question: Hashable,
        inputs: Any,
        weights: Weights,
        *,
        nbytes: Callable[[Any], int],
        seconds: int = 60,
        given_up: Callable[[], bool] = never,
        progress: Progress = silent,
    ) -> Iterator[Answered]:
        """The family's answer to `inputs` at `weights`: partial results as they come, the whole one last and kept.

        `question` tells one from another, whatever the weights; `nbytes` says how much a whole result takes; `seconds`
        for how long a graphics card that is lent is asked. The turn is held from the first partial result to the last.
        Raises Cancelled once `given_up`, DataError for bad inputs.
        """
        key = (question, self.betas(weights))
        known = self._answers.get(key)
        if known is not None:
            yield known
            return
        answered = None

        def stopping(step: Step) -> None:
            if given_up():
                raise Cancelled
            progress(step)

        with self._previewed(inputs, weights, seconds, given_up, stopping) as (partials, moved):
            for partial in partials:
                if given_up():
                    raise Cancelled
                answered = Answered(partial, moved)
                yield answered
        if answered is not None:
            self._answers.put(key, answered, nbytes(answered.result))

    @contextmanager
    def _previewed(
        self, inputs: Any, weights: Weights, seconds: int, given_up: Callable[[], bool], progress: Progress
    ) -> Iterator[tuple[Iterator[Any], float]]:
        """The model's partial results at these weights, and the milliseconds that moving them took.

        What works for them stops at the end of the block, before the turn is handed on.
        """
        if self._gpu is not None:  # where others wait for the card, not here
            with closing(self._gpu.ask(self._job(PREVIEW, inputs, weights), seconds, progress)) as partials:  # type: ignore[type-var]
                yield partials, 0.0
            return
        with self._turns.taken(given_up):
            moved = 1e3 * self._move(weights)
            torch.set_num_threads(THREADS)
            with closing(self._model.preview(inputs, beta_of=self._beta_of(weights), progress=progress)) as partials:  # type: ignore[type-var]
                yield partials, moved

    def _job(self, method: str, inputs: Any, weights: Weights) -> Job:
        base, regional = _place(self.pair.base), _place(self.pair.regional)
        return Job(base, regional, weights.beta, weights.components, self.betas(weights), method, inputs)

    def known(self, question: Hashable, weights: Weights) -> Answered | None:
        """The whole answer, if it was given before."""
        return self._answers.get((question, self.betas(weights)))

    def nearest(self, question: Hashable, beta: float) -> tuple[float, Answered] | None:
        """Of the answers given before with all components at one β, the one nearest to `beta`, and its own β."""
        single: dict[float, Hashable] = {}
        for key in self._answers.keys():  # noqa: SIM118  (no dict)
            asked, betas = key  # type: ignore[misc]
            at = {beta for _, beta in betas}
            if asked == question and len(at) == 1:
                single[at.pop()] = key
        if not single:
            return None
        near = min(single, key=lambda known: abs(known - beta))
        found = self._answers.get(single[near])
        return None if found is None else (near, found)

    def close(self) -> None:
        """The pair is about to be forgotten: its helpers stop, and whose turn it is finishes it."""
        with self._making:
            self._closed = True
            leaving = list(self._helpers.values())
        for helper in leaving:
            helper.close()
        with self._turns.taken():
            self._helpers.clear()

    def _beta_of(self, weights: Weights) -> BetaOf:
        at = dict(self.betas(weights))
        return lambda component: at.get(component, 0.0)

    def _move(self, weights: Weights) -> float:
        """Move to `weights`; it must be our turn."""
        if weights == self._at or self._weights is None:
            return 0.0
        started = time.perf_counter()
        self._weights.set_beta(weights.beta, dict(weights.components))
        self._at = weights
        return time.perf_counter() - started


def _place(checkpoint: Checkpoint) -> str:
    """Where a checkpoint is on disk: its folder, or its only file."""
    alone = Path(checkpoint.source).expanduser()
    return str(alone.absolute() if alone.is_file() else checkpoint.folder)
