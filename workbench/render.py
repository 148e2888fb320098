"""The header as accessible HTML: pure functions from what `service` returns to markup. Used by `header`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .demos import DEMOS
from .languages import PARAMETER, SPOKEN, language
from .markup import Html, fine, for_ears, join, tag
from .text import duration, language_name, say, size

if TYPE_CHECKING:
    from ggez_core.regions import Alpha

    from .pairs import Pair
    from .views.view import Pace


SCORES = ("global", "regional", "grp")


@dataclass(frozen=True)
class Scored:
    """A pair's scores on validation at a β. measured: there; or between two β that were."""

    q_global: float
    q_regional: float
    measured: bool


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
                aria_label=language_name(code),  # what is in a closed list has no text for some tools
                aria_current="true" if code == spoken else None,
            ),
        )
        for code in SPOKEN
    )
    label = tag("summary", for_ears(say("languages.label")), " ", language_name(spoken))
    return tag("details", label, tag("ul", links), cls="gg-languages")


def pair_line(pair: Pair | str) -> Html:
    """Which pair is loaded, or what is being done about it, and a button for each shipped pair (`data-index`)."""
    loaded = None if isinstance(pair, str) else (pair.base.source, pair.regional.source)
    said = tag("span", pair, role="status") if isinstance(pair, str) else _ends(pair)
    chips = (
        tag(
            "button",
            tag("b", demo.name),
            " ",
            say(f"demo.{demo.does}"),
            cls="gg-chip",
            type="button",
            data_index=index,
            title=say("models.example", base=demo.base, regional=demo.regional),
            aria_pressed="true" if (demo.base, demo.regional) == loaded else "false",
        )
        for index, demo in enumerate(DEMOS)
    )
    demos = tag("div", *chips, cls="gg-chips gg-demos", role="group", aria_label=say("models.examples"))
    return tag("div", tag("div", said, cls="gg-loaded"), demos, cls="gg-pair")


def _ends(pair: Pair) -> Html:
    """The two checkpoints, and how large their components are; those are named that don't differ."""
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
    return join([ends, tag("span", parts, cls="gg-parts")])


def scores(alpha: Alpha, scored: Scored | None) -> Html:
    """Both sides' scores and GRP at the weights in force; dashes where they aren't known."""
    known = [say("fact.move.none")] * 3
    if scored is not None:
        about = "" if scored.measured else "≈\u2009"
        parity = alpha.value * scored.q_global + (1 - alpha.value) * scored.q_regional
        known = [f"{about}{score:.3f}" for score in (scored.q_global, scored.q_regional, parity)]
    why = say("fact.score.none" if scored is None else "fact.score" if scored.measured else "fact.score.between")
    facts = (_fact(say(f"fact.{name}"), score, why) for name, score in zip(SCORES, known, strict=True))
    return tag("dl", *facts, cls="gg-facts" if scored else "gg-facts gg-unscored")


def facts(alpha: Alpha, pace: Pace | None, reloaded: float = 0.0) -> Html:
    """α with its source, and the time of the last move; that the pair was loaded again, if that took some seconds."""
    move = duration(pace.answer_ms) if pace else say("fact.move.none")
    explained = say("fact.move.title", move=pace.move_ms) if pace else None
    note = fine(say("pair.reloaded", time=duration(1e3 * reloaded))) if reloaded else Html()
    measures = tag(
        "dl",
        _fact(
            say("fact.alpha", region=alpha.region, year=alpha.year),
            f"{alpha.value:.2f}",
            say("fact.alpha.title", source=alpha.source),
        ),
        _fact(say("fact.move"), move, explained),
        cls="gg-facts",
    )
    return join([measures, note])


def _fact(name: str, value: str, title: str | None) -> Html:
    return tag("div", tag("dt", name), tag("dd", value), title=title)
