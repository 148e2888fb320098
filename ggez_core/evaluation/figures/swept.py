"""All figures of one sweep, each with its table, from its rows and choices alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ...figures import Drawn
from ..curve import ALL, REPORTING, Q
from ..report import SweepReport
from ..rows import Score
from .curve import best_beta_by_alpha, best_beta_table, curve_table, parity_curve, tradeoff
from .languages import Slices, gap_table, language_bars, language_gap, slice_table
from .places import country_bars, country_map


def drawn(report: SweepReport) -> list[Drawn]:
    """The curve, GRP over β and α, and countries and languages of base, merged and regional model on test."""
    chosen = (report.constrained or report.best).beta
    curve, alpha = report.curve, report.alpha
    table = curve_table(curve, alpha)
    found = [
        Drawn("tradeoff", tradeoff(curve, alpha, chosen), table),
        Drawn("grp-over-beta", parity_curve(curve, alpha, chosen), table),
        Drawn("grp-over-alpha", best_beta_by_alpha(curve, alpha), best_beta_table(curve)),
    ]
    betas = {"base": 0.0, f"merged, β = {chosen:g}": chosen, "regional": 1.0}
    countries = {name: slices(report.rows, "country", beta) for name, beta in betas.items()}
    merged = list(countries.values())[1]
    if merged:
        by_country = slice_table(countries, "country")
        found.append(Drawn("countries", country_bars(countries), by_country))
        shown = sorted(merged)
        found.append(Drawn("map", country_map(merged, shown, countries["base"], "gain"), by_country))
    for side in ("regional", "global"):
        languages = {name: slices(report.rows, "language", beta, side) for name, beta in betas.items()}
        if len(languages["base"]) > 1:
            bars = language_bars(languages, f"{side} score")
            found.append(Drawn(f"languages-{side}", bars, slice_table(languages, "language")))
            if "en" in languages["base"]:
                gap = language_gap(languages, metric=f"{side} score")
                found.append(Drawn(f"gap-to-english-{side}", gap, gap_table(languages)))
    return found


def slices(
    rows: Sequence[Score],
    kind: Literal["country", "language"],
    beta: float,
    side: str = "regional",
    split: str = REPORTING,
) -> Slices:
    """Q of a single β by country or language."""
    return {
        str(getattr(row, kind)): row
        for row in rows
        if (row.task, row.metric, row.side, row.split, row.beta, row.parts) == (ALL, Q, side, split, beta, ())
        and getattr(row, kind) is not None
    }
