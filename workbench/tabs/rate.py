"""The Rate tab: answers without names, rated by mouse or keyboard, and what everybody's ratings come to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from ggez_core.errors import Cancelled, DataError

from .. import rating_shown, world
from ..events import QUICK, SLOW
from ..header import Header
from ..markup import fine, notice
from ..problem import Problem, attempt
from ..rating import KINDS, Ballot, Rated, rater_of
from ..service import Service
from ..session import session_of
from ..slow import GivenUp, Post, Superseded
from ..spoken import spoken_figure
from ..text import language_name, say
from .compare import weights_at
from .sweep import frame

# Marks are buttons; which are pressed is kept in the page until Save sends them. Keys work wherever the focus is,
# unless something is typed, another button or tab has it, or the tab isn't seen.
KEYS = """const ballot = () => element.querySelector(".gg-ballot");
const all = (selector) => [...element.querySelectorAll(selector)];
const marks = () => all(".gg-mark");
const pressed = (mark) => mark.getAttribute("aria-pressed") === "true";
const group = (mark) => ballot().dataset.kind === "pairwise" ? marks()
  : marks().filter((m) => m.dataset.column === mark.dataset.column && m.dataset.measure === mark.dataset.measure);
const groups = () => [...new Set(marks().map((m) => m.dataset.column + "/" + m.dataset.measure))]
  .map((key) => marks().filter((m) => m.dataset.column + "/" + m.dataset.measure === key));
