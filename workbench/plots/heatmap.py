"""Where two checkpoints differ: relative change by kind of tensor and layer, one panel a component.

Imports plotly; used by the Models tab when it is opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from ggez_core.figures import without_links

if TYPE_CHECKING:
    from ggez_core.checkpoints import Comparison

OUTSIDE = "–"
OTHER = "other"
ROW_HEIGHT = 22
PANEL_HEIGHT = 96


@dataclass(frozen=True)
class Cell:
    """One tensor's place in the figure. change: ‖regional − base‖ / ‖base‖."""

    component: str
    kind: str
    layer: str
    change: float
    tensor: str


def cells(comparison: Comparison) -> list[Cell]:
    """The tensors whose change has a meaning. Biases, near zero, are left to the table: theirs says little."""
    return [
        Cell(t.component, *_place(t.name, t.component), t.relative_change, t.name)
        for t in comparison.tensors
        if t.relative_change is not None and not t.name.endswith("bias")
    ]


def figure(found: Sequence[Cell], title: str) -> go.Figure:
    """The heat map, on a scale that is read with any colour vision (cividis), in per cent."""
    components = dict.fromkeys(c.component for c in sorted(found, key=lambda c: (c.component == OTHER, c.component)))
    panels = {name: _panel([c for c in found if c.component == name]) for name in components}
    rows = [len(kinds) for kinds, _ in panels.values()]
    total = sum(rows) * ROW_HEIGHT + len(rows) * PANEL_HEIGHT
    drawn = make_subplots(
        rows=len(rows),
        cols=1,
        subplot_titles=list(panels),
        row_heights=[r * ROW_HEIGHT + 20 for r in rows],
        vertical_spacing=min(72 / total, 0.9 / max(len(rows) - 1, 1)),
    )
    for number, (name, (kinds, layers)) in enumerate(panels.items(), 1):
        changes = {(c.kind, c.layer): c for c in found if c.component == name}
        grid = [[changes.get((kind, layer)) for layer in layers] for kind in kinds]
        drawn.add_trace(
            go.Heatmap(
                z=[[None if c is None else 100 * c.change for c in row] for row in grid],
                x=layers,
                y=kinds,
                coloraxis="coloraxis",
                customdata=[["" if c is None else c.tensor for c in row] for row in grid],
                hovertemplate="%{customdata}<br>%{z:.2f} %<extra></extra>",
                hoverongaps=False,
                xgap=1,
                ygap=1,
            ),
            row=number,
            col=1,
        )
    drawn.update_xaxes(
        type="category", title_text="layer (– is outside the layers)", title_standoff=4, row=len(rows), col=1
    )
    drawn.update_xaxes(showgrid=False)
    drawn.update_yaxes(showgrid=False, autorange="reversed", automargin=True, ticksuffix=" ")
    drawn.update_layout(
        title={"text": title, "font": {"size": 13}, "x": 0, "xref": "container", "pad": {"l": 8}},
        height=total,
        margin={"l": 8, "r": 8, "t": 78, "b": 48},
        coloraxis={
            "colorscale": "Cividis",
            "cmin": 0,
            "cmax": 100 * max(c.change for c in found),
            "colorbar": {"title": {"text": "relative<br>change, %"}, "thickness": 12},
        },
        font={"family": "system-ui, sans-serif"},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    return without_links(drawn)


def _panel(found: Sequence[Cell]) -> tuple[list[str], list[str]]:
    """Kinds and layers of one component: layered kinds first, then those outside; layers by number."""
    kinds = [c.kind for c in found if c.layer != OUTSIDE] + [c.kind for c in found if c.layer == OUTSIDE]
    layers = {c.layer for c in found}
    numbers = sorted((layer for layer in layers if layer != OUTSIDE), key=int)
    return list(dict.fromkeys(kinds)), [*([OUTSIDE] if OUTSIDE in layers else []), *numbers]


def _place(tensor: str, component: str) -> tuple[str, str]:
    """Kind and layer: `vision_model.encoder.layers.3.mlp.fc1.weight` is (`mlp.fc1`, `3`)."""
    parts = tensor.removesuffix(".weight").split(".")
    at = next((i for i, part in enumerate(parts) if part.isdecimal()), None)
    if at is not None and at + 1 < len(parts):
        return ".".join(parts[at + 1 :]).removeprefix("self_attn."), parts[at]
    inner = [part for part in parts if part not in ("model", "embeddings", component)]
    return ".".join(inner[-2:]) or tensor, OUTSIDE
