"""The Train tab: choose a config, see what it takes, start it, watch it, stop it, go on with it, compare runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from ggez_core.runs import RunFolder, ask_to_stop, resume
from ggez_core.runs import stop as insist

from .. import trainings, under_way
from ..events import ON_OPEN, ON_SLICE, QUICK, slice_of
from ..markup import fine, notice
from ..problem import Problem, attempt
from ..service import Service
from ..session import session_of
from ..spoken import spoken_figure
from ..text import say
from .models import ModelsTab
from .sweep import frame

POLL = 2.0  # seconds between two looks at the runs


@dataclass(frozen=True)
class TrainTab:
    """The parts of the tab that change. two, sent: the models that were sent to Cross-lingual, and the event of it."""

    service: Service
    runs: gr.Dropdown
    beta: gr.Dropdown
    which: gr.Dropdown
    status: gr.HTML
    plots: tuple[gr.Plot, gr.Plot, gr.Plot, gr.Plot]
    table: gr.Dataframe
    log: gr.Code
    stop: gr.Button
    resume: gr.Button
    use: gr.Button
    across: gr.Button
    files: gr.HTML
    samples: gr.HTML
    way: gr.HTML
    seen: gr.State
    two: gr.State
    sent: Any = None

    @property
    def outputs(self) -> list[Any]:
        """Everything that a look may change."""
        return [
            self.runs, self.beta, self.which, self.status, *self.plots, self.table, self.log, self.stop, self.resume,
            self.use, self.across, self.files, self.samples, self.way, self.seen,
        ]  # fmt: skip

    def look(
        self, request: gr.Request, chosen: Sequence[str] | None, beta: float | None, seen: Any
    ) -> dict[Any, object]:
        """What is on its way, the list of runs as it is now, and what is new of those that are chosen."""
        way = attempt(lambda: under_way.listed(under_way.under_way(self.service, session_of(request))))
        updates = self._look(chosen, beta, seen)
        return updates if isinstance(way, Problem) else {**updates, self.way: way}

    def _look(self, chosen: Sequence[str] | None, beta: float | None, seen: Any) -> dict[Any, object]:
        listed = trainings.choices() if self.service.settings.training else []  # else they are nobody's here
        known = {name for _, name in listed}
        names = [name for name in chosen or () if name in known] or [name for _, name in listed[:1]]
        now = [names, beta, trainings.stamp(names), [label for label, _ in listed]]
        if seen == now:
            return {self.seen: now}
        updates: dict[Any, object] = {self.runs: gr.update(choices=listed, value=names), self.seen: now}
        if not listed:
            return {
                **updates,
                self.status: trainings.empty(self.service.settings.shared),
                **dict.fromkeys(self.plots, gr.update(visible=False)),
            }
        found = attempt(lambda: trainings.shown(names, beta, self.service.settings.shared))
        if isinstance(found, Problem):
            return {**updates, self.status: notice(found.message, "problem")}
        for plot, figure in zip(self.plots, (found.loss, found.scores, found.speed, found.watched), strict=True):
            updates[plot] = gr.update(value=spoken_figure(figure), visible=figure is not None)
        may = self.service.settings.training
        which = next((name for name in ("best", "model", "newest") if name in found.models), None)
        return {
            **updates,
            self.status: found.status,
            self.beta: gr.update(
                choices=list(found.betas), visible=len(found.betas) > 1,
                value=beta if beta in found.betas else next(reversed(found.betas), None),
            ),
            self.which: gr.update(choices=[(say(f"train.which.{name}"), name) for name in found.models], value=which,
                                  visible=bool(found.models)),
            self.table: frame(found.table if found.table and found.table.rows else None),
            self.log: found.log,
            self.files: found.files,
            self.samples: found.samples,
            self.stop: gr.update(interactive=found.alive and may),
            self.resume: gr.update(interactive=found.resumable and may),
            self.use: gr.update(interactive=bool(found.models)),
            self.across: gr.update(interactive=bool(found.models)),
        }  # fmt: skip

    def anew(self, request: gr.Request, chosen: Sequence[str] | None, beta: float | None) -> dict[Any, object]:
        """Everything again: when the tab was opened, or something else was chosen."""
        return self.look(request, chosen, beta, None)

    def press(
        self, request: gr.Request, work: Callable[[RunFolder], object], chosen: Sequence[str] | None
    ) -> dict[Any, object]:
        """Do something with the first chosen run, then look at it."""
        done = attempt(lambda: work(trainings.called((chosen or [""])[0])))
        if isinstance(done, Problem):
            return {self.status: notice(done.message, "problem")}
        return self.look(request, chosen, None, None)


def build(service: Service, tabs: gr.Tabs, opened: gr.Tab, chosen: ModelsTab) -> TrainTab:
    """Lay the tab out and wire it."""
    may = service.settings.training
    gr.HTML(fine(say("train.intro")), padding=False)
    if not may:
        gr.HTML(notice(say("train.off")), padding=False)
    way = gr.HTML(padding=False, js_on_load=ON_OPEN)
    kind = gr.Radio(
        [(say(f"train.kind.{name}"), name) for name in trainings.KINDS], value=trainings.KINDS[0],
        label=say("train.kind"), info=say("train.kind.info"), elem_id="train-kind",
    )  # fmt: skip
    offered = trainings.starts(trainings.KINDS[0])
    first = trainings.start_config(offered[0]) if offered else ""
    shown = trainings.fields_of(first) if first else trainings.Wanted()
    with gr.Row():
        begin = gr.Dropdown(
            offered, value=offered[0] if offered else None, label=say("train.start_from"),
            info=say("train.start_from.info"), min_width=220,
        )  # fmt: skip
        model = gr.Textbox(shown.model, label=say("train.model"), info=say("train.model.info"), max_lines=1)
        data = gr.Textbox(shown.data, label=say("train.data"), info=say("train.data.info"), max_lines=1)
    with gr.Row():
        preset = gr.Dropdown(
            _presets(trainings.KINDS[0]), value=shown.preset, label=say("train.preset"), info=say("train.preset.info"),
            allow_custom_value=True, min_width=200,
        )  # fmt: skip
        steps = gr.Number(
            shown.steps, label=say("train.length"), info=say("train.length.info"), precision=0, minimum=0, min_width=120
        )
        batch = gr.Number(shown.batch, label=say("train.batch"), precision=0, minimum=0, min_width=120)
        rate = gr.Number(shown.rate, label=say("train.rate"), minimum=0, min_width=120)
        lora = gr.Checkbox(shown.lora, label=say("train.lora"), info=say("train.lora.info"), elem_classes="gg-box")
        sampled = gr.Checkbox(
            shown.samples, label=say("train.samples.make"), info=say("train.samples.make.info"), elem_classes="gg-box"
        )
    config = gr.Code(first, label=say("train.config"), language="yaml", lines=12, max_lines=30, buttons=["copy"])
    gr.HTML(fine(say("train.config.keys")), padding=False)
    with gr.Row():
        check = gr.Button(say("train.check"), min_width=140)
        start = gr.Button(say("train.start"), variant="primary", interactive=may, min_width=140)
    told = gr.HTML(padding=False)
    runs = gr.Dropdown(
        trainings.choices() if may else [],
        value=[],
        multiselect=True,
        label=say("train.runs"),
        info=say("train.runs.info"),
    )
    status = gr.HTML(notice(say("train.none")), padding=False)
    with gr.Row():
        stop = gr.Button(say("train.stop"), interactive=False, min_width=120)
        again = gr.Button(say("train.resume"), interactive=False, min_width=120)
        which = gr.Dropdown([], label=say("train.which"), visible=False, min_width=180)
        use = gr.Button(say("train.use"), interactive=False, min_width=160)
        across = gr.Button(say("train.across"), interactive=False, min_width=160)
    on_run = gr.HTML("", padding=False, js_on_load=ON_SLICE.replace("OF", "#tab-train"))
    with gr.Row(elem_classes="gg-slices"):
        loss, scores = (_plot("loss"), _plot("scores"))
    beta = gr.Dropdown([], label=say("train.beta"), visible=False, min_width=200)
    with gr.Row(elem_classes="gg-slices"):
        speed, watched = (_plot("speed"), _plot("watched"))
    files = gr.HTML(padding=False)
    samples = gr.HTML(padding=False)
    with gr.Accordion(say("train.table"), open=False):
        table = gr.Dataframe(interactive=False, show_label=False, visible=False, wrap=True)
    with gr.Accordion(say("train.log"), open=False):
        log = gr.Code("", label=say("train.log"), language=None, interactive=False, max_lines=20, buttons=["copy"])
    tab = TrainTab(
        service, runs, beta, which, status, (loss, scores, speed, watched), table, log, stop, again, use, across,
        files, samples, way, gr.State(None), gr.State(None),
    )  # fmt: skip
    fields = [model, data, steps, batch, rate, lora, preset, sampled]

    def take(name: str) -> list[object]:
        text = attempt(lambda: trainings.start_config(name))
        if isinstance(text, Problem):
            return [gr.skip()] * (2 + len(fields))
        own = trainings.fields_of(text)
        of = trainings.kind_of(text)
        label = "objective" if of == "distill" else "preset"
        begins = gr.update(
            choices=_presets(of), value=own.preset, label=say(f"train.{label}"), info=say(f"train.{label}.info")
        )
        small = gr.update(value=own.lora, visible=of == "finetune")
        return ["", text, own.model, own.data, own.steps, own.batch, own.rate, small, begins, own.samples]

    def turn(kind: str) -> list[object]:
        names = trainings.starts(kind if kind in trainings.KINDS else trainings.KINDS[0])
        return [gr.update(choices=names, value=names[0]), *take(names[0])]

    def write(text: str, *values: Any) -> object:
        model, data, steps, batch, rate, lora, preset, sampled = values
        numbers = int(steps or 0), int(batch or 0), float(rate or 0)
        wanted = trainings.Wanted(model, data, *numbers, bool(lora), str(preset or ""), bool(sampled))
        found = attempt(lambda: trainings.changed(text, wanted))
        return gr.skip() if isinstance(found, Problem) else found

    def say_what(text: str) -> str:
        if not may:  # a config names files of this machine
            return notice(say("train.off"), "problem")
        found = attempt(lambda: trainings.checked(text))
        return notice(found.message, "problem") if isinstance(found, Problem) else found

    def go(request: gr.Request, text: str) -> dict[Any, object]:
        if not may:
            return {told: notice(say("train.off"), "problem")}
        found = attempt(lambda: trainings.start(text))
        if isinstance(found, Problem):
            return {told: notice(found.message, "problem")}
        return {told: "", **tab.look(request, [found.name], None, None)}

    def send(names: Sequence[str] | None, which: str | None) -> list[object]:
        if not may:
            return [gr.skip(), gr.skip(), notice(say("train.off"), "problem"), gr.skip()]
        found = attempt(lambda: trainings.pair_of((names or [""])[0], str(which or "")))
        if isinstance(found, Problem):
            return [gr.skip(), gr.skip(), notice(found.message, "problem"), gr.skip()]
        return [*found, notice(say("train.sent"), "good"), gr.Tabs(selected="models")]

    def send_across(names: Sequence[str] | None, which: str | None) -> list[object]:
        if not may:
            return [gr.skip(), notice(say("train.off"), "problem"), gr.skip()]
        found = attempt(lambda: trainings.before_and_after((names or [""])[0], str(which or "")))
        if isinstance(found, Problem):
            return [gr.skip(), notice(found.message, "problem"), gr.skip()]
        return [found, gr.skip(), gr.Tabs(selected="crosslingual")]

    kind.input(turn, kind, [begin, told, config, *fields], **QUICK)
    begin.input(take, begin, [told, config, *fields], **QUICK)
    for field in fields:
        (field.input if isinstance(field, gr.Checkbox) else field.change)(write, [config, *fields], config, **QUICK)
    check.click(say_what, config, told, api_visibility="private")
    start.click(go, config, [told, *tab.outputs], **QUICK)

    def end(request: gr.Request, names: Sequence[str] | None) -> dict[Any, object]:
        return tab.press(request, _stop if may else _refuse, names)

    def go_on(request: gr.Request, names: Sequence[str] | None) -> dict[Any, object]:
        return tab.press(request, resume if may else _refuse, names)

    stop.click(end, runs, tab.outputs, **QUICK)
    again.click(go_on, runs, tab.outputs, **QUICK)
    use.click(send, [runs, which], [chosen.base, chosen.regional, status, tabs], **QUICK)
    gr.on([runs.input, beta.input, opened.select], tab.anew, [runs, beta], tab.outputs, **QUICK)
    on_run.select(first_of, runs, runs, **QUICK).then(tab.anew, [runs, beta], tab.outputs, **QUICK)
    way.select(opened_of, runs, [runs, tabs], **QUICK).then(tab.anew, [runs, beta], tab.outputs, **QUICK)
    timer = gr.Timer(POLL, active=False)
    timer.tick(tab.look, [runs, beta, tab.seen], tab.outputs, **QUICK)
    opened.select(lambda: gr.Timer(active=True), None, timer, **QUICK)
    return replace(tab, sent=across.click(send_across, [runs, which], [tab.two, status, tabs], **QUICK))


def first_of(event: gr.EventData, chosen: Sequence[str] | None) -> list[str]:
    """The runs that are chosen, the one that was clicked first."""
    name = slice_of(event)
    return [name, *(other for other in chosen or () if other != name)]


def opened_of(event: gr.EventData, chosen: Sequence[str] | None) -> list[object]:
    """What was clicked in the list of what is on its way: a training is shown here, others on their own tab."""
    kind, _, name = slice_of(event).partition(":")
    if kind == "train":
        return [[name, *(other for other in chosen or () if other != name)], gr.skip()]
    return [gr.skip(), gr.Tabs(selected=kind) if kind in ("sweep", "curate") else gr.skip()]


def _presets(kind: str) -> list[tuple[str, str]]:
    none = [] if kind == "distill" else [(say("train.preset.none"), "")]
    return [*none, *((name, name) for name in trainings.presets(kind))]


def _plot(name: str) -> gr.Plot:
    return gr.Plot(show_label=False, label=say(f"train.plot.{name}"), container=False, visible=False, min_width=320)


def _stop(run: RunFolder) -> None:
    """Ask now, and insist after a while without keeping the page waiting."""
    ask_to_stop(run)
    threading.Thread(target=lambda: attempt(lambda: insist(run)), name="stop-run", daemon=True).start()


def _refuse(run: RunFolder) -> None:
    from ggez_core.errors import TrainingError

    raise TrainingError(say("train.off"))
