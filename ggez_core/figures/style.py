"""What all figures share: colours that any colour vision tells apart, layout in light and dark, tables beside them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Blue, bluish green and vermilion after Okabe & Ito, in shades seen on white and on black; a sign goes with each.
BASE, MERGED, REGIONAL = "#4c86d6", "#0f9d7a", "#d9722b"
GRID = "rgba(128,128,128,0.25)"
INK = "#808890"
SEQUENCE = (BASE, MERGED, REGIONAL, "#b565a7", "#8c7a2f", "#56b4e9")
SIGNS = ("circle", "diamond", "square", "cross", "triangle-up", "x")
# Names in hover texts, which the browser looks up in the figure: who translates the figure translates them too.
OF_TRACE, OF_X, OF_Y = "%{fullData.name}", "%{xaxis.title.text}", "%{yaxis.title.text}"
_FORMULAS = tuple("=+-@\t\r\n＝＋－＠")  # what a spreadsheet begins a formula with, in full width too
_TEXTS = ("name", "text", "x", "y", "customdata", "hovertemplate", "texttemplate", "labels", "parents")
_MARKUP = re.compile(r"<(?!/?(?:br|b|i|sub|sup|extra)\s*/?>)", re.IGNORECASE)
PATTERNS = ("", "/", ".", "x", "-", "+")


@dataclass(frozen=True)
class Table:
    """The numbers of a figure: a title, heads, and rows of text and numbers."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str | float | int | None, ...], ...]

    def as_csv(self) -> str:
        """The table as a CSV file; text that a spreadsheet would run as a formula is quoted with an apostrophe."""
        file = io.StringIO()
        writer = csv.writer(file)
        writer.writerow(self.heads)
        writer.writerows([_harmless(cell) for cell in row] for row in self.rows)
        return file.getvalue()


def laid_out(figure: go.Figure, question: str, x: str = "", y: str = "", *, height: int = 380) -> go.Figure:
    """The figure with its question as title, labelled axes, and a background that shows the page's own."""
    axis = {"gridcolor": GRID, "zerolinecolor": GRID, "linecolor": GRID, "automargin": True}
    figure.update_layout(
        title={
            "text": question,
            "font": {"size": 14},
            "x": 0,
            "y": 0.98,
            "yanchor": "top",
            "xref": "container",
            "pad": {"l": 8},
        },
        height=height,
        margin={"l": 8, "r": 12, "t": 92, "b": 40},
        font={"family": "system-ui, sans-serif", "color": INK, "size": 12},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
        hoverlabel={"font": {"family": "system-ui, sans-serif"}},
    )
    figure.update_xaxes(title_text=x or None, **axis)
    figure.update_yaxes(title_text=y or None, **axis)
    return without_links(figure)


def without_links(figure: go.Figure) -> go.Figure:
    """The figure, whose texts (names of models, languages, columns: strangers wrote them) hold no link or style.

    plotly takes `<a href=…>` in any text for a link; of its markup only line breaks, bold and the like are left.
    """
    for trace in figure.data:
        for name in _TEXTS:
            if name in trace and trace[name] is not None:
                trace[name] = _plain(trace[name])
    for titled in (figure.layout.title, *figure.layout.annotations):
        titled.text = _plain(titled.text)
    return figure


def _plain(value: Any) -> Any:
    """A text, or texts inside of lists; numbers as they are."""
    if isinstance(value, str):
        return _MARKUP.sub("&lt;", value)
    if hasattr(value, "dtype"):  # an array
        return _plain(value.tolist()) if value.dtype.kind in "UO" else value
    return [_plain(one) for one in value] if isinstance(value, (list, tuple)) else value


def whiskers(values: Sequence[float], lows: Sequence[float], highs: Sequence[float]) -> dict[str, Any]:
    """plotly's asymmetric error bars from the ends of intervals."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [max(high - value, 0.0) for value, high in zip(values, highs, strict=True)],
        "arrayminus": [max(value - low, 0.0) for value, low in zip(values, lows, strict=True)],
        "thickness": 1.2,
        "width": 3,
    }


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in _FORMULAS else cell
