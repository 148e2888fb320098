"""Results as accessible HTML: pure functions from what `service` returns to markup. Used by the header and the tabs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ggez_core.demo.world.registry import concepts

from . import world
from .markup import Html, for_ears, image, join, only_eyes, tag
from .ranking import Column, Hit
from .service import Answer, Exported, Loaded
from .text import language_name, say, size
from .weights import Weights

if TYPE_CHECKING:
    from ggez_core.checkpoints import Comparison
    from ggez_core.regions import Alpha

    from .pairs import Pair

REPORTED = ("identical", "changed", "dtype_mismatch", "shape_mismatch", "missing", "extra", "non_finite")
ALWAYS_REPORTED = ("identical", "changed")


def notice(message: str, kind: str = "note") -> Html:
    """One line that says what to do; `kind` is note, good or problem."""
    return tag("p", message, cls=f"gg-notice gg-{kind}", role="alert" if kind == "problem" else "status")


# The header


def title() -> Html:
    """The page's name, and what it is for."""
    return tag("div", tag("h1", say("title")), tag("p", say("tagline")), cls="gg-title")


def fine(text: str) -> Html:
    """A remark in small print."""
    return tag("p", text, cls="gg-fine")


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
        tag("div", tag("dt", say("fact.alpha", region=alpha.region, year=alpha.year)), tag("dd", f"{alpha.value:.2f}"),
            title=say("fact.alpha.title", source=alpha.source)),
        tag("div", tag("dt", say("fact.move")), tag("dd", move), title=explained),
        cls="gg-facts",
    )  # fmt: skip


# Compare


def answer(found: Answer) -> Html:
    """The verdict and the three columns."""
    columns = join(_column(found, column) for column in found.columns)
    note = tag("p", say("score.note", top=len(found.columns[0].hits)), cls="gg-fine")
    return tag("div", _verdict(found), tag("div", columns, cls=f"gg-columns gg-{found.direction}"), note, cls="gg-answer")


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
        cls=f"gg-column gg-{column.model}", aria_labelledby=heading,
    )  # fmt: skip


def _moves(column: Column) -> str:
    if column.model == "base":
        return say("column.reference")
    rose, fell, entered = column.moves
    return say("column.moves", rose=rose, fell=fell, entered=entered) if rose or fell or entered else say("column.same")


def _hit(found: Answer, hit: Hit, *, is_base: bool) -> Html:
    what = _picture(found, hit) if found.direction == "pictures" else _caption(found, hit)
    right = tag("span", only_eyes("✓"), for_ears(say("hit.right")), cls="gg-tick") if hit.right else Html()
    score = tag("span", f"{hit.score:.2f}", cls="gg-score", title=say("hit.score", score=f"{hit.score:.4f}"))
    line = tag("span", tag("span", str(hit.rank), cls="gg-rank"), right, score, Html() if is_base else _arrow(hit), cls="gg-line")
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
        tag("button", tag("span", e.language, cls="gg-code", lang="en"), tag("span", e.text, lang=e.language), cls="gg-chip",
            type="button", data_index=index, title=language_name(e.language))
        for index, e in enumerate(examples)
    )  # fmt: skip
    return tag("div", tag("span", say("examples.label"), cls="gg-label"), *chips, cls="gg-chips")


def picture_picker(indices: Sequence[int], chosen: str) -> Html:
    """Pictures as buttons; a click carries `data-index`."""

    def button(index: int) -> Html:
        picture = world.gallery()[index]
        name = picture.concept.names["en"]
        return tag("button", image(picture_url(index), "", 64), cls="gg-pick", type="button", data_index=index, title=name,
                   aria_label=say("picker.button", name=name), aria_pressed="true" if picture.id == chosen else "false")  # fmt: skip

    return tag("div", tag("span", say("picker.label"), cls="gg-label"), *map(button, indices), cls="gg-picker", role="group",
               aria_label=say("picker.label"))  # fmt: skip


# Models


