"""What all figures share: colours, layout and tables, and a page of them for a browser.

A leaf over plotly, which is loaded by what draws; used by the figures of evaluation, curation and runs.
"""

from .page import Drawn, write_page
from .style import (
    BASE,
    GRID,
    INK,
    MERGED,
    OF_TRACE,
    OF_X,
    OF_Y,
    PATTERNS,
    REGIONAL,
    SEQUENCE,
    SIGNS,
    Table,
    laid_out,
    whiskers,
    without_links,
)

__all__ = [
    "BASE",
    "GRID",
    "INK",
    "MERGED",
    "OF_TRACE",
    "OF_X",
    "OF_Y",
    "PATTERNS",
    "REGIONAL",
    "SEQUENCE",
    "SIGNS",
    "Drawn",
    "Table",
    "laid_out",
    "whiskers",
    "without_links",
    "write_page",
]
