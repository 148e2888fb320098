"""Curating for programs: start, follow, count at thresholds, look at rows, take the kept ones home."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import gradio as gr

from . import curating
from .curations import DEMO, Asked, Job
from .problem import offer
from .service import REGION, Service
from .session import session_of


@dataclass(frozen=True)
class CurationReport:
    """How far a curation is. state: none, working, stopped, failed or done."""

    state: str
    data: str = ""
    done: int = 0
    total: int = 0
    problem: str = ""
    rows: int = 0


@dataclass(frozen=True)
class CountsReport:
    """What some thresholds keep. dropped: by the first limit that a row breaks. slices: before and kept, by value."""

    rows: int
    kept: int
    dropped: dict[str, int]
    broken: dict[str, int]
    slices: dict[str, dict[str, tuple[int, int]]]


def register(service: Service) -> None:
    """Offer the endpoints, inside the current Blocks."""

    def curate(request: gr.Request, data: str = DEMO, reward: str = "") -> CurationReport:
        """Start measuring data (demo:world, a file or folder, or a Hub id); follow it with curation."""
        return _state(service.curations.start(session_of(request), Asked(data.strip(), reward.strip())))

    def curation(request: gr.Request) -> CurationReport:
        """How far this session's curation is."""
        return _state(service.curations.latest(session_of(request)))

    def stop_curation(request: gr.Request) -> CurationReport:
        """Stop it; what is measured is kept, and starting it again goes on from there."""
        service.curations.stop(session_of(request))
        return _state(service.curations.latest(session_of(request)))

    def count_kept(
        request: gr.Request,
        region: str = REGION,
        confidence: float = 0.5,
        distance: int = 8,
        bounds: dict[str, float] | None = None,
    ) -> CountsReport:
        """How many rows thresholds keep; bounds by column, as in {"reward": 3}; distance −1 keeps near-duplicates."""
        found = curating.found(service, session_of(request))
        cut = curating.thresholds(region, confidence, distance, bounds or {}).cut
        tally = found.tally(found.decide(cut))
        return CountsReport(
            tally.rows,
            tally.kept,
            {drop.name: drop.first for drop in tally.drops},
            {drop.name: drop.any for drop in tally.drops},
            {kind: dict(values) for kind, values in tally.slices.items()},
        )

    def curated_rows(
        request: gr.Request,
        which: str = "kept",
        reason: str = "",
        count: int = curating.PAGE,
        region: str = REGION,
        confidence: float = 0.5,
        distance: int = 8,
        bounds: dict[str, float] | None = None,
    ) -> list[dict[str, Any]]:
        """Some rows that are kept or dropped, with their evidence, reasons, and a small picture as a data URI."""
        from ggez_core.curation.samples import rows_of, samples

        found = curating.found(service, session_of(request))
        cut = curating.thresholds(region, confidence, distance, bounds or {}).cut
        decision = found.decide(cut)
        rows = rows_of(decision, which, reason)[: max(0, min(int(count), 100))].tolist()
        return [asdict(sample) for sample in samples(found, cut, decision, rows)]

    def export_curated(
        request: gr.Request,
        name: str,
        region: str = REGION,
        confidence: float = 0.5,
        distance: int = 8,
        bounds: dict[str, float] | None = None,
    ) -> dict[str, Any]:
        """Write the kept rows as Parquet with a data card; fetch them from `zip_url`, or file by file."""
        thresholds = curating.thresholds(region, confidence, distance, bounds or {})
        return asdict(curating.take(service, session_of(request), name, thresholds))

    offer(curate, "curate", "curate", 2)
    offer(curation, "curation", "curate", 2)
    offer(stop_curation, "stop_curation", "curate", 2)
    offer(count_kept, "count_kept", "curate", 2)
    offer(curated_rows, "curated_rows", "curate", 2)
    offer(export_curated, "export_curated", "export", 1)


def _state(job: Job | None) -> CurationReport:
    if job is None:
        return CurationReport("none")
    state = "done" if job.found else "failed" if job.problem else "stopped" if job.stopped else "working"
    done, total = (job.step.done, job.step.total) if job.step else (0, 0)
    return CurationReport(state, job.asked.data, done, total, job.problem, job.found.rows if job.found else 0)
