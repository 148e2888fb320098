"""The usual limits on quality: what a caption and a picture must be to be worth training on, with why.

Values are starting points of ours, mild on purpose, to be moved while looking at what they drop. A reward has a limit
of its own.
"""

from __future__ import annotations

from .limits import Limit

QUALITY: tuple[Limit, ...] = (
    Limit("no caption", "text_length", at_least=2),
    Limit("caption is a document", "text_length", at_most=2_000, missing=True),
    Limit("not a caption", "text_problem", empty=True),
    Limit("too few words", "text_words", at_least=2),
    Limit("mostly not letters", "text_letters", at_least=0.5),
    Limit("repeats itself", "text_repeated", at_most=0.5),
    Limit("all capitals", "text_upper", at_most=0.8, missing=True),  # missing: the script has no capitals
    Limit("picture too small", "picture_side", at_least=50),  # SEA-VL's
    Limit("picture too long", "picture_aspect", at_most=3),  # DataComp's
    Limit("blank picture", "sharpness_contrast", at_least=4),
    Limit("blurred picture", "sharpness", at_least=30),
)


def quality_limits(**moved: float) -> tuple[Limit, ...]:
    """The usual limits with some bounds moved, by column: `quality_limits(picture_side=32)`.

    A column with a lower and an upper bound in two limits has its lower one moved. Raises KeyError for a column without
    a limit that has a bound.
    """
    found = list(QUALITY)
    for column, bound in moved.items():
        at = next((i for i, limit in enumerate(found) if limit.column == column and not limit.empty), None)
        if at is None:
            raise KeyError(column)
        limit = found[at]
        lower = limit.at_least is not None
        found[at] = Limit(limit.name, column, bound if lower else None, None if lower else bound, missing=limit.missing)
    return tuple(found)
