"""Markdown that shows foreign text as text: names of models, files and licences never become markup.

A leaf, used by everything that writes a card or a report. Foreign text goes through `code` (a code span, in which
neither HTML nor links are recognised) or `plain` (a sentence).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")  # ends a line, or turns it round
_SIGNS = re.compile(r"([\\`*_\[\]#|~$])")
_LINKS = re.compile(r"(?i)(://|www\.|@)")


def one_line(text: str) -> str:
    """The text without line ends, control characters and overrides of its direction."""
    return " ".join(_CONTROL.sub(" ", text).split())


def code(text: str) -> str:
    """A code span, for a name.

    >>> code("a`b|c")
    '``a`b\\\\|c``'
    """
    said = one_line(text) or " "
    longest = max((len(run) for run in re.findall(r"`+", said)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if said.startswith("`") or said.endswith("`") else ""
    return f"{fence}{pad}{said}{pad}{fence}".replace("|", "\\|")  # a bar would end a table's cell even there


def plain(text: str) -> str:
    """A sentence, in which nothing is markup, a link or a mention.

    >>> plain("<b>*x*")
    '&lt;b&gt;\\\\*x\\\\*'
    """
    said = _SIGNS.sub(r"\\\1", escape(one_line(text), quote=False))
    return _LINKS.sub(lambda found: found[0].replace("/", "&#47;").replace(".", "&#46;").replace("@", "&#64;"), said)


def block(text: str, language: str = "") -> str:
    """A fenced block of code, whatever the text holds."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already; figures to the right, the first column to the left."""
    lines = [heads, [":--", *("--:" for _ in heads[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
