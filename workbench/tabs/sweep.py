"""The Sweep tab: score the pair over β, watch the points arrive, move α and see β* move, click a point to go there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from ggez_core.errors import DataError

from .. import sweep_shown
from ..events import ON_CLICK, ON_SLICE, QUICK, slice_of
from ..header import SLIDERS, Header, show_scores
from ..markup import fine, notice
from ..problem import Problem, attempt
from ..service import REGION, Service
from ..session import session_of
from ..spoken import spoken_all, spoken_figure
from ..sweeps import SIZES, Job, Wanted
from ..text import say
from .compare import CompareTab, weights_at

GRIDS: Mapping[str, tuple[float, ...]] = {
    "6": (0.0, 0.1, 0.25, 0.5, 0.75, 1.0),
    "11": tuple(k / 10 for k in range(11)),
    "21": tuple(k / 20 for k in range(21)),
}
SLOW_SIZE = 120  # to begin with, where a row takes long: a drawing, an answer
POLL = 1.0  # seconds between two looks at a sweep on its way

# A click on a point of a curve that has a β tells it; figures are drawn anew, so new ones are looked for now and then.
ON_POINT = """const tell = (event) => {
  const beta = event.points?.[0]?.customdata;
  if (typeof beta === "number") trigger("select", { index: beta });
};
setInterval(() => document.querySelectorAll(".gg-curve .js-plotly-plot").forEach((plot) => {
  if (plot.on && !plot.tellsBeta) { plot.tellsBeta = true; plot.on("plotly_click", tell); }
}), 500);"""


@dataclass(frozen=True)
class SweepTab:
    """What the page's start needs: `load_after` shows what is known of the pair that an event has loaded."""

    service: Service
    head: Header
    tasks: gr.CheckboxGroup
    grid: gr.Dropdown
    size: gr.Dropdown
    alpha: gr.Slider
    keep: gr.Slider
    measure: gr.Dropdown
    status: gr.HTML
    verdict: gr.HTML
    curves: tuple[gr.Plot, gr.Plot, gr.Plot]
    table: gr.Dataframe
    report: gr.HTML
    slices: tuple[gr.Plot, gr.Plot, gr.Plot]
    single: gr.Dropdown
    single_curve: gr.Plot
    slice_tables: tuple[gr.Dataframe, gr.Dataframe]
    files: gr.HTML
    timer: gr.Timer
    seen: gr.State

    @property
    def asked(self) -> list[Any]:
        """What a sweep is started with."""
        return [self.tasks, self.grid, self.size, *self.settings]

    @property
    def settings(self) -> list[Any]:
        """How what was measured is looked at, and the weights in force."""
        head = self.head
        return [self.alpha, self.keep, self.measure, self.single, head.beta, *head.components]

    @property
    def outputs(self) -> list[Any]:
        """Everything that a look at the sweep may change."""
        return [
            self.status, self.verdict, *self.curves, self.table, self.report, self.measure, *self.slices,
            self.single, self.single_curve, *self.slice_tables, self.files, self.timer, self.seen,
            self.head.strip, self.head.scores,
        ]  # fmt: skip

    def start_after(self, event: gr.events.Dependency) -> None:
        """Start a sweep as the tab's settings stand, after `event`; one that is there already is shown."""
        event.then(self._start_or_show, self.asked, self.outputs, **QUICK)

    def load_after(self, event: gr.events.Dependency) -> None:
        """Offer the tasks of the pair that `event` has loaded, and show its newest sweep."""
        event.then(self._offer, None, [self.tasks, self.size], **QUICK).then(
            self._look_anew, self.settings, self.outputs, **QUICK
        )

    def _offer(self, request: gr.Request) -> list[object]:
        """The tasks that the pair's family can be asked, the first one ticked, and how many rows to begin with."""

        def work() -> tuple[list[str], int]:
            pair = self.service.current(session_of(request))
            return sweep_shown.offered(pair), 0 if pair.family.does == "embeds" else SLOW_SIZE

        found = attempt(work)
        offered, size = ([], 0) if isinstance(found, Problem) else found
        return [gr.update(choices=offered, value=offered[:1]), size]

    def _job(self, request: gr.Request) -> Job | None:
        found = attempt(lambda: self.service.sweeps.latest(self.service.current(session_of(request))))
        return None if isinstance(found, Problem) else found

    def start(
        self, request: gr.Request, tasks: Sequence[str], grid: str, size: int, alpha: float, keep: float, *looked: Any
    ) -> dict[Any, object]:
        """Start, or go on with, a sweep."""

        def work() -> Job:
            session = session_of(request)
            pair = self.service.current(session)
            if unknown := set(tasks) - set(sweep_shown.offered(pair)):  # others read data from elsewhere
                raise DataError(f"{min(unknown)[:80]!r}: no task of this page; tick some of those that are shown")
            wanted = Wanted(tuple(tasks), GRIDS[grid], alpha, keep or None, int(size) or None)
            return self.service.sweeps.start(pair, wanted, session)

        job = attempt(work)
        if isinstance(job, Problem):
            return {self.status: notice(job.message, "problem")}
        return self._show(session_of(request), job, None, alpha, keep, *looked)

    def _start_or_show(
        self, request: gr.Request, tasks: Sequence[str], grid: str, size: int, *settings: Any
    ) -> dict[Any, object]:
        job = self._job(request)
        if job is None or job.stopped or job.problem:
            return self.start(request, tasks, grid, size, *settings)
        return self._show(session_of(request), job, None, *settings)

    def stop(self, request: gr.Request) -> object:
        """Stop the pair's sweep; what is said of it if that can't be."""
        session = session_of(request)
        done = attempt(lambda: self.service.sweeps.stop(self.service.current(session), session))
        return notice(done.message, "problem") if isinstance(done, Problem) else gr.skip()

    def tick(self, request: gr.Request, seen: Any, *settings: Any) -> dict[Any, object]:
        """While it works: its progress, and the figures if something new has arrived."""
        return self._show(session_of(request), self._job(request), seen, *settings)

    def _look_anew(self, request: gr.Request, *settings: Any) -> dict[Any, object]:
        return self._show(session_of(request), self._job(request), None, *settings)

    def _show(
        self, session: str, job: Job | None, seen: Any, alpha: float, keep: float, measure: Any, single: Any,
        beta: float, *own: float,
    ) -> dict[Any, object]:  # fmt: skip
        if job is None:
            empty = {
                out: gr.update(visible=False)
                for out in (*self.curves, *self.slices, self.measure, self.single, self.single_curve)
            }
            return {
                **empty, self.status: notice(say("sweep.empty")), self.verdict: "", self.report: "", self.files: "",
                **{table: gr.update(visible=False) for table in (self.table, *self.slice_tables)},
                self.timer: gr.Timer(active=False), self.seen: None, self.head.strip: "",
            }  # fmt: skip
        now = (len(job.points), job.report is not None)
        updates: dict[Any, object] = {
            self.status: sweep_shown.status(job), self.timer: gr.Timer(active=job.working), self.seen: now,
        }  # fmt: skip
        if seen is not None and tuple(seen) == now:
            return updates
        shown = sweep_shown.figures(job, alpha, keep or None, str(measure or ""), str(single or ""))
        for plot, figure in zip((*self.curves, *self.slices), (*shown.curves, *shown.slices), strict=True):
            updates[plot] = gr.update(value=spoken_figure(figure), visible=figure is not None)
        weights = attempt(lambda: weights_at(self.service, session, beta, own))
        if not isinstance(weights, Problem):
            updates[self.head.scores] = show_scores(self.service, session, weights)
        updates |= {
            self.verdict: shown.verdict,
            self.report: shown.report,
            self.files: shown.files,
            self.head.strip: shown.strip,
            self.table: frame(shown.table),
            **{t: frame(found) for t, found in zip(self.slice_tables, (*shown.slice_tables, None, None), strict=False)},
            self.single: gr.update(choices=shown.singles, value=shown.single, visible=bool(shown.singles)),
            self.single_curve: gr.update(
                value=spoken_figure(shown.single_curve), visible=shown.single_curve is not None
            ),
            self.measure: gr.update(choices=shown.measures, value=shown.measure, visible=bool(shown.measures)),
        }
        return updates


