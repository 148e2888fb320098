"""Human ratings: what people said of answers whose models they didn't know, kept, averaged, and set beside GRP.

The paper's human evaluation (arXiv 2604.11490, section 5): average rank by language, and three-level Likert marks of
correctness and naturalness by aspect. Used by the Rate tab and `ggez ratings`.
"""

from .agreement import Agreement, agreements, krippendorff_alpha
from .files import export_csv, import_csv, read_csv
from .rating import KINDS, LEVELS, MEASURES, Rating, Shown
from .store import RatingStore
from .summary import HumanParity, Mean, human_parity, means

__all__ = [
    "KINDS",
    "LEVELS",
    "MEASURES",
    "Agreement",
    "HumanParity",
    "Mean",
    "Rating",
    "RatingStore",
    "Shown",
    "agreements",
    "export_csv",
    "human_parity",
    "import_csv",
    "krippendorff_alpha",
    "means",
    "read_csv",
]
