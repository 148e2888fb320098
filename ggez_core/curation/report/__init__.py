"""What a curation kept and dropped, as figures with tables, and as a data card; pure functions of columns and reasons.

Nothing here reads files or images. Used by the command line and the page.
"""

from .card import data_card
from .figures import distribution, dropped_bars, dropped_table, group_sizes, stays_bars, stays_table
from .tally import Drop, Tally, tally

__all__ = [
    "Drop",
    "Tally",
    "data_card",
    "distribution",
    "dropped_bars",
    "dropped_table",
    "group_sizes",
    "stays_bars",
    "stays_table",
    "tally",
]
