"""A diffusion pair's pictures as accessible HTML: three columns, one picture laid over another, the strip over β."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ggez_core.families.drawing import Drawing

from ... import world
from ...markup import Html, join, notice, tag
from ...text import say
from ..parts import column, columns, working
from ..slowly import Part, SoFar
from . import draw

Url = Callable[[Part], str]
"""Where a part's picture is fetched from."""

PAIRS = (("base", "merged"), ("merged", "regional"), ("base", "regional"))


def answer(found: SoFar, drawing: Drawing, nearby: Part | None, url: Url) -> Html:
    """What was asked, and the three columns as far as they are. `nearby` stands in for the merged picture till then."""
    base = found.parts[0]
    three = (
        _column(part, base, nearby if part.model == "merged" else None, found.idle, drawing, url)
        for part in found.parts
    )
    return tag("div", _question(drawing), columns(list(three), "drawings"), cls="gg-answer")


def _question(drawing: Drawing) -> Html:
    settings = say(
        "draw.settings",
        seed=drawing.seed,
        steps=drawing.steps,
        guidance=f"{drawing.guidance:g}",
        width=drawing.width,
        height=drawing.height,
        scheduler=drawing.scheduler,
    )
    concept = world.meant(drawing.prompt)
    names = say("draw.means", name=concept.names["en"], where=_where(concept.countries)) if concept else ""
    negative = say("draw.without", negative=drawing.negative_prompt) if drawing.negative_prompt else ""
    rest = " ".join(part for part in (names, negative, settings) if part)
    return tag("p", tag("q", drawing.prompt), " ", tag("span", rest, cls="gg-fine"), cls="gg-asked")


def _where(countries: Sequence[str]) -> str:
    return ", ".join(world.country_name(code) for code in countries) or say("draw.everywhere")


def _column(part: Part, base: Part, nearby: Part | None, idle: bool, drawing: Drawing, url: Url) -> Html:
    size = (drawing.width or 1, drawing.height or 1)
    if draw.image_of(part) is not None:
        return column(part.model, part.beta, _remark(part, base), _picture(part, url, size), "drawings")
    state = working(part.step, idle, say("slow.step"))
    if nearby is not None:
        said = say("draw.nearby", beta=nearby.beta)
        return column(part.model, part.beta, said, join([_picture(nearby, url, size, faded=True), state]), "drawings")
    return column(part.model, part.beta, "", join([_blank(size), state]), "drawings")


def _blank(size: tuple[int, int]) -> Html:
    return tag("div", cls="gg-blank", style=f"aspect-ratio: {size[0]} / {size[1]}")


def _remark(part: Part, base: Part) -> str:
    change = draw.change(part, base)
    if part.model == "base" or change is None:
        return say("column.reference") if part.model == "base" else ""
    return say("draw.same") if change == 0 else say("draw.change", percent=100 * change)


def _picture(part: Part, url: Url, size: tuple[int, int], faded: bool = False) -> Html:
    alt = say("draw.alt.components") if part.beta is None else say(f"draw.alt.{part.model}", beta=part.beta)
    return picture(url(part), alt, size, "gg-drawn gg-faded" if faded else "gg-drawn")


def picture(address: str, alt: str, size: tuple[int, int], cls: str) -> Html:
    """A drawn picture, which keeps its place while it loads."""
    return tag("img", src=address, alt=alt, width=size[0], height=size[1], decoding="async", cls=cls)


def overlay(parts: Sequence[Part], which: tuple[str, str], drawing: Drawing, url: Url) -> Html:
    """Two pictures, one laid over the other, with a slider that says how much of it is seen."""
    named = {part.model: part for part in parts}
    left, right = (named[model] for model in which)
    if draw.image_of(left) is None or draw.image_of(right) is None:
        return notice(say("draw.overlay.empty"))
    size = (drawing.width or 1, drawing.height or 1)
    names = [say(f"column.{model}") for model in which]
    slider = tag(
        "input",
        type="range",
        min=0,
        max=100,
        value=50,
        cls="gg-curtain",
        aria_label=say("draw.overlay.slider", left=names[0], right=names[1]),
    )
    pictures = tag(
        "div",
        _picture(right, url, size),
        tag("div", _picture(left, url, size), cls="gg-front"),
        cls="gg-stack",
    )
    legend = tag("div", tag("span", f"◧ {names[0]}"), tag("span", f"{names[1]} ◨"), cls="gg-legend", aria_hidden="true")
    return tag("div", pictures, slider, legend, cls="gg-overlay", style="--gg-seen: 50%")


def strip(parts: Sequence[Part], drawing: Drawing, url: Url) -> Html:
    """The picture at every β, as buttons that set β; a click carries `data-index`."""
    size = (drawing.width or 1, drawing.height or 1)

    def one(index: int, part: Part) -> Html:
        beta = say("column.beta", beta=part.beta)
        if draw.image_of(part) is None:
            state = working(part.step, False, say("slow.step"))
            return tag("li", _blank(size), tag("span", beta, cls="gg-name"), state)
        label = say("draw.strip.set", beta=part.beta)
        button = tag(
            "button",
            _picture(part, url, size),
            cls="gg-pick",
            type="button",
            data_index=index,
            aria_label=label,
            title=label,
        )
        return tag("li", button, tag("span", beta, cls="gg-name"))

    shown = [one(index, part) for index, part in enumerate(parts)]
    return tag("ol", *shown, cls="gg-strip", aria_label=say("draw.strip"))
