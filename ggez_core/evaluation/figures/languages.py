"""Figures by language: how well each is served, how far behind English it is, and whether languages agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from ...figures import OF_TRACE, PATTERNS, SEQUENCE, SIGNS, Table, laid_out, whiskers
from ..rows import Score

Slices = Mapping[str, Score]
"""Score rows by the language, country or aspect that they are slices of."""


def language_bars(series: Mapping[str, Slices], metric: str = "recall@1") -> go.Figure:
    """A score by language for several models: name of the model → its score rows by language."""
    return laid_out(bars(series), "How well is each language served?", "language", f"{metric} (95 % interval)")


def language_gap(series: Mapping[str, Slices], reference: str = "en", metric: str = "recall@1") -> go.Figure:
    """How far each language is behind the reference language, for several models; 0 is on a par with it."""
    figure = go.Figure()
    for number, (model, rows) in enumerate(series.items()):
        if reference not in rows:
            continue
        languages = [language for language in rows if language != reference]
        figure.add_trace(
            go.Scatter(
                x=languages,
                y=[rows[language].value - rows[reference].value for language in languages],
                mode="markers",
                name=model,
                marker={"color": SEQUENCE[number % 6], "symbol": SIGNS[number % 6], "size": 10},
                hovertemplate=f"{OF_TRACE}, %{{x}}: %{{y:+.3f}}<extra></extra>",
            )
        )
    figure.add_hline(y=0, line={"color": "rgba(128,128,128,0.6)"})
    return laid_out(figure, "How far behind English is each language?", "language", f"{metric} − that of {reference}")


def consistency_heatmap(
    languages: Sequence[str], agreement: NDArray[np.float64], measure: str, model: str = ""
) -> go.Figure:
    """Agreement (n, n) of every two languages, on a scale that any colour vision reads."""
    figure = go.Figure(
        go.Heatmap(
            z=agreement,
            x=list(languages),
            y=list(languages),
            colorscale="Cividis",
            zmin=float(min(0.0, np.nanmin(agreement))),
            zmax=1.0,
            xgap=1,
            ygap=1,
            text=[["" if np.isnan(v) else f"{v:.2f}" for v in line] for line in agreement],
            texttemplate="%{text}" if len(languages) <= 16 else None,
            colorbar={"title": {"text": measure.replace(" ", "<br>")}, "thickness": 12},
            hovertemplate="%{y}, %{x}: %{z:.3f}<extra></extra>",
        )
    )
    question = "Do languages find the same pictures?" + (f" ({model})" if model else "")
    laid_out(figure, question, height=120 + 30 * len(languages))
    figure.update_xaxes(showgrid=False, type="category")
    figure.update_yaxes(showgrid=False, type="category", autorange="reversed")
    return figure


def embedding_map(
    points: NDArray[np.float64],
    groups: Sequence[str],
    labels: Sequence[str],
    keys: Sequence[str | int],
    grouped_by: str,
) -> go.Figure:
    """Embeddings in two dimensions (n, 2), a colour and a sign for each group. keys: what a click or hover tells."""
    figure = go.Figure()
    for number, group in enumerate(dict.fromkeys(groups)):
        mine = [i for i, g in enumerate(groups) if g == group]
        figure.add_trace(
            go.Scattergl(
                x=points[mine, 0],
                y=points[mine, 1],
                mode="markers",
                name=group,
                text=[labels[i] for i in mine],
                customdata=[keys[i] for i in mine],
                marker={"color": _hue(number), "symbol": SIGNS[number % 6], "size": 7, "opacity": 0.8},
                hovertemplate="%{text}<extra>" + group + "</extra>",
            )
        )
    question = f"Do embeddings sort by meaning, or by {grouped_by}?"
    laid_out(figure, question, "first principal component", "second principal component", height=480)
    figure.update_layout(legend={"orientation": "v", "x": 1.02, "y": 1.0, "yanchor": "top"})
    return figure


def bars(series: Mapping[str, Slices]) -> go.Figure:
    """Grouped bars with intervals, a colour and a pattern for each model."""
    figure = go.Figure()
    for number, (model, rows) in enumerate(series.items()):
        values = [row.value for row in rows.values()]
        figure.add_trace(
            go.Bar(
                x=list(rows),
                y=values,
                name=model,
                customdata=list(rows),
                text=[f"n = {row.n:,}" for row in rows.values()],
                textposition="none",
                marker={"color": SEQUENCE[number % 6], "pattern": {"shape": PATTERNS[number % 6], "size": 6}},
                error_y=whiskers(values, [row.low for row in rows.values()], [row.high for row in rows.values()]),
                hovertemplate=f"{OF_TRACE}, %{{x}}: %{{y:.3f}} (%{{text}})<extra></extra>",
            )
        )
    figure.update_layout(barmode="group", bargap=0.25)
    return figure


def slice_table(series: Mapping[str, Slices], kind: str) -> Table:
    """The numbers of `bars`: a row for each model and slice. kind: language, country or aspect."""
    rows = tuple(
        (key, model, row.value, row.low, row.high, row.n)
        for model, found in series.items()
        for key, row in found.items()
    )
    return Table(f"Score by {kind}", (kind, "model", "score", "low", "high", "n"), rows)


def gap_table(series: Mapping[str, Slices], reference: str = "en") -> Table:
    """The numbers of `language_gap`."""
    rows: tuple[tuple[str | float, ...], ...] = tuple(
        (language, model, row.value - found[reference].value)
        for model, found in series.items()
        if reference in found
        for language, row in found.items()
        if language != reference
    )
    return Table(f"Gap to {reference}", ("language", "model", "difference"), rows)


def consistency_table(languages: Sequence[str], agreement: NDArray[np.float64], measure: str) -> Table:
    """The numbers of `consistency_heatmap`."""
    rows: tuple[tuple[str | float, ...], ...] = tuple(
        (name, *map(float, line)) for name, line in zip(languages, agreement, strict=True)
    )
    return Table(f"Agreement of languages, {measure}", ("language", *languages), rows)


def embedding_table(points: NDArray[np.float64], about: Mapping[str, Sequence[str]]) -> Table:
    """The numbers of `embedding_map`: (n, 2) points with what is known of each, n texts by their head."""
    rows: tuple[tuple[str | float, ...], ...] = tuple(
        (*(texts[i] for texts in about.values()), float(x), float(y)) for i, (x, y) in enumerate(points)
    )
    return Table("Map of embeddings", (*about, "first component", "second component"), rows)


def _hue(number: int) -> str:
    """Colours for many groups: the six told apart best, then steps around the wheel."""
    return SEQUENCE[number] if number < len(SEQUENCE) else f"hsl({(number * 137) % 360},55%,52%)"
