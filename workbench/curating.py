"""What is done with a curation, for the Curate tab and its endpoints alike: counts at thresholds, rows, export.

Light: the engine's cheap stage comes with the first curation that has ended (`curated`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ggez_core.errors import DataError, GgezError
from ggez_core.progress import Progress, silent

from . import curate_shown
from .downloads import downloads
from .exports import ExportedFile
from .text import say

if TYPE_CHECKING:
    from ggez_core.curation.curated import Curated
    from ggez_core.curation.cut import Cut, Decision
    from ggez_core.figures import Table

    from .curated import Thresholds
    from .service import Service

KINDS = ("country", "language", "shape", "aspect")
PAGE = 12  # rows looked at together
GROUPS = 8  # groups of near-duplicates shown
IN_GROUP = 6  # rows shown of each


@dataclass(frozen=True)
class Shown:
    """Everything that thresholds change on the page."""

    counts: str
    drops: Any
    drops_table: Table
    slices: tuple[Any, ...]
    slice_table: Table
    spread: Any
    files: str
    reasons: list[tuple[str, str]]
    reason: str
    slices_of: list[tuple[str, str]]
    within: str
    rows: str
    groups: str


@dataclass(frozen=True)
class Taken:
    """Kept rows that were written for a visitor. lost: how many pictures were gone. folder: empty on a shared page."""

    name: str
    rows: int
    lost: int
    files: tuple[ExportedFile, ...]
    zip_url: str
    folder: str


def thresholds(region: str, confidence: float, distance: float, bounds: Mapping[str, float]) -> Thresholds:
    """Checked thresholds. Raises RegionError for an unknown region, DataError for a column without a threshold."""
    from ggez_core.regions import region as region_of

    from .curated import MOVED, Thresholds

    for name, bound in bounds.items():
        if name not in MOVED:
            raise DataError(f"{name[:40]!r} has no threshold; those that do are {', '.join(MOVED)}")
        if not isinstance(bound, (int, float)) or bound != bound:
            raise DataError(f"the threshold of {name} is {bound!r}; give a number")
    if not 0 <= confidence <= 1:
        raise DataError(f"the confidence is {confidence}; give a number from 0 to 1")
    if region:
        region_of(region)
    return Thresholds(region or "", float(confidence), int(distance), dict(bounds))


def found(service: Service, session: str) -> Curated:
    """What the visitor's curation has measured. Raises GgezError while there is nothing yet."""
    job = service.curations.latest(session)
    if job is None or job.found is None:
        raise GgezError(job.problem if job and job.problem else say("curate.nothing"))
    return job.found


def shown(curated: Curated, at: Thresholds, measure: str, which: str, reason: str, within: str, page: int) -> Shown:
    """What the page shows at some thresholds. within: rows of one slice are looked at, as in "country:TH"; or all."""
    from ggez_core.curation.report import (
        distribution,
        distribution_table,
        dropped_bars,
        dropped_table,
        label,
        stays_bars,
        stays_table,
    )
    from ggez_core.figures import Table

    from .curated import usual

    cut = at.cut
    decision = curated.decide(cut)
    counted = curated.tally(decision)
    names = [drop.name for drop in counted.drops if drop.any]
    reason = reason if which == "dropped" and reason in names else ""
    tables = [(kind, stays_table(counted, kind)) for kind in KINDS if kind in counted.slices]
    spread, spread_table = None, []
    if measure in curated.measured.columns:
        limit = next((limit for limit in cut.limits if limit.column == measure and not limit.empty), usual(measure))
        spread = distribution(curated.measured.columns[measure], limit, say(f"curate.{measure}"))
        spread_table = [distribution_table(curated.measured.columns[measure], limit)]
    slices_of = [
        (f"{label(kind, value)} ({after:,})", f"{kind}:{value}")
        for kind in KINDS
        for value, (_, after) in counted.slices.get(kind, {}).items()
    ]
    within = within if within in [value for _, value in slices_of] else ""
    drops_table = dropped_table(counted.drops, counted.rows)
    slice_table = Table(
        say("curate.table.slices"),
        (say("curate.by"), say("curate.value"), say("curate.before"), say("curate.kept"), say("curate.share")),
        tuple((kind, *row) for kind, table in tables for row in table.rows),
    )
    return Shown(
        counts=curate_shown.counts(counted, at.region or say("curate.region.any")),
        drops=dropped_bars(counted.drops),
        drops_table=drops_table,
        slices=tuple(stays_bars(counted, kind) if kind in counted.slices else None for kind in KINDS),
        slice_table=slice_table,
        spread=spread,
        files=downloads([drops_table, slice_table, *spread_table]),
        reasons=[(say("curate.reason.all"), ""), *((f"{d.name} ({d.any:,})", d.name) for d in counted.drops if d.any)],
        reason=reason,
        slices_of=[(say("curate.within.all"), ""), *slices_of],
        within=within,
        rows=_page(curated, cut, decision, which, reason, within, page),
        groups=_groups(curated, cut, decision),
    )


def _page(curated: Curated, cut: Cut, decision: Decision, which: str, reason: str, within: str, page: int) -> str:
    from ggez_core.curation.report import UNKNOWN
    from ggez_core.curation.samples import rows_of, samples

    among = None
    if within:
        kind, _, value = within.partition(":")
        among = [(found or UNKNOWN) == value for found in curated.kinds(decision)[kind]]
    rows = rows_of(decision, which, reason, among)
    pages = max(1, -(-len(rows) // PAGE))
    at = min(max(page, 1), pages)
    some = rows[(at - 1) * PAGE : at * PAGE].tolist()
    cards = curate_shown.samples(samples(curated, cut, decision, some), say(f"curate.rows.none.{which}"))
    return curate_shown.paged(cards, at, pages, len(rows))


def _groups(curated: Curated, cut: Cut, decision: Decision) -> str:
    """The largest groups of near-duplicates, the row that stays first."""
    from ggez_core.curation.samples import duplicate_groups, samples

    groups, total = duplicate_groups(decision, GROUPS, IN_GROUP)
    return curate_shown.groups([samples(curated, cut, decision, rows) for rows in groups], total)


def take(service: Service, session: str, name: str, at: Thresholds, *, progress: Progress = silent) -> Taken:
    """Write the rows that are kept at some thresholds, with their pictures and a data card, for a visitor.

    Raises OutputError for a bad name, GgezError where nothing is measured or nothing kept, Cancelled once stopped.
    """
    from ggez_core.curation.publish import publish

    curated = found(service, session)
    if not curated.decide(at.cut).kept.any():
        raise GgezError(say("curate.none.kept"))
    ticket = service.ticket(session)
    with service.errands.run(session, "curated export") as errand:
        folder = service.exports.folder(ticket, name)
        done = publish(curated, at.cut, folder, name=folder.name, progress=errand.watched(progress))
    return Taken(
        folder.name,
        done.rows,
        len(done.lost),
        service.exports.files(ticket, folder.name),
        f"exports/{ticket}/{folder.name}.zip",
        "" if service.settings.shared else str(folder),
    )
