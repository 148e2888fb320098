"""Links to a comparison: restored when the page is opened with one, copied by a button in the header."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from .. import header, links
from ..demos import DEMOS
from ..events import QUICK, SLOW
from ..languages import PARAMETER
from ..markup import notice
from ..problem import Problem, attempt
from ..service import Service
from ..session import session_of
from ..text import say
from .compare import CompareTab, weights_at
from .models import ModelsTab

ADDRESS = "(...given) => [...given.slice(0, -1), window.location.search]"  # the last input is what the address says
# What is copied leaves the page's language to whom it is sent; the address of this page keeps it.
COPY = f"""(query) => {{
  if (!query) return;
  const tab = document.querySelector("[role=tab][aria-selected=true]")?.dataset.tabId;
  const url = new URL(query + (tab ? `&tab=${{tab}}` : ""), window.location.origin + window.location.pathname);
  navigator.clipboard?.writeText(url.href).catch(() => {{}});
  const language = new URL(window.location.href).searchParams.get("{PARAMETER}");
  if (language) url.searchParams.set("{PARAMETER}", language);
  window.history.replaceState(null, "", url);
}}"""


@dataclass(frozen=True)
class Linked:
    """What restores and copies. pending: an address that isn't restored yet, since its pair isn't loaded."""

    service: Service
    compared: CompareTab
    chosen: ModelsTab
    tabs: gr.Tabs
    pending: gr.Textbox

    @property
    def _said(self) -> gr.HTML:
        return self.compared.head.said

    def wire(self) -> None:
        """Let the header's button copy."""
        asked = self.compared.asked
        self.compared.head.copy.click(self._copy, asked, [self.pending, self._said], **QUICK).then(
            None, self.pending, None, js=COPY, api_visibility="private"
        ).then(lambda: "", None, self.pending, **QUICK)

    def restore_after(self, event: gr.events.Dependency) -> gr.events.Dependency:
        """Once `event` has loaded the pair that the address names, set everything else that it says."""
        head = self.compared.head
        inputs = [field for view in self.compared.views.values() for field in (*view.fields.values(), *view.along)]
        outputs = [
            self._said,
            self.chosen.base,
            self.chosen.regional,
            self.tabs,
            head.beta,
            *head.components,
            *dict.fromkeys(inputs),
        ]
        return event.then(self._restore, self.pending, outputs, **QUICK)

    def finish_after(self, event: gr.events.Dependency) -> None:
        """Set what loading a pair has put to the model's own, and ask once more if that takes seconds only."""
        compared = self.compared
        fields = [field for view in compared.views.values() for field in view.fields.values()]
        event.then(self._set_again, self.pending, [self._said, *fields], **QUICK).then(
            self._ask_again, [self.pending, *compared.asked], [self.pending, *compared.shown], **SLOW
        )

    def pair_of(self, address: str, remembered: Sequence[str]) -> tuple[str, str] | None:
        """The pair that an address names, if opening a link may load it: a shipped one, or the browser's last.

        Others are loaded when their visitor says so: no link makes the server read a folder or fetch a model.
        """
        link = attempt(lambda: links.read(address))
        pair = None if isinstance(link, Problem) else link.pair
        may = {(demo.base, demo.regional) for demo in DEMOS} | {tuple(remembered)}
        return pair if pair in may else None

    def _restore(self, request: gr.Request, address: str) -> dict[Any, object]:
        session = session_of(request)

        def work() -> dict[Any, object]:
            link = links.read(address or "")
            if link.empty:
                return {self._said: gr.skip()}
            pair, head = self.service.current(session), self.compared.head
            if link.pair and link.pair != (pair.base.source, pair.regional.source):
                base, regional = link.pair
                said = notice(say("link.load", base=base, regional=regional))
                return {self._said: said, self.chosen.base: base, self.chosen.regional: regional}
            updates: dict[Any, object] = {self._said: ""}
            if link.tab:
                updates[self.tabs] = gr.Tabs(selected=link.tab)
            if link.beta is not None or link.components:
                weights = self.service.weights(
                    session, header.START if link.beta is None else link.beta, link.components
                )
                own = dict(weights.components)
                updates[head.beta] = weights.beta
                for name, slider in zip(pair.components, head.components, strict=False):
                    updates[slider] = own.get(name, weights.beta)
            return {**updates, **self.compared.filled(session, link.asked)}

        done = attempt(work)
        return {self._said: notice(done.message, "problem")} if isinstance(done, Problem) else done

    def _set_again(self, request: gr.Request, address: str) -> dict[Any, object]:
        def work() -> dict[Any, object]:
            settings = self._settings(session_of(request), address)
            return self.compared.filled(session_of(request), settings) if settings else {}

        done = attempt(work)
        return {self._said: gr.skip()} if isinstance(done, Problem) else {self._said: gr.skip(), **done}

    def _ask_again(self, request: gr.Request, address: str, beta: float, *asked: Any) -> Iterator[dict[Any, object]]:
        session = session_of(request)
        settings = attempt(lambda: self._settings(session, address))
        waits = settings is None  # for its pair: there is nothing to be done with the address yet
        yield {self.pending: gr.skip() if waits else ""}
        small = attempt(lambda: self.service.live(session).small)
        if settings and not isinstance(settings, Problem) and small is True:
            yield from self.compared.in_time(request, beta, *asked)

    def _settings(self, session: str, address: str) -> dict[str, str] | None:
        """What the address says of settings that loading a pair puts to the model's own; None while it waits."""
        link, pair = links.read(address or ""), self.service.current(session)
        if link.pair and link.pair != (pair.base.source, pair.regional.source):
            return None
        view = self.compared.views.get(pair.family.name)
        return {name: link.asked[name] for name in view.settings if name in link.asked} if view else {}

    def _copy(self, request: gr.Request, beta: float, *asked: Any) -> tuple[str, str]:
        session, own, inputs = session_of(request), asked[: header.SLIDERS], asked[header.SLIDERS :]

        def work() -> tuple[str, str]:
            pair = self.service.current(session)
            weights = weights_at(self.service, session, beta, own)
            values = self.compared.values(session, inputs)
            said = say("link.copied")
            if any(map(links.is_own_picture, values.values())):
                said += " " + say("link.own")
            return links.written((pair.base.source, pair.regional.source), weights, values), notice(said, "good")

        done = attempt(work)
        return ("", notice(done.message, "problem")) if isinstance(done, Problem) else done


def build(service: Service, compared: CompareTab, chosen: ModelsTab, tabs: gr.Tabs) -> Linked:
    """Wire the header's button."""
    linked = Linked(service, compared, chosen, tabs, gr.Textbox(visible=False))
    linked.wire()
    return linked
