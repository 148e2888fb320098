"""Sweeps as tables in the terminal: the curve on validation, and the choices on test."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..evaluation.aggregate import Estimate
    from ..evaluation.report import SweepReport
    from ..evaluation.rows import Score

WIDTH = 190  # the intervals must not be cut


def print_report(report: SweepReport) -> None:
    """Print both tables."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    console.width = max(console.width, WIDTH)
    chosen_on, reported_on = (", ".join(dict.fromkeys(names)) for names in zip(*report.tasks.values(), strict=True))
    curve = Table(title=f"Scores over β on {chosen_on} (α = {report.alpha:.2f}, {report.alpha_source})")
    for column in ("β", "global", "kept", "regional", "GRP", ""):
        curve.add_column(column, justify="right")
    choices = {"best GRP": report.best, f"best that keeps {report.keep_global or 0:.0%}": report.constrained}
    for at in report.curve:
        marks = [choice for choice, chosen in choices.items() if chosen == at.point]
        curve.add_row(
            f"{at.beta:.2f}", bounded(".3f", at.q_global), bounded(".1%", at.global_kept),
            bounded(".3f", at.q_regional), bounded(".3f", at.grp(report.alpha)), ", ".join(marks),
        )  # fmt: skip
    console.print(curve)
    test = Table(title=f"The choices on {reported_on}, with 95 % intervals over clusters of rows")
    for column in ("model", "β", "global", "n", "kept", "regional", "n", "gain", "GRP"):
        test.add_column(column, justify="right")
    for m in report.test:
        test.add_row(
            m.name,
            str(m.setting).removeprefix("β = "),
            bounded(".3f", m.q_global),
            f"{m.n_global:,}",
            bounded(".1%", m.global_kept),
            bounded(".3f", m.q_regional),
            f"{m.n_regional:,}",
            bounded("+.0%", m.regional_gain) if m.regional_gain else "–",
            bounded(".3f", m.grp),
        )
    console.print(test)
    for note in report.notes:
        console.print(f"• {note}", highlight=False)


def bounded(form: str, estimate: Estimate | Score) -> str:
    """A number with its interval."""
    return f"{estimate.value:{form}} [{estimate.low:{form}}, {estimate.high:{form}}]"
