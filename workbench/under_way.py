"""Everything slow that is on its way, in one list: trainings, sweeps, curations. Used by the Train tab."""

from __future__ import annotations

from dataclasses import dataclass

from ggez_core.progress import Step
from ggez_core.runs import RunFolder, list_runs

from .markup import Html, fine, join, progress_bar, tag
from .service import Service
from .spoken import spoken
from .text import say

MOST = 20


@dataclass(frozen=True)
class Work:
    """Something slow. kind: the tab that it was started on. share: how much is done, 0 to 1. said: where it is."""

    kind: str
    name: str
    share: float
    said: str


def under_way(service: Service, session: str) -> list[Work]:
    """What is on its way. Where visitors are strangers, sweeps and curations of the visitor's own alone."""
    runs = list_runs()[:MOST] if service.settings.training else []  # else they are nobody's here
    found = [_training(run) for run in runs if run.status.alive]
    for job in service.sweeps.working():
        if not service.settings.shared or job.session == session:
            found.append(_step("sweep", f"{job.pair.base.source} + {job.pair.regional.source}", job.step))
    found += [_step("curate", job.asked.data, job.step) for job in service.curations.working(session)]
    return found[:MOST]


def listed(works: list[Work]) -> str:
    """The list as markup."""
    if not works:
        return fine(say("under_way.none"))
    entries = (
        tag("li", tag("span", say(f"tab.{work.kind}"), cls="gg-kind"), _opening(work),
            progress_bar(work.share, work.said, work.name))
        for work in works
    )  # fmt: skip
    return join([tag("ul", *entries, cls="gg-under-way", aria_label=say("under_way.label"))])


def _opening(work: Work) -> Html:
    """Its name, as a button that opens it: a run here, anything else on its own tab."""
    return tag("button", work.name, type="button", cls="gg-open", data_opens=f"{work.kind}:{work.name}")


def _training(run: RunFolder) -> Work:
    status = run.status
    said = say("train.run", name="", state=spoken(status.state), step=status.step, steps=status.steps).strip(" ·")
    return Work("train", run.name, status.step / max(status.steps, 1), said)


def _step(kind: str, name: str, step: Step | None) -> Work:
    if step is None:
        return Work(kind, name, 0.0, say("under_way.waiting"))
    said = say("sweep.working", what=spoken(step.what), done=step.done, total=step.total, unit=spoken(step.unit))
    return Work(kind, name, step.done / max(step.total, 1), said)
