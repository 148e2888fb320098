"""The page's named endpoints for programs: the whole main job through `gradio_client`.

Thin, typed functions over `service`; a session is the client's own. What they return arrives as JSON objects.
"""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from . import world
from .pairs import Pair
from .problem import as_endpoint
from .ranking import Hit
from .render import picture_url
from .service import DEMO_PAIR, TOP, Answer, Exported, Service
from .session import session_of


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
class Found:
    """One hit. `id` and `text` name the picture or caption; rise counts places against the base."""

    id: str
    text: str
    language: str
    concept: str
    country: str
    url: str
    rank: int
    score: float
    base_rank: int
    rise: int
    entered: bool
    right: bool | None


@dataclass(frozen=True)
class ColumnReport:
    """One model's hits and the rank of its first right one."""

    model: str
    beta: float | None
    first_right: int | None
    hits: list[Found]


@dataclass(frozen=True)
class AnswerReport:
    """Base | merged | regional, and the server's time for it in milliseconds."""

    meant: str | None
    columns: list[ColumnReport]
    move_ms: float
    answer_ms: float


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

    def search_images(
        request: gr.Request,
        query: str,
        beta: float = 0.5,
        components: dict[str, float] | None = None,
        language: str = "",
        top: int = TOP,
    ) -> AnswerReport:
        """The pictures nearest to a text at base, at β (`components` may have their own), and at the regional end."""
        return _answer(service.search_images(session_of(request), query, beta, components, language=language, top=top))

    def rank_captions(
        request: gr.Request,
        picture: str,
        beta: float = 0.5,
        components: dict[str, float] | None = None,
        language: str = "",
        top: int = TOP,
    ) -> AnswerReport:
        """The captions nearest to a picture: the id of a test picture, or an image as a data URI."""
        return _answer(
            service.rank_captions(session_of(request), picture, beta, components, language=language, top=top)
        )

    def export(
        request: gr.Request,
        name: str,
        beta: float = 0.5,
        components: dict[str, float] | None = None,
        dtype: str = "as base",
        shard_size: str = "5GB",
    ) -> ExportReport:
        """Write the merged checkpoint at β; fetch it from `zip_url`, or file by file."""
        done = service.export(session_of(request), name, beta, components, dtype=dtype, shard_size=shard_size)
        return _export(done)

    for function, group, limit in (
        (preflight, "load", 2),
        (load_pair, "load", 2),
        (search_images, "answer", 4),
        (rank_captions, "answer", 4),
        (export, "export", 1),
    ):
        gr.events.api(as_endpoint(function), api_name=function.__name__, concurrency_id=group, concurrency_limit=limit)


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


def _answer(found: Answer) -> AnswerReport:
    def hit(one: Hit) -> Found:
        item = (
            world.gallery()[one.index] if found.direction == "pictures" else world.captions(found.language)[one.index]
        )
        concept = item.concept
        return Found(
            id=item.id,
            text=getattr(item, "text", concept.names["en"]),
            language=getattr(item, "language", "en"),
            concept=concept.key,
            country=concept.countries[0] if concept.countries else "",
            url=picture_url(one.index) if found.direction == "pictures" else "",
            rank=one.rank,
            score=one.score,
            base_rank=one.base_rank,
            rise=one.rise,
            entered=one.entered,
            right=one.right,
        )

    columns = [ColumnReport(c.model, c.beta, c.first_right, [hit(one) for one in c.hits]) for c in found.columns]
    return AnswerReport(found.meant, columns, found.move_ms, found.answer_ms)


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
