"""Small helpers for writing HTML; what comes from outside is escaped here and nowhere else. For `render`, `reports`."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

VOID = {"img", "input"}  # elements that have no end


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def tag(name: str, *children: str, cls: str = "", **attributes: str | int | bool | None) -> Html:
    """`<name …>children</name>`; children that aren't `Html` are escaped. `aria_label=` becomes `aria-label`."""
    if cls:
        attributes = {"class": cls, **attributes}
    written = "".join(
        f" {key.replace('_', '-')}" + ("" if value is True else f'="{escape(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return Html(f"<{name}{written}>" if name in VOID else f"<{name}{written}>{join(children)}</{name}>")


def image(url: str, alt: str, side: int) -> Html:
    """A square picture that keeps its place while it loads."""
    return tag("img", src=url, alt=alt, width=side, height=side, decoding="async")


def join(children: Iterable[str], separator: str = "") -> Html:
    """The children one after the other, escaped where they aren't markup yet."""
    return Html(separator.join(child if isinstance(child, Html) else escape(child) for child in children))


def for_ears(text: str) -> Html:
    """Text that only a screen reader says."""
    return tag("span", text, cls="gg-ears")


def only_eyes(text: str) -> Html:
    """A sign that a screen reader leaves out."""
    return tag("span", text, aria_hidden="true")


def notice(message: str, kind: str = "note") -> Html:
    """One line that says what to do; `kind` is note, good or problem."""
    return tag("p", message, cls=f"gg-notice gg-{kind}", role="alert" if kind == "problem" else "status")


def progress_bar(share: float, said: str, label: str) -> Html:
    """How far something is, as a bar and in words. label: what it is the progress of, for a screen reader."""
    bar = tag("progress", max="1", value=f"{min(share, 1.0):.4f}", aria_label=label)
    return tag("div", bar, tag("span", said), cls="gg-progress", role="status")


def fine(text: str) -> Html:
    """A remark in small print."""
    return tag("p", text, cls="gg-fine")
