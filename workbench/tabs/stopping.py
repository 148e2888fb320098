"""A Cancel button for work that a visitor waits for: an errand of theirs, or one in the queue. Used by the tabs."""

from __future__ import annotations

import gradio as gr

from ..events import QUICK
from ..markup import notice
from ..service import Service
from ..session import session_of
from ..text import say


def cancel_with(button: gr.Button, service: Service, event: gr.events.Dependency, said: gr.HTML, *kinds: str) -> None:
    """Let `button` stop the visitor's errands of these kinds that `event` began, and say so in `said`."""

    def stop(request: gr.Request) -> object:
        return notice(say("errand.stopped")) if service.stop(session_of(request), *kinds) else gr.skip()

    button.click(stop, None, said, cancels=[event], **QUICK)
