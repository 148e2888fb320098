"""The Curate tab: measure image-text data, move thresholds and see at once what stays, look at rows, take them home."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from ggez_core.regions import REGIONS

from .. import curate_shown, curating
from ..curations import DEMO, Asked, Job
from ..events import LATEST_WINS, ON_SLICE, QUICK, slice_of
from ..markup import fine, notice
from ..problem import Problem, attempt
from ..service import REGION, Service
from ..session import session_of
from ..spoken import spoken_figure
from ..text import say
from .models import on_page
from .stopping import cancel_with
from .sweep import frame

POLL = 1.0  # seconds between two looks at a curation on its way
REWARDS = ("model=demo:siglip/sea", "")
SLIDERS: dict[str, tuple[float, float, float, float]] = {  # least, most, where it stands first, step
    "reward": (1, 5, 3, 0.1),
    "text_words": (0, 20, 2, 1),
    "picture_side": (0, 512, 50, 2),
    "picture_aspect": (1, 10, 3, 0.1),
    "sharpness": (0, 400, 30, 5),
    "sharpness_contrast": (0, 40, 4, 1),
    "text_repeated": (0, 1, 0.5, 0.05),
}


@dataclass(frozen=True)
class CurateTab:
    """Everything that a look at a curation may change."""

    service: Service
    status: gr.HTML
    shown: gr.Column
    counts: gr.HTML
    drops: gr.Plot
    drops_table: gr.Dataframe
    slices: tuple[gr.Plot, ...]
    slice_table: gr.Dataframe
    spread: gr.Plot
    files: gr.HTML
    reason: gr.Dropdown
    within: gr.Dropdown
    rows: gr.HTML
    groups: gr.HTML
    timer: gr.Timer
    seen: gr.State
    asked: tuple[Any, ...]

    def load(self, page: gr.Blocks) -> None:
        """Show the newest curation when the page opens."""
        page.load(self._look_anew, list(self.asked), self.outputs, **QUICK)

    @property
    def cut_outputs(self) -> list[Any]:
        """What moved thresholds change."""
        return [
            self.counts, self.drops, self.drops_table, *self.slices, self.slice_table, self.spread, self.files,
            self.reason, self.within, self.rows, self.groups,
        ]  # fmt: skip

    @property
    def outputs(self) -> list[Any]:
        """The same, and what progress changes."""
        return [self.status, self.shown, self.timer, self.seen, *self.cut_outputs]

    def start(self, request: gr.Request, data: str, reward: str, *asked: Any) -> dict[Any, object]:
        """Start, or go on with, a curation."""
        session = session_of(request)
        wanted = Asked(str(data or "").strip(), str(reward or "").strip())
        job = attempt(lambda: self.service.curations.start(session, wanted))
        if isinstance(job, Problem):
            return {self.status: notice(job.message, "problem")}
        return self._show(job, None, *asked)

    def stop(self, request: gr.Request) -> None:
        """Stop the visitor's curation."""
        self.service.curations.stop(session_of(request))

    def tick(self, request: gr.Request, seen: Any, *asked: Any) -> dict[Any, object]:
        """While it works: its progress; once it has ended, what it found."""
        return self._show(self.service.curations.latest(session_of(request)), seen, *asked)

    def _look_anew(self, request: gr.Request, *asked: Any) -> dict[Any, object]:
        return self._show(self.service.curations.latest(session_of(request)), None, *asked)

    def recut(self, request: gr.Request, *asked: Any) -> dict[Any, object]:
        """Counts, figures and rows at other thresholds."""
        job = self.service.curations.latest(session_of(request))
        if job is None or job.found is None:
            return {self.status: curate_shown.status(job)}
        return self._cut(job, *asked)

    def _show(self, job: Job | None, seen: Any, *asked: Any) -> dict[Any, object]:
        done = job is not None and job.found is not None
        now = str(job.folder) if job and done else None
        updates: dict[Any, object] = {
            self.status: curate_shown.status(job),
            self.timer: gr.Timer(active=job is not None and job.working),
            self.seen: now,
            self.shown: gr.update(visible=done),
        }
        if job is not None and done and seen != now:
            updates |= self._cut(job, *asked)
        return updates

    def _cut(self, job: Job, *asked: Any) -> dict[Any, object]:
        region, confidence, distance, *rest = asked
        bounds, (measure, which, why, within, page) = rest[: len(SLIDERS)], rest[len(SLIDERS) :]
        found = job.found
        assert found is not None

        def work() -> curating.Shown:
            thresholds = curating.thresholds(region, confidence, distance, dict(zip(SLIDERS, bounds, strict=True)))
            return curating.shown(found, thresholds, measure, which, why, str(within or ""), int(page or 1))

        shown = attempt(work)
        if isinstance(shown, Problem):
            return {self.status: notice(shown.message, "problem")}
        updates: dict[Any, object] = {
            self.status: curate_shown.status(job),
            self.counts: shown.counts,
            self.drops: gr.update(value=shown.drops),
            self.drops_table: frame(shown.drops_table),
            self.slice_table: frame(shown.slice_table),
            self.spread: gr.update(value=spoken_figure(shown.spread), visible=shown.spread is not None),
            self.files: shown.files,
            self.reason: gr.update(choices=shown.reasons, value=shown.reason),
            self.within: gr.update(choices=shown.slices_of, value=shown.within),
            self.rows: shown.rows,
            self.groups: shown.groups,
        }
        for plot, figure in zip(self.slices, shown.slices, strict=True):
            updates[plot] = gr.update(value=spoken_figure(figure), visible=figure is not None)
        return updates


