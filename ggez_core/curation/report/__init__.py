"""What a curation kept and dropped, as figures with tables, and as a data card; pure functions of columns and reasons.

Nothing here reads files or images. Used by the command line and the page.
"""

from .card import data_card
from .figures import (
    distribution,
    distribution_table,
    dropped_bars,
    dropped_table,
    group_sizes,
    label,
    stays_bars,
    stays_table,
)
from .tally import UNKNOWN, Drop, Tally, tally

__all__ = [
    "UNKNOWN",
    "Drop",
    "Tally",
    "data_card",
    "distribution",
    "distribution_table",
    "dropped_bars",
    "dropped_table",
    "group_sizes",
    "label",
    "stays_bars",
    "stays_table",
    "tally",
]
