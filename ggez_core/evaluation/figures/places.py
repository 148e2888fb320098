"""Figures by country: bars with intervals, and a map of a region from the shapes that ship with the package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from ...figures import GRID, INK, laid_out
from ...regions import COUNTRIES
from ...regions.shapes import outline
from ..rows import Score
from .languages import Slices, bars

SCALE = "Cividis"
DIVERGING = "RdBu"
NO_DATA = "rgba(128,128,128,0.15)"


def country_bars(series: Mapping[str, Slices]) -> go.Figure:
    """A score by country for several models: name of the model → its score rows by country code."""
    named = {model: {country_name(code): row for code, row in rows.items()} for model, rows in series.items()}
    figure = bars(named)
    for trace, rows in zip(figure.data, series.values(), strict=True):
        trace.customdata = list(rows)  # what a click tells is the code, as on the map
    return laid_out(figure, "Which countries gain?", "country", "score (95 % interval)")


def country_map(rows: Slices, countries: Sequence[str], base: Slices | None = None, name: str = "score") -> go.Figure:
    """A score by country, or with `base` the difference from it, on a map of `countries` (ISO 3166 alpha-2).

    Countries without a row are outlined. Drawn on plain axes in degrees, with no map server.
    """
    values = {
        code: rows[code].value - (base[code].value if base else 0.0)
        for code in countries
        if code in rows and (base is None or code in base)
    }
    reach = max((abs(v) for v in values.values()), default=1.0) or 1.0
    low, high = (-reach, reach) if base else (0.0, 1.0)
    figure = go.Figure()
    for code in countries:
        value = values.get(code)
        fill = NO_DATA if value is None else _colour(value, low, high, bool(base))
        figure.add_trace(_shape(code, fill, _said(code, value, rows.get(code), name)))
    figure.add_trace(
        go.Scatter(
            x=[None],
            y=[None],
            mode="markers",
            showlegend=False,
            marker={
                "colorscale": DIVERGING if base else SCALE,
                "cmin": low,
                "cmax": high,
                "color": [low],
                "showscale": True,
                "colorbar": {"title": {"text": name}, "thickness": 12},
            },
        )
    )
    question = "Where does the region gain against the base?" if base else "Where is the region known well?"
    laid_out(figure, question, height=440)
    figure.update_xaxes(showgrid=False, showticklabels=False, zeroline=False, constrain="domain")
    figure.update_yaxes(showgrid=False, showticklabels=False, zeroline=False, scaleanchor="x", scaleratio=1)
    return figure


def country_name(code: str) -> str:
    """The English name of a country, or its code."""
    return COUNTRIES[code].name if code in COUNTRIES else code


def _colour(value: float, low: float, high: float, diverging: bool) -> str:
    share = min(max((value - low) / (high - low), 0.0), 1.0)
    return str(sample_colorscale(DIVERGING if diverging else SCALE, [share])[0])


def _shape(code: str, fill: str, said: str) -> go.Scatter:
    """One country as filled lines; a small one gets a ring around it, so that it is seen."""
    rings = outline(code)
    x: list[float | None] = []
    y: list[float | None] = []
    for ring in rings:
        x += [*(point[0] for point in ring), None]
        y += [*(point[1] for point in ring), None]
    small = bool(rings) and max(p[0] for p in rings[0]) - min(p[0] for p in rings[0]) < 1
    return go.Scatter(
        x=x,
        y=y,
        mode="lines+markers" if small else "lines",
        marker={"size": 7, "color": fill, "line": {"width": 0}},
        fill="toself",
        fillcolor=fill,
        line={"color": INK if small else GRID, "width": 0.8},
        name=country_name(code),
        text=said,
        hoverinfo="text",
        hoveron="fills+points",
        customdata=[code] * len(x),
        showlegend=False,
    )


def _said(code: str, value: float | None, row: Score | None, name: str) -> str:
    if value is None or row is None:
        return f"{country_name(code)}: no data"
    return f"{country_name(code)}: {name} {value:.3f} (n = {row.n:,})"
