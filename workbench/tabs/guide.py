"""A newcomer's first minute: three steps above everything, each a button that does it. Once dismissed it stays away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from .. import header
from ..events import QUICK, SLOW
from ..markup import tag
from ..problem import Problem, attempt
from ..service import Service
from ..session import session_of
from ..text import say
from .compare import CompareTab
from .sweep import SweepTab

STEPS = ("slide", "ask", "sweep")
SLID_TO = 0.75


@dataclass(frozen=True)
class Guide:
    """The strip. seen: what the browser remembers, "dismissed" or nothing."""

    strip: gr.Row
    steps: Mapping[str, gr.Button]
    dismiss: gr.Button
    seen: gr.BrowserState

    def load(self, page: gr.Blocks) -> None:
        """Show the strip to who hasn't dismissed it."""
        page.load(lambda seen: gr.update(visible=seen != "dismissed"), self.seen, self.strip, **QUICK)

    def wire(self, service: Service, tabs: gr.Tabs, compared: CompareTab, swept: SweepTab) -> None:
        """Let the buttons do their steps."""
        head = compared.head

        def slide() -> list[Any]:
            return [_done("slide"), gr.Tabs(selected="compare"), *[SLID_TO] * (1 + header.SLIDERS)]

        def ask(request: gr.Request) -> dict[Any, object]:
            session = session_of(request)

            def work() -> dict[Any, object]:
                view = compared.views.get(service.current(session).family.name)
                return compared.filled(session, view.sample) if view else {}

            filled = attempt(work)
            shown = {self.steps["ask"]: _done("ask"), tabs: gr.Tabs(selected="compare")}
            return shown if isinstance(filled, Problem) else {**shown, **filled}

        slid = self.steps["slide"].click(slide, None, [self.steps["slide"], tabs, head.beta, *head.components], **QUICK)
        compared.ask_after(slid)
        fields = [field for view in compared.views.values() for field in (*view.fields.values(), *view.along)]
        asked = self.steps["ask"].click(ask, None, [self.steps["ask"], tabs, *dict.fromkeys(fields)], **QUICK)
        compared.ask_after(asked).then(compared.in_time, compared.asked, compared.shown, **SLOW)
        to_sweep = self.steps["sweep"].click(
            lambda: [_done("sweep"), gr.Tabs(selected="sweep")], None, [self.steps["sweep"], tabs], **QUICK
        )
        swept.start_after(to_sweep)
        self.dismiss.click(lambda: ["dismissed", gr.update(visible=False)], None, [self.seen, self.strip], **QUICK)


def build() -> Guide:
    """Lay the strip out, inside the current Blocks. It is hidden until it is known whether it was dismissed."""
    with gr.Row(visible=False, elem_classes="gg-guide") as strip:
        gr.HTML(tag("p", say("guide.title"), cls="gg-label"), padding=False)
        steps = {name: gr.Button(_label(name), size="sm", min_width=120) for name in STEPS}
        dismiss = gr.Button(say("guide.dismiss"), size="sm", variant="secondary", min_width=40, elem_classes="gg-quiet")
    return Guide(strip, steps, dismiss, gr.BrowserState("", storage_key="ggez-guide", secret="nothing to hide"))


def _label(name: str) -> str:
    return f"{STEPS.index(name) + 1} · {say(f'guide.{name}')}"


def _done(name: str) -> dict[str, Any]:
    return gr.update(value=f"✓ {say(f'guide.{name}')}")
