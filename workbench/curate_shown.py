"""What the Curate tab shows: progress, counts, samples with evidence, near-duplicates; pure functions to markup."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .markup import Html, fine, join, notice, progress_bar, tag
from .spoken import spoken
from .text import say, size

if TYPE_CHECKING:
    from ggez_core.curation.report import Tally
    from ggez_core.curation.samples import Sample

    from .curating import Taken
    from .curations import Job

LONGEST = 140  # characters of a caption that are shown
SIDE = 96


def status(job: Job | None) -> Html:
    """How far a curation is, how it ended, or what to do first."""
    if job is None:
        return notice(say("curate.empty"))
    if job.problem:
        return notice(job.problem, "problem")
    if job.stopped:
        return notice(say("curate.stopped"))
    if job.found is not None:
        return notice(say("curate.done", rows=job.found.rows, data=job.asked.data), "good")
    if job.step is None:
        return notice(say("curate.waiting"))
    said = say(
        "curate.working",
        what=spoken(job.step.what),
        done=job.step.done,
        total=job.step.total,
        unit=spoken(job.step.unit),
    )
    return progress_bar(job.step.done / max(job.step.total, 1), said, say("curate.progress"))


def counts(tally: Tally, region: str) -> Html:
    """How many rows there are, how many are kept, and for what the others are dropped first."""
    facts = [
        (say("curate.count.rows"), f"{tally.rows:,}"),
        (say("curate.count.kept", region=region), f"{tally.kept:,}"),
        (say("curate.count.share"), f"{tally.share:.1%}"),
    ]
    pairs = (tag("div", tag("dt", name), tag("dd", value)) for name, value in facts)
    return tag("dl", *pairs, cls="gg-facts gg-counts", aria_live="polite")


def samples(found: Sequence[Sample], empty: str) -> Html:
    """Rows as cards: the picture, the caption, what was measured, and why."""
    if not found:
        return fine(empty)
    return tag("ul", *(tag("li", _card(sample)) for sample in found), cls="gg-samples")


def groups(found: Sequence[Sequence[Sample]], total: int) -> Html:
    """Groups of near-duplicates, the row that stays first."""
    if not found:
        return fine(say("curate.groups.none"))
    head = fine(say("curate.groups.count", shown=len(found), total=total))
    parts = (
        tag(
            "ul",
            *(tag("li", _card(sample, stays=at == 0)) for at, sample in enumerate(group)),
            cls="gg-samples gg-group",
        )
        for group in found
    )
    return join([head, *parts])


def paged(cards: Html, page: int, pages: int, total: int) -> Html:
    """Cards with where one is among all of them."""
    return join([fine(say("curate.paged", page=page, pages=pages, total=total)), cards])


def taken(done: Taken) -> Html:
    """Kept rows that were written: how many, and links to them."""
    said = notice(say("curate.taken", rows=done.rows, name=done.name), "good")
    lost = [notice(say("curate.lost", count=done.lost), "problem")] if done.lost else []
    whole = tag("a", say("curate.zip"), href=done.zip_url, download=True, cls="gg-download")
    links = (
        tag("li", tag("a", say("export.file", name=file.name, size=size(file.nbytes)), href=file.url, download=True))
        for file in done.files
    )
    where = [fine(say("export.folder", folder=done.folder))] if done.folder else []
    return tag("div", said, *lost, whole, tag("ul", *links, cls="gg-files"), *where, cls="gg-export")


def _card(sample: Sample, *, stays: bool = False) -> Html:
    alt = say("curate.picture", caption=_short(sample.caption) or sample.place)
    picture = (
        tag("img", src=sample.picture, alt=alt, width=SIDE, height=SIDE, decoding="async")
        if sample.picture
        else tag("span", say("curate.picture.none"), cls="gg-nothing")
    )
    parts = [tag("span", _short(sample.caption) or say("curate.caption.none"), cls="gg-name")]
    if sample.reasons:
        parts.append(tag("span", "; ".join(sample.reasons), cls="gg-why"))
    if stays:
        parts.append(tag("span", say("curate.groups.stays"), cls="gg-stays"))
    if sample.facts:
        parts.append(tag("span", " · ".join(sample.facts), cls="gg-line"))
    if sample.evidence:
        lines = tag("ul", *(tag("li", line) for line in sample.evidence))
        parts.append(tag("details", tag("summary", say("curate.evidence", count=len(sample.evidence))), lines))
    return tag("div", picture, tag("div", *parts, cls="gg-told"), cls="gg-sample")


def _short(text: str) -> str:
    plain = " ".join(text[: 4 * LONGEST].split())
    return plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 1]}…"
