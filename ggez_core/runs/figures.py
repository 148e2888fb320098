"""Figures of runs, pure functions of their events: does the loss fall, what do both sides score, how fast is it?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from ..figures import BASE, MERGED, OF_TRACE, OF_X, REGIONAL, SEQUENCE, Table, laid_out, whiskers
from .events import Event

MOST = 2000  # points of a line; more are thinned out


def losses(runs: Mapping[str, Sequence[Event]]) -> go.Figure | None:
    """Loss over steps, of one run with its parts, of several without; None where there is nothing yet."""
    figure = go.Figure()
    for index, (name, events) in enumerate(runs.items()):
        steps = _thinned([event for event in events if event["kind"] == "step" and event["loss"] is not None])
        if not steps:
            continue
        x, color = [event["step"] for event in steps], SEQUENCE[index % len(SEQUENCE)]
        losses = [event["loss"] for event in steps]
        figure.add_trace(_line(x, losses, name if len(runs) > 1 else "loss", color, run=name))
        parts = steps[0]["parts"]
        for number, part in enumerate(parts if len(runs) == 1 and len(parts) > 1 else (), 1):
            values = [event["parts"].get(part) for event in steps]
            figure.add_trace(_line(x, values, part, SEQUENCE[number % len(SEQUENCE)], dash="dot"))
    return laid_out(figure, "Does the loss fall?", "step", "loss", height=340) if figure.data else None


def scores(events: Sequence[Event], beta: float | None = None) -> go.Figure | None:
    """Both sides' scores and GRP over the steps, of the model itself or its merge at β; the base at step 0."""
    found = _points(events, 1.0 if beta is None else beta)
    if not found:
        return None
    x = [step for step, _ in found]
    figure = go.Figure()
    for name, key, color, dash in (
        ("global", "q_global", BASE, "dot"),
        ("regional", "q_regional", REGIONAL, "dash"),
        ("GRP", "grp", MERGED, "solid"),
    ):
        values = [point[key] for _, point in found]
        bars = whiskers(values, *([point[f"{key}_{end}"] for _, point in found] for end in ("low", "high")))
        figure.add_trace(
            go.Scatter(x=x, y=values, name=name, mode="lines+markers", line={"color": color, "dash": dash},
                       error_y=bars, hovertemplate=f"{OF_TRACE} %{{y:.3f}}<br>{OF_X}: %{{x}}<extra></extra>")
        )  # fmt: skip
    return laid_out(figure, "Does the region gain and the world keep?", "step (0 is the base)", "score", height=340)


def compared_scores(runs: Mapping[str, Sequence[Event]], beta: float | None = None) -> go.Figure | None:
    """GRP over the steps of several runs, of each model itself or its merge at β; each base at step 0."""
    figure = go.Figure()
    for index, (name, events) in enumerate(runs.items()):
        found = _points(events, 1.0 if beta is None else beta)
        if not found:
            continue
        values, color = [point["grp"] for _, point in found], SEQUENCE[index % len(SEQUENCE)]
        bars = whiskers(values, *([point[f"grp_{end}"] for _, point in found] for end in ("low", "high")))
        figure.add_trace(
            go.Scatter(x=[step for step, _ in found], y=values, name=name, mode="lines+markers", error_y=bars,
                       line={"color": color}, hovertemplate=f"{OF_TRACE} %{{y:.3f}}<br>{OF_X}: %{{x}}<extra></extra>")
        )  # fmt: skip
    if not figure.data:
        return None
    return laid_out(figure, "Which run gains most?", "step (0 is the base)", "GRP", height=340)


def betas_of(events: Sequence[Event]) -> list[float]:
    """The weights at which merges with the base were scored, the model itself (1) last."""
    return sorted({p["beta"] for e in events if e["kind"] == "evaluation" for p in e["curve"] if p["beta"] > 0})