def build(service: Service, head: Header, compared: CompareTab) -> SweepTab:
    """Lay the tab out and wire it."""
    gr.HTML(fine(say("sweep.intro")), padding=False)
    with gr.Row():
        tasks = gr.CheckboxGroup([], label=say("sweep.tasks"), scale=3, min_width=280)
        grid = gr.Dropdown(
            [(say("sweep.grid.points", n=n), n) for n in GRIDS], value="6", label=say("sweep.grid"), min_width=160
        )
        size = gr.Dropdown(
            [(say("sweep.size.some", n=n) if n else say("sweep.size.all"), n) for n in SIZES], value=0,
            label=say("sweep.size"), min_width=160,
        )  # fmt: skip
    with gr.Row():
        alpha = gr.Slider(
            0, 1, round(service.alpha().value, 2), step=0.01, label=say("sweep.alpha"),
            info=say("sweep.alpha.info", region=REGION), min_width=260, buttons=[],
        )  # fmt: skip
        keep = gr.Slider(
            0, 1, 0.98, step=0.01, label=say("sweep.keep"), info=say("sweep.keep.info"), min_width=260, buttons=[]
        )
    with gr.Row():
        start = gr.Button(say("sweep.start"), variant="primary", min_width=140)
        stop = gr.Button(say("sweep.stop"), min_width=140)
    status = gr.HTML(notice(say("sweep.empty")), padding=False)
    verdict = gr.HTML(padding=False, js_on_load=ON_CLICK)
    point = gr.HTML("", padding=False, js_on_load=ON_POINT)
    with gr.Row(elem_classes="gg-curve"):
        curves = tuple(gr.Plot(show_label=False, label=say(f"sweep.plot.{name}"), container=False, visible=False,
                               min_width=320) for name in ("parity", "tradeoff"))  # fmt: skip
    over_alpha = gr.Plot(show_label=False, label=say("sweep.plot.alpha"), container=False, visible=False)
    with gr.Accordion(say("sweep.table"), open=False):
        table = gr.Dataframe(interactive=False, show_label=False, visible=False, wrap=True)
    report = gr.HTML(padding=False)
    measure = gr.Dropdown([], label=say("sweep.measure"), visible=False, min_width=240)
    with gr.Row(elem_classes="gg-slices"):
        languages = gr.Plot(show_label=False, label=say("sweep.plot.languages"), container=False, visible=False)
    with gr.Row(elem_classes="gg-slices"):
        countries, places = (
            gr.Plot(show_label=False, label=say(f"sweep.plot.{name}"), container=False, visible=False, min_width=320)
            for name in ("countries", "map")
        )
    on_slice = gr.HTML("", padding=False, js_on_load=ON_SLICE.replace("OF", "#tab-sweep"))
    single = gr.Dropdown(
        [], value=None, label=say("sweep.single"), info=say("sweep.single.info"), visible=False, min_width=240
    )
    with gr.Row(elem_classes="gg-curve"):
        single_curve = gr.Plot(show_label=False, label=say("sweep.single"), container=False, visible=False)
    with gr.Accordion(say("sweep.slices"), open=False):
        slice_tables = tuple(
            gr.Dataframe(interactive=False, label=say(f"sweep.table.{kind}"), visible=False, wrap=True)
            for kind in ("languages", "countries")
        )
    files = gr.HTML(padding=False)
    tab = SweepTab(
        service, head, tasks, grid, size, alpha, keep, measure, status, verdict, (*curves, over_alpha), table, report,
        (languages, countries, places), single, single_curve, slice_tables, files,
        gr.Timer(POLL, active=False, render=False), gr.State(None),
    )  # fmt: skip
    start.click(tab.start, tab.asked, tab.outputs, **QUICK)
    stop.click(tab.stop, None, status, **QUICK)
    tab.timer.tick(tab.tick, [tab.seen, *tab.settings], tab.outputs, **QUICK)
    asked_anew = [alpha.input, keep.input, measure.input, single.input]
    gr.on(asked_anew, tab._look_anew, tab.settings, tab.outputs, **QUICK)
    on_slice.select(slice_of, None, single, **QUICK).then(tab._look_anew, tab.settings, tab.outputs, **QUICK)

    def go_to(event: gr.EventData) -> list[float]:
        beta = min(max(float(event.index), 0.0), 1.0)
        return [beta] * (1 + SLIDERS)

    def go_to_choice(event: gr.EventData) -> list[float]:
        return [int(event.index) / 100] * (1 + SLIDERS)

    for source, handler in ((point, go_to), (verdict, go_to_choice)):
        compared.ask_after(source.select(handler, None, [head.beta, *head.components], **QUICK))
    return tab


def frame(table: Any) -> object:
    """A table of figures as a sortable one; hidden while there is none."""
    if table is None:
        return gr.update(visible=False)
    rows = [[round(cell, 4) if isinstance(cell, float) else cell for cell in row] for row in table.rows]
    return gr.update(value={"headers": spoken_all(table.heads), "data": rows}, visible=True)
