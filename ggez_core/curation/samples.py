"""Rows of a curation to look at: kept or dropped, with a small picture, the evidence and the reasons.

Pictures are read from the input when they are asked for. Used by the report and the page.
"""

from __future__ import annotations

import base64
import io
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .curated import Curated
from .cut import CODES, Cut, Decision
from .pictures import picture
from .reading import rows_of as rows_of_piece

THUMBNAIL = 128  # pixels of the longer side


@dataclass(frozen=True)
class Sample:
    """A row to look at. picture: a data URI, empty where there is none. facts: short ones, told beside the caption."""

    place: str
    caption: str
    picture: str = ""
    facts: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


def rows_of(decision: Decision, which: str, reason: str = "", among: Sequence[bool] | None = None) -> NDArray[np.int64]:
    """The rows that are kept, or those that are dropped (for one reason), always in the same mixed order.

    among: of every row (n,) whether it counts; all do where it is None. Raises DataError for what is neither kept nor
    dropped, or an unknown limit.
    """
    if which not in ("kept", "dropped"):
        raise DataError(f"{which[:40]!r}: rows are kept or dropped")
    rows = np.flatnonzero(decision.kept if which == "kept" else ~decision.kept)
    if which == "dropped" and reason:
        if reason not in decision.names:
            raise DataError(f"{reason[:40]!r}: no limit is called so; there is {', '.join(decision.names)}")
        rows = np.flatnonzero(~decision.passes[decision.names.index(reason)])
    mixed = [row for row in rows.tolist() if among is None or among[row]]
    random.Random(0).shuffle(mixed)  # neighbours in a file are alike; the order is the same every time
    return np.array(mixed, np.int64)


def samples(curated: Curated, cut: Cut, decision: Decision, rows: Sequence[int]) -> list[Sample]:
    """These rows with pictures, evidence and reasons."""
    pictures = thumbnails(curated, rows)
    return [_sample(curated, cut, decision, row, pictures.get(row, "")) for row in rows]


def _sample(curated: Curated, cut: Cut, decision: Decision, row: int, picture: str) -> Sample:
    told = {name: curated.cell(name, row) for name in curated.told.column_names}
    code = int(decision.beliefs.country[row])
    facts = [f"{CODES[code]} {decision.beliefs.country_belief[row]:.2f}"] if code >= 0 else []
    facts += [str(told["language"])] if told.get("language") else []
    facts += [f"reward {told['reward']:.1f}"] if told.get("reward") is not None else []
    evidence = [
        f"{name.removesuffix('_evidence')}: {one['country']} {one['confidence']:.2f}, {one['why']}"
        for name in curated.evidence
        for one in told.get(name) or ()
    ]
    reasons = curated.reasons(cut, decision, row)
    return Sample(str(told["place"]), str(told["text"] or ""), picture, tuple(facts), tuple(evidence), tuple(reasons))


def thumbnails(curated: Curated, rows: Sequence[int]) -> dict[int, str]:
    """Small pictures of rows as data URIs; rows whose picture doesn't open have none."""
    wanted: dict[int, dict[int, int]] = {}
    for row in rows:
        if curated.cell("row_error", row):  # and what stands there isn't read once more
            continue
        number = int(str(curated.cell("place", row)).rpartition("#")[2])
        wanted.setdefault(int(np.searchsorted(curated.ends, row, side="right")), {})[number] = row
    found: dict[int, str] = {}
    for file, numbers in wanted.items():
        piece = curated.pieces[file]
        for read in rows_of_piece(piece, curated.plan["names"]):
            if read.number not in numbers:
                continue
            row = numbers.pop(read.number)
            if not read.error:
                seen = picture(read.columns.get("image"), Path(piece.path).parent).image
                if seen is not None:
                    found[row] = _thumbnail(seen)
            if not numbers:
                break
    return found


def duplicate_groups(decision: Decision, most: int, of_each: int) -> tuple[list[list[int]], int]:
    """The largest groups of near-duplicates, the row that stays first, and how many groups there are."""
    if decision.groups is None:
        return [], 0
    order = np.argsort(decision.groups, kind="stable")
    crowds = np.split(order, np.flatnonzero(np.diff(decision.groups[order])) + 1)
    crowds = sorted((rows for rows in crowds if rows.size > 1), key=lambda rows: (-rows.size, int(rows[0])))
    kept = decision.kept
    return [sorted(rows.tolist(), key=lambda row: (not kept[row], row))[:of_each] for rows in crowds[:most]], len(
        crowds
    )


def _thumbnail(image: Any) -> str:
    small = image.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    file = io.BytesIO()
    small.save(file, "WEBP", quality=80)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()
