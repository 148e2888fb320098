"""The comparison: means over seeds with intervals, ranks, stability, the choice, and where the average misleads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from statistics import fmean, stdev

from .grid import Result, Results
from .measures import CONSISTENCY, MEAN, RECALLS, VQA, Found
from .settings import UNDISTILLED, StudySettings

METRICS = (*RECALLS, VQA, *CONSISTENCY)
TASKS = ("recall@5", VQA, "agreement")
# Student's t, 97.5 %, by degrees of freedom (seeds − 1)
_T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131)


@dataclass(frozen=True)
class Interval:
    """A mean over seeds with its 95 % t-interval; of one seed without."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Interval:
        """Of one value a seed."""
        mean = fmean(values)
        if len(values) < 2:
            return cls(mean, mean, mean)
        freedom = len(values) - 1
        half = (_T[freedom - 1] if freedom <= len(_T) else 1.96) * stdev(values) / len(values) ** 0.5
        return cls(mean, mean - half, mean + half)

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True)
class Line:
    """An objective with one teacher, over its seeds, on the split for reporting.

    means: of every metric. kept: shares of the teacher's. languages: R@5 of each, minus the teacher's. worst: the
    language that loses most. spread: standard deviation of those differences over languages: how unevenly they are
    served. by_language: retrieval and questions, metric → language → value. tasks: standard deviation of the shares
    kept over `TASKS`: how differently it does at them. ranks: among the teacher's objectives, 1 the best, by mean
    retrieval, questions and consistency. chosen_on: share of the teacher's mean R@5 on the split for choosing.
    """

    teacher: str
    objective: str
    seeds: int
    means: dict[str, Interval]
    kept: dict[str, Interval]
    languages: dict[str, Interval]
    worst: str
    spread: Interval
    by_language: dict[str, dict[str, Interval]]
    tasks: Interval
    chosen_on: Interval
    ranks: dict[str, int]

    @property
    def rank(self) -> float:
        """The mean of its ranks."""
        return fmean(self.ranks.values())


@dataclass(frozen=True)
class Comparison:
    """A study's outcome. lines: best rank first. best: each teacher's objective of the highest mean R@5 on the split
    for choosing. notes: in sentences."""

    lines: tuple[Line, ...]
    best: dict[str, str]
    notes: tuple[str, ...]

    def line(self, teacher: str, objective: str) -> Line:
        """One of them."""
        return next(line for line in self.lines if (line.teacher, line.objective) == (teacher, objective))


def compare(study: StudySettings, results: Results) -> Comparison:
    """Compare everything that was measured."""
    lines: list[Line] = []
    best: dict[str, str] = {}
    notes: list[str] = []
    for teacher, (chosen, reported) in results.teachers.items():
        names = dict.fromkeys(result.cell.objective for result in results.cells if result.cell.teacher == teacher)
        grouped = {
            name: [r for r in results.cells if (r.cell.teacher, r.cell.objective) == (teacher, name)] for name in names
        }
        ranks = _ranks(grouped)
        own = [_line(teacher, name, grouped[name], chosen, reported, ranks[name]) for name in names]
        distilled = [line for line in own if line.objective != UNDISTILLED]
        best[teacher] = max(distilled, key=lambda line: line.chosen_on.value).objective
        lines += sorted(own, key=lambda line: line.rank)
        notes += _notes(teacher, own, best[teacher])
    return Comparison(tuple(lines), best, tuple(notes))


def _line(
    teacher: str, objective: str, results: Sequence[Result], chosen: Found, reported: Found, ranks: dict[str, int]
) -> Line:
    def over(value: Callable[[Result], float]) -> Interval:
        return Interval.of([value(result) for result in results])

    metrics = [metric for metric in METRICS if reported.value(metric) == reported.value(metric)]
    spoken = [code for code in reported.retrieval["recall@5"] if code != MEAN]

    def lost(result: Result, code: str) -> float:
        return result.reported.value("recall@5", code) - reported.value("recall@5", code)

    def share(result: Result, metric: str) -> float:
        return result.reported.value(metric) / reported.value(metric)

    languages = {code: over(lambda r, c=code: lost(r, c)) for code in spoken}  # type: ignore[misc]
    tasks = [metric for metric in TASKS if metric in metrics and reported.value(metric)]
    return Line(
        teacher, objective, len(results),
        {m: over(lambda r, m=m: r.reported.value(m)) for m in metrics},  # type: ignore[misc]
        {m: over(lambda r, m=m: share(r, m)) for m in metrics if reported.value(m)},  # type: ignore[misc]
        languages, min(languages, key=lambda code: languages[code].value),
        over(lambda r: _deviation([lost(r, code) for code in spoken])),
        {m: {c: over(lambda r, m=m, c=c: r.reported.value(m, c)) for c in reported.languages(m)}  # type: ignore[misc]
         for m in (*RECALLS, VQA) if m in metrics},
        over(lambda r: _deviation([share(r, metric) for metric in tasks])),
        over(lambda r: r.chosen_on.value("recall@5") / chosen.value("recall@5")), ranks,
    )  # fmt: skip


