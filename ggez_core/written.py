"""YAML that somebody wrote, read with bounds: a few lines can stand for more values than any memory holds.

A leaf; recipes, configs and the heads of cards, which come from strangers, are read by it.
"""

from __future__ import annotations

from typing import Any

import yaml

LARGEST = 2_000_000  # characters
MOST = 100_000  # values, each counted as often as it is referred to


def load_yaml(text: str) -> Any:
    """The document, of plain values only. Raises yaml.YAMLError for whatever can't be one, in time.

    >>> load_yaml("a: [1, x]")
    {'a': [1, 'x']}
    """
    if len(text) > LARGEST:
        raise yaml.YAMLError(f"has {len(text):,} characters, more than anybody writes")
    try:
        found = yaml.safe_load(text)
    except (ValueError, OverflowError, RecursionError, AttributeError, TypeError) as error:  # numbers, dates, depth
        raise yaml.YAMLError(" ".join(str(error).split())[:120] or type(error).__name__) from None
    _count(found, {}, 0)
    return found


def _count(value: Any, known: dict[int, int], depth: int) -> int:
    """How many values it stands for. known: counts of what was seen, 0 while it is counted."""
    if not isinstance(value, dict | list | set | tuple):
        return 1
    if known.get(id(value), 1) == 0 or depth > 100:
        raise yaml.YAMLError("refers to itself, or is nested too deeply")
    if id(value) not in known:
        known[id(value)] = 0
        inner = [*value.keys(), *value.values()] if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_count(one, known, depth + 1) for one in inner)
    if known[id(value)] > MOST:
        raise yaml.YAMLError("stands for more values than anybody writes")
    return known[id(value)]
