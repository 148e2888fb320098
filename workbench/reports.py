"""What Models and Export report, as accessible HTML: pure functions from what `service` returns to markup."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ggez_core.figures import Table

from .downloads import downloads
from .exporting import Exported
from .markup import Html, join, notice, tag
from .text import say, size
from .weights import Weights

if TYPE_CHECKING:
    from ggez_core.checkpoints import Comparison
    from ggez_core.checkpoints.compare import Status
    from ggez_core.publishing.upload import Pushed

    from .service import Loaded

REPORTED: tuple[Status, ...] = (
    "identical",
    "changed",
    "dtype_mismatch",
    "shape_mismatch",
    "missing",
    "extra",
    "non_finite",
)
ALWAYS_REPORTED: tuple[Status, ...] = ("identical", "changed")


# Models


def report(loaded: Loaded | None, comparison: Comparison) -> Html:
    """The preflight report: a verdict, and what differs, component by component."""
    explanation = comparison.explain().removeprefix("compatible: ").rstrip(".")
    good = comparison.compatible
    said = notice(
        say("models.compatible" if good else "models.incompatible", explanation=explanation),
        "good" if good else "problem",
    )
    why = (
        notice(say("models.not_live", why=loaded.why_not_live.rstrip(".")), "note")
        if loaded and loaded.why_not_live
        else Html()
    )
    return tag("div", said, why, *_report_table(comparison), cls="gg-report")


def _report_table(comparison: Comparison) -> tuple[Html, Html]:
    """The components as a table, and the same as a file."""
    parts = list(comparison.components.values())
    shown = [s for s in REPORTED if s in ALWAYS_REPORTED or any(c.counts.get(s, 0) for c in parts)]
    heads = [
        say("models.component"),
        say("models.tensors"),
        *(say(f"status.{s}") for s in shown),
        say("models.size"),
        say("models.change"),
    ]
    rows = [
        [
            c.name,
            str(sum(c.counts.values())),
            *(str(c.counts.get(s, 0)) for s in shown),
            size(c.nbytes),
            percent(c.relative_change),
        ]
        for c in parts
    ]
    exact = tuple(
        (c.name, sum(c.counts.values()), *(c.counts.get(s, 0) for s in shown), c.nbytes, c.relative_change)
        for c in parts
    )
    title = say("models.report")
    return table(title, heads, rows), downloads([Table(title, tuple(heads), exact)])


def tensor_table(comparison: Comparison) -> Html:
    """Every tensor that differs, the most changed first."""
    differing = [t for t in comparison.tensors if t.status != "identical"]
    if not differing:
        return notice(say("models.heatmap.none"))
    differing.sort(key=lambda t: -1.0 if t.relative_change is None else t.relative_change, reverse=True)
    rows = [[t.name, say(f"status.{t.status}"), size(t.nbytes), percent(t.relative_change)] for t in differing]
    heads = [say("models.tensor"), say("models.status"), say("models.size"), say("models.change")]
    exact = tuple((t.name, str(t.status), t.nbytes, t.relative_change) for t in differing)
    whole = table(say("models.heatmap"), heads, rows)
    return join([whole, downloads([Table(say("models.tensors"), tuple(heads), exact)])])


def percent(share: float | None) -> str:
    """A relative change for a reader: 1.23 %, or a dash where it has no meaning."""
    return "–" if share is None else f"{100 * share:.2f} %"


def table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Html:
    """A table whose first column names the row and whose others are figures."""
    head = tag("tr", *(tag("th", h, scope="col") for h in heads))
    body = (tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:])) for row in rows)
    whole = tag("table", tag("caption", caption), tag("thead", head), tag("tbody", *body), cls="gg-table")
    return tag("div", whole, cls="gg-scroll", tabindex="0", role="region", aria_label=caption)


# Export


def in_force(weights: Weights) -> Html:
    """The weights that an export would be written at."""
    if not weights.components:
        said = say("export.beta", beta=weights.beta)
    else:
        own = ", ".join(f"{name} {beta:.2f}" for name, beta in weights.components)
        said = say("export.beta.rest", beta=weights.beta, components=own)
    return tag("p", tag("b", say("export.in_force")), ": ", said, cls="gg-force")


def pushed(done: Pushed) -> Html:
    """A finished push, with what a person should know, and the address."""
    kind = say("push.private" if done.upload.private else "push.open")
    values = {"repo": done.upload.repo, "kind": kind, "size": size(done.upload.nbytes)}
    said = notice(say("push.done" if done.commit else "push.same", **values), "good")
    link = tag("a", done.url, href=done.url, target="_blank", rel="noopener noreferrer", cls="gg-download")
    return tag("div", said, *map(notice, done.upload.notes), link, cls="gg-export")


def exported(done: Exported) -> Html:
    """A finished export: its size, and links to the whole and to every file."""
    said = notice(say("export.done", name=done.name, size=size(done.nbytes), seconds=done.seconds), "good")
    whole = tag(
        "a",
        say("export.zip", size=size(done.nbytes)),
        href=done.zip_url,
        download=f"{done.name}.zip",
        cls="gg-download",
    )
    files = (
        tag(
            "li",
            tag(
                "a",
                f.name,
                href=f.url,
                download=f.name,
                aria_label=say("export.file", name=f.name, size=size(f.nbytes)),
            ),
            " ",
            tag("span", size(f.nbytes), cls="gg-fine"),
        )
        for f in done.files
    )
    where = tag("p", say("export.folder", folder=done.folder), cls="gg-fine") if done.folder else Html()
    notes = map(notice, done.notes)
    return tag(
        "div",
        said,
        *notes,
        whole,
        where,
        tag("h4", say("export.files")),
        tag("ul", *files, cls="gg-files"),
        cls="gg-export",
    )
