"""A comparison as an address: `?base=…&regional=…&beta=…&beta.text_model=…&query=…&tab=…`, read and written.

Pure functions; what an address says goes through the checks that typed input goes through. Used by `tabs.linked`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

import gradio as gr

from ggez_core.errors import DataError

from .weights import Weights

LONGEST = 6000  # characters of an address; browsers and proxies begin to refuse beyond
MOST_VALUES = 64
TABS = ("models", "compare", "sweep", "rate", "export", "curate", "train", "crosslingual")
_PAIR, _BETA, _TAB = ("base", "regional"), "beta", "tab"


@dataclass(frozen=True)
class Link:
    """What an address asks for; what it doesn't say is None or empty. asked: the view's inputs by name, unchecked."""

    pair: tuple[str, str] | None
    beta: float | None
    components: Mapping[str, float]
    tab: str | None
    asked: Mapping[str, str]

    @property
    def empty(self) -> bool:
        """Whether it says nothing."""
        return not (self.pair or self.components or self.tab or self.asked) and self.beta is None


def read(address: str) -> Link:
    """The query part of an address. Raises DataError for one that says something else than `written` does."""
    if len(address) > LONGEST:
        raise DataError(f"the address has {len(address)} characters; a link to a comparison has at most {LONGEST}")
    try:
        values = dict(parse_qsl(address.removeprefix("?"), max_num_fields=MOST_VALUES))
    except ValueError:
        raise DataError(f"the address sets more than {MOST_VALUES} things; copy the link again") from None
    ends = [values.pop(end, "") for end in _PAIR]
    if bool(ends[0]) != bool(ends[1]):
        raise DataError("the address names one checkpoint; a pair has base= and regional=")
    betas = {key: _number(key, values.pop(key)) for key in list(values) if key == _BETA or key.startswith(f"{_BETA}.")}
    tab = values.pop(_TAB, None)
    if tab is not None and tab not in TABS:
        raise DataError(f"the address names a tab {tab[:40]!r}; there are {', '.join(TABS)}")
    beta = betas.pop(_BETA, None)
    components = {key.removeprefix(f"{_BETA}."): value for key, value in betas.items()}
    return Link((ends[0], ends[1]) if ends[0] else None, beta, components, tab, values)


def written(pair: tuple[str, str], weights: Weights, asked: Mapping[str, Any]) -> str:
    """The query part of an address that restores this. Empty inputs and a visitor's own picture are left out."""
    values = {"base": pair[0], "regional": pair[1], _BETA: f"{weights.beta:g}"}
    values |= {f"{_BETA}.{name}": f"{beta:g}" for name, beta in weights.components}
    for name, value in asked.items():
        if value not in (None, "") and not is_own_picture(value):
            values[name] = f"{value:g}" if isinstance(value, float) else str(value)
    return "?" + urlencode(values)


def is_own_picture(value: object) -> bool:
    """Whether an input holds a visitor's picture itself, which is no part of an address."""
    return isinstance(value, str) and value.startswith("data:")


def checked(name: str, component: gr.components.Component, value: str) -> Any:
    """What an input may hold, as if it had been typed or chosen there. Raises DataError for anything else."""
    found: Any = value
    if isinstance(component, gr.Number | gr.Slider):
        found = _number(name, value)
    if isinstance(component, gr.Textbox) and component.max_length and len(value) > component.max_length:
        raise DataError(f"{name} in the address is longer than the {component.max_length} characters that are allowed")
    if isinstance(component, gr.Dropdown) and not component.choices:
        return found  # its choices come with the model, which checks
    try:
        return component.preprocess(found)
    except gr.Error as error:
        raise DataError(f"{name}={value[:40]} in the address can't be used: {error.message}") from None


def _number(name: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise DataError(f"{name}={value[:40]} in the address is no number")
    return number
