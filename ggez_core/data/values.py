"""Cells as the types that a column should have, whether they come typed (Parquet, JSON) or as text (TSV, CSV)."""

from __future__ import annotations

import ast
import json
from typing import Any


def as_text(value: Any) -> str:
    """The cell as text without space around it; empty for a missing one."""
    return "" if value is None else str(value).strip()


def as_list(value: Any) -> list[str] | None:
    """The cell as a list of texts: a list, or text that is one in JSON or in Python's notation; None where it isn't."""
    if isinstance(value, str):
        value = _parsed(value)
    if value is None or isinstance(value, (str, bytes, dict)) or not hasattr(value, "__iter__"):
        return None
    return [as_text(item) for item in value]


def as_pair(value: Any) -> tuple[str, str] | None:
    """The cell as a pair of texts, such as "('Indonesian', 'Indonesia')"; None where it isn't one."""
    found = as_list(value)
    return (found[0], found[1]) if found is not None and len(found) == 2 else None


def as_whole(value: Any) -> int | None:
    """The cell as a whole number; None where it isn't one."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return int(number) if number == number and abs(number) < 2**53 and number == int(number) else None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
