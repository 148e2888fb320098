"""Figures of a sweep's curve: what merging trades, where GRP is best, and how that moves with α.

Nothing here needs a model: α can be moved as often as one likes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from ...figures import BASE, INK, MERGED, OF_TRACE, OF_X, OF_Y, REGIONAL, Table, laid_out, whiskers
from ..curve import CurvePoint
from ..parity import choose
from ..rows import Score


def tradeoff(curve: Sequence[CurvePoint], alpha: float, chosen: float | None = None) -> go.Figure:
    """Regional score against global score along β, both ends and the chosen β marked, with lines of equal GRP."""
    points = sorted(curve, key=lambda p: p.beta)
    x, y = [p.q_global.value for p in points], [p.q_regional.value for p in points]
    figure = go.Figure()
    for level in _levels(points, alpha):
        figure.add_trace(_equal_parity(level, alpha, x, y))
    figure.add_trace(
        go.Scatter(
            x=x,
            y=y,
            mode="lines+markers+text",
            name="merged, by β",
            text=[f"{p.beta:g}" for p in points],
            textposition="top right",
            customdata=[p.beta for p in points],
            marker={"color": MERGED, "size": 9},
            line={"color": MERGED, "width": 2, "shape": "spline"},
            error_x=whiskers(x, [p.q_global.low for p in points], [p.q_global.high for p in points]),
            error_y=whiskers(y, [p.q_regional.low for p in points], [p.q_regional.high for p in points]),
            hovertemplate=f"β = %{{customdata}}<br>{OF_X}: %{{x:.3f}}<br>{OF_Y}: %{{y:.3f}}<extra></extra>",
        )
    )
    _mark_ends(figure, points, lambda p: (p.q_global.value, p.q_regional.value), chosen)
    return laid_out(figure, "What does merging trade, and for how much?", "global score", "regional score", height=420)


def parity_curve(curve: Sequence[CurvePoint], alpha: float, chosen: float | None = None) -> go.Figure:
    """Global score, regional score and GRP over β."""
    points = sorted(curve, key=lambda p: p.beta)
    betas = [p.beta for p in points]
    figure = go.Figure()
    for name, color, dash, estimates in (
        ("global", BASE, "dot", [p.q_global for p in points]),
        ("regional", REGIONAL, "dash", [p.q_regional for p in points]),
    ):
        values = [e.value for e in estimates]
        figure.add_trace(
            go.Scatter(
                x=betas,
                y=values,
                mode="lines+markers",
                name=name,
                customdata=betas,
                line={"color": color, "dash": dash},
                error_y=whiskers(values, [e.low for e in estimates], [e.high for e in estimates]),
                hovertemplate=f"β = %{{x}}: {OF_TRACE} %{{y:.3f}}<extra></extra>",
            )
        )
    figure.add_trace(
        go.Scatter(
            x=betas,
            y=[p.point.grp(alpha) for p in points],
            mode="lines+markers",
            name=f"GRP, α = {alpha:.2f}",
            customdata=betas,
            line={"color": MERGED, "width": 3},
            marker={"symbol": "diamond", "size": 9},
            hovertemplate="β = %{x}: GRP %{y:.3f}<extra></extra>",
        )
    )
    if chosen is not None:
        figure.add_vline(x=chosen, line={"color": INK, "dash": "dash"}, annotation_text=f"β* = {chosen:g}")
    return laid_out(figure, "At which β is Global-Regional Parity best?", "β, from base (0) to regional (1)", "score")


def slice_curve(sides: Mapping[str, Mapping[float, Score]], name: str) -> go.Figure:
    """One language's or country's scores over β: side ("global", "regional") → β → its score row. name: its own."""
    figure = go.Figure()
    for side, color, dash in (("global", BASE, "dot"), ("regional", REGIONAL, "dash")):
        rows = [row for _, row in sorted(sides.get(side, {}).items())]
        values = [row.value for row in rows]
        if rows:
            figure.add_trace(
                go.Scatter(
                    x=[row.beta for row in rows],
                    y=values,
                    mode="lines+markers",
                    name=side,
                    customdata=[row.beta for row in rows],
                    line={"color": color, "dash": dash},
                    error_y=whiskers(values, [row.low for row in rows], [row.high for row in rows]),
                    hovertemplate=f"β = %{{x}}: {OF_TRACE} %{{y:.3f}}<extra></extra>",
                )
            )
    return laid_out(figure, f"Which β serves {name} well?", "β, from base (0) to regional (1)", "score (95 % interval)")


def slice_curve_table(sides: Mapping[str, Mapping[float, Score]], name: str) -> Table:
    """The numbers of `slice_curve`."""
    rows = tuple(
        (side, beta, row.value, row.low, row.high, row.n)
        for side, found in sides.items()
        for beta, row in sorted(found.items())
    )
    return Table(f"{name} over β", ("side", "β", "score", "low", "high", "n"), rows)


def best_beta_by_alpha(curve: Sequence[CurvePoint], alpha: float) -> go.Figure:
    """β of the highest GRP for every α, and the GRP it reaches beside those of both ends."""
    table = _over_alpha(curve)
    figure = go.Figure()
    figure.add_trace(
        go.Scatter(
            x=table[:, 0],
            y=table[:, 1],
            mode="lines",
            name="β*",
            line={"color": MERGED, "width": 3, "shape": "hv"},
            hovertemplate="α = %{x:.2f}: β* = %{y}<extra></extra>",
        )
    )
    for name, color, dash, column in (
        ("GRP of β*", MERGED, "dot", 2),
        ("GRP of the base", BASE, "dash", 3),
        ("GRP of the regional model", REGIONAL, "dashdot", 4),
    ):
        figure.add_trace(
            go.Scatter(
                x=table[:, 0],
                y=table[:, column],
                mode="lines",
                name=name,
                line={"color": color, "dash": dash},
                hovertemplate=f"α = %{{x:.2f}}: {OF_TRACE} %{{y:.3f}}<extra></extra>",
            )
        )
    figure.add_vline(x=alpha, line={"color": INK, "dash": "dash"}, annotation_text=f"α = {alpha:.2f}")
    return laid_out(
        figure, "How does the best β move with α?", "α, from regional only (0) to global only (1)", "β* and GRP"
    )


def curve_table(curve: Iterable[CurvePoint], alpha: float) -> Table:
    """The curve's numbers."""
    rows = tuple(
        (
            p.beta,
            p.q_global.value,
            p.q_global.low,
            p.q_global.high,
            p.q_regional.value,
            p.q_regional.low,
            p.q_regional.high,
            p.point.grp(alpha),
            p.global_kept.value,
            p.global_kept.low,
        )
        for p in sorted(curve, key=lambda p: p.beta)
    )
    heads = (
        "β", "global", "global low", "global high", "regional", "regional low", "regional high", "GRP",
        "share of global kept", "share kept, low",
    )  # fmt: skip
    return Table("Scores over β", heads, rows)