def build(service: Service) -> CurateTab:
    """Lay the tab out and wire it."""
    gr.HTML(fine(say("curate.intro")), padding=False)
    with gr.Row():
        data = gr.Textbox(DEMO, label=say("curate.data"), info=say("curate.info.data"), max_lines=1, scale=2,
                          min_width=260)  # fmt: skip
        reward = gr.Dropdown(
            [(say("curate.by_model.similarity"), REWARDS[0]), (say("curate.by_model.none"), REWARDS[1])],
            value=REWARDS[0], label=say("curate.by_model"), info=say("curate.info.by_model"), allow_custom_value=True,
            scale=2, min_width=260,
        )  # fmt: skip
    with gr.Row():
        start = gr.Button(say("curate.start"), variant="primary", min_width=140)
        stop = gr.Button(say("curate.stop"), min_width=140)
    status = gr.HTML(notice(say("curate.empty")), padding=False)
    with gr.Column(visible=False) as column:
        counts = gr.HTML(padding=False)
        with gr.Row():
            region = gr.Dropdown(
                [(say("curate.region.any"), ""), *((found.name, code) for code, found in REGIONS.items())],
                value=REGION, label=say("curate.region"), info=say("curate.info.region"), allow_custom_value=True,
                min_width=220,
            )  # fmt: skip
            confidence = _slider("confidence", 0.05, 0.95, 0.5, 0.05)
            distance = _slider("distance", -1, 16, 8, 1)
        with gr.Accordion(say("curate.thresholds"), open=True), gr.Row():
            bounds = [_slider(name, *range_) for name, range_ in SLIDERS.items()]
        drops = gr.Plot(show_label=False, label=say("curate.plot.drops"), container=False)
        with gr.Accordion(say("curate.table.drops"), open=False):
            drops_table = gr.Dataframe(interactive=False, show_label=False, wrap=True)
        on_slice = gr.HTML("", padding=False, js_on_load=ON_SLICE.replace("OF", "#tab-curate"))
        with gr.Row(elem_classes="gg-slices"):
            slices = tuple(
                gr.Plot(show_label=False, label=say(f"curate.plot.{kind}"), container=False, min_width=320)
                for kind in curating.KINDS
            )
        with gr.Accordion(say("curate.table.slices"), open=False):
            slice_table = gr.Dataframe(interactive=False, show_label=False, wrap=True)
        measure = gr.Dropdown([(say(f"curate.{name}"), name) for name in SLIDERS], value="reward",
                              label=say("curate.measure"), min_width=220)  # fmt: skip
        spread = gr.Plot(show_label=False, label=say("curate.plot.spread"), container=False)
        files = gr.HTML(padding=False)
        with gr.Row():
            which = gr.Radio(
                [(say("curate.rows.kept"), "kept"), (say("curate.rows.dropped"), "dropped")], value="kept",
                label=say("curate.rows"), min_width=200,
            )  # fmt: skip
            why = gr.Dropdown([(say("curate.reason.all"), "")], value="", label=say("curate.reason"), min_width=220)
            within = gr.Dropdown(
                [(say("curate.within.all"), "")], value="", label=say("curate.within"), info=say("curate.within.info"),
                min_width=220,
            )  # fmt: skip
            page = gr.Number(1, label=say("curate.page"), precision=0, minimum=1, min_width=120)
        rows = gr.HTML(padding=False)
        with gr.Accordion(say("curate.groups"), open=False):
            groups = gr.HTML(padding=False)
        with gr.Row():
            name = gr.Textbox("curated-1", label=say("curate.name"), info=say("export.name.info"), max_length=64,
                              max_lines=1, min_width=220)  # fmt: skip
            take = gr.Button(say("curate.export"), variant="primary", min_width=140, elem_classes="gg-beside")
            cancel = gr.Button(say("slow.cancel"), min_width=120, elem_classes="gg-beside")
        taken = gr.HTML(padding=False)
    moved = [region, confidence, distance, *bounds]
    asked: list[Any] = [*moved, measure, which, why, within, page]
    tab = CurateTab(
        service, status, column, counts, drops, drops_table, slices, slice_table, spread, files, why, within, rows,
        groups, gr.Timer(POLL, active=False, render=False), gr.State(None), tuple(asked),
    )  # fmt: skip
    start.click(tab.start, [data, reward, *asked], tab.outputs, **QUICK)
    stop.click(tab.stop, None, None, **QUICK)
    tab.timer.tick(tab.tick, [tab.seen, *asked], tab.outputs, **QUICK)
    outputs = [status, *tab.cut_outputs]
    listened = (*moved, measure, which, why, within, page)
    gr.on([part.input for part in listened], tab.recut, asked, outputs, **LATEST_WINS)

    on_slice.select(slice_of, None, within, **QUICK).then(tab.recut, asked, outputs, **LATEST_WINS)

    def take_home(
        request: gr.Request,
        name: str,
        *moved: Any,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> str:
        region, confidence, distance, *bounds = moved

        def work() -> curating.Taken:
            thresholds = curating.thresholds(region, confidence, distance, dict(zip(SLIDERS, bounds, strict=True)))
            shown = on_page(progress, say("curate.exporting"))
            return curating.take(service, session_of(request), name, thresholds, progress=shown)

        done = attempt(work)
        return notice(done.message, "problem") if isinstance(done, Problem) else curate_shown.taken(done)

    taking = take.click(
        take_home, [name, *moved], taken, show_progress_on=taken, concurrency_limit=1, concurrency_id="export",
        api_visibility="private",
    )  # fmt: skip
    cancel_with(cancel, service, taking, taken, "curated export")
    return tab


def _slider(name: str, least: float, most: float, value: float, step: float) -> gr.Slider:
    return gr.Slider(
        least, most, value, step=step, label=say(f"curate.{name}"), info=say(f"curate.info.{name}"), min_width=260,
        buttons=[],
    )  # fmt: skip