def speed(runs: Mapping[str, Sequence[Event]]) -> go.Figure | None:
    """Examples a second over steps."""
    figure = go.Figure()
    for index, (name, events) in enumerate(runs.items()):
        steps = _thinned([event for event in events if event["kind"] == "step" and event["step"] > 1])
        if steps:
            rates = [event["examples_per_second"] for event in steps]
            color = SEQUENCE[index % len(SEQUENCE)]
            figure.add_trace(_line([event["step"] for event in steps], rates, name, color, run=name))
    if not figure.data:
        return None
    figure = laid_out(figure, "How fast does it go?", "step", "examples a second", height=280)
    figure.update_yaxes(rangemode="tozero")
    return figure


def watched(events: Sequence[Event]) -> go.Figure | None:
    """What the objective shows beside its loss, such as the variance of embeddings: near 0 they have collapsed."""
    steps = _thinned([event for event in events if event["kind"] == "step" and event["watched"]])
    if not steps:
        return None
    figure = go.Figure()
    for index, name in enumerate(steps[-1]["watched"]):
        values = [event["watched"].get(name) for event in steps]
        figure.add_trace(
            _line([e["step"] for e in steps], values, name.replace("_", " "), SEQUENCE[index % len(SEQUENCE)])
        )
    figure = laid_out(figure, "Do the embeddings stay apart?", "step", "variance (0: all the same)", height=280)
    figure.update_yaxes(rangemode="tozero")
    return figure


def step_table(events: Sequence[Event], last: int = 200) -> Table:
    """The numbers of the last logged steps."""
    steps = [event for event in events if event["kind"] == "step"][-last:]
    parts = list(steps[-1]["parts"]) if steps else []
    parts = parts if len(parts) > 1 else []  # one is the loss itself
    watched = list(steps[-1]["watched"]) if steps else []
    heads = (
        "step",
        "loss",
        *parts,
        "learning rate",
        "gradient",
        "examples/s",
        "GB",
        *watched,
    )
    rows = tuple(
        (
            e["step"], e["loss"], *(e["parts"].get(part) for part in parts), e["learning_rate"],
            e["grad_norm"], e["examples_per_second"], e["memory"] / 1e9,
            *(e["watched"].get(name) for name in watched),
        )
        for e in reversed(steps)
    )  # fmt: skip
    return Table("Steps", heads, rows)


def score_table(events: Sequence[Event], beta: float | None = None) -> Table:
    """The numbers of `scores`."""
    names = [f"{name}{end}" for name in ("q_global", "q_regional", "grp") for end in ("", "_low", "_high")]
    found = _points(events, 1.0 if beta is None else beta)
    return Table("Scores over steps", ("step", *names), tuple((s, *(p[name] for name in names)) for s, p in found))


def _points(events: Sequence[Event], beta: float) -> list[tuple[int, Mapping[str, float]]]:
    found: list[tuple[int, Mapping[str, float]]] = []
    for event in events:
        if event["kind"] == "evaluation":
            curve = {point["beta"]: point for point in event["curve"]}
            if not found and 0.0 in curve:
                found.append((0, curve[0.0]))
            if beta in curve:
                found.append((event["step"], curve[beta]))
    return found


def _line(
    x: Sequence[int], y: Sequence[float | None], name: str, color: str, dash: str = "solid", run: str | None = None
) -> go.Scatter:
    """run: whose line it is, for who clicks it."""
    line = {"color": color, "dash": dash, "width": 1.6}
    hover = f"{OF_TRACE} %{{y:.4g}}<br>{OF_X}: %{{x}}<extra></extra>"
    return go.Scatter(x=x, y=y, name=name, meta=run, mode="lines" if len(x) > 1 else "markers", line=line,
                      hovertemplate=hover, showlegend=True)  # fmt: skip


def _thinned(events: list[Event]) -> list[Event]:
    stride = -(-len(events) // MOST) or 1
    return [*events[:-1:stride], events[-1]] if events else []
