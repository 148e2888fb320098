"""What the Train tab shows of a run's samples: the same things asked of every checkpoint, side by side; pure markup.

Pictures are small files of the run's folder and come inside the markup, so that no address gives that folder away.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path

from ggez_core.runs.samples import Item, Samples

from .markup import Html, fine, join, tag
from .text import say

COLUMNS = 5  # checkpoints side by side: the first, the last, and some between
LARGEST = 64 << 10  # bytes of a picture that is shown
LONGEST = 240  # characters of a text that are shown


def gallery(samples: Sequence[Samples]) -> str:
    """A table: a row of each thing asked, a column of each checkpoint; empty where there is none."""
    shown = spread(samples)
    if not shown:
        return ""
    steps = (say("train.samples.step", step=one.step) if one.step else say("train.samples.before") for one in shown)
    asked = tag("th", say("train.samples.asked"), scope="col")
    head = tag("tr", asked, *(tag("th", step, scope="col") for step in steps))
    rows = []
    for place, item in enumerate(shown[-1].items):
        cells = (_made(one.items[place]) if place < len(one.items) else "" for one in shown)
        rows.append(tag("tr", tag("th", _asked(item), scope="row"), *(tag("td", cell) for cell in cells)))
    table = tag("table", tag("thead", head), tag("tbody", *rows), aria_label=say("train.samples"))
    said = fine(say("train.samples.info"))
    scroll = tag("div", table, cls="gg-made", tabindex="0", role="group", aria_label=say("train.samples"))
    return join([said, scroll])


def spread(samples: Sequence[Samples]) -> list[Samples]:
    """At most COLUMNS of them, the first and the last for certain."""
    last = len(samples) - 1
    if last < COLUMNS:
        return list(samples)
    return [samples[round(place * last / (COLUMNS - 1))] for place in range(COLUMNS)]


def _asked(item: Item) -> Html:
    picture = _picture(item.picture, say("train.samples.about")) if item.picture else Html("")
    wanted = fine(say("train.samples.wanted", wanted=_short(item.wanted))) if item.wanted else Html("")
    return join([picture, tag("span", _short(item.asked), lang=item.language or None), wanted])


def _made(item: Item) -> Html:
    pictures = [
        _picture(path, say("train.samples.picture", n=n, asked=_short(item.asked)))
        for n, path in enumerate(item.pictures, 1)
    ]
    lines = tag("ol", *(tag("li", _short(line)) for line in item.lines)) if item.lines else Html("")
    rank = fine(say("train.samples.rank", rank=item.rank)) if item.rank else Html("")
    many = tag("div", *pictures, cls="gg-many") if len(pictures) > 1 else join(pictures)
    return join([many, lines, tag("span", _short(item.said)) if item.said else Html(""), rank])


def _picture(path: Path, alt: str) -> Html:
    try:
        data = path.read_bytes()
    except OSError:  # thinned out meanwhile
        return Html("")
    if len(data) > LARGEST:
        return Html("")
    return tag("img", src=f"data:image/webp;base64,{base64.b64encode(data).decode()}", alt=alt, decoding="async")


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