const complete = () => marks().length > 0 && marks().every((mark) => group(mark).some(pressed));
const update = () => { const send = element.querySelector(".gg-send"); if (send) send.disabled = !complete(); };
const press = (mark) => {
  group(mark).forEach((m) => m.setAttribute("aria-pressed", String(m === mark)));
  update();
};
const clear = () => { marks().forEach((m) => m.setAttribute("aria-pressed", "false")); update(); };
const answer = () => {
  const columns = all(".gg-column").length, kind = ballot().dataset.kind, chosen = marks().filter(pressed);
  if (kind === "pairwise") {
    const better = Number(chosen[0].dataset.column);
    return Array.from({ length: columns }, (_, i) => better < 0 ? 0.5 : Number(i === better));
  }
  return Array.from({ length: columns }, (_, i) => {
    const own = chosen.filter((m) => Number(m.dataset.column) === i).map((m) => Number(m.dataset.value));
    return kind === "rank" ? own[0] : own;
  });
};
let busy = "";
const send = () => {
  if (!complete() || busy === ballot().dataset.ballot) return;
  busy = ballot().dataset.ballot;
  setTimeout(() => { busy = ""; }, 3000);
  trigger("select", { index: JSON.stringify({ ballot: ballot().dataset.ballot, answer: answer() }) });
};
const next = () => {
  const button = element.querySelector(".gg-next");
  if (button && !button.disabled) { button.disabled = true; trigger("select", { index: "next" }); }
};
element.addEventListener("click", (event) => {
  const mark = event.target.closest(".gg-mark");
  if (mark) press(mark);
  if (event.target.closest(".gg-send")) send();
  if (event.target.closest(".gg-clear")) clear();
  if (event.target.closest(".gg-next")) next();
});
const digit = (key) => {
  const kind = ballot().dataset.kind, number = Number(key);
  if (kind === "pairwise") {
    const mark = marks().find((m) => Number(m.dataset.column) === number - 1);
    if (mark) press(mark);
  } else if (kind === "rank") {
    const own = marks().filter((m) => Number(m.dataset.column) === number - 1);
    const placed = groups().filter((g) => g.some(pressed)).length;
    if (own.length && !own.some(pressed)) press(own[placed]);
  } else if (kind === "likert") {
    const open = groups().find((g) => g.includes(document.activeElement)) || groups().find((g) => !g.some(pressed));
    const mark = open && open.find((m) => Number(m.dataset.value) === number);
    if (!mark) return;
    press(mark);
    if (open.includes(document.activeElement)) {
      const after = groups()[groups().findIndex((g) => g.includes(mark)) + 1];
      if (after) after[0].focus(); else ballot().focus();
    }
  }
};
const arrow = (key) => {
  if (ballot().dataset.kind === "pairwise") {
    const column = { ArrowLeft: 0, ArrowRight: 1, ArrowDown: -1 }[key];
    const mark = marks().find((m) => Number(m.dataset.column) === column);
    if (mark) press(mark);
    return Boolean(mark);
  }
  const every = marks(), at = every.indexOf(document.activeElement);
  if (!every.length) return false;
  if (at < 0) { every[0].focus(); return true; }
  const here = every[at], own = every.filter((m) => m.dataset.column === here.dataset.column);
  const step = { ArrowUp: -1, ArrowDown: 1 }[key];
  if (step) (own[own.indexOf(here) + step] || here).focus();
  else {
    const beside = Number(here.dataset.column) + (key === "ArrowRight" ? 1 : -1);
    (every.filter((m) => Number(m.dataset.column) === beside)[own.indexOf(here)] || here).focus();
  }
  return true;
};
document.addEventListener("keydown", (event) => {
  const at = event.target instanceof Element ? event.target : document.body, inside = element.contains(at);
  if (!ballot() || element.offsetParent === null || event.ctrlKey || event.altKey || event.metaKey) return;
  if (at.closest("input, textarea, select, [contenteditable='true'], [role='combobox'], [role='listbox']")) return;
  const elsewhere = !inside && at.closest("button, a, summary, [role='tab'], [tabindex]") !== null;
  let used = false;
  if (/^[0-9]$/.test(event.key)) { digit(event.key); used = true; }
  else if (event.key.startsWith("Arrow") && !elsewhere) used = arrow(event.key);
  else if (event.key === "Escape" && inside) { clear(); used = true; }
  else if (event.key === "Enter" && !elsewhere && !event.repeat) {
    if (element.querySelector(".gg-next")) { next(); used = true; }
    else if (complete() && !at.closest(".gg-clear")) { send(); used = true; }
  }
  if (used) event.preventDefault();
});
let seen = "";
new MutationObserver(() => {
  const now = ballot(), name = now ? now.dataset.kind + now.dataset.ballot : "";
  if (name === seen) return;
  seen = name;
  busy = "";
  const at = document.activeElement, typing = at !== null && at.closest("input, textarea, select") !== null;
  if (now && element.offsetParent !== null && !typing) now.focus({ preventScroll: true });
}).observe(element, { childList: true, subtree: true });"""


@dataclass(frozen=True)
class RateTab:
    """The tab's components, and what its events do."""

    service: Service
    ballot: gr.HTML
    progress: gr.HTML
    rater: gr.BrowserState
    said: gr.HTML
    measure: gr.Dropdown
    by: gr.Radio
    plots: tuple[gr.Plot, gr.Plot]
    tables: tuple[gr.Dataframe, gr.Dataframe, gr.Dataframe]
    files: gr.HTML

    @property
    def shown(self) -> list[Any]:
        """What the results panel consists of."""
        return [self.said, self.measure, self.by, *self.plots, *self.tables, self.files]

    def hand_out(
        self, request: gr.Request, kind: str, language: str, rater: Any, beta: float, *own: float
    ) -> Iterator[dict[Any, object]]:
        """Prepare the next ballot; slow families take seconds."""
        session = session_of(request)
        yield {self.ballot: notice(say("rate.preparing"))}

        def work(post: Post[Ballot], given_up: GivenUp) -> None:
            weights = weights_at(self.service, session, beta, own)
            post(self.service.ballots.hand_out(self.service, session, kind, language, weights, given_up=given_up))

        def ask() -> Ballot | None:
            for _ in range(2):  # loading a pair cancels what was asked of the one before: ask the new one
                try:
                    return next(self.service.slow.ask(session, work), None)
                except Superseded:
                    return None
                except Cancelled:
                    continue
            return None

        found, name = attempt(ask), rater_of(rater)
        count = attempt(lambda: self.service.ratings.count(name))
        shown = rating_shown.progress(0 if isinstance(count, Problem) else count)
        if isinstance(found, Ballot):
            yield {self.ballot: rating_shown.ballot(found), self.progress: shown, self.rater: name}
        else:
            said = notice(found.message, "problem") if isinstance(found, Problem) else notice(say("rate.stopped"))
            yield {self.ballot: said, self.progress: shown, self.rater: name}

    def chosen(
        self, request: gr.Request, event: gr.EventData, kind: str, language: str, rater: Any, beta: float, *own: float
    ) -> Iterator[dict[Any, object]]:
        """Save what was rated and tell who was who, or go on to the next."""
        if event.index == "next":
            yield from self.hand_out(request, kind, language, rater, beta, *own)
            return
        name = rater_of(rater)

        def work() -> Rated:
            try:
                said = json.loads(str(event.index)[:4000])
                ballot, answer = str(said["ballot"]), said["answer"]
            except (ValueError, KeyError, TypeError, RecursionError):
                raise DataError("this rating can't be read; rate it again") from None
            service = self.service
            return service.ballots.rate(service, session_of(request), ballot, answer, name, language)

        done = attempt(work)
        if isinstance(done, Problem):
            yield {self.ballot: notice(done.message, "problem")}
        else:
            yield {
                self.ballot: rating_shown.rated(done),
                self.progress: rating_shown.progress(done.count),
                self.rater: name,
            }

    def results(self, request: gr.Request, measure: Any, by: Any) -> dict[Any, object]:
        """What everybody said of the pair in force."""

        def work() -> rating_shown.Results:
            pair = self.service.current(session_of(request))
            found = self.service.ratings.ratings(pair.base.source, pair.regional.source)
            job = self.service.sweeps.latest(pair)
            curve, alpha = job.curve if job else (), self.service.alpha().value
            return rating_shown.results(
                found, curve, alpha, str(measure or ""), str(by or ""), raw=not self.service.settings.shared
            )

        done = attempt(work)
        if isinstance(done, Problem):
            return {self.said: notice(done.message, "problem")}
        tables = [*done.tables, *[None] * (len(self.tables) - len(done.tables))]
        choices = [(say(f"rate.measure.{name}"), name) for name in done.measures]
        return {
            self.said: done.said,
            self.measure: gr.update(choices=choices, value=done.measure, visible=bool(choices)),
            self.by: gr.update(visible=bool(choices)),
            **{plot: gr.update(value=spoken_figure(figure), visible=figure is not None)
               for plot, figure in zip(self.plots, (done.bars, done.grp), strict=True)},
            **{table: frame(found) for table, found in zip(self.tables, tables, strict=True)},
            self.files: done.files,
        }  # fmt: skip

    def add(self, request: gr.Request, path: str | None, measure: Any, by: Any) -> dict[Any, object]:
        """Add the ratings of an uploaded CSV file."""
        if not path:
            return {self.said: gr.skip()}

        def work() -> tuple[int, int]:
            from ggez_core.evaluation.ratings import import_csv

            return import_csv(Path(path), self.service.ratings)

        done = attempt(work)
        if isinstance(done, Problem):
            return {self.said: notice(done.message, "problem")}
        held, new = done
        said = notice(say("rate.imported", held=held, new=new), "good")
        return {**self.results(request, measure, by), self.said: said}


