"""What the page's endpoints do, as plain typed methods that a test calls without a browser.

β and the components' own β come with every call; a session only says which pair its visitor chose. Every method raises
GgezError for input that can't be used. `tabs` show the results, `api` offers them to programs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ggez_core.errors import DataError, GgezError, RecipeError
from ggez_core.progress import Progress, silent

from . import ranking, world
from .exports import ExportedFile, Exports
from .pairs import Pair, PairStore
from .ranking import Column
from .session import Visitors
from .settings import Settings
from .weights import BASE, REGIONAL, Weights

if TYPE_CHECKING:
    from ggez_core.regions import Alpha

    from .live import LivePair
    from .vectors import Vectors

DEMO_PAIR = ("demo:siglip/base", "demo:siglip/sea")
REGION = "SEA"
TOP = 8
LONGEST_QUERY = 500
DTYPES: dict[str, str | None] = {"as base": None, "float32": "float32", "bfloat16": "bfloat16", "float16": "float16"}
SHARD_SIZES = ("1GB", "2GB", "5GB", "10GB")

Direction = Literal["pictures", "captions"]


@dataclass(frozen=True)
class Loaded:
    """A pair as a visitor has it. why_not_live: empty, or why it can be merged but not compared live."""

    pair: Pair
    why_not_live: str


@dataclass(frozen=True)
class Answer:
    """The three columns, base | merged | regional, and how long they took.

    move_ms: moving the weights; answer_ms: everything from the request to the answer. meant: key of the concept that is
    right, None where that isn't known.
    """

    direction: Direction
    language: str
    meant: str | None
    columns: tuple[Column, Column, Column]
    move_ms: float
    answer_ms: float


@dataclass(frozen=True)
class Exported:
    """A finished export. folder: its path on this machine, empty where that means nothing to the visitor."""

    name: str
    weights: Weights
    files: tuple[ExportedFile, ...]
    zip_url: str
    seconds: float
    model_class: str
    folder: str

    @property
    def nbytes(self) -> int:
        """Bytes of all files."""
        return sum(file.nbytes for file in self.files)


class Service:
    """Everything behind the page, shared by all visitors."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.exports = Exports(settings.storage / "exports")
        self._pairs = PairStore(settings.memory_budget)
        self._visitors = Visitors()

    def preflight(self, base: str, regional: str, *, progress: Progress = silent) -> Pair:
        """Open and compare two checkpoints; the report says whether they can be merged."""
        return self._pairs.open(base, regional, progress)

    def load_pair(self, session: str, base: str, regional: str, *, progress: Progress = silent) -> Loaded:
        """Make a pair the session's own, and load it live if it can be. Raises GgezError for an incompatible one."""
        pair = self.preflight(base, regional, progress=progress)
        if not pair.comparison.compatible:
            raise GgezError(pair.comparison.explain())
        self._visitors.choose(session, pair)
        try:
            self._pairs.live(pair)
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

    def leave(self, session: str) -> None:
        """The visitor closed the page."""
        self._visitors.forget(session)

    def search_images(
        self,
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
        return self._answer(
            session,
            beta,
            components,
            "pictures",
            language,
            concept.key if concept else None,
            right,
            top,
            lambda live, weights: (live.text(query, weights), live.gallery(weights)),
        )

    def rank_captions(
        self,
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
        return self._answer(
            session,
            beta,
            components,
            "captions",
            language,
            concept.key if concept else None,
            right,
            top,
            lambda live, weights: (live.picture(picture, weights), live.captions(language, weights)),
        )

    def export(
        self,
        session: str,
        name: str,
        beta: float,
        components: Mapping[str, float] | None = None,
        *,
        dtype: str = "as base",
        shard_size: str = "5GB",
        progress: Progress = silent,
    ) -> Exported:
        """Write the merged checkpoint at β into the visitor's own folder."""
        if dtype not in DTYPES:
            raise RecipeError(f"dtype {dtype[:20]!r} is unknown; choose one of {', '.join(DTYPES)}")
        if shard_size not in SHARD_SIZES:
            raise RecipeError(f"shard size {shard_size[:20]!r} is unknown; choose one of {', '.join(SHARD_SIZES)}")
        visitor, pair = self._visitors.get(session), self.current(session)
        weights = self._weights(pair, beta, components)
        folder = self.exports.folder(visitor.ticket, name)
        from ggez_core.merging import merge

        started = time.perf_counter()
        merge(
            pair.base,
            pair.regional,
            weights.beta,
            folder,
            components=dict(weights.components) or None,
            dtype=DTYPES[dtype],
            shard_size=shard_size,
            progress=progress,
        )
        return Exported(
            name=folder.name,
            weights=weights,
            files=self.exports.files(visitor.ticket, folder.name),
            zip_url=f"exports/{visitor.ticket}/{folder.name}.zip",
            seconds=time.perf_counter() - started,
            model_class=_model_class(pair),
            folder="" if self.settings.shared else str(folder),
        )

    @staticmethod
    def alpha() -> Alpha:
        """α of the region that the demo pair is about."""
        from ggez_core.regions import alpha

        return alpha(REGION)

    def _weights(self, pair: Pair, beta: float, components: Mapping[str, float] | None) -> Weights:
        if not isinstance(components, Mapping | None):
            raise RecipeError("components must map names to weights, as in {'text_model': 0.3}; leave it out for one β")
        for name in components or {}:
            if name not in pair.components:
                known = ", ".join(pair.components) or "none, the two are identical"
                raise RecipeError(f"{name[:80]!r} is no component in which the pair differs; those are {known}")
        return Weights.at(beta, components)

    def _answer(
        self,
        session: str,
        beta: float,
        components: Mapping[str, float] | None,
        direction: Direction,
        language: str,
        meant: str | None,
        right: Sequence[bool] | None,
        top: int,
        embed: Callable[[LivePair, Weights], tuple[Vectors, Vectors]],
    ) -> Answer:
        started = time.perf_counter()
        pair = self.current(session)
        merged = self._weights(pair, beta, components)
        live = self._pairs.live(pair)

        def scores(weights: Weights) -> ranking.Scores:
            one, many = embed(live, weights)
            found: ranking.Scores = many @ one[0]
            return found

        base, regional = scores(BASE), scores(REGIONAL)
        move = live.move(merged)
        columns = (
            ranking.column("base", 0.0, base, base, right, top),
            ranking.column("merged", merged.single, scores(merged), base, right, top),
            ranking.column("regional", 1.0, regional, base, right, top),
        )
        return Answer(direction, language, meant, columns, 1e3 * move, 1e3 * (time.perf_counter() - started))


def _model_class(pair: Pair) -> str:
    """The transformers class that loads the checkpoint, as its config names it."""
    named = pair.base.config.get("architectures") or ["AutoModel"]
    return str(named[0])
