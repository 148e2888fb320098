"""Near-duplicates: which rows show nearly the same picture, by perceptual hash or by embedding, and whom to keep.

Both searches are exact: they return what comparing every row with every other would, only sooner. Imports numpy and
numba; knows columns only, no files or images. Used by the cheap stage of curation.
"""

from .cosine import MatchesByCosine, cosine_pairs
from .duplicates import Duplicates, near_duplicates
from .groups import best_of, groups_of
from .hamming import LARGEST_DISTANCE, hamming_groups, hamming_pairs

__all__ = [
    "LARGEST_DISTANCE",
    "Duplicates",
    "MatchesByCosine",
    "best_of",
    "cosine_pairs",
    "groups_of",
    "hamming_groups",
    "hamming_pairs",
    "near_duplicates",
]
