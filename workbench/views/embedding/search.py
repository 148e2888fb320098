"""What an embedding pair is asked: pictures for a text, captions for a picture, by base | merged | regional."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ggez_core.errors import DataError

from ... import world
from ...service import Service
from ...weights import BASE, REGIONAL, Weights
from ..view import Pace
from . import ranking
from .ranking import Column

if TYPE_CHECKING:
    from ...live import LivePair
    from .embedder import Embedder, Vectors

TOP = 8
LONGEST_QUERY = 500

Direction = Literal["pictures", "captions"]
Columns = tuple[Column, Column, Column]


@dataclass(frozen=True)
class Answer:
    """The three columns, base | merged | regional, and how long they took.

    meant: key of the concept that is right, None where that isn't known.
    """

    direction: Direction
    language: str
    meant: str | None
    columns: Columns
    pace: Pace


def search_images(
    service: Service,
    session: str,
    query: str,
    beta: float,
    components: Mapping[str, float] | None = None,
    *,
    language: str = "",
    top: int = TOP,
) -> Answer:
    """The pictures nearest to a text at base, at β and at the regional end."""
    query = query.strip()
    if not query:
        raise DataError("the query is empty; type what to look for, or choose an example")
    if len(query) > LONGEST_QUERY:
        raise DataError(f"the query has {len(query)} characters; {LONGEST_QUERY} are allowed")
    concept = world.meant(query)
    right = None if concept is None else [p.concept == concept for p in world.gallery()]
    live, merged = service.live(session), service.weights(session, beta, components)
    columns, pace = _columns(live, merged, right, top, lambda by, at: (by.text(query, at), by.gallery(at)))
    return Answer("pictures", language, concept.key if concept else None, columns, pace)


def rank_captions(
    service: Service,
    session: str,
    picture: str,
    beta: float,
    components: Mapping[str, float] | None = None,
    *,
    language: str = world.ALL_LANGUAGES,
    top: int = TOP,
) -> Answer:
    """The captions nearest to a picture, which is a gallery picture's id or an image as a data URI."""
    captions = world.captions(language)
    if not captions:
        raise DataError(f"there are no captions in {language[:20]!r}; languages: {', '.join(world.languages())}")
    concept = next((p.concept for p in world.gallery() if p.id == picture), None)
    right = None if concept is None else [c.concept == concept for c in captions]
    live, merged = service.live(session), service.weights(session, beta, components)
    columns, pace = _columns(
        live, merged, right, top, lambda by, at: (by.picture(picture, at), by.captions(language, at))
    )
    return Answer("captions", language, concept.key if concept else None, columns, pace)


def _columns(
    live: LivePair,
    merged: Weights,
    right: Sequence[bool] | None,
    top: int,
    embed: Callable[[Embedder, Weights], tuple[Vectors, Vectors]],
) -> tuple[Columns, Pace]:
    """The many that `embed` returns, ranked by their nearness to the one, at the three weights."""
    from .embedder import Embedder

    started = time.perf_counter()
    embedder = live.helper(Embedder)

    def scores(weights: Weights) -> ranking.Scores:
        one, many = embed(embedder, weights)
        found: ranking.Scores = many @ one[0]
        return found

    base, regional = scores(BASE), scores(REGIONAL)
    move = live.move(merged)
    columns = (
        ranking.column("base", 0.0, base, base, right, top),
        ranking.column("merged", merged.single, scores(merged), base, right, top),
        ranking.column("regional", 1.0, regional, base, right, top),
    )
    return columns, Pace(1e3 * move, 1e3 * (time.perf_counter() - started))
