"""The Cross-lingual tab: which languages a pair serves, whether they agree, and how embeddings lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from ..downloads import downloads
from ..events import QUICK
from ..header import Header
from ..markup import fine, notice
from ..problem import Problem, attempt
from ..service import Service
from ..session import session_of
from ..spoken import spoken_figure
from ..text import say
from .compare import weights_at
from .models import on_page
from .stopping import cancel_with
from .sweep import frame

if TYPE_CHECKING:
    from ..crosslingual import Measured

KS = (1, 5, 10)
COLOURS = ("language", "country")
MEASURES = ("agreement", "cosine")

# The picture behind a point of the map of embeddings stands beside the pointer.
ON_HOVER = """const picture = document.createElement("img");
Object.assign(picture, { className: "gg-hover", alt: "", hidden: true });
document.body.append(picture);
const show = (event) => {
  const index = event.points?.[0]?.customdata;
  if (index === undefined) return;
  picture.src = `pictures/${index}.webp`;
  picture.style.left = `${event.event.clientX + 14}px`;
  picture.style.top = `${event.event.clientY + 14}px`;
  picture.hidden = false;
};
setInterval(() => document.querySelectorAll(".gg-map .js-plotly-plot").forEach((plot) => {
  if (plot.on && !plot.showsPicture) {
    plot.showsPicture = true;
    plot.on("plotly_hover", show);
    plot.on("plotly_unhover", () => { picture.hidden = true; });
  }
}), 500);"""


@dataclass(frozen=True)
class CrosslingualTab:
    """The tab's components, and what its events do."""

    service: Service
    status: gr.HTML
    bars: gr.Plot
    gap: gr.Plot
    heat: gr.Plot
    spread: gr.Plot
    tables: tuple[gr.Dataframe, gr.Dataframe, gr.Dataframe]
    files: gr.HTML
    kept: gr.State
    k: gr.Radio
    measure: gr.Radio
    colour: gr.Radio

    @property
    def outputs(self) -> list[Any]:
        """Everything that measuring changes."""
        return [self.status, self.bars, self.gap, self.heat, self.spread, *self.tables, self.files, self.kept]

    def run(
        self,
        request: gr.Request,
        beta: float,
        k: int,
        measure: str,
        colour: str,
        *own: float,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> dict[Any, object]:
        """Measure at the header's weights and draw."""
        session = session_of(request)

        def work() -> Measured:
            weights = weights_at(self.service, session, beta, own)
            from ..crosslingual import measure as measured

            with self.service.errands.run(session, "measure") as errand:
                shown = errand.watched(on_page(progress, say("crosslingual.progress")))
                return measured(self.service.live(session), weights, int(k), shown)

        done = attempt(work)
        if isinstance(done, Problem):
            return {self.status: notice(done.message, "problem")}
        return {**self._drawn(done), **self._chosen(done, measure, colour), self.kept: _Held(done)}

    def after_training(self, sent: gr.events.Dependency, two: gr.State) -> None:
        """Measure the two models that `sent` puts into `two`: what a training began with, and what came of it."""
        sent.success(
            self._run_two, [two, self.k, self.measure, self.colour], self.outputs, show_progress_on=self.status,
            concurrency_id="measure", concurrency_limit=2, api_visibility="private",
        )  # fmt: skip

    def _run_two(
        self,
        two: tuple[str, str] | None,
        k: int,
        measure: str,
        colour: str,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> dict[Any, object]:
        if two is None:
            return {}

        def work() -> Measured:
            from ..crosslingual import measure_two

            before, after = (self.service.alone(source) for source in two)
            return measure_two(before, after, int(k), on_page(progress, say("crosslingual.progress")))

        done = attempt(work)
        if isinstance(done, Problem):
            return {self.status: notice(done.message, "problem")}
        return {**self._drawn(done), **self._chosen(done, measure, colour), self.kept: _Held(done)}

    def choose(self, measure: str, colour: str, kept: _Held | None) -> dict[Any, object]:
        """Another measure of agreement or another colour: drawn anew, nothing measured."""
        return self._chosen(kept.measured, measure, colour) if kept else {}

    def _drawn(self, found: Measured) -> dict[Any, object]:
        from ggez_core.evaluation import figures as draw

        series = {_model(name, found): rows for name, rows in found.rows.items()}
        first = next(iter(found.rows.values()))
        metric, n = next(iter(first.values())).metric, sum(r.n for r in first.values())
        said = say("crosslingual.done.two", n=n)
        if found.shown == "merged":
            said = say("crosslingual.done", beta=found.weights.beta, n=n)
        return {
            self.status: notice(said, "good"),
            self.bars: gr.update(value=spoken_figure(draw.language_bars(series, metric)), visible=True),
            self.gap: gr.update(value=spoken_figure(draw.language_gap(series, "en", metric)), visible=True),
        }

    def _chosen(self, found: Measured, measure: str, colour: str) -> dict[Any, object]:
        from ggez_core.evaluation import figures as draw

        values = found.agreement if measure == "agreement" else found.cosine
        name = say(f"crosslingual.{measure}")
        at = say("column.beta", beta=found.weights.beta) if found.shown == "merged" else _model(found.shown, found)
        groups = found.spoken if colour == "language" else found.countries
        spread = draw.embedding_map(found.points, groups, found.labels, found.pictures, colour)
        heat = draw.consistency_heatmap(found.languages, values, name, at)
        series = {_model(model, found): rows for model, rows in found.rows.items()}
        tables = (
            draw.slice_table(series, "language"),
            draw.gap_table(series, "en"),
            draw.consistency_table(found.languages, values, name),
        )
        placed = draw.embedding_table(
            found.points, {"language": found.spoken, "country": found.countries, "words": found.labels}
        )
        return {
            self.heat: gr.update(value=spoken_figure(heat), visible=True),
            self.spread: gr.update(value=spoken_figure(spread), visible=True),
            **{shown: frame(table) for shown, table in zip(self.tables, tables, strict=True)},
            self.files: downloads([*tables, placed]),
        }


class _Held:
    """What was measured, kept for a visitor's next choice; shared, never copied."""

    def __init__(self, measured: Measured) -> None:
        self.measured = measured

    def __deepcopy__(self, memo: object) -> _Held:
        return self


def build(service: Service, head: Header) -> CrosslingualTab:
    """Lay the tab out and wire it."""
    gr.HTML(fine(say("crosslingual.intro")), padding=False)
    with gr.Row():
        k = gr.Radio([(f"recall@{n}", n) for n in KS], value=1, label=say("crosslingual.k"), min_width=220)
        measure = gr.Radio(
            [(say(f"crosslingual.{m}"), m) for m in MEASURES], value=MEASURES[0],
            label=say("crosslingual.measure"), min_width=260,
        )  # fmt: skip
        colour = gr.Radio(
            [(say(f"crosslingual.{c}"), c) for c in COLOURS], value=COLOURS[0], label=say("crosslingual.colour"),
            min_width=200,
        )  # fmt: skip
    with gr.Row():
        button = gr.Button(say("crosslingual.button"), variant="primary", scale=4, min_width=200)
        cancel = gr.Button(say("slow.cancel"), scale=1, min_width=120)
    status = gr.HTML(notice(say("crosslingual.empty")), padding=False)
    bars, gap = (_plot(name) for name in ("bars", "gap"))
    with gr.Row():
        heat = _plot("heat")
        with gr.Column(elem_classes="gg-map", min_width=320):
            spread = _plot("spread")
    gr.HTML("", padding=False, js_on_load=ON_HOVER)
    with gr.Accordion(say("crosslingual.tables"), open=False):
        tables = tuple(gr.Dataframe(interactive=False, show_label=False, visible=False, wrap=True) for _ in range(3))
    files = gr.HTML(padding=False)
    tab = CrosslingualTab(
        service, status, bars, gap, heat, spread, tables, files, gr.State(None), k, measure, colour,  # type: ignore[arg-type]
    )  # fmt: skip
    measuring = button.click(
        tab.run,
        [head.beta, k, measure, colour, *head.components],
        tab.outputs,
        show_progress_on=status,
        concurrency_id="measure",
        concurrency_limit=2,
        api_visibility="private",
    )
    cancel_with(cancel, service, measuring, status, "measure")
    gr.on([measure.input, colour.input], tab.choose, [measure, colour, tab.kept], tab.outputs, **QUICK)
    return tab


def _plot(name: str) -> gr.Plot:
    return gr.Plot(
        show_label=False, label=say(f"crosslingual.plot.{name}"), container=False, visible=False, min_width=320
    )


def _model(name: str, found: Measured) -> str:
    if name in ("before", "after"):
        return say(f"crosslingual.{name}")
    return say("crosslingual.merged", beta=found.weights.beta) if name == "merged" else say(f"column.{name}")
