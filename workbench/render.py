"""The header and the answers of Compare as accessible HTML: pure functions from what `service` returns to markup."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ggez_core.demo.world.registry import concepts

from . import world
from .markup import Html, for_ears, image, join, notice, only_eyes, tag
from .ranking import Column, Hit
from .service import Answer
from .text import language_name, say, size

if TYPE_CHECKING:
    from ggez_core.regions import Alpha

    from .pairs import Pair

# The header


def title() -> Html:
    """The page's name, and what it is for."""
    return tag("div", tag("h1", say("title")), tag("p", say("tagline")), cls="gg-title")


def pair_line(pair: Pair) -> Html:
    """Which two checkpoints are loaded, and how large the components are that differ."""
    ends = join(
        tag("span", tag("b", say(f"pair.{side}")), " ", tag("code", checkpoint.source), cls=f"gg-end gg-{side}")
        for side, checkpoint in (("base", pair.base), ("regional", pair.regional))
    )
    parts = join(
        (tag("span", f"{name} {size(c.nbytes)}", cls="gg-part") for name, c in pair.comparison.components.items()), " "
    )
    return tag("div", ends, tag("span", parts, cls="gg-parts"), cls="gg-pair")


def facts(alpha: Alpha, answer: Answer | None) -> Html:
    """α with its source, and the time of the last move."""
    move = say("fact.move.value", answer=answer.answer_ms) if answer else say("fact.move.none")
    explained = say("fact.move.title", move=answer.move_ms) if answer else None
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


# Compare


def answer(found: Answer) -> Html:
    """The verdict and the three columns."""
    columns = join(_column(found, column) for column in found.columns)
    note = tag("p", say("score.note", top=len(found.columns[0].hits)), cls="gg-fine")
    return tag(
        "div", _verdict(found), tag("div", columns, cls=f"gg-columns gg-{found.direction}"), note, cls="gg-answer"
    )


def _verdict(found: Answer) -> Html:
    if found.meant is None:
        return notice(say("verdict.unknown" if found.direction == "pictures" else "verdict.picture"))
    concept = next(c for c in concepts() if c.key == found.meant)
    ranks = {c.model: "–" if c.first_right is None else str(c.first_right) for c in found.columns}
    return notice(say("verdict", name=concept.names["en"], **ranks), "good")


def _column(found: Answer, column: Column) -> Html:
    heading = f"gg-{found.direction}-{column.model}"
    beta = say("column.components") if column.beta is None else say("column.beta", beta=column.beta)
    hits = join(_hit(found, hit, is_base=column.model == "base") for hit in column.hits)
    return tag(
        "section",
        tag("h3", say(f"column.{column.model}"), " ", tag("span", beta), id=heading),
        tag("p", _moves(column), cls="gg-fine"),
        tag("ol", hits, cls="gg-hits"),
        cls=f"gg-column gg-{column.model}",
        aria_labelledby=heading,
    )


def _moves(column: Column) -> str:
    if column.model == "base":
        return say("column.reference")
    rose, fell, entered = column.moves
    return say("column.moves", rose=rose, fell=fell, entered=entered) if rose or fell or entered else say("column.same")


def _hit(found: Answer, hit: Hit, *, is_base: bool) -> Html:
    what = _picture(found, hit) if found.direction == "pictures" else _caption(found, hit)
    right = tag("span", only_eyes("✓"), for_ears(say("hit.right")), cls="gg-tick") if hit.right else Html()
    score = tag("span", f"{hit.score:.2f}", cls="gg-score", title=say("hit.score", score=f"{hit.score:.4f}"))
    line = tag(
        "span",
        tag("span", str(hit.rank), cls="gg-rank"),
        right,
        score,
        Html() if is_base else _arrow(hit),
        cls="gg-line",
    )
    return tag("li", what, line, cls="gg-hit" + (" gg-right" if hit.right else ""))


def _picture(found: Answer, hit: Hit) -> Html:
    concept = world.gallery()[hit.index].concept
    english = concept.names["en"]
    names = [tag("span", english, cls="gg-name", lang="en")]
    if found.language not in ("", "en"):
        native = concept.names.get(found.language, "")
        names.append(tag("span", native if native != english else "", cls="gg-native", lang=found.language))
    return join([image(picture_url(hit.index), say("hit.alt", name=english), world.THUMBNAIL), *names])


def _caption(found: Answer, hit: Hit) -> Html:
    caption = world.captions(found.language)[hit.index]
    english = "" if caption.language == "en" else caption.concept.names["en"]
    meaning = tag("span", f"{language_name(caption.language)} · {english}" if english else "English", cls="gg-native")
    return join([tag("span", caption.text, cls="gg-name", lang=caption.language), meaning])


def _arrow(hit: Hit) -> Html:
    if hit.entered:
        return _chip("new", say("hit.new.sign"), say("hit.new", rank=hit.base_rank))
    if hit.rise > 0:
        return _chip("up", f"▲{hit.rise}", say("hit.up", places=hit.rise))
    if hit.rise < 0:
        return _chip("down", f"▼{-hit.rise}", say("hit.down", places=-hit.rise))
    return Html()


def _chip(kind: str, sign: str, meaning: str) -> Html:
    return tag("span", only_eyes(sign), for_ears(meaning), cls=f"gg-arrow gg-{kind}", title=meaning)


def picture_url(index: int) -> str:
    """Where the page finds a gallery picture, relative to its own address."""
    return f"pictures/{index}.webp"


def example_chips(examples: Sequence[world.Example]) -> Html:
    """Examples as buttons; a click carries `data-index`."""
    chips = (
        tag(
            "button",
            tag("span", e.language, cls="gg-code", lang="en"),
            tag("span", e.text, lang=e.language),
            cls="gg-chip",
            type="button",
            data_index=index,
            title=language_name(e.language),
        )
        for index, e in enumerate(examples)
    )
    return tag("div", tag("span", say("examples.label"), cls="gg-label"), *chips, cls="gg-chips")


def picture_picker(indices: Sequence[int], chosen: str) -> Html:
    """Pictures as buttons; a click carries `data-index`."""

    def button(index: int) -> Html:
        picture = world.gallery()[index]
        name = picture.concept.names["en"]
        return tag(
            "button",
            image(picture_url(index), "", 64),
            cls="gg-pick",
            type="button",
            data_index=index,
            title=name,
            aria_label=say("picker.button", name=name),
            aria_pressed="true" if picture.id == chosen else "false",
        )

    return tag(
        "div",
        tag("span", say("picker.label"), cls="gg-label"),
        *map(button, indices),
        cls="gg-picker",
        role="group",
        aria_label=say("picker.label"),
    )
