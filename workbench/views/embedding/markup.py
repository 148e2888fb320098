"""An embedding pair's answers as accessible HTML: pure functions from what `search` returns to markup."""

from __future__ import annotations

from ggez_core.demo.world.registry import concepts

from ... import world
from ...markup import Html, for_ears, image, join, notice, only_eyes, tag
from ...text import language_name, say
from ..parts import column, columns, picture_url
from .ranking import Column, Hit
from .search import Answer


def answer(found: Answer) -> Html:
    """The verdict and the three columns."""
    three = columns([_column(found, one) for one in found.columns], found.direction)
    note = tag("p", say("score.note", top=len(found.columns[0].hits)), cls="gg-fine")
    return tag("div", _verdict(found), three, note, cls="gg-answer")


def _verdict(found: Answer) -> Html:
    if found.meant is None:
        return notice(say("verdict.unknown" if found.direction == "pictures" else "verdict.picture"))
    concept = next(c for c in concepts() if c.key == found.meant)
    ranks = {c.model: "–" if c.first_right is None else str(c.first_right) for c in found.columns}
    return notice(say("verdict", name=concept.names["en"], **ranks), "good")


def _column(found: Answer, one: Column) -> Html:
    hits = join(_hit(found, hit, is_base=one.model == "base") for hit in one.hits)
    return column(one.model, one.beta, _moves(one), tag("ol", hits, cls="gg-hits"), found.direction)


def _moves(one: Column) -> str:
    if one.model == "base":
        return say("column.reference")
    rose, fell, entered = one.moves
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
