"""The Sweep and Cross-lingual tabs without a browser: a sweep's points arrive, α moves β*, languages are measured."""

from __future__ import annotations

import base64
import csv
import io
import re
import time
from pathlib import Path

import numpy as np
import pytest

from ggez_core.errors import DataError, GgezError
from ggez_core.evaluation import grp
from ggez_core.evaluation.folder import read_report
from workbench import header, sweep_shown
from workbench.render import Scored
from workbench.service import Service
from workbench.settings import Settings
from workbench.sweeps import Job, SweepJobs, Wanted

BETAS = (0.0, 0.5, 1.0)
WANTED = Wanted(("world-retrieval",), BETAS, 0.43, 0.98)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    return Service(Settings(tmp_path_factory.mktemp("page"), 1 << 30, shared=False))


@pytest.fixture(scope="module")
def job(service: Service) -> Job:
    """A whole sweep of the demo pair."""
    started = service.sweeps.start(service.current("visitor"), WANTED)
    _wait(started)
    assert started.problem == ""
    return started


def _wait(job: Job, seconds: float = 240) -> None:
    end = time.monotonic() + seconds
    while job.working and time.monotonic() < end:
        time.sleep(0.1)
    assert not job.working


def test_every_point_arrives_and_the_choices_are_reported(job: Job) -> None:
    assert [point.beta for point in job.curve] == list(BETAS)
    assert job.report is not None
    assert {choice.name for choice in job.report.test} >= {"base", "best GRP", "regional"}
    shown = sweep_shown.figures(job, 0.43, 0.98, "")
    assert all(figure is not None for figure in (*shown.curves, *shown.slices))
    for point, row in zip(job.curve, shown.table.rows if shown.table else (), strict=True):
        assert row[7] == pytest.approx(grp(point.q_global.value, point.q_regional.value, 0.43))


def test_the_header_knows_the_scores_at_a_beta_and_between_two(job: Job) -> None:
    points = [point.point for point in job.curve]
    at = header.scored(points, 0.5)
    assert at == Scored(points[1].q_global, points[1].q_regional, measured=True)
    between = header.scored(points, 0.25)
    assert between is not None
    assert not between.measured
    assert between.q_global == pytest.approx((points[0].q_global + points[1].q_global) / 2)
    assert header.scored(points[:2], 0.75) is None
    assert header.scored([], 0.5) is None


def test_a_language_or_country_by_itself_is_drawn_over_beta(job: Job) -> None:
    shown = sweep_shown.figures(job, 0.43, None, "", "TH")
    assert ("Thailand", "TH") in shown.singles
    assert {code for _, code in shown.singles} >= {"en", "th", "VN"}
    assert list(shown.single_curve.data[0].x) == list(BETAS)
    assert {row[0] for row in shown.slice_tables[1].rows} == {"TH"}
    assert "Thailand-over-β.csv" in shown.files
    assert sweep_shown.figures(job, 0.43, None, "", "../etc").single is None


def test_a_sweep_that_has_ended_is_there_for_a_model_card_and_after_the_server_is_started_anew(
    job: Job, service: Service
) -> None:
    assert read_report(job.folder).best.beta in BETAS
    later = SweepJobs(job.folder.parent, 1 << 30).latest(service.current("visitor"))
    assert later is not None
    assert not later.working
    assert [point.q_regional for point in later.curve] == [point.q_regional for point in job.curve]
    other = service.preflight("demo:clip/base", "demo:clip/sea")
    assert SweepJobs(job.folder.parent, 1 << 30).latest(other) is None


def test_alpha_moves_the_choice_without_a_new_score(job: Job) -> None:
    def chosen(alpha: float) -> list[int]:
        return [
            int(found) for found in re.findall(r'data-index="(\d+)"', sweep_shown.figures(job, alpha, None, "").verdict)
        ]

    ends = {p.beta: (p.q_global.value, p.q_regional.value) for p in job.curve}
    for side, alpha in ((0, 1.0), (1, 0.0)):
        best = max(ends, key=lambda beta: (ends[beta][side], -beta))
        assert chosen(alpha) == [round(100 * best)]


