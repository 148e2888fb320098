"""What the Sweep tab shows of a sweep: progress, verdict, figures and files; pure functions of a job and α.

Imports plotly through the engine's figures; loaded when there is something to draw.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .downloads import downloads, link
from .markup import Html, join, notice, progress_bar, tag
from .reports import table as html_table
from .service import REGION
from .spoken import spoken
from .text import language_name, say

if TYPE_CHECKING:
    from ggez_core.evaluation.curve import CurvePoint
    from ggez_core.evaluation.figures import Table
    from ggez_core.evaluation.parity import Point
    from ggez_core.evaluation.report import Reported
    from ggez_core.evaluation.rows import Score

    from .pairs import Pair
    from .sweeps import Job


@dataclass(frozen=True)
class Shown:
    """Everything that a new point or another α changes. A figure is None while there is nothing to draw."""

    verdict: str
    strip: str
    curves: tuple[Any, Any, Any]
    table: Table | None
    report: str
    measures: list[str]
    measure: str | None
    slices: tuple[Any, Any, Any]
    singles: list[tuple[str, str]]
    single: str | None
    single_curve: Any
    slice_tables: tuple[Table, ...]
    files: str


def offered(pair: Pair) -> list[str]:
    """Names of the small world's tasks that the pair's family can be asked: those that need no data from elsewhere."""
    from ggez_core.evaluation.tasks import FILES, task

    own = (task(name).info for name in FILES if name.startswith("world-"))
    return [info.name for info in own if pair.family.name in info.families]


def status(job: Job) -> Html:
    """How far the sweep is, or how it ended."""
    if job.problem:
        return notice(job.problem, "problem")
    if job.stopped:
        return notice(say("sweep.stopped", points=len(job.points)))
    if job.report is not None:
        return notice(say("sweep.done", points=len(job.points)), "good")
    if job.step is None:
        return notice(say("sweep.waiting"))
    said = say(
        "sweep.working",
        what=spoken(job.step.what),
        done=job.step.done,
        total=job.step.total,
        unit=spoken(job.step.unit),
    )
    return progress_bar(job.step.done / max(job.step.total, 1), said, say("sweep.progress"))


def figures(job: Job, alpha: float, keep: float | None, measure: str, single: str = "") -> Shown:
    """The figures of what has arrived so far, for an α and a share of the global score to keep.

    single: a language ("th") or country ("TH") to be looked at by itself, or nothing.
    """
    curve = job.curve
    if not any(p.beta == 0 for p in curve) or len(curve) < 2:
        return Shown("", "", (None, None, None), None, "", [], None, (None, None, None), [], None, None, (), "")
    from ggez_core.evaluation import figures as draw

    best, kept = _choices(curve, alpha, keep)
    chosen = (kept or best).beta
    curve_numbers = draw.curve_table(curve, alpha)
    measures, found, slices, slice_tables = _sliced(job, measure)
    tables = [curve_numbers, draw.best_beta_table(curve), *_test_table(job), *slice_tables]
    singles = _singles(job)
    alone, over = single if single in [code for _, code in singles] else None, None
    if alone:
        name, sides = next(name for name, code in singles if code == alone), _sides(job, alone)
        over = draw.slice_curve(sides, name)
        tables.append(draw.slice_curve_table(sides, name))
        slice_tables = tuple(_only(table, alone) for table in slice_tables)
    return Shown(
        verdict=_verdict(best, kept, alpha, keep),
        strip=strip(curve, alpha, chosen),
        curves=(
            draw.parity_curve(curve, alpha, chosen),
            draw.tradeoff(curve, alpha, chosen),
            draw.best_beta_by_alpha(curve, alpha),
        ),
        table=curve_numbers,
        report=_report(job),
        measures=measures,
        measure=found,
        slices=slices,
        singles=singles,
        single=alone,
        single_curve=over,
        slice_tables=slice_tables,
        files=_files(job, tables),
    )


def strip(curve: Sequence[CurvePoint], alpha: float, chosen: float) -> Html:
    """GRP over β as a thin line to stand under the slider, with base, β* and regional marked."""
    parity = {p.beta: p.point.grp(alpha) for p in curve}
    low, high = min(parity.values()), max(parity.values())

    def place(beta: float) -> tuple[float, float]:
        """Per cent from the left and from the top."""
        return 100 * beta, 85 - 70 * (parity[beta] - low) / ((high - low) or 1.0)

    points = " ".join(f"{x:.2f},{y:.2f}" for x, y in map(place, parity))
    line = tag("svg", tag("polyline", points=points), viewBox="0 0 100 100", preserveAspectRatio="none")
    marks = ((0.0, "base"), (1.0, "regional"), (chosen, "merged"))
    dots = join(_dot(*place(beta), side) for beta, side in marks if beta in parity)
    said = say("sweep.strip", beta=chosen, grp=parity.get(chosen, high))
    return tag("div", line, dots, role="img", aria_label=said, title=said, cls="gg-under")


def _dot(x: float, y: float, side: str) -> Html:
    return tag("span", style=f"left:{x:.2f}%;top:{y:.2f}%", cls=f"gg-dot gg-{side}")


def _choices(curve: Sequence[CurvePoint], alpha: float, keep: float | None) -> tuple[Point, Point | None]:
    from ggez_core.evaluation.curve import choose_beta

    return choose_beta(curve, alpha), choose_beta(curve, alpha, keep) if keep else None


def _verdict(best: Point, kept: Point | None, alpha: float, keep: float | None) -> Html:
    """The choices on validation, each a button that moves β there."""
    choices = [(say("sweep.best"), best)]
    if kept is not None and keep:
        choices.append((say("sweep.kept", share=keep), kept))
    buttons = [
        tag(
            "button",
            tag("b", name),
            " ",
            say("sweep.choice", beta=p.beta, grp=p.grp(alpha), q_global=p.q_global, q_regional=p.q_regional),
            cls="gg-chip",
            type="button",
            data_index=round(100 * p.beta),
            title=say("sweep.go", beta=p.beta),
        )
        for name, p in choices
    ]
    return tag("div", tag("span", say("sweep.chosen"), cls="gg-label"), *buttons, cls="gg-chips")


def _report(job: Job) -> str:
    """What the choices are worth on the test split."""
    if job.report is None:
        return ""
    heads = [say(f"sweep.test.{name}") for name in ("model", "beta", "global", "kept", "regional", "gain", "grp")]
    rows = [_tested(choice) for choice in job.report.test]
    n_global, n_regional = job.report.test[0].n_global, job.report.test[0].n_regional
    caption = say("sweep.test", n_global=n_global, n_regional=n_regional)
    problems = [
        notice(say("sweep.left_out", count=len(found), task=name, row=found[0].row, why=found[0].why), "problem")
        for name, found in job.report.problems.items()
    ]
    return join([html_table(caption, heads, rows), *problems])


def _tested(choice: Reported) -> list[str]:
    def number(estimate: Any, form: str = ".3f") -> str:
        return "–" if estimate is None else f"{estimate.value:{form}} [{estimate.low:{form}}, {estimate.high:{form}}]"

    return [
        choice.name,
        f"{choice.beta:.2f}",
        number(choice.q_global),
        number(choice.global_kept, ".1%"),
        number(choice.q_regional),
        number(choice.regional_gain, "+.0%"),
        number(choice.grp),
    ]


def _sliced(job: Job, measure: str) -> tuple[list[str], str | None, tuple[Any, Any, Any], tuple[Table, ...]]:
    """Bars by language and country and the map, for one task and metric, of the models reported on test."""
    if job.report is None:
        return [], None, (None, None, None), ()
    from ggez_core.evaluation import figures as draw
    from ggez_core.regions import REGIONS

    tested = {choice.setting: choice.name for choice in job.report.test}
    rows = [row for row in job.report.rows if row.split == job.report.tasks.get(row.task, ("", ""))[1]]
    regional_first = sorted(rows, key=lambda row: row.side == "global")  # only that side has countries
    measures = list(dict.fromkeys(_measure(row) for row in regional_first if row.main))
    found = measure if measure in measures else measures[0] if measures else None
    if found is None:
        return [], None, (None, None, None), ()
    mine = [row for row in rows if _measure(row) == found]
    names = {(s.beta, s.parts): name for s, name in tested.items()}
    by_language, by_country = (_series(mine, names, kind) for kind in ("language", "country"))
    countries = [country.code for country in REGIONS[REGION].countries]
    metric = mine[0].metric
    bars = draw.language_bars(by_language, metric) if by_language else None
    places = draw.country_bars(by_country) if by_country else None
    pictured = None
    if by_country:
        best = next(name for name in ("best GRP", *by_country) if name in by_country)
        pictured = draw.country_map(by_country[best], countries, name=f"{metric}, {best}")
    tables = tuple(
        draw.slice_table(series, kind)
        for kind, series in (("language", by_language), ("country", by_country))
        if series
    )
    return measures, found, (bars, places, pictured), tables


def _singles(job: Job) -> list[tuple[str, str]]:
    """Names and codes of the languages and countries that were scored over β."""
    from ggez_core.evaluation.figures.places import country_name

    rows = _chosen_on(job)
    languages = dict.fromkeys(row.language for row in rows if row.language)
    countries = dict.fromkeys(row.country for row in rows if row.country)
    return [
        *((language_name(code), code) for code in sorted(languages)),
        *sorted((country_name(code), code) for code in countries),
    ]


def _sides(job: Job, code: str) -> dict[str, dict[float, Score]]:
    """By side and β, the rows of one language or country: that of a country is written in capitals."""
    sides: dict[str, dict[float, Score]] = {}
    for row in _chosen_on(job):
        if code in (row.language, row.country):
            sides.setdefault(row.side, {})[row.beta] = row
    return sides


def _chosen_on(job: Job) -> list[Score]:
    """The rows of all tasks together by which β is chosen, of merges with one β."""
    from ggez_core.evaluation.curve import CHOOSING, Q

    rows = job.report.rows if job.report is not None else ()
    return [row for row in rows if row.split == CHOOSING and row.metric == Q and not row.parts]


def _only(table: Table, code: str) -> Table:
    """A table of slices with the rows of one, or as it is where it hasn't that one."""
    mine = tuple(row for row in table.rows if row[0] == code)
    return replace(table, rows=mine) if mine else table


