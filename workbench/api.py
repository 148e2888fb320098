"""The page's named endpoints for programs: load a pair, ask it what its family can, export, by `gradio_client`.

Thin, typed functions; a session is the client's own. What they return arrives as JSON objects. What can be asked is
offered by each family's view.
"""

from __future__ import annotations

from dataclasses import dataclass

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


def register(service: Service) -> None:
    """Offer the endpoints, inside the current Blocks."""

    def preflight(base: str = DEMO_PAIR[0], regional: str = DEMO_PAIR[1]) -> PairReport:
        """Compare two checkpoints (demo: name, Hub id or folder) and say whether they can be merged."""
        return _pair(service.preflight(base, regional))

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
    ) -> ExportReport:
        """Write the merged checkpoint at β; fetch it from `zip_url`, or file by file."""
        done = export(service, session_of(request), name, beta, components, dtype=dtype, shard_size=shard_size)
        return _export(done)

    offer(preflight, "preflight", "load", 2)
    offer(load_pair, "load_pair", "load", 2)
    offer(export_merged, "export", "export", 1)
    curate_api.register(service)
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