def _deviation(values: Sequence[float]) -> float:
    return stdev(values) if len(values) > 1 else 0.0


def _ranks(grouped: dict[str, list[Result]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {name: {} for name in grouped}
    for metric in TASKS:
        means = {name: fmean(r.reported.value(metric) for r in results) for name, results in grouped.items()}
        if all(value != value for value in means.values()):
            continue
        for place, name in enumerate(sorted(means, key=lambda n: -means[n]), 1):
            found[name][metric] = place
    return found


def _notes(teacher: str, lines: Sequence[Line], best: str) -> list[str]:
    """What was chosen, what it is worth, and where a mean hides something."""
    by_name = {line.objective: line for line in lines}
    distilled = [line for line in lines if line.objective != UNDISTILLED]
    chosen = by_name[best]
    notes = [f"{teacher}: {best} is chosen; it keeps {_share(chosen.kept['recall@5'])} of the teacher's mean R@5."]
    if UNDISTILLED in by_name:
        other = by_name[UNDISTILLED]
        clear = other.kept["recall@5"].high < chosen.kept["recall@5"].low
        notes.append(
            f"{teacher}: undistilled, a student of the same shape keeps {_share(other.kept['recall@5'])}: "
            + ("clearly less." if clear else "the intervals overlap.")
        )
    tied = [line.objective for line in distilled if line.objective != best
            and line.means["recall@5"].high >= chosen.means["recall@5"].low]  # fmt: skip
    if tied:
        notes.append(f"{teacher}: by mean R@5, {', '.join(tied)} can't be told from {best} with these seeds.")
    leads = {code: max(distilled, key=lambda ln, c=code: ln.languages[c].value).objective for code in chosen.languages}  # type: ignore[misc]
    elsewhere = [code for code, name in leads.items() if name != best]
    if elsewhere:
        notes.append(
            f"The average misleads: {best} isn't the best in {len(elsewhere)} of {len(leads)} languages "
            f"({', '.join(f'{code}: {leads[code]}' for code in elsewhere)})."
        )
    for line in distilled:
        lost = line.languages[line.worst]
        if line.kept["recall@5"].value >= 0.95 and lost.value < -0.03:
            notes.append(
                f"The average misleads: {line.objective} keeps {line.kept['recall@5'].value:.1%} on average, and in "
                f"{line.worst} loses {-lost.value:.3f} of R@5."
            )
    if all(VQA in line.means for line in distilled):
        asked = max(distilled, key=lambda line: line.means[VQA].value)
        found = max(distilled, key=lambda line: line.means["recall@5"].value)
        if asked.objective != found.objective:
            notes.append(
                f"Tasks differ: {found.objective} is the best for retrieval (rank {found.ranks[VQA]} for questions), "
                f"{asked.objective} for questions (rank {asked.ranks['recall@5']} for retrieval)."
            )
        for line in distilled:
            notes += _against_parts(line, by_name)
    notes += _stability("languages", "the change of R@5", {line.objective: line.spread.value for line in distilled})
    shares = "the shares kept of retrieval, questions and consistency"
    notes += _stability("tasks", shares, {line.objective: line.tasks.value for line in distilled})
    return notes


def _against_parts(line: Line, by_name: dict[str, Line]) -> list[str]:
    """Whether a sum gains on one task and loses on another against a loss that is in it."""
    parts = [part.strip() for part in line.objective.split("+")]
    notes = []
    for part in parts if len(parts) > 1 else ():
        if part not in by_name:
            continue
        gains = {m: line.means[m].value - by_name[part].means[m].value for m in ("recall@5", VQA)}
        if gains["recall@5"] * gains[VQA] < 0:
            up, down = ("retrieval", "questions") if gains["recall@5"] > 0 else ("questions", "retrieval")
            notes.append(f"Sums help one task and hurt another: {line.objective} against {part}: {up} up, {down} down "
                         f"({gains['recall@5']:+.3f} R@5, {gains[VQA]:+.3f} accuracy).")  # fmt: skip
    return notes


def _stability(where: str, what: str, deviation: Mapping[str, float]) -> list[str]:
    (steady, least), (unstable, most) = (pick(deviation.items(), key=itemgetter(1)) for pick in (min, max))
    return [f"Stability across {where} (standard deviation of {what}): from {least:.3f} ({steady}) to {most:.3f} "
            f"({unstable})."]  # fmt: skip


def _share(interval: Interval) -> str:
    return f"{interval.value:.1%} [{interval.low:.1%}, {interval.high:.1%}]"
