"""Figures of human ratings: who is preferred in which language, and the human GRP over α beside the automatic one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import plotly.graph_objects as go

from ...figures import INK, OF_TRACE, PATTERNS, SEQUENCE, SIGNS, Table, laid_out, whiskers
from ..curve import CurvePoint
from ..ratings.agreement import ALL, Agreement
from ..ratings.rating import Shown
from ..ratings.summary import HumanParity, Mean

_UNITS = {
    "rank": "average rank (1 is the best)",
    "preference": "share of comparisons won",
    "correctness": "mean mark (1 poor, 3 good)",
    "naturalness": "mean mark (1 poor, 3 good)",
}


def human_bars(means: Sequence[Mean], measure: str, by: str = "language") -> go.Figure:
    """Means of one measure by language, side or aspect, a bar for every model, with their intervals."""
    cuts = ("language", "side", "aspect")
    others = [cut for cut in cuts if cut != by]
    mine = [mean for mean in means if mean.measure == measure and all(getattr(mean, cut) == ALL for cut in others)]
    figure = go.Figure()
    for index, model in enumerate(dict.fromkeys(mean.model for mean in mine)):
        own = {getattr(mean, by): mean for mean in mine if mean.model == model}
        ordered = [mean for _, mean in sorted(own.items(), key=lambda item: (item[0] != ALL, item[0]))]
        values = [mean.value for mean in ordered]
        figure.add_trace(
            go.Bar(
                x=[getattr(mean, by) for mean in ordered],
                y=values,
                name=model_name(model),
                marker={
                    "color": SEQUENCE[index % len(SEQUENCE)],
                    "pattern": {"shape": PATTERNS[index % len(PATTERNS)]},
                },
                error_y=whiskers(values, [mean.low for mean in ordered], [mean.high for mean in ordered]),
                customdata=[[mean.n, mean.raters] for mean in ordered],
                hovertemplate="%{x}: %{y:.2f} (n = %{customdata[0]})<extra></extra>",
            )
        )
    if measure != "preference" and mine:
        figure.update_yaxes(range=[0.9, max(mean.high for mean in mine) + 0.1])
    return laid_out(figure, f"Which model do people prefer? {measure.capitalize()}", by, _UNITS[measure])


def human_grp(parities: Sequence[HumanParity], curve: Sequence[CurvePoint], alpha: float) -> go.Figure:
    """Human GRP over α for every model, and the automatic GRP of the same β where a sweep has it."""
    figure = go.Figure()
    alphas = [k / 20 for k in range(21)]
    automatic = {point.beta: point for point in curve}
    for index, parity in enumerate(parities):
        color, name = SEQUENCE[index % len(SEQUENCE)], model_name(parity.model)
        lines = [("people", [parity.grp(a) for a in alphas], "solid")]
        point = automatic.get(parity.model.beta) if not parity.model.parts else None
        if point is not None:
            lines.append(("automatic", [point.point.grp(a) for a in alphas], "dot"))
        for who, values, dash in lines:
            figure.add_trace(
                go.Scatter(
                    x=alphas,
                    y=values,
                    mode="lines+markers",
                    name=f"{name}, {who}",
                    line={"color": color, "dash": dash, "width": 3 if who == "people" else 2},
                    marker={"symbol": SIGNS[index % len(SIGNS)], "size": 7 if who == "people" else 4},
                    hovertemplate=f"α = %{{x:.2f}}: {OF_TRACE} %{{y:.3f}}<extra></extra>",
                )
            )
    figure.add_vline(x=alpha, line={"color": INK, "dash": "dash"}, annotation_text=f"α = {alpha:.2f}")
    return laid_out(
        figure,
        "Do people and benchmarks choose the same model?",
        "α, from regional only (0) to global only (1)",
        "GRP, 0 to 1",
    )


def human_table(means: Iterable[Mean]) -> Table:
    """The numbers of `human_bars`, for every measure."""
    rows = tuple(
        (mean.measure, mean.language, mean.side, mean.aspect, model_name(mean.model), mean.value, mean.low, mean.high,
         mean.n, mean.raters, mean.items, mean.clustered)
        for mean in means
    )  # fmt: skip
    heads = (
        "measure", "language", "side", "aspect", "model", "mean", "low", "high", "marks", "raters", "items",
        "interval over",
    )  # fmt: skip
    return Table("Human ratings", heads, rows)


def human_grp_table(parities: Sequence[HumanParity], curve: Sequence[CurvePoint], alpha: float) -> Table:
    """Human Q of both sides and GRP at α, and the automatic GRP of the same β."""
    automatic = {point.beta: point.point.grp(alpha) for point in curve}
    rows = tuple(
        (
            model_name(one.model), one.q_global.value, one.q_global.low, one.q_global.high, one.q_regional.value,
            one.q_regional.low, one.q_regional.high, one.grp(alpha),
            None if one.model.parts else automatic.get(one.model.beta),
        )
        for one in parities
    )  # fmt: skip
    heads = (
        "model", "global", "global low", "global high", "regional", "regional low", "regional high", "human GRP",
        "automatic GRP",
    )  # fmt: skip
    return Table("Human GRP", heads, rows)


def agreement_table(found: Iterable[Agreement]) -> Table:
    """Krippendorff's α by measure and language; empty where it has no value."""
    rows = tuple(
        (one.measure, one.language, None if one.alpha != one.alpha else one.alpha, one.units, one.raters)
        for one in found
    )
    return Table("Agreement of raters", ("measure", "language", "Krippendorff's α", "units", "raters"), rows)


def model_name(model: Shown) -> str:
    """A model for a reader: `merged, β = 0.5`."""
    own = "".join(f", {name} {beta:g}" for name, beta in model.parts)
    return model.model if model.model in ("base", "regional") and not own else f"{model.model}, β = {model.beta:g}{own}"
