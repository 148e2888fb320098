"""The Compare tab: one question to base | merged | regional, in the view of the family that is loaded.

Every view is laid out once; the tab shows one, sends it the slider's moves, and wires the events that it says it has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from .. import header, links, reports
from ..events import LATEST_WINS, QUICK, SLOW
from ..header import Header
from ..markup import notice
from ..problem import Problem, attempt
from ..service import Service
from ..session import session_of
from ..text import say
from ..views import VIEWS, View
from ..views.view import InTime, Shown
from ..weights import Weights

Updates = dict[Any, object]
FIRST = "embedding"  # the demo pair's family: its view stands there before any pair is loaded


@dataclass(frozen=True)
class CompareTab:
    """What other tabs and the page's start need: `ask_after` asks again after an event that moved β or the pair."""

    service: Service
    head: Header
    force: gr.HTML
    views: Mapping[str, View]
    nothing: gr.HTML

    def ask_after(self, event: gr.events.Dependency) -> gr.events.Dependency:
        """Answer anew after `event`, which has set β by another way than its slider: what a thumb's move would show."""
        return event.then(self._moved, self.asked, self.shown, **LATEST_WINS)

    def load_after(self, event: gr.events.Dependency) -> gr.events.Dependency:
        """Show the view of the pair that `event` has loaded, and its first answer."""
        boxes = [self.nothing, *(view.box for view in self.views.values())]
        seen = self.ask_after(event.then(self._switch, None, boxes, **QUICK))
        return seen.then(self._in_time("loaded"), self.asked, self.shown, **SLOW)

    def filled(self, session: str, asked: Mapping[str, str]) -> Updates:
        """Updates that fill the fields of the session's view, and those of what is seen with them.

        Names of no field are left out. Raises DataError for what can't be typed or chosen there.
        """
        view = self._current(session)
        if view is None:
            return {}
        values = {name: links.checked(name, view.fields[name], asked[name]) for name in view.fields if name in asked}
        updates: dict[Any, dict[str, Any]] = {
            view.fields[name]: gr.update(value=value) for name, value in values.items()
        }
        for component, along in view.arrange(values).items():
            updates[component] = {**along, **updates.get(component, {})}
        return dict(updates)

    def in_time(self, request: gr.Request, beta: float, *asked: Any) -> Iterator[Updates]:
        """The answer in time of the session's view, where it has one: for events that have set inputs."""
        yield from self._in_time("in_time")(request, beta, *asked)

    def values(self, session: str, inputs: Sequence[Any]) -> dict[str, Any]:
        """What the fields of the session's view hold, of the inputs of all views."""
        view = self._current(session)
        if view is None:
            return {}
        held = dict(zip(view.inputs, self._inputs(view, inputs), strict=True))
        return {name: held[field] for name, field in view.fields.items()}

    def wire(self) -> None:
        """Let the slider and the views' own events ask."""
        head, sliders = self.head, [slider.input for slider in self.head.components]
        everything = [view_input for view in self.views.values() for view_input in view.inputs]
        head.beta.input(self._beta_moved, [head.beta, *everything], self.shown, **LATEST_WINS)
        gr.on(sliders, self._moved, self.asked, self.shown, **LATEST_WINS)
        released = [slider.release for slider in (head.beta, *head.components)]
        gr.on(released, self._in_time("settled"), self.asked, self.shown, **SLOW)
        for view in self.views.values():
            asked, shown = [head.beta, *head.components, *view.inputs], [head.facts, head.scores, *view.outputs]
            if view.quick:
                gr.on(list(view.quick), self._at_once_of(view), asked, shown, **LATEST_WINS)
            for event in view.after:
                if view.in_time:
                    event.then(self._in_time_of(view, view.in_time), asked, shown, **SLOW)
                else:
                    event.then(self._at_once_of(view), asked, shown, **LATEST_WINS)
            if view.slow and view.in_time:
                gr.on(list(view.slow), self._in_time_of(view, view.in_time), asked, shown, **SLOW)
            for event, show in view.others:
                event(self._in_time_of(view, show), asked, shown, **SLOW)
            for picture, beta_of in view.picks:
                self._set_beta(picture, beta_of)
            if view.cancel:
                view.cancel.click(self._cancel, None, None, **QUICK)

    def _set_beta(self, picture: gr.HTML, beta_of: Callable[[int], float]) -> None:
        """Let a click set β, the components' sliders with it, and ask."""

        def pick(event: gr.EventData) -> list[float]:
            return [beta_of(int(event.index))] * (1 + header.SLIDERS)

        self.ask_after(picture.select(pick, None, [self.head.beta, *self.head.components], **QUICK))

    # What the events do

    @property
    def asked(self) -> list[Any]:
        """β, the components' own, and the inputs of all views."""
        return [self.head.beta, *self.head.components, *(i for view in self.views.values() for i in view.inputs)]

    @property
    def shown(self) -> list[Any]:
        """The facts, the weights in force, and the outputs of all views."""
        return [
            self.head.facts,
            self.head.scores,
            self.force,
            *(o for view in self.views.values() for o in view.outputs),
        ]

    def _beta_moved(self, request: gr.Request, beta: float, *inputs: Any) -> Updates:
        """The one slider moved: the components' go along with it."""
        return self._at_once(session_of(request), beta, (), inputs)

    def _moved(self, request: gr.Request, beta: float, *asked: Any) -> Updates:
        own, inputs = asked[: header.SLIDERS], asked[header.SLIDERS :]
        return self._at_once(session_of(request), beta, own, inputs)

    def _at_once(self, session: str, beta: float, own: Sequence[float], inputs: Sequence[Any]) -> Updates:
        def work() -> Updates:
            weights = weights_at(self.service, session, beta, own)
            updates: Updates = {self.force: reports.in_force(weights)}
            view = self._current(session)
            if view is not None:
                updates |= self._updates(session, weights, view.at_once(session, weights, *self._inputs(view, inputs)))
            return updates

        done = attempt(work)
        return {self.force: notice(done.message, "problem")} if isinstance(done, Problem) else done

    def _in_time(self, what: str) -> Any:
        """What `settled` and `loaded` of the current view show; nothing where it has none."""

        def run(request: gr.Request, beta: float, *asked: Any) -> Iterator[Updates]:
            session, own, inputs = session_of(request), asked[: header.SLIDERS], asked[header.SLIDERS :]
            view = attempt(lambda: self._current(session))
            show: InTime | None = getattr(view, what, None)
            if isinstance(view, View) and show is not None:
                yield from self._followed(view, show, session, beta, own, self._inputs(view, inputs))
            else:
                yield self._nothing_new

        return run

    def _in_time_of(self, view: View, show: InTime) -> Any:
        def run(request: gr.Request, beta: float, *asked: Any) -> Iterator[Updates]:
            own, inputs = asked[: header.SLIDERS], asked[header.SLIDERS :]
            yield from self._followed(view, show, session_of(request), beta, own, inputs)

        return run

    def _at_once_of(self, view: View) -> Any:
        def run(request: gr.Request, beta: float, *asked: Any) -> Updates:
            session, own, inputs = session_of(request), asked[: header.SLIDERS], asked[header.SLIDERS :]
            weights = attempt(lambda: weights_at(self.service, session, beta, own))
            if isinstance(weights, Problem):
                return {view.outputs[0]: notice(weights.message, "problem")}
            updates = self._updates(session, weights, view.at_once(session, weights, *inputs))
            return updates or {view.outputs[0]: gr.skip()}

        return run

    def _followed(
        self, view: View, show: InTime, session: str, beta: float, own: Sequence[float], inputs: Sequence[Any]
    ) -> Iterator[Updates]:
        weights = attempt(lambda: weights_at(self.service, session, beta, own))
        if isinstance(weights, Problem):
            yield {view.outputs[0]: notice(weights.message, "problem")}
            return
        yield self._nothing_new  # an event that never yields would empty its outputs
        for shown in show(session, weights, *inputs):
            yield self._updates(session, weights, shown)

    def _cancel(self, request: gr.Request) -> None:
        self.service.slow.cancel(session_of(request))

    def _switch(self, request: gr.Request) -> list[object]:
        """Show the view of the session's pair, hide the others; where there is none, say why."""
        session = session_of(request)
        view = attempt(lambda: self._current(session))
        why = view.message if isinstance(view, Problem) else "" if view else say("compare.nothing")
        shown = [gr.update(visible=one is view) for one in self.views.values()]
        return [gr.update(value=notice(why, "problem"), visible=bool(why)), *(gr.update(**u) for u in shown)]

    def _current(self, session: str) -> View | None:
        """The view of the session's pair; None for a family without one. Raises GgezError for a pair without family."""
        return self.views.get(self.service.current(session).family.name)

    def _inputs(self, view: View, inputs: Sequence[Any]) -> Sequence[Any]:
        """Of the inputs of all views, this one's."""
        start = 0
        for one in self.views.values():
            if one is view:
                break
            start += len(one.inputs)
        return inputs[start : start + len(view.inputs)]

    @property
    def _nothing_new(self) -> Updates:
        return {self.head.facts: gr.skip()}

    def _updates(self, session: str, weights: Weights, shown: Shown) -> Updates:
        updates: Updates = dict(shown.updates)
        if shown.pace:
            updates[self.head.facts] = header.show_facts(shown.pace, self.service.reloaded(session))
            updates[self.head.scores] = header.show_scores(self.service, session, weights)
        return updates


def weights_at(service: Service, session: str, beta: float, own: Sequence[float]) -> Weights:
    """The weights that the header's sliders stand at; `own` is empty when the components' follow β."""
    return service.weights(session, beta, header.own_betas(service.current(session), own))


def build(service: Service, head: Header, force: gr.HTML) -> CompareTab:
    """Lay the tab out and wire it. `force` is where Export says which weights are in force."""
    nothing = gr.HTML(padding=False, visible=False)
    views = {name: view.build(service) for name, view in VIEWS.items()}
    for name, view in views.items():
        view.box.visible = name == FIRST
    tab = CompareTab(service, head, force, views, nothing)
    tab.wire()
    return tab
