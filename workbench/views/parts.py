"""What every view uses: markup of the three columns, examples and pictures to click; where own pictures are dropped."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import gradio as gr

from ggez_core.progress import Step

from .. import world
from ..markup import Html, fine, image, join, tag
from ..text import language_name, say


def column(model: str, beta: float | None, remark: str, body: Html, kind: str) -> Html:
    """One model's column: its name, its β (None: components have their own), a remark in small print, its answer.

    `kind` names the view's columns, so that no two headings on the page have one id.
    """
    heading = f"gg-{kind}-{model}"
    at = say("column.components") if beta is None else say("column.beta", beta=beta)
    return tag(
        "section",
        tag("h3", say(f"column.{model}"), " ", tag("span", at), id=heading),
        tag("p", remark, cls="gg-fine"),
        tag("div", body),
        cls=f"gg-column gg-{model}",
        aria_labelledby=heading,
    )


def columns(three: Sequence[Html], kind: str) -> Html:
    """Base | merged | regional, side by side."""
    return tag("div", join(three), cls=f"gg-columns gg-{kind}")


def picture_url(index: int) -> str:
    """Where the page finds a gallery picture, relative to its own address."""
    return f"pictures/{index}.webp"


def example_chips(examples: Sequence[world.Example]) -> Html:
    """Sentences as buttons; a click carries `data-index`."""
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


def picture_picker(indices: Sequence[int], chosen: str, what: Callable[[str], str]) -> Html:
    """Pictures as buttons; a click carries `data-index`. `what` says what one of that name is for."""

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
            aria_label=what(name),
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


def upload_box() -> gr.Image:
    """Where a visitor drops a picture. Its event is given the file, which Gradio hasn't decoded (see `images`)."""
    return gr.Image(
        label=say("upload.label"), type="filepath", image_mode=None, sources=["upload", "clipboard"], height=160
    )


def progress(step: Step, what: str) -> Html:
    """How far the work is, as a bar and in words."""
    said = say("slow.progress", done=step.done, total=step.total)
    return tag("p", tag("progress", value=step.done, max=step.total, aria_label=what), " ", said, cls="gg-working")


def working(step: Step | None, idle: bool, what: str) -> Html:
    """What becomes of an answer that isn't whole: it grows, comes next, or waits for the thumb to be let go."""
    if step is not None:
        return progress(step, what)
    return fine(say("slow.idle" if idle else "slow.next"))
