"""The Export tab: write the merged checkpoint at the weights in force, fetch it, and learn how to load it."""

from __future__ import annotations

import time
from collections.abc import Callable

import gradio as gr

from ggez_core.progress import Step

from .. import header, reports
from ..exporting import DTYPES, SHARD_SIZES, Exported
from ..exporting import export as export_merged
from ..header import Header
from ..markup import fine, notice
from ..problem import Problem, attempt
from ..service import Service
from ..session import session_of
from ..text import say
from ..weights import Weights
from .models import on_page


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
    button = gr.Button(say("export.button"), variant="primary")
    result = gr.HTML(notice(say("export.empty")), padding=False)
    code = gr.Code(label=say("export.code"), language="python", interactive=False, visible=False)

    def pressed(
        request: gr.Request,
        name: str,
        beta: float,
        dtype: str,
        shards: str,
        card: bool,
        *own: float,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[str, object, object]:
        session = session_of(request)

        def work() -> Exported:
            components = header.own_betas(service.current(session), own)
            shown = on_page(progress, with_speed())
            return export_merged(
                service, session, name, beta, components, dtype=dtype, shard_size=shards, card=card, progress=shown
            )

        done = attempt(work)
        if isinstance(done, Problem):
            return notice(done.message, "problem"), gr.skip(), gr.skip()
        return reports.exported(done), gr.update(value=done.loading_code, visible=True), next_name(done.name)

    button.click(
        pressed,
        [name, head.beta, dtype, shards, card, *head.components],
        [result, code, name],
        show_progress_on=result,
        concurrency_limit=1,
        concurrency_id="export",
        api_visibility="private",
    )


def next_name(name: str) -> str:
    """A name for the next export: `merged-1` is followed by `merged-2`."""
    stem, dash, number = name.rpartition("-")
    return f"{stem}-{int(number) + 1}" if dash and number.isdecimal() and number.isascii() else f"{name[:60]}-2"


def with_speed() -> Callable[[Step], str]:
    """What the progress bar says: bytes a second since now."""
    started = time.perf_counter()
    return lambda step: say("export.progress", rate=step.done / 1e6 / max(time.perf_counter() - started, 1e-3))
