"""What a family's view is to the page: inputs, outputs, and two ways to answer, at once and in time.

A view lays out its own components and says which of its events ask; `tabs.compare` wires them, shows the view of the
pair that is loaded, and asks again when β moves. A view never touches the header, and never asks which family it has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import gradio as gr

from ..service import Service
from .blind import Blind


@dataclass(frozen=True)
class Pace:
    """How long an answer took in milliseconds: moving the weights, and everything from the request to the answer."""

    move_ms: float
    answer_ms: float


@dataclass(frozen=True)
class Shown:
    """Updates of those of a view's outputs that change, and the answer's pace once it is whole."""

    updates: Mapping[gr.components.Component, object]
    pace: Pace | None = None


AtOnce = Callable[..., Shown]
"""Called with session, weights and the values of `View.inputs`; answers while a thumb moves."""

InTime = Callable[..., Iterator[Shown]]
"""Called alike; shows what it has as it comes. A newer question of the same visitor stops it."""


@dataclass(frozen=True)
class View:
    """One family's part of Compare, laid out.

    box: what is shown or hidden. outputs: the first is where problems are said. at_once: the answer that β's slider and
    the `quick` events ask for. in_time: the one that the `slow` events ask for. settled: what is shown when the thumb
    is let go, and `loaded` when a pair was loaded; None where `at_once` has said everything. others: further slow
    events with their own answers. after: events that have set inputs; they then ask, in time where the view can.
    picks: outputs of which a click, by its index, sets β. cancel: the button that stops a slow answer. fields: inputs
    that belong to a comparison, by their name in a link to it (`language` is the page's own). settings: those of them
    that `loaded` puts to the model's own. arrange: updates of `along`, what else is seen when fields are set to these
    values. sample: an example in Thai, by fields.
    """

    box: gr.Column
    inputs: tuple[gr.components.Component, ...]
    outputs: tuple[gr.components.Component, ...]
    at_once: AtOnce
    quick: tuple[Any, ...] = ()
    after: tuple[gr.events.Dependency, ...] = ()
    in_time: InTime | None = None
    slow: tuple[Any, ...] = ()
    settled: InTime | None = None
    loaded: InTime | None = None
    others: tuple[tuple[Any, InTime], ...] = ()
    picks: tuple[tuple[gr.HTML, Callable[[int], float]], ...] = ()
    cancel: gr.Button | None = None
    fields: Mapping[str, gr.components.Component] = field(default_factory=dict)
    settings: tuple[str, ...] = ()
    along: tuple[Any, ...] = ()
    arrange: Callable[[Mapping[str, Any]], Mapping[Any, dict[str, Any]]] = lambda values: {}
    sample: Mapping[str, str] = field(default_factory=dict)


class ViewModule(Protocol):
    """A package in `views` with a family's view, its endpoints for programs, and what Rate asks of it."""

    blind: Blind

    def build(self, service: Service) -> View:
        """Lay the view out inside the current Blocks."""

    def register(self, service: Service) -> None:
        """Offer the family's named endpoints, inside the current Blocks."""