def report(loaded: Loaded | None, comparison: Comparison) -> Html:
    """The preflight report: a verdict, and what differs, component by component."""
    explanation = comparison.explain().removeprefix("compatible: ").rstrip(".")
    good = comparison.compatible
    said = notice(say("models.compatible" if good else "models.incompatible", explanation=explanation), "good" if good else "problem")
    why = notice(say("models.not_live", why=loaded.why_not_live.rstrip(".")), "note") if loaded and loaded.why_not_live else Html()
    return tag("div", said, why, _report_table(comparison), cls="gg-report")


def _report_table(comparison: Comparison) -> Html:
    parts = list(comparison.components.values())
    shown = [s for s in REPORTED if s in ALWAYS_REPORTED or any(c.counts.get(s, 0) for c in parts)]  # type: ignore[arg-type]
    heads = [say("models.component"), say("models.tensors"), *(say(f"status.{s}") for s in shown), say("models.size"), say("models.change")]
    rows = [
        [c.name, str(sum(c.counts.values())), *(str(c.counts.get(s, 0)) for s in shown), size(c.nbytes), percent(c.relative_change)]  # type: ignore[call-overload]
        for c in parts
    ]
    return table(say("models.report"), heads, rows)


def tensor_table(comparison: Comparison) -> Html:
    """Every tensor that differs, the most changed first."""
    differing = [t for t in comparison.tensors if t.status != "identical"]
    if not differing:
        return notice(say("models.heatmap.none"))
    differing.sort(key=lambda t: -1.0 if t.relative_change is None else t.relative_change, reverse=True)
    rows = [[t.name, say(f"status.{t.status}"), size(t.nbytes), percent(t.relative_change)] for t in differing]
    return table(say("models.heatmap"), [say("models.tensor"), say("models.status"), say("models.size"), say("models.change")], rows)


def pair_chips(pairs: Sequence[tuple[str, str]]) -> Html:
    """Shipped pairs as buttons; a click carries `data-index`."""
    chips = (
        tag("button", say("models.example", base=base, regional=regional), cls="gg-chip", type="button", data_index=index)
        for index, (base, regional) in enumerate(pairs)
    )
    return tag("div", tag("span", say("models.examples"), cls="gg-label"), *chips, cls="gg-chips")


def percent(share: float | None) -> str:
    """A relative change for a reader: 1.23 %, or a dash where it has no meaning."""
    return "–" if share is None else f"{100 * share:.2f} %"


def table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Html:
    """A table whose first column names the row and whose others are figures."""
    head = tag("tr", *(tag("th", h, scope="col") for h in heads))
    body = (tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:])) for row in rows)
    whole = tag("table", tag("caption", caption), tag("thead", head), tag("tbody", *body), cls="gg-table")
    return tag("div", whole, cls="gg-scroll", tabindex="0", role="region", aria_label=caption)


# Export


def in_force(weights: Weights) -> Html:
    """The weights that an export would be written at."""
    if not weights.components:
        said = say("export.beta", beta=weights.beta)
    else:
        own = ", ".join(f"{name} {beta:.2f}" for name, beta in weights.components)
        said = say("export.beta.rest", beta=weights.beta, components=own)
    return tag("p", tag("b", say("export.in_force")), ": ", said, cls="gg-force")


def exported(done: Exported) -> Html:
    """A finished export: its size, and links to the whole and to every file."""
    said = notice(say("export.done", name=done.name, size=size(done.nbytes), seconds=done.seconds), "good")
    whole = tag("a", say("export.zip", size=size(done.nbytes)), href=done.zip_url, download=f"{done.name}.zip", cls="gg-download")
    files = (
        tag("li", tag("a", f.name, href=f.url, download=f.name, aria_label=say("export.file", name=f.name, size=size(f.nbytes))),
            " ", tag("span", size(f.nbytes), cls="gg-fine"))
        for f in done.files
    )  # fmt: skip
    where = tag("p", say("export.folder", folder=done.folder), cls="gg-fine") if done.folder else Html()
    return tag("div", said, whole, where, tag("h4", say("export.files")), tag("ul", *files, cls="gg-files"), cls="gg-export")


def loading_code(done: Exported) -> str:
    """Python that loads an export."""
    folder = done.folder or done.name
    return (
        f"from transformers import AutoProcessor, {done.model_class}\n\n"
        f"model = {done.model_class}.from_pretrained({folder!r})\n"
        f"processor = AutoProcessor.from_pretrained({folder!r})\n"
    )