def remembered() -> gr.BrowserState:
    """The pseudonym that a browser keeps; outside of tabs, which exist in the browser only once they are opened."""
    return gr.BrowserState("", storage_key="ggez-rater", secret="a pseudonym is no secret")


def build(service: Service, head: Header, rater: gr.BrowserState) -> None:
    """Lay the tab out and wire it."""
    gr.HTML(fine(say("rate.intro")), padding=False)
    with gr.Row():
        kind = gr.Radio(
            [(say(f"rate.kind.{name}"), name) for name in KINDS], value=KINDS[0], label=say("rate.kind"), scale=3,
            min_width=320,
        )  # fmt: skip
        language = gr.Dropdown(
            [(language_name(code), code) for code in world.languages()], value="en", label=say("rate.language"),
            scale=2, min_width=200,
        )  # fmt: skip
        start = gr.Button(say("rate.start"), variant="primary", scale=0, min_width=140)
    progress = gr.HTML(padding=False)
    ballot = gr.HTML(notice(say("rate.empty")), js_on_load=KEYS, padding=False)
    with gr.Accordion(say("rate.results"), open=False) as panel:
        show = gr.Button(say("rate.results.show"), scale=0, min_width=140)
        said = gr.HTML(padding=False)
        with gr.Row():
            measure = gr.Dropdown([], label=say("rate.results.measure"), visible=False, min_width=200)
            by = gr.Radio(
                [(say(f"rate.by.{cut}"), cut) for cut in rating_shown.CUTS], value=rating_shown.CUTS[0],
                label=say("rate.by"), visible=False, min_width=260,
            )  # fmt: skip
        with gr.Row():
            bars, grp = (
                gr.Plot(show_label=False, label=say(f"rate.plot.{name}"), container=False, visible=False, min_width=320)
                for name in ("bars", "grp")
            )
        tables = tuple(gr.Dataframe(interactive=False, show_label=False, visible=False, wrap=True) for _ in range(3))
        files = gr.HTML(padding=False)
        upload = gr.File(
            label=say("rate.import"), file_types=[".csv"], type="filepath", height=120,
            visible=not service.settings.shared,
        )  # fmt: skip
    tab = RateTab(service, ballot, progress, rater, said, measure, by, (bars, grp), tables, files)  # type: ignore[arg-type]
    asked = [kind, language, rater, head.beta, *head.components]
    given = [ballot, progress, rater]
    start.click(tab.hand_out, asked, given, **SLOW)
    ballot.select(tab.chosen, asked, given, **SLOW)
    gr.on([panel.expand, show.click, measure.input, by.input], tab.results, [measure, by], tab.shown, **QUICK)
    if not service.settings.shared:  # on a Space anybody could stuff the ballot
        upload.upload(tab.add, [upload, measure, by], tab.shown, **QUICK)