def best_beta_table(curve: Sequence[CurvePoint]) -> Table:
    """The best β and its GRP for every α."""
    rows = tuple(tuple(float(v) for v in row) for row in _over_alpha(curve))
    return Table("Best β over α", ("α", "β*", "GRP of β*", "GRP of the base", "GRP of the regional model"), rows)


def _over_alpha(curve: Sequence[CurvePoint]) -> np.ndarray:
    """Rows of α, β*, its GRP, and the GRP of the first and the last β: (101, 5)."""
    points = sorted((p.point for p in curve), key=lambda p: p.beta)
    rows = []
    for alpha in np.linspace(0, 1, 101).round(2).tolist():
        best = choose(points, alpha)
        rows.append((alpha, best.beta, best.grp(alpha), points[0].grp(alpha), points[-1].grp(alpha)))
    return np.array(rows)


def _mark_ends(figure: go.Figure, points: Sequence[CurvePoint], place: object, chosen: float | None) -> None:
    marked = [("base", 0.0, BASE, "circle"), ("regional", 1.0, REGIONAL, "square")]
    if chosen is not None:
        marked.append((f"β* = {chosen:g}", chosen, MERGED, "star"))
    for name, beta, color, sign in marked:
        found = next((p for p in points if p.beta == beta), None)
        if found is not None:
            figure.add_trace(
                go.Scatter(
                    x=[found.q_global.value],
                    y=[found.q_regional.value],
                    mode="markers",
                    name=name,
                    customdata=[beta],
                    marker={"color": color, "size": 15, "symbol": sign, "line": {"width": 1, "color": INK}},
                    hovertemplate=f"{OF_TRACE}<br>{OF_X}: %{{x:.3f}}<br>{OF_Y}: %{{y:.3f}}<extra></extra>",
                )
            )


def _levels(points: Sequence[CurvePoint], alpha: float) -> list[float]:
    parities = [p.point.grp(alpha) for p in points]
    low, high = min(parities), max(parities)
    return [] if high <= low else [low + (high - low) * share for share in (0.0, 0.25, 0.5, 0.75, 1.0)]


def _equal_parity(level: float, alpha: float, x: Sequence[float], y: Sequence[float]) -> go.Scatter:
    """The line on which α·x + (1 − α)·y is `level`, within the points' range."""
    if alpha < 1:
        ends = [min(x), max(x)]
        heights = [(level - alpha * value) / (1 - alpha) for value in ends]
    else:
        ends, heights = [level, level], [min(y), max(y)]
    return go.Scatter(
        x=ends,
        y=heights,
        mode="lines",
        showlegend=False,
        line={"color": "rgba(128,128,128,0.45)", "width": 1, "dash": "dot"},
        hovertemplate=f"GRP = {level:.3f}<extra></extra>",
    )
