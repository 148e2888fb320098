"""The Models tab: choose a pair, read its preflight report, see where fine-tuning changed the weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import gradio as gr

from ggez_core.progress import Progress, Step, silent

from .. import header, render, reports
from ..demos import DEMOS
from ..events import QUICK
from ..header import Header
from ..markup import fine, notice
from ..problem import Problem, attempt
from ..service import DEMO_PAIR, Loaded, Service
from ..session import session_of
from ..text import say
from .stopping import cancel_with


@dataclass(frozen=True)
class ModelsTab:
    """What the page's start needs of this tab. loaded: the events that load a pair."""

    base: gr.Textbox
    regional: gr.Textbox
    report: gr.HTML
    loaded: tuple[gr.events.Dependency, ...]


def build(service: Service, tab: gr.Tab, head: Header) -> ModelsTab:
    """Lay the tab out and wire it."""
    gr.HTML(fine(say("models.intro")), padding=False)
    with gr.Row():
        base = gr.Textbox(DEMO_PAIR[0], label=say("models.base"), info=say("models.info"), max_lines=1, min_width=260)
        regional = gr.Textbox(
            DEMO_PAIR[1], label=say("models.regional"), info=say("models.info"), max_lines=1, min_width=260
        )
    with gr.Row():
        load = gr.Button(say("models.load"), variant="primary", scale=4, min_width=200)
        cancel = gr.Button(say("slow.cancel"), scale=1, min_width=120)
    report = gr.HTML(padding=False)
    plot = gr.Plot(label=say("models.heatmap"), show_label=False, container=False, visible=False)
    with gr.Accordion(say("models.heatmap.table"), open=False):
        tensors = gr.HTML(padding=False)

    def shipped(request: gr.Request, event: gr.EventData, beta: float) -> Iterator[list[object]]:
        demo = DEMOS[int(event.index)]
        session, ends = session_of(request), (demo.base, demo.regional)
        waiting = [gr.skip()] * header.SLIDERS
        yield [*ends, gr.skip(), render.pair_line(say("pair.loading.next", base=demo.base)), *waiting]
        updates = show_loaded(service, session, *ends, beta, silent)
        if updates[1] == gr.skip():  # refused: the report says why, and what was loaded still is
            still = attempt(lambda: service.current(session))
            updates[1] = render.pair_line(still.message if isinstance(still, Problem) else still)
        yield [*ends, *updates]

    def pressed(
        request: gr.Request,
        base: str,
        regional: str,
        beta: float,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> list[object]:
        return show_loaded(
            service, session_of(request), base, regional, beta, on_page(progress, say("models.progress"))
        )

    def draw(request: gr.Request) -> tuple[object, str]:
        return show_differences(service, session_of(request))

    taken = head.pair.select(
        shipped,
        head.beta,
        [base, regional, report, head.pair, *head.components],
        show_progress="hidden",
        concurrency_limit=2,
        concurrency_id="load",
        api_visibility="private",
    )
    loaded = load.click(
        pressed,
        [base, regional, head.beta],
        [report, head.pair, *head.components],
        show_progress_on=report,
        concurrency_limit=2,
        concurrency_id="load",
        api_visibility="private",
    )
    cancel_with(cancel, service, loaded, report, "load")
    for event in (loaded, taken):
        event.success(draw, None, [plot, tensors], **QUICK)
    tab.select(draw, None, [plot, tensors], **QUICK)
    return ModelsTab(base, regional, report, (loaded, taken))


def show_loaded(
    service: Service, session: str, base: str, regional: str, beta: float, progress: Progress
) -> list[object]:
    """Load a pair for a session: updates of report, header and sliders. A refused pair changes the report only."""

    def work() -> tuple[Loaded | None, str]:
        with service.errands.run(session, "load") as errand:
            pair = service.preflight(base, regional, progress=errand.watched(progress))
        if not pair.comparison.compatible:
            return None, reports.report(None, pair.comparison)
        loaded = service.load_pair(session, base, regional)
        return loaded, reports.report(loaded, pair.comparison)

    done = attempt(work)
    unchanged = [gr.skip()] * (1 + header.SLIDERS)
    if isinstance(done, Problem):
        return [notice(done.message, "problem"), *unchanged]
    loaded, report = done
    return [report, *(header.show_pair(loaded.pair, beta) if loaded else unchanged)]


def show_differences(service: Service, session: str) -> tuple[object, str]:
    """The heat map of the session's pair, and the same as a table."""

    def work() -> tuple[object, str]:
        from ..plots import heatmap

        comparison = service.current(session).comparison
        found = heatmap.cells(comparison)
        drawn = heatmap.figure(found, say("models.heatmap")) if found else None
        return gr.update(value=drawn, visible=drawn is not None), reports.tensor_table(comparison)

    done = attempt(work)
    return (gr.update(visible=False), notice(done.message, "problem")) if isinstance(done, Problem) else done


def on_page(progress: gr.Progress, title: str | Callable[[Step], str]) -> Progress:
    """Engine progress on Gradio's bar."""

    def show(step: Step) -> None:
        progress((step.done, step.total), desc=title if isinstance(title, str) else title(step), unit=step.unit)

    return show
