"""Searching and ranking for programs: the embedding family's named endpoints."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from ... import world
from ...problem import offer
from ...service import Service
from ...session import session_of
from ..parts import picture_url
from . import search
from .ranking import Hit
from .search import TOP, Answer


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


def register(service: Service) -> None:
    """Offer the endpoints, inside the current Blocks."""

    def search_images(
        request: gr.Request,
        query: str,
        beta: float = 0.5,
        components: dict[str, float] | None = None,
        language: str = "",
        top: int = TOP,
    ) -> AnswerReport:
        """The pictures nearest to a text at base, at β (`components` may have their own), and at the regional end."""
        return _answer(
            search.search_images(service, session_of(request), query, beta, components, language=language, top=top)
        )

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
            search.rank_captions(service, session_of(request), picture, beta, components, language=language, top=top)
        )

    offer(search_images, "search_images", "answer", 4)
    offer(rank_captions, "rank_captions", "answer", 4)


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
    return AnswerReport(found.meant, columns, found.pace.move_ms, found.pace.answer_ms)
