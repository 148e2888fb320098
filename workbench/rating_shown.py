"""What the Rate tab shows: a ballot without names, who was who once it is rated, and what all ratings come to.

Pure functions to markup and figures; plotly is loaded when there are ratings to draw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .downloads import downloads, link
from .markup import Html, fine, join, notice, tag
from .rating import Ballot, Rated, models_of
from .text import say

if TYPE_CHECKING:
    from ggez_core.evaluation.curve import CurvePoint
    from ggez_core.evaluation.figures import Table
    from ggez_core.evaluation.ratings import Rating

GOAL = 20  # ratings of a round
MEASURES = ("correctness", "naturalness")
CUTS = ("language", "aspect", "side")  # by which averages are told


def progress(count: int) -> Html:
    """How many of a round are rated."""
    done = count % GOAL if count % GOAL or not count else GOAL
    bar = tag("progress", value=done, max=GOAL, aria_label=say("rate.round"))
    return tag("div", bar, tag("span", say("rate.progress", count=count, goal=GOAL)), cls="gg-progress", role="status")


def ballot(found: Ballot) -> Html:
    """The question and the answers, with what rates them. The script beside it (`tabs.rate`) reads `data-…`."""
    columns = tag("div", *(_column(found, index) for index in range(len(found.answers))), cls=_columns(found))
    tie = _mark(-1, "better", 0, say("rate.tie"), say("rate.tie")) if found.kind == "pairwise" else Html()
    send = tag("button", say("rate.send"), type="button", cls="gg-send", disabled=True)
    clear = tag("button", say("rate.clear"), type="button", cls="gg-clear")
    levels = fine(say("rate.levels")) if found.kind == "likert" else Html()
    return tag(
        "section",
        tag("h3", say(f"rate.question.{found.family}"), cls="gg-task"),
        found.item.asked,
        columns,
        levels,
        tag("div", tie, send, clear, cls="gg-ballot-bar"),
        fine(say(f"rate.keys.{found.kind}")),
        cls="gg-ballot gg-answer",
        data_ballot=found.id,
        data_kind=found.kind,
        tabindex=-1,
        aria_label=say("tab.rate"),
    )


def rated(done: Rated) -> Html:
    """The same answers with who gave them and how they were rated, and the way to the next."""
    found = done.ballot
    columns = []
    for index, ((name, beta), answer) in enumerate(zip(models_of(found), found.answers, strict=True)):
        model = say(f"column.{name}")
        said = say("rate.was.components", model=model) if beta is None else say("rate.was", model=model, beta=beta)
        columns.append(
            tag(
                "section",
                tag("h4", said, id=f"gg-rated-{index}"),
                tag("p", _given(done.rating, index), cls="gg-fine"),
                tag("div", answer.shown),
                cls=f"gg-column gg-{name}",
                aria_labelledby=f"gg-rated-{index}",
            )
        )
    following = tag("button", say("rate.next"), type="button", cls="gg-next")
    return tag(
        "section",
        notice(say("rate.saved", count=done.count), "good"),
        found.item.asked,
        fine(say("rate.about", side=found.item.side, aspect=found.item.aspect)),
        tag("div", *columns, cls=_columns(found)),
        tag("div", following, cls="gg-ballot-bar"),
        cls="gg-ballot gg-answer",
        data_ballot=found.id,
        data_kind="rated",
        tabindex=-1,
        aria_label=say("tab.rate"),
    )


def _columns(found: Ballot) -> str:
    kind = {"embedding": "pictures", "diffusion": "drawings", "lvlm": "answers"}.get(found.family, "answers")
    return f"gg-columns gg-{kind} gg-blind gg-of-{len(found.answers)}"


def _column(found: Ballot, index: int) -> Html:
    number = index + 1
    return tag(
        "section",
        tag("h4", say("rate.answer", number=number), id=f"gg-blind-{index}"),
        tag("div", found.answers[index].shown),
        tag("div", *_marks(found.kind, index, len(found.answers)), cls="gg-marks"),
        cls="gg-column",
        aria_labelledby=f"gg-blind-{index}",
    )


def _marks(kind: str, index: int, columns: int) -> Sequence[Html]:
    number = index + 1
    if kind == "pairwise":
        return [_mark(index, "better", 1, say("rate.better"), say("rate.better.set", number=number))]
    if kind == "rank":
        places = [
            _mark(index, "rank", place, said, say("rate.place.set", number=number, place=said))
            for place in range(1, columns + 1)
            for said in (say(f"rate.place.{place}"),)
        ]
        return [_group(say("rate.place", number=number), "", places)]
    groups = []
    for measure in MEASURES:
        name = say(f"rate.{measure}")
        levels = [
            _mark(index, measure, level, str(level),
                  say("rate.level.set", measure=name, level=level, meaning=say(f"rate.level.{level}")))
            for level in (1, 2, 3)
        ]  # fmt: skip
        groups.append(_group(say("rate.measure", measure=name, number=number), name, levels))
    return groups


def _group(label: str, shown: str, marks: Sequence[Html]) -> Html:
    name = tag("span", shown, cls="gg-fine", aria_hidden="true") if shown else Html()
    return tag("div", name, *marks, cls="gg-scale", role="group", aria_label=label)


def _mark(column: int, measure: str, value: int, text: str, label: str) -> Html:
    return tag(
        "button", text, type="button", cls="gg-mark", data_column=column, data_measure=measure, data_value=value,
        aria_label=label, aria_pressed="false",
    )  # fmt: skip


def _given(rating: Rating, index: int) -> str:
    mark = rating.marks[index]
    if rating.kind == "rank":
        return say("rate.place.given", place=mark["rank"])
    if rating.kind == "pairwise":
        return say("rate.preference.given", share=mark["preference"])
    return say("rate.marks.given", **mark)


@dataclass(frozen=True)
class Results:
    """What all ratings of a pair come to. A figure is None where there is nothing to draw."""

    said: Html
    measures: tuple[str, ...]
    measure: str | None
    bars: Any
    grp: Any
    tables: tuple[Table, ...]
    files: Html


def results(
    ratings: Sequence[Rating],
    curve: Sequence[CurvePoint],
    alpha: float,
    measure: str,
    by: str = CUTS[0],
    *,
    raw: bool,
) -> Results:
    """Figures and tables of ratings. by: language, aspect or side. raw: whether every single one may be taken home."""
    if not ratings:
        return Results(notice(say("rate.results.empty")), (), None, None, None, (), Html())
    from ggez_core.evaluation import figures as draw
    from ggez_core.evaluation.ratings import agreements, export_csv, human_parity, means

    averages = means(ratings, by=CUTS)
    measures = tuple(dict.fromkeys(mean.measure for mean in averages))
    chosen = measure if measure in measures else measures[0]
    parities = human_parity(ratings, chosen)
    tables = [draw.human_table(averages), draw.agreement_table(agreements(ratings))]
    said = [notice(say("rate.results.said", ratings=len(ratings), raters=len({r.rater for r in ratings})))]
    if parities:
        tables.append(draw.human_grp_table(parities, curve, alpha))
    else:
        said.append(fine(say("rate.results.grp.empty")))
    single = [link("ratings.csv", export_csv(ratings))] if raw else []
    return Results(
        join(said),
        measures,
        chosen,
        draw.human_bars(averages, chosen, by if by in CUTS else CUTS[0]),
        draw.human_grp(parities, curve, alpha) if parities else None,
        tuple(tables),
        downloads(tables, *single),
    )
