"""Figures of a study: what is kept of the teacher by task, and which languages pay for it."""

from __future__ import annotations

import plotly.graph_objects as go

from ..figures import OF_TRACE, PATTERNS, SEQUENCE, Drawn, Table, laid_out, whiskers
from .compare import Comparison, Line
from .measures import VQA

SHOWN = {"recall@5": "retrieval, R@5", VQA: "questions, accuracy", "agreement": "consistency, agreement"}


def drawn(comparison: Comparison) -> list[Drawn]:
    """For each teacher what is kept by task, and what every language gains or loses."""
    found = []
    for number, teacher in enumerate(dict.fromkeys(line.teacher for line in comparison.lines)):
        lines = [line for line in comparison.lines if line.teacher == teacher]
        found.append(Drawn(f"kept-{number}", kept_bars(lines), kept_table(lines)))
        found.append(Drawn(f"languages-{number}", language_map(lines), language_table(lines)))
    return found


def kept_bars(lines: list[Line]) -> go.Figure:
    """Shares of the teacher's scores, with intervals over seeds."""
    figure = go.Figure()
    for number, (metric, name) in enumerate(SHOWN.items()):
        known = [line for line in lines if metric in line.kept]
        shares = [line.kept[metric] for line in known]
        values = [share.value for share in shares]
        figure.add_trace(
            go.Bar(
                x=[line.objective for line in known],
                y=values,
                name=name,
                marker={"color": SEQUENCE[number], "pattern": {"shape": PATTERNS[number], "size": 6}},
                error_y=whiskers(values, [share.low for share in shares], [share.high for share in shares]),
                hovertemplate=f"%{{x}}, {OF_TRACE}: %{{y:.1%}}<extra></extra>",
            )
        )
    figure.add_hline(y=1, line={"color": "rgba(128,128,128,0.6)"})
    figure.update_layout(barmode="group", bargap=0.25)
    figure.update_yaxes(tickformat=".0%")
    question = f"How much of {lines[0].teacher} does each objective keep?"
    return laid_out(figure, question, "objective", "share of the teacher's score (95 % interval)")


def language_map(lines: list[Line]) -> go.Figure:
    """The change of R@5 against the teacher by objective and language."""
    languages = list(lines[0].languages)
    z = [[line.languages[code].value for code in languages] for line in lines]
    widest = max(0.01, max(abs(value) for row in z for value in row))
    figure = go.Figure(
        go.Heatmap(
            z=z, x=languages, y=[line.objective for line in lines], colorscale="RdBu", zmid=0, zmin=-widest,
            zmax=widest, xgap=1, ygap=1, text=[[f"{value:+.2f}" for value in row] for row in z],
            texttemplate="%{text}", colorbar={"title": {"text": "R@5"}, "thickness": 12},
            hovertemplate="%{y}, %{x}: %{z:+.3f}<extra></extra>",
        )
    )  # fmt: skip
    laid_out(figure, f"Which languages pay? R@5 against {lines[0].teacher}", height=140 + 32 * len(lines))
    figure.update_yaxes(autorange="reversed", type="category")
    return figure


def kept_table(lines: list[Line]) -> Table:
    """The numbers of `kept_bars`."""
    rows = tuple(
        (line.objective, name, kept.value, kept.low, kept.high, line.seeds)
        for line in lines
        for metric, name in SHOWN.items()
        if (kept := line.kept.get(metric)) is not None
    )
    return Table("Share of the teacher's score", ("objective", "task", "kept", "low", "high", "seeds"), rows)


def language_table(lines: list[Line]) -> Table:
    """The numbers of `language_map`, and every score by language."""
    changes = [
        (line.objective, code, "R@5 against the teacher", change.value, change.low, change.high)
        for line in lines
        for code, change in line.languages.items()
    ]
    scores = [
        (line.objective, code, metric, score.value, score.low, score.high)
        for line in lines
        for metric, languages in line.by_language.items()
        for code, score in languages.items()
    ]
    return Table("By language", ("objective", "language", "metric", "value", "low", "high"), (*changes, *scores))
