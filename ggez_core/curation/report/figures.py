"""Figures of a curation, in the style of all others: each answers the question of its title, with a table beside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from ...figures import BASE, INK, MERGED, OF_TRACE, OF_X, OF_Y, PATTERNS, REGIONAL, Table, laid_out
from ...regions import COUNTRIES
from ..limits import Limit
from .tally import Drop, Tally

MOST = 24  # bars of a kind; the table has all
_QUESTIONS = {
    "country": "Which countries stay?",
    "language": "Which languages stay?",
    "shape": "Which shapes of picture stay?",
    "aspect": "Which aspects of culture stay?",
}


def dropped_bars(drops: Sequence[Drop]) -> go.Figure:
    """How many rows every limit drops first, and how many break it at all, from the first limit down."""
    shown = [drop for drop in drops if drop.any]
    names = [drop.name for drop in shown]
    figure = go.Figure()
    for name, counts, color, pattern in (
        ("dropped for it first", [d.first for d in shown], REGIONAL, PATTERNS[0]),
        ("break it, and an earlier one", [d.any - d.first for d in shown], BASE, PATTERNS[1]),
    ):
        figure.add_trace(
            go.Bar(
                y=names,
                x=counts,
                name=name,
                orientation="h",
                marker={"color": color, "pattern": {"shape": pattern, "size": 6}},
                hovertemplate=f"%{{y}}<br>{OF_TRACE}: %{{x:,}}<extra></extra>",
            )
        )
    figure.update_layout(barmode="stack", bargap=0.3)
    laid_out(figure, "Which limit drops how many rows?", "rows", "limit", height=150 + 28 * max(len(shown), 3))
    figure.update_yaxes(autorange="reversed")
    return figure


def dropped_table(drops: Sequence[Drop], rows: int) -> Table:
    """The numbers of `dropped_bars`, with the rows that are left after each limit."""
    left, found = rows, []
    for drop in drops:
        left -= drop.first
        found.append((drop.name, drop.first, drop.any, left))
    return Table("Rows dropped by limit", ("limit", "dropped first", "break it", "rows left"), tuple(found))


def stays_bars(tally: Tally, kind: str) -> go.Figure:
    """Rows before and after by country, language, shape or aspect; the most frequent ones."""
    slices = dict(list(tally.slices.get(kind, {}).items())[:MOST])
    names = [label(kind, value) for value in slices]
    shares = [after / before if before else 0.0 for before, after in slices.values()]
    figure = go.Figure()
    for name, counts, color, pattern, of_before in (
        ("before", [before for before, _ in slices.values()], BASE, PATTERNS[1], ""),
        ("kept", [after for _, after in slices.values()], MERGED, PATTERNS[0], " (%{customdata[0]:.0%})"),
    ):
        figure.add_trace(
            go.Bar(
                x=names,
                y=counts,
                name=name,
                customdata=[[share, f"{kind}:{value}"] for share, value in zip(shares, slices, strict=True)],
                marker={"color": color, "pattern": {"shape": pattern, "size": 6}},
                hovertemplate=f"%{{x}}<br>{OF_TRACE}: %{{y:,}}{of_before}<extra></extra>",
            )
        )
    figure.update_layout(barmode="group", bargap=0.25)
    return laid_out(figure, _QUESTIONS.get(kind, f"Which values of {kind} stay?"), kind, "rows")


def stays_table(tally: Tally, kind: str) -> Table:
    """All numbers of `stays_bars`."""
    rows = tuple(
        (label(kind, value), before, after, round(after / before, 4) if before else 0.0)
        for value, (before, after) in tally.slices.get(kind, {}).items()
    )
    return Table(f"Rows by {kind}", (kind, "before", "kept", "share kept"), rows)


def distribution(values: ArrayLike, limit: Limit, title: str = "") -> go.Figure:
    """How a measured column is spread, and where its limit cuts; values missing are left out."""
    counts, edges = _histogram(values, limit)
    figure = go.Figure()
    if counts.size:
        middles = (edges[:-1] + edges[1:]) / 2
        inside = [
            (limit.at_least is None or m >= limit.at_least) and (limit.at_most is None or m <= limit.at_most)
            for m in middles
        ]
        figure.add_trace(
            go.Bar(
                x=middles,
                y=counts,
                width=np.diff(edges) * 0.95,
                showlegend=False,
                marker={"color": [MERGED if good else REGIONAL for good in inside]},
                hovertemplate=f"%{{x:.3g}}<br>{OF_Y}: %{{y:,}}<extra></extra>",
            )
        )
    for bound, sign in ((limit.at_least, "≥"), (limit.at_most, "≤")):
        if bound is not None:
            figure.add_vline(x=bound, line={"color": INK, "dash": "dash"}, annotation_text=f"{sign} {bound:g}")
    return laid_out(figure, f"Where does “{limit.name}” cut?", title or limit.column, "rows", height=280)


def distribution_table(values: ArrayLike, limit: Limit) -> Table:
    """The numbers of `distribution`: rows in each bar."""
    counts, edges = _histogram(values, limit)
    rows = tuple(zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True))
    return Table(f"Distribution of {limit.column}", ("from", "to", "rows"), rows)


def _histogram(values: ArrayLike, limit: Limit) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Counts (n,) of finite values and the edges (n + 1,) of their bars, the limit's bounds among them."""
    numbers = np.asarray(values, np.float64)
    there = numbers[np.isfinite(numbers)]
    if not there.size:
        return np.zeros(0, np.int64), np.zeros(1)
    bounds = [bound for bound in (limit.at_least, limit.at_most) if bound is not None]
    low, high = np.quantile(there, (0.0, 0.995))  # a few giants would press all others into one bar
    low, high = min(low, *bounds) if bounds else low, max(high, *bounds) if bounds else high
    counts, edges = np.histogram(np.clip(there, low, high), bins=min(40, max(8, there.size // 10)))
    return counts.astype(np.int64), edges


def group_sizes(sizes: ArrayLike) -> go.Figure:
    """How many groups of near-duplicates have how many rows; sizes: of every group of two and more."""
    values, counts = np.unique(np.asarray(sizes, np.int64), return_counts=True)
    figure = go.Figure(
        go.Bar(
            x=[str(value) for value in values],
            y=counts,
            marker={"color": BASE},
            hovertemplate=f"{OF_X}: %{{x}}<br>{OF_Y}: %{{y:,}}<extra></extra>",
        )
    )
    return laid_out(figure, "How large are groups of near-duplicates?", "rows in a group", "groups", height=280)


def label(kind: str, value: str) -> str:
    """A value for a reader: a country by its name."""
    return COUNTRIES[value].name if kind == "country" and value in COUNTRIES else value
