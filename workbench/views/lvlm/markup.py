"""A vision-language pair's answers as accessible HTML: three columns of text, what differs from the base, options."""

from __future__ import annotations

from collections.abc import Sequence

from ggez_core.families.visual_questions import VisualAnswer, VisualQuestion

from ... import world
from ...markup import Html, for_ears, image, join, only_eyes, tag
from ...text import language_name, say
from ..parts import column, columns, picture_url, working
from ..slowly import Part, SoFar
from . import ask


def answer(found: SoFar, asking: VisualQuestion, nearby: Part | None, picture: str, right: Sequence[str]) -> Html:
    """What was asked, and the three columns as far as they are. `nearby` stands in for the merged answer till then."""
    base = ask.answer_of(found.parts[0]) if found.parts[0].whole else None
    three = [
        _column(part, base, nearby if part.model == "merged" else None, found.idle, asking) for part in found.parts
    ]
    return tag("div", _question(asking, picture, right), columns(three, "answers"), cls="gg-answer")


def _question(asking: VisualQuestion, picture: str, right: Sequence[str]) -> Html:
    said = say("ask.right", answers=" / ".join(right)) if right else ""
    words = tag("q", asking.question, lang=asking.language)
    shown = tag("p", words, " ", tag("span", said, cls="gg-fine"), cls="gg-asked")
    index = next((i for i, p in enumerate(world.gallery()) if p.id == picture), None)
    if index is None:
        return shown
    name = world.gallery()[index].concept.names["en"]
    return tag("div", image(picture_url(index), say("hit.alt", name=name), 96), shown, cls="gg-about")


def _column(part: Part, base: VisualAnswer | None, nearby: Part | None, idle: bool, asking: VisualQuestion) -> Html:
    said, state = ask.answer_of(part), working(part.step, idle, say("slow.tokens"))
    if said is None and nearby is not None:
        here = say("ask.nearby", beta=nearby.beta)
        body = tag("div", _answer(ask.answer_of(nearby), base, part, asking), cls="gg-faded")
        return column(part.model, part.beta, here, join([body, state]), "answers")
    body = _answer(said, base, part, asking)
    return column(
        part.model, part.beta, _remark(part, said, base), body if part.whole else join([body, state]), "answers"
    )


def _remark(part: Part, said: VisualAnswer | None, base: VisualAnswer | None) -> str:
    if said is None:
        return ""
    if part.model == "base":
        return say("column.reference")
    if not part.whole or base is None:
        return ""
    return say("ask.same") if said.text == base.text else say("ask.differs")


def _answer(said: VisualAnswer | None, base: VisualAnswer | None, part: Part, asking: VisualQuestion) -> Html:
    if said is None:
        return Html()
    compared = base if part.model != "base" else None
    text = _text(said.text, compared.text if compared else None, asking.language)
    return join([text, _options(said, compared, asking)]) if said.probabilities else text


def _text(text: str, base: str | None, language: str) -> Html:
    if not text:
        return tag("p", "…", cls="gg-said")
    pieces = ask.differing(text, base) if base is not None else (ask.Piece(text, False),)
    marked = (tag("mark", piece.text) if piece.new else piece.text for piece in pieces)
    return tag("p", *marked, cls="gg-said", lang=language)


def _options(said: VisualAnswer, base: VisualAnswer | None, asking: VisualQuestion) -> Html:
    """Every option with its probability as a bar and in figures, and by how much it differs from the base's."""

    def one(index: int, option: str) -> Html:
        share = said.probabilities[index]
        likeliest = index == said.likeliest
        tick = tag("span", only_eyes("●"), for_ears(say("ask.likeliest")), cls="gg-tick") if likeliest else Html()
        change = _change(share, base.probabilities[index]) if base and base.probabilities else Html()
        line = tag("span", tick, tag("span", f"{100 * share:.0f} %"), change, cls="gg-line")
        bar = tag("span", tag("span", style=f"width: {100 * share:.1f}%"), cls="gg-bar", aria_hidden="true")
        return tag("li", tag("span", option, lang=asking.language, cls="gg-name"), line, bar)

    shown = [one(index, option) for index, option in enumerate(asking.options)]
    return tag("ol", *shown, cls="gg-options", type="A", aria_label=say("ask.options.shown"))


def _change(share: float, before: float) -> Html:
    points = round(100 * share) - round(100 * before)
    if points == 0:
        return Html()
    kind, sign = ("up", "▲") if points > 0 else ("down", "▼")
    meaning = say("ask.up" if points > 0 else "ask.down", points=abs(points))
    return tag("span", only_eyes(f"{sign}{abs(points)}"), for_ears(meaning), cls=f"gg-arrow gg-{kind}", title=meaning)


def example_chips(examples: Sequence[ask.Example]) -> Html:
    """Questions as buttons; a click carries `data-index`."""
    chips = (
        tag(
            "button",
            tag("span", e.language, cls="gg-code", lang="en"),
            tag("span", e.text, lang=e.language),
            tag("span", say("ask.choice"), cls="gg-code") if e.options else Html(),
            cls="gg-chip",
            type="button",
            data_index=index,
            title=language_name(e.language),
        )
        for index, e in enumerate(examples)
    )
    return tag("div", tag("span", say("examples.label"), cls="gg-label"), *chips, cls="gg-chips")
