"""Scores of a graph of yes-or-no questions, as DPG-Bench and DSG define them. Pure functions.

A question counts as yes only if it is answered yes and so are all of its parents, and theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..errors import DataError


def graph_yes(yes: Mapping[int, bool], parents: Mapping[int, Sequence[int]]) -> dict[int, bool]:
    """Which questions count as yes. yes: every question's answer; parents: the questions each depends on.

    Raises DataError for an unanswered parent, or questions that depend on themselves.
    """
    order = check_graph({number: parents.get(number, ()) for number in yes})
    counted: dict[int, bool] = {}
    for number in order:
        counted[number] = yes[number] and all(counted[parent] for parent in parents.get(number, ()))
    return {number: counted[number] for number in yes}


def graph_score(yes: Mapping[int, bool], parents: Mapping[int, Sequence[int]]) -> float:
    """The share of questions that count as yes.

    >>> graph_score({1: True, 2: True, 3: False, 4: True}, {2: [1], 4: [3]})
    0.5
    """
    if not yes:
        raise DataError("there are no questions to score")
    counted = graph_yes(yes, parents)
    return sum(counted.values()) / len(counted)


def check_graph(parents: Mapping[int, Sequence[int]]) -> list[int]:
    """The questions in an order in which parents come first.

    Raises DataError for a parent that is no question, or questions that depend on themselves.
    """
    done: dict[int, bool] = {}  # False while its parents are looked at
    order: list[int] = []

    for root in parents:
        stack = [(root, iter(parents[root]))] if root not in done else []
        done.setdefault(root, False)
        while stack:
            number, left = stack[-1]
            parent = next(left, None)
            if parent is None:
                stack.pop()
                done[number] = True
                order.append(number)
            elif parent not in parents:
                raise DataError(f"question {number} depends on {parent}, which isn't there")
            elif parent not in done:
                done[parent] = False
                stack.append((parent, iter(parents[parent])))
            elif not done[parent]:
                raise DataError(f"question {parent} depends on itself")
    return order
