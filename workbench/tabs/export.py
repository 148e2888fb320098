"""The Export tab: write the merged checkpoint at the weights in force, fetch it, load it, and push it to the Hub."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import gradio as gr

from ggez_core.progress import Step

from .. import header, reports
from ..exporting import DTYPES, SHARD_SIZES, Exported
from ..exporting import export as export_merged
from ..header import Header
from ..markup import fine, notice
from ..problem import Problem, attempt
from ..pushing import Login, push_export
from ..service import Service
from ..session import session_of
from ..text import say
from ..weights import Weights
from .models import on_page
from .stopping import cancel_with

if TYPE_CHECKING:
    from ggez_core.publishing.upload import Pushed


def in_force() -> gr.HTML:
    """Where the weights in force are said, made before the tab so that Compare can write into it."""
    return gr.HTML(reports.in_force(Weights(header.START)), padding=False, render=False)


def build(service: Service, head: Header, force: gr.HTML) -> None:
    """Lay the tab out and wire it."""
    gr.HTML(fine(say("export.intro")), padding=False)
    force.render()  # type: ignore[no-untyped-call]
    with gr.Row():
        name = gr.Textbox(
            "merged-1",
            label=say("export.name"),
            info=say("export.name.info"),
            max_length=64,
            max_lines=1,
            min_width=220,
        )
        dtype = gr.Dropdown(list(DTYPES), value="as base", label=say("export.dtype"), min_width=160)
        shards = gr.Dropdown(list(SHARD_SIZES), value="5GB", label=say("export.shards"), min_width=160)
    card = gr.Checkbox(True, label=say("export.card"), info=say("export.card.info"))
    with gr.Row():
        button = gr.Button(say("export.button"), variant="primary", scale=4, min_width=200)
        cancel = gr.Button(say("slow.cancel"), scale=1, min_width=120)
    if service.settings.limits.export_hours is not None:
        gr.HTML(fine(say("export.deleted", hours=f"{service.settings.limits.export_hours:g}")), padding=False)
    result = gr.HTML(notice(say("export.empty")), padding=False)
    code = gr.Code(label=say("export.code"), language="python", interactive=False, visible=False)
    last = gr.State("")

    def pressed(
        request: gr.Request,
        name: str,
        beta: float,
        dtype: str,
        shards: str,
        card: bool,
        *own: float,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[str, object, object, object]:
        session = session_of(request)

        def work() -> Exported:
            components = header.own_betas(service.current(session), own)
            shown = on_page(progress, with_speed(lambda rate: say("export.progress", rate=rate)))
            return export_merged(
                service, session, name, beta, components, dtype=dtype, shard_size=shards, card=card, progress=shown
            )

        done = attempt(work)
        if isinstance(done, Problem):
            return notice(done.message, "problem"), gr.skip(), gr.skip(), gr.skip()
        shown = gr.update(value=done.loading_code, visible=True)
        return reports.exported(done), shown, next_name(done.name), done.name

    exporting = button.click(
        pressed,
        [name, head.beta, dtype, shards, card, *head.components],
        [result, code, name, last],
        show_progress_on=result,
        concurrency_limit=1,
        concurrency_id="export",
        api_visibility="private",
    )
    cancel_with(cancel, service, exporting, result, "export")
    login = Login.here(service.settings)
    if login.possible:
        _push(service, login, last)


def _push(service: Service, login: Login, last: gr.State) -> None:
    """Sending the last export to the Hub, where somebody can be logged in."""
    with gr.Accordion(say("push.title"), open=False):
        if login.button:
            gr.LoginButton()
        with gr.Row():
            repo = gr.Textbox(label=say("push.repo"), info=say("push.repo.info"), max_length=100, max_lines=1)
            with gr.Column():
                public = gr.Checkbox(False, label=say("push.public"))
                update = gr.Checkbox(False, label=say("push.update"), info=say("push.update.info"))
        with gr.Row():
            button = gr.Button(say("push.button"), scale=4, min_width=200)
            cancel = gr.Button(say("slow.cancel"), scale=1, min_width=120)
        result = gr.HTML(notice(say("push.empty")), padding=False)

    def pressed(
        request: gr.Request,
        oauth: gr.OAuthToken | None,  # put in by Gradio from the visitor's own login, never sent by the page
        name: str,
        repo: str,
        public: bool,
        update: bool,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> str:
        def work() -> Pushed:
            shown = on_page(progress, with_speed(lambda rate: say("push.progress", rate=rate)))
            token = oauth.token if oauth is not None else None
            return push_export(
                service, session_of(request), name, repo, public=public, update=update, token=token, progress=shown
            )

        if not name:
            return notice(say("push.empty"), "problem")
        done = attempt(work)
        return notice(done.message, "problem") if isinstance(done, Problem) else reports.pushed(done)

    pushing = button.click(
        pressed,
        [last, repo, public, update],
        result,
        show_progress_on=result,
        concurrency_limit=2,
        concurrency_id="push",
        api_visibility="private",
    )
    cancel_with(cancel, service, pushing, result, "push")


def next_name(name: str) -> str:
    """A name for the next export: `merged-1` is followed by `merged-2`."""
    stem, dash, number = name.rpartition("-")
    return f"{stem}-{int(number) + 1}" if dash and number.isdecimal() and number.isascii() else f"{name[:60]}-2"


def with_speed(said: Callable[[float], str]) -> Callable[[Step], str]:
    """What the progress bar says: MB a second since now."""
    started = time.perf_counter()
    return lambda step: said(step.done / 1e6 / max(time.perf_counter() - started, 1e-3))
