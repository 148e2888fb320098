"""Figures as files: a page for a browser, and each as JSON, CSV and, where it can be, PNG."""

from __future__ import annotations

import html
import importlib.util
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .style import Table

if TYPE_CHECKING:
    import plotly.graph_objects as go

log = logging.getLogger(__name__)

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 15px/1.45 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse; font-size: 13px }} td, th {{ padding: .15rem .6rem; text-align: right }}
figure {{ display: flex; gap: .8rem; margin: .6rem 0 }} figure img {{ flex: none; width: 96px; object-fit: contain }}
figcaption {{ overflow-wrap: anywhere }} figcaption small {{ display: block; opacity: .8 }}
</style>
<h1>{title}</h1>
{body}
</html>
"""


@dataclass(frozen=True)
class Drawn:
    """A figure by the name of its files, with the same numbers as a table."""

    name: str
    figure: go.Figure
    table: Table


def write_page(folder: Path, title: str, drawn: Sequence[Drawn], more: str = "") -> None:
    """Write `index.html` with all figures and their tables, and each figure's files. more: markup at the page's end.

    Raises OSError where the folder can't be written.
    """
    folder.mkdir(exist_ok=True)
    parts: list[str] = []
    for found in drawn:
        (folder / f"{found.name}.json").write_text(found.figure.to_json(), encoding="utf-8")
        (folder / f"{found.name}.csv").write_text(found.table.as_csv(), encoding="utf-8")
        parts.append(found.figure.to_html(full_html=False, include_plotlyjs=not parts))
        heads = "".join(f"<th>{html.escape(head)}</th>" for head in found.table.heads)
        rows = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in found.table.rows)
        parts.append(
            f"<details><summary>{html.escape(found.table.title)}: the numbers "
            f'(<a href="{found.name}.csv" download>CSV</a>)</summary><table><tr>{heads}</tr>{rows}</table></details>'
        )
        _write_image(found.figure, folder / f"{found.name}.png")
    page = _PAGE.format(title=html.escape(title), body="\n".join([*parts, more]))
    (folder / "index.html").write_text(page, encoding="utf-8")


def _cell(value: str | float | int | None) -> str:
    text = "–" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
    return f"<td>{html.escape(text)}</td>"


def _write_image(figure: go.Figure, path: Path) -> None:
    """A PNG, where kaleido and a browser for it are there; the page's own button makes one everywhere."""
    if importlib.util.find_spec("kaleido") is None:
        return
    try:
        figure.write_image(path, scale=2)
    except Exception as error:
        log.info("%s: no picture (%s)", path.name, error)
