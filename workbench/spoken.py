"""What the engine says in English, in the visitor's language: titles and axes of figures, heads of tables, states.

The texts are those of `languages` whose key begins with `engine.`; their English is what the engine says. Used by the
tabs that show figures. Files to download keep the engine's words, so that programs read the same in every language.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from .languages import DEFAULT, catalogue, fields, language, words

PREFIX = "engine."


def spoken(english: str) -> str:
    """A text of the engine's in the visitor's language; the text itself where that isn't known."""
    if language() == DEFAULT:
        return english
    plain, patterns = _texts()
    if english in plain:
        return words(language())[plain[english]]
    for pattern, key in patterns:
        if found := pattern.fullmatch(english):
            values = {name: spoken(value) for name, value in found.groupdict().items()}
            return words(language())[key].format(**values)
    return english


def spoken_figure(figure: Any) -> Any:
    """A plotly figure, or None, with its title, axes, legend and scales in the visitor's language."""
    if figure is None or language() == DEFAULT:
        return figure
    figure = copy.deepcopy(figure)
    titles = [figure.layout.title, figure.layout.xaxis.title, figure.layout.yaxis.title]
    for trace in figure.data:
        if trace.name:
            trace.name = spoken(trace.name)
        for part in (trace, getattr(trace, "marker", None)):
            if part is not None and "colorbar" in part:
                titles.append(part.colorbar.title)
    for title in titles:
        if title.text:
            title.text = spoken(title.text)
    return figure


def spoken_all(texts: Sequence[str]) -> list[str]:
    """Texts of the engine's, such as the heads of a table, in the visitor's language."""
    return [spoken(text) for text in texts]


@cache
def _texts() -> tuple[Mapping[str, str], Sequence[tuple[re.Pattern[str], str]]]:
    """The keys of the engine's texts: by English text, and by pattern where values are filled in."""
    known = {key: text for key, text in catalogue(DEFAULT).items() if key.startswith(PREFIX)}
    plain = {text: key for key, text in known.items() if not fields(text)}
    patterns = [(_pattern(text), key) for key, text in known.items() if fields(text)]
    return plain, patterns


def _pattern(text: str) -> re.Pattern[str]:
    """What a text looks like once it is filled in: `{name}` is a group of any characters."""
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(text)))
