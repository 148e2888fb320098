"""The page's named endpoints for programs: load a pair, ask it what its family can, export, by `gradio_client`.

Thin, typed functions; a session is the client's own. What they return arrives as JSON objects. What can be asked is
offered by each family's view.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from . import curate_api
from .exporting import Exported, export
from .pairs import Pair
from .problem import offer
from .service import DEMO_PAIR, Service
from .session import session_of
from .views import VIEWS


@dataclass(frozen=True)
class ComponentReport:
    """A component: how many tensors have each status, bytes, and the relative change of all its weights."""

    name: str
    counts: dict[str, int]
    nbytes: int
    relative_change: float | None
    has_beta: bool


@dataclass(frozen=True)
class PairReport:
    """A preflight report. live: whether the pair can be searched; why_not_live says what hinders it."""

    base: str
    regional: str
    compatible: bool
    explanation: str
    components: list[ComponentReport]
    live: bool = False
    why_not_live: str = ""


@dataclass(frozen=True)
class FileReport:
    """A file of an export; `url` is relative to the page's address."""

    name: str
    nbytes: int
    url: str


@dataclass(frozen=True)
class ExportReport:
    """A finished export. folder: its path on the server, empty where visitors are strangers."""

    name: str
    beta: float
    components: dict[str, float]
    files: list[FileReport]
    zip_url: str
    nbytes: int
    seconds: float
    folder: str


@dataclass(frozen=True)
class BallotReport:
    """Answers to rate, in the order of their columns: which model gave them is told once they are rated."""

    ballot: str
    kind: str
    family: str
    item: str
    side: str
    aspect: str
    question: str
    language: str
    answers: list[str]


@dataclass(frozen=True)
class RatedReport:
    """A rating that is kept, with the models in their columns. count: how many its rater has given."""

    rating: dict[str, Any]
    count: int


def register(service: Service) -> None:
    """Offer the endpoints, inside the current Blocks."""

    def preflight(request: gr.Request, base: str = DEMO_PAIR[0], regional: str = DEMO_PAIR[1]) -> PairReport:
        """Compare two checkpoints (demo: name, Hub id or folder) and say whether they can be merged."""
        with service.errands.run(session_of(request), "preflight") as errand:
            return _pair(service.preflight(base, regional, progress=errand.watched()))

    def load_pair(request: gr.Request, base: str = DEMO_PAIR[0], regional: str = DEMO_PAIR[1]) -> PairReport:
        """Make a pair this session's own; the other endpoints then answer for it."""
        loaded = service.load_pair(session_of(request), base, regional)
        return _pair(loaded.pair, not loaded.why_not_live, loaded.why_not_live)

    def export_merged(
        request: gr.Request,
        name: str,
        beta: float = 0.5,
        components: dict[str, float] | None = None,
        dtype: str = "as base",
        shard_size: str = "5GB",
        card: bool = False,
    ) -> ExportReport:
        """Write the merged checkpoint at β, with a model card if asked; fetch it from `zip_url`, or file by file."""
        session = session_of(request)
        done = export(service, session, name, beta, components, dtype=dtype, shard_size=shard_size, card=card)
        return _export(done)

    def next_ballot(
        request: gr.Request,
        kind: str = "rank",
        language: str = "en",
        beta: float = 0.5,
        components: dict[str, float] | None = None,
    ) -> BallotReport:
        """Something to rate blindly: rank, pairwise or likert, in a rater's language, with the merged model at β."""
        session = session_of(request)
        weights = service.weights(session, beta, components)
        with service.errands.run(session, "ballot") as errand:
            found = service.ballots.hand_out(service, session, kind, language, weights, given_up=errand.given_up)
        item = found.item
        return BallotReport(
            found.id, kind, found.family, item.id, item.side, item.aspect, item.text, item.language,
            [answer.text for answer in found.answers],
        )  # fmt: skip

    def rate(request: gr.Request, ballot: str, answer: list[Any], rater: str, language: str = "en") -> RatedReport:
        """Rate a ballot: for each column its place (rank), 1, 0 or 0.5 (pairwise), or [correctness, naturalness]."""
        done = service.ballots.rate(service, session_of(request), ballot, answer, rater, language)
        return RatedReport(done.rating.as_dict(), done.count)

    def cancel(request: gr.Request) -> int:
        """Stop what this session waits for (loads, drawings, answers, exports); how much that was."""
        return service.stop(session_of(request))

    def ratings(request: gr.Request) -> dict[str, Any]:
        """What people said of this session's pair: means with intervals, agreement of raters, human GRP."""
        return _ratings(service, session_of(request))

    offer(preflight, "preflight", "load", 2)
    offer(load_pair, "load_pair", "load", 2)
    offer(export_merged, "export", "export", 1)
    curate_api.register(service)
    offer(next_ballot, "next_ballot", "slow", 2)
    offer(rate, "rate", "answer", 4)
    offer(ratings, "ratings", "answer", 4)
    offer(cancel, "cancel", "cancel", 4)
    for view in VIEWS.values():
        view.register(service)


def _pair(pair: Pair, live: bool = False, why_not_live: str = "") -> PairReport:
    report = pair.comparison
    components = [
        ComponentReport(
            c.name,
            {str(status): count for status, count in c.counts.items()},
            c.nbytes,
            c.relative_change,
            c.name in pair.components,
        )
        for c in report.components.values()
    ]
    return PairReport(report.base, report.regional, report.compatible, report.explain(), components, live, why_not_live)


def _ratings(service: Service, session: str) -> dict[str, Any]:
    from ggez_core.evaluation.ratings import agreements, human_parity, means

    pair, alpha = service.current(session), service.alpha().value
    found = service.ratings.ratings(pair.base.source, pair.regional.source)
    averages = means(found)
    measures = dict.fromkeys(mean.measure for mean in averages)
    return {
        "ratings": len(found),
        "alpha": alpha,
        "means": [
            {"model": m.model.model, "beta": m.model.beta, "measure": m.measure, "language": m.language,
             "value": m.value, "low": m.low, "high": m.high, "n": m.n, "raters": m.raters, "over": m.clustered}
            for m in averages
        ],
        "agreement": [
            {"measure": a.measure, "language": a.language, "alpha": None if a.alpha != a.alpha else a.alpha,
             "units": a.units, "raters": a.raters}
            for a in agreements(found)
        ],
        "human_grp": [
            {"model": p.model.model, "beta": p.model.beta, "measure": p.measure, "grp": p.grp(alpha)}
            for measure in measures
            for p in human_parity(found, measure)
        ],
    }  # fmt: skip


def _export(done: Exported) -> ExportReport:
    files = [FileReport(f.name, f.nbytes, f.url) for f in done.files]
    return ExportReport(
        done.name,
        done.weights.beta,
        dict(done.weights.components),
        files,
        done.zip_url,
        done.nbytes,
        done.seconds,
        done.folder,
    )
