"""Figures from scores: pure functions of rows and curves to plotly figures, each with a table of the same numbers.

Every figure answers the one question that its title asks. Imports plotly; used by the command line and the page.
"""

from ...figures import Table
from .curve import (
    best_beta_by_alpha,
    best_beta_table,
    curve_table,
    parity_curve,
    slice_curve,
    slice_curve_table,
    tradeoff,
)
from .humans import agreement_table, human_bars, human_grp, human_grp_table, human_table
from .languages import (
    consistency_heatmap,
    consistency_table,
    embedding_map,
    embedding_table,
    gap_table,
    language_bars,
    language_gap,
    slice_table,
)
from .places import country_bars, country_map

__all__ = [
    "Table",
    "agreement_table",
    "best_beta_by_alpha",
    "best_beta_table",
    "consistency_heatmap",
    "consistency_table",
    "country_bars",
    "country_map",
    "curve_table",
    "embedding_map",
    "embedding_table",
    "gap_table",
    "human_bars",
    "human_grp",
    "human_grp_table",
    "human_table",
    "language_bars",
    "language_gap",
    "parity_curve",
    "slice_curve",
    "slice_curve_table",
    "slice_table",
    "tradeoff",
]
