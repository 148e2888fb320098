"""What a sweep leaves in its folder: rows, a report for people and one for programs, figures; and reading it again."""

from __future__ import annotations

import json
from pathlib import Path
from shlex import quote

from ..errors import DataError, OutputError
from ..markdown import plain
from .aggregate import Estimate
from .report import Reported, SweepReport
from .rows import read_rows

REPORT, READABLE, FIGURES, RECIPE = "report.json", "report.md", "figures", "recipe-by-layers.yaml"
ROWS = "rows.jsonl"


def write_report(report: SweepReport, folder: Path) -> None:
    """Write `report.json`, `report.md` and `figures/`: a page, and each figure as JSON, CSV and, if it can be, PNG.

    Raises OutputError where the folder can't be written.
    """
    document = {key: value for key, value in report.as_dict().items() if key != "rows"}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / REPORT).write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        (folder / READABLE).write_text(readable(report), encoding="utf-8")
        if report.recipes:
            import yaml

            (recipe,) = report.recipes.values()
            (folder / RECIPE).write_text(yaml.safe_dump(dict(recipe), sort_keys=False, allow_unicode=True), "utf-8")
        from ..figures import write_page
        from .figures.swept import drawn

        write_page(folder / FIGURES, f"{report.base} → {report.regional}", drawn(report))
    except OSError as error:
        raise OutputError(f"{folder}: can't be written ({error.strerror}); free space or name another place") from None


def read_report(folder: Path) -> SweepReport:
    """The report and the rows that a sweep left in its folder. Raises DataError where there are none."""
    path = folder / REPORT
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{folder}: no sweep has ended there; name the -o of a `ggez sweep`") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: can't be read ({error}); run the sweep again, with the same -o") from None
    try:
        return SweepReport.from_dict(document, read_rows(folder / ROWS))
    except DataError as error:
        raise DataError(f"{folder}: {error}") from None


def readable(report: SweepReport) -> str:
    """The report in Markdown."""
    on, of = (", ".join(dict.fromkeys(names)) for names in zip(*report.tasks.values(), strict=True))
    lines = [
        f"# {plain(report.base)} → {plain(report.regional)}",
        "",
        f"Tasks: {', '.join(report.tasks)}. α = {report.alpha:.2f} ({report.alpha_source}). "
        f"β was chosen on {on} and is reported on {of}. Intervals are 95 % bootstraps over clusters of rows.",
        "",
        "## What to take",
        "",
        *(f"- {note}" for note in report.notes),
        "",
        f"## On {of}",
        "",
        "| model | β | global | n | kept | regional | n | gain | GRP |",
        "|---|---|---|---|---|---|---|---|---|",
        *(_line(choice) for choice in report.test),
        "",
        f"## Over β, on {on}",
        "",
        "| β | global | kept | regional | GRP |",
        "|---|---|---|---|---|",
    ]
    for p in report.curve:
        cells = (_in(p.q_global), _in(p.global_kept, ".1%"), _in(p.q_regional), _in(p.grp(report.alpha)))
        lines.append(f"| {p.beta:g} | {' | '.join(cells)} |")
    chosen = (report.constrained or report.best).beta
    wanted = [f"--beta {chosen:g}"]
    for choice in report.test:
        parts = choice.setting.parts
        if parts and not any("/" in name for name, _ in parts):
            wanted.append(f"--beta {choice.beta:g} " + " ".join(f"--component {name}={beta:g}" for name, beta in parts))
    by_layers = [f"ggez merge {RECIPE} -o OUT"] if report.recipes else []
    lines += ["", "## To have it", "", "```", *(_command(report, how) for how in wanted), *by_layers, "```"]
    for name, problems in report.problems.items():
        lines += [
            "",
            f"{name}: {len(problems):,} rows couldn't be used; the first: "
            f"{plain(f'{problems[0].row}: {problems[0].why}')}",
        ]
    return "\n".join(lines) + "\n"


def _line(choice: Reported) -> str:
    gain = _in(choice.regional_gain, "+.0%") if choice.regional_gain else "–"
    cells = (
        choice.name, str(choice.setting).removeprefix("β = "), _in(choice.q_global), f"{choice.n_global:,}",
        _in(choice.global_kept, ".1%"), _in(choice.q_regional), f"{choice.n_regional:,}", gain, _in(choice.grp),
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _in(estimate: Estimate, form: str = ".3f") -> str:
    return f"{estimate.value:{form}} [{estimate.low:{form}}, {estimate.high:{form}}]"


def _command(report: SweepReport, how: str) -> str:
    return f"ggez merge --base {quote(report.base)} --regional {quote(report.regional)} {how} -o OUT"
