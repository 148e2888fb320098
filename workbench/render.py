"""The header as accessible HTML: pure functions from what `service` returns to markup. Used by `header`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .languages import PARAMETER, SPOKEN, language
from .markup import Html, for_ears, join, tag
from .text import duration, language_name, say, size

if TYPE_CHECKING:
    from ggez_core.regions import Alpha

    from .pairs import Pair
    from .views.view import Pace


def title() -> Html:
    """The page's name, what it is for, and its languages."""
    return tag("div", tag("h1", say("title")), tag("p", say("tagline")), languages(), cls="gg-title")


def languages() -> Html:
    """The languages of the page as links, behind the name of the one that it speaks now."""
    spoken = language()
    links = join(
        tag(
            "li",
            tag(
                "a",
                language_name(code),
                href=f"?{PARAMETER}={code}",
                lang=code,
                aria_current="true" if code == spoken else None,
            ),
        )
        for code in SPOKEN
    )
    label = tag("summary", for_ears(say("languages.label")), " ", language_name(spoken))
    return tag("details", label, tag("ul", links), cls="gg-languages")


def pair_line(pair: Pair) -> Html:
    """Which two checkpoints are loaded, and how large their components are; those are named that don't differ."""
    ends = join(
        tag("span", tag("b", say(f"pair.{side}")), " ", tag("code", checkpoint.source), cls=f"gg-end gg-{side}")
        for side, checkpoint in (("base", pair.base), ("regional", pair.regional))
    )
    components = pair.comparison.components.items()
    parts = join(
        (
            tag(
                "span",
                say("pair.part" if name in pair.components else "pair.same", name=name, size=size(c.nbytes)),
                cls="gg-part",
            )
            for name, c in components
        ),
        " ",
    )
    return tag("div", ends, tag("span", parts, cls="gg-parts"), cls="gg-pair")


def facts(alpha: Alpha, pace: Pace | None) -> Html:
    """α with its source, and the time of the last move."""
    move = duration(pace.answer_ms) if pace else say("fact.move.none")
    explained = say("fact.move.title", move=pace.move_ms) if pace else None
    return tag(
        "dl",
        tag(
            "div",
            tag("dt", say("fact.alpha", region=alpha.region, year=alpha.year)),
            tag("dd", f"{alpha.value:.2f}"),
            title=say("fact.alpha.title", source=alpha.source),
        ),
        tag("div", tag("dt", say("fact.move")), tag("dd", move), title=explained),
        cls="gg-facts",
    )
