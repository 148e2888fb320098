"""Tables to take home: links that carry a file's content themselves. Used by every tab that shows figures or tables."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from ggez_core.figures import Table

from .markup import Html, tag
from .text import say


def downloads(tables: Sequence[Table], *more: Html) -> Html:
    """A link for each table, as CSV, and further links of `link`; nothing where there are none.

    A figure's own camera button makes a PNG of it.
    """
    links = [*(link(f"{table.title}.csv", table.as_csv()) for table in tables), *more]
    return tag("p", tag("span", say("downloads"), cls="gg-label"), *links, cls="gg-chips") if links else Html()


def link(name: str, content: str, kind: str = "text/csv") -> Html:
    """A link to a file that is part of the page. kind: its media type."""
    data = base64.b64encode(content.encode()).decode()
    return tag("a", name, href=f"data:{kind};base64,{data}", download=name.replace(" ", "-"), cls="gg-download")