def test_a_visitor_of_the_same_pair_sees_the_sweep_and_another_folder_goes_on_from_it(
    service: Service, job: Job
) -> None:
    assert service.sweeps.latest(service.current("somebody else")) is job
    again = service.sweeps.start(service.current("somebody else"), Wanted(WANTED.tasks, BETAS, 0.9, None))
    assert again.folder == job.folder
    _wait(again, 60)
    assert again.report is not None
    assert again.report.alpha == 0.9


def test_a_stopped_sweep_says_so_and_goes_on(tmp_path: Path, service: Service) -> None:
    jobs, pair = SweepJobs(tmp_path, 1 << 30), service.current("visitor")
    first = jobs.start(pair, WANTED)
    with pytest.raises(GgezError, match="on its way"):
        jobs.start(pair, Wanted(WANTED.tasks, (0.0, 1.0), 0.43, None))
    jobs.stop(pair)
    _wait(first)
    assert first.stopped
    assert "goes on from there" in sweep_shown.status(first)


def test_a_sweep_without_tasks_or_memory_is_refused(tmp_path: Path, service: Service) -> None:
    pair = service.current("visitor")
    with pytest.raises(DataError, match="tick at least one"):
        SweepJobs(tmp_path, 1 << 30).start(pair, Wanted((), BETAS, 0.43, None))
    with pytest.raises(GgezError, match="GGEZ_MEMORY_BUDGET"):
        SweepJobs(tmp_path, 1000).start(pair, WANTED)


def test_a_sweep_of_fewer_rows_is_another_one(service: Service, job: Job) -> None:
    pair = service.current("in a hurry")
    small = service.sweeps.start(pair, Wanted(WANTED.tasks, (0.0, 1.0), 0.43, None, limit=24))
    _wait(small)
    assert small.problem == ""
    assert small.folder != job.folder
    assert small.report is not None
    assert {row.n for row in small.report.rows if row.metric == "recall@1" and not row.language} <= set(range(25))
    anew = SweepJobs(service.settings.storage / "sweeps", 1 << 30).latest(pair)  # the server was started again
    assert anew is not None
    assert (anew.folder, anew.wanted.limit) == (small.folder, 24)
    service.sweeps.start(pair, WANTED)  # the whole one again: it is all there
    again = service.sweeps.latest(pair)
    assert again is not None
    _wait(again)
    assert again.folder == job.folder


def test_tables_can_be_taken_home(job: Job) -> None:
    files = sweep_shown.figures(job, 0.43, None, "").files
    links = dict(re.findall(r'href="data:[a-z/]+;base64,([^"]+)" download="([^"]+)"', files))
    found = {name: base64.b64decode(data).decode() for data, name in links.items()}
    curve = list(csv.DictReader(io.StringIO(found["Scores-over-β.csv"])))
    assert [float(row["β"]) for row in curve] == list(BETAS)
    assert found["rows.jsonl"].count("\n") == len(job.report.rows) if job.report else False


def test_languages_are_measured_at_the_three_weights(service: Service) -> None:
    from workbench.crosslingual import measure, principal_components
    from workbench.weights import Weights

    found = measure(service.live("visitor"), Weights(0.5), 1, lambda step: None)
    assert set(found.rows) == {"base", "merged", "regional"}
    assert set(found.rows["base"]) == set(found.languages)
    assert len(found.points) == len(found.labels) == len(found.pictures)
    assert np.array_equal(found.agreement, found.agreement.T, equal_nan=True)
    assert np.nanmax(found.agreement) <= 1
    rng = np.random.default_rng(0)
    cloud = rng.normal(size=(50, 2)) @ np.array([[5.0, 0, 0, 0], [0, 1.0, 0, 0]])
    spread = principal_components(cloud.astype(np.float32)).std(axis=0)
    assert spread == pytest.approx(np.sort(cloud[:, :2].std(axis=0))[::-1], rel=0.2)