def _measure(row: Score) -> str:
    """What a figure by language or country is of: one task, metric and side."""
    return f"{row.task}: {row.metric}, {row.side}"


def _series(rows: Sequence[Score], names: Mapping[tuple[float, Any], str], kind: str) -> dict[str, dict[str, Score]]:
    """Rows by model and by language or country."""
    series: dict[str, dict[str, Score]] = {}
    for setting, name in names.items():
        mine = (row for row in rows if (row.beta, row.parts) == setting)
        found = {key: row for row in mine if (key := getattr(row, kind)) is not None}
        if found:
            series[name] = dict(sorted(found.items()))
    return series


def _test_table(job: Job) -> list[Table]:
    """The report on test as numbers, once there is one."""
    from ggez_core.evaluation.figures import Table

    if job.report is None:
        return []
    names = ("q_global", "global_kept", "q_regional", "regional_gain", "grp")
    heads = ("model", "beta", *(f"{name}{end}" for name in names for end in ("", "_low", "_high")))
    rows = tuple(
        (choice.name, choice.beta, *(n for name in names for n in _ends(getattr(choice, name))))
        for choice in job.report.test
    )
    return [Table("Choices on test", heads, rows)]


def _ends(estimate: Any) -> tuple[float | None, float | None, float | None]:
    return (None, None, None) if estimate is None else (estimate.value, estimate.low, estimate.high)


def _files(job: Job, tables: Sequence[Table]) -> Html:
    """The tables as CSV files, and once it has ended all rows as JSON lines."""
    if job.report is None:
        return downloads(tables)
    lines = "".join(json.dumps(row.as_dict(), ensure_ascii=False) + "\n" for row in job.report.rows)
    return downloads(tables, link("rows.jsonl", lines, "application/jsonl"))
