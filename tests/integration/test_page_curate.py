"""The Curate tab without a browser: measured once, cut as often as one likes, looked at, taken home by a program."""

from __future__ import annotations

import base64
import io
import re
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pyarrow.parquet as parquet
import pytest
import yaml
from PIL import Image

from ggez_core.curation.samples import Sample, rows_of, samples
from ggez_core.demo.world.mixture import mixture, write_mixture
from ggez_core.errors import DataError, GgezError, OutputError
from workbench import curate_shown, curating
from workbench.curated import MOVED
from workbench.curations import DEMO, Asked, Curations, Job
from workbench.service import Service
from workbench.settings import GIB, Settings
from workbench.tabs.curate import SLIDERS

if TYPE_CHECKING:
    from gradio_client import Client

ROWS = 240
STANDING = {name: first for name, (_, _, first, _) in SLIDERS.items()}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    return Service(Settings(tmp_path_factory.mktemp("page"), GIB, shared=False))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of the small world in which a third of the rows is regional."""
    return write_mixture(tmp_path_factory.mktemp("data") / "mixed.parquet", ROWS, regional=0.33, seed=3)


def _wait(job: Job, seconds: float = 240) -> Job:
    end = time.monotonic() + seconds
    while job.working and time.monotonic() < end:
        time.sleep(0.1)
    assert not job.working
    return job


@pytest.fixture(scope="module")
def job(service: Service, data: Path) -> Job:
    """A whole curation, without a reward."""
    started = _wait(service.curations.start("visitor", Asked(str(data))))
    assert started.problem == ""
    return started


@pytest.fixture(scope="module")
def client(service: Service) -> Iterator[Client]:
    from gradio_client import Client

    from workbench.build import build, launch

    page = build(service)
    url = launch(service=service, page=page, wait=False)
    yield Client(url, verbose=False)
    page.close()


def _shown(job: Job, which: str = "kept", reason: str = "", within: str = "", **moved: Any) -> curating.Shown:
    given = {"region": "SEA", "confidence": 0.5, "distance": 8, **moved}
    bounds = {name: given.pop(name, first) for name, first in STANDING.items()}
    assert job.found is not None
    return curating.shown(job.found, curating.thresholds(**given, bounds=bounds), "sharpness", which, reason, within, 1)


def test_every_slider_has_a_limit_that_it_moves() -> None:
    assert set(SLIDERS) == set(MOVED)


def test_counts_add_up_and_follow_the_thresholds(job: Job) -> None:
    usual, loose, strict = (_shown(job, confidence=c) for c in (0.5, 0.05, 0.95))
    for shown in (usual, loose, strict):
        table = shown.drops_table.rows
        assert sum(int(row[1] or 0) for row in table) + int(table[-1][3] or 0) == ROWS
    left = [int(shown.drops_table.rows[-1][3] or 0) for shown in (loose, usual, strict)]
    assert left == sorted(left, reverse=True)
    assert 20 < left[1] < 100
    any_region = _shown(job, region="")
    assert "not of the region" not in [row[0] for row in any_region.drops_table.rows]
    one = _shown(job, region="TH")
    kept = {str(row[1]): int(row[3] or 0) for row in one.slice_table.rows if row[0] == "country"}
    assert {name for name, count in kept.items() if count} == {"Thailand"}
    wide = _shown(job, picture_side=1000)
    assert int(wide.drops_table.rows[-1][3] or 0) == 0
    assert "lower some" in wide.rows


def test_broken_pictures_and_junk_are_dropped_with_their_reason(job: Job) -> None:
    rows = list(mixture(ROWS, regional=0.33, seed=3))
    broken = sum(not _opens(row["image"]) for row in rows)
    table = {str(row[0]): int(row[2] or 0) for row in _shown(job).drops_table.rows}
    assert table["no picture"] == broken > 0
    assert table["not a caption"] > 0
    assert table["blank picture"] > 0
    assert "not a caption: " in _shown(job, "dropped", "not a caption").rows
    shown = _shown(job, "dropped", "no picture")
    assert shown.reason == "no picture"
    assert shown.rows.count("gg-nothing") == min(broken, curating.PAGE)


def _opens(data: bytes) -> bool:
    try:
        Image.open(io.BytesIO(data)).load()
    except (OSError, SyntaxError, ValueError):
        return False
    return True


def test_rows_of_one_country_or_language_are_looked_at(job: Job) -> None:
    counts = {str(row[1]): int(row[3] or 0) for row in _shown(job).slice_table.rows if row[0] == "country"}
    thai = _shown(job, within="country:TH")
    assert f"of 1, {counts['Thailand']:,} rows" in thai.rows
    assert f"Thailand ({counts['Thailand']:,})" in {code: name for name, code in thai.slices_of}["country:TH"]
    assert _shown(job, within="country:../etc").within == ""


def test_every_figure_has_its_numbers_as_csv(job: Job) -> None:
    names = re.findall('download="([^"]+)"', _shown(job).files)
    assert {"Rows-dropped-by-limit.csv", "Distribution-of-sharpness.csv"} <= set(names)
    assert len(names) == 3


def test_near_duplicates_are_shown_in_groups_and_can_be_kept(job: Job) -> None:
    assert job.found is not None
    near = _shown(job, region="")
    assert "gg-stays" in near.groups
    apart = _shown(job, region="", distance=-1)
    assert "gg-stays" not in apart.groups
    assert int(apart.drops_table.rows[-1][3] or 0) > int(near.drops_table.rows[-1][3] or 0)


def test_rows_come_with_picture_evidence_and_all_reasons(job: Job) -> None:
    assert job.found is not None
    cut = curating.thresholds("SEA", 0.5, 8, STANDING).cut
    decision = job.found.decide(cut)
    kept = samples(job.found, cut, decision, rows_of(decision, "kept")[:6].tolist())
    assert all(sample.picture.startswith("data:image/webp") and sample.evidence for sample in kept)
    assert not any(sample.reasons for sample in kept)
    dropped = samples(job.found, cut, decision, rows_of(decision, "dropped")[:6].tolist())
    assert all(sample.reasons for sample in dropped)
    for name in decision.names:
        found = rows_of(decision, "dropped", name)
        assert len(found) == int((~decision.passes[decision.names.index(name)]).sum())
    with pytest.raises(DataError, match="no limit"):
        rows_of(decision, "dropped", "magic")


def test_what_is_shown_is_escaped() -> None:
    sample = Sample("a#1", "<script>x</script>", "", ("<b>",), ("<i>why</i>",), ("<u>",))
    html = curate_shown.samples([sample], "")
    assert not any(tag in html for tag in ("<script>", "<b>", "<i>", "<u>"))


def test_a_visitor_finds_the_newest_curation_and_strangers_nothing(service: Service, job: Job, tmp_path: Path) -> None:
    assert service.curations.latest("somebody else") is job
    assert service.curations.start("a third", job.asked) is job
    shared = Curations(tmp_path, shared=True)
    assert shared.latest("anybody") is None
    for data in (str(tmp_path), "/etc/passwd", "here.parquet", "../secret/data", "~/x", "../data", "a b/c"):
        with pytest.raises(DataError, match="aren't read for visitors"):
            shared.start("stranger", Asked(data))
    with pytest.raises(DataError, match="no data is named"):
        shared.start("stranger", Asked(" "))


def test_what_cant_be_measured_is_said_in_one_line_and_stopping_is_no_failure(tmp_path: Path, data: Path) -> None:
    jobs = Curations(tmp_path)
    wrong = _wait(jobs.start("v", Asked(str(tmp_path / "nothing.parquet"))))
    assert "nothing.parquet" in wrong.problem
    assert "\n" not in wrong.problem
    stopped = jobs.start("w", Asked(str(data)))
    jobs.stop("w")
    _wait(stopped)
    assert stopped.stopped
    assert "goes on from there" in curate_shown.status(stopped)
    assert "press Measure" in curate_shown.status(None)


def test_bad_thresholds_are_refused() -> None:
    for given, message in (
        (("XX", 0.5, 8, {}), "unknown"), (("SEA", 2, 8, {}), "0 to 1"), (("SEA", 0.5, 8, {"magic": 1}), "no threshold"),
        (("SEA", 0.5, 8, {"reward": float("nan")}), "give a number"),
    ):  # fmt: skip
        with pytest.raises(GgezError, match=message):
            curating.thresholds(*given)


def test_a_program_curates_counts_looks_and_takes_the_rows_home(client: Client, job: Job, data: Path) -> None:
    state = client.predict(str(data), "", api_name="/curate")
    assert state["state"] == "done"
    assert client.predict(api_name="/curation")["rows"] == ROWS
    counts = client.predict("SEA", 0.5, 8, {"sharpness": 0}, api_name="/count_kept")
    assert counts["kept"] + sum(counts["dropped"].values()) == ROWS
    assert counts["broken"]["blurred picture"] == counts["broken"]["no picture"]  # which have no sharpness
    rows = client.predict("dropped", "not a caption", 5, "SEA", 0.5, 8, None, api_name="/curated_rows")
    assert rows
    assert all(any(reason.startswith("not a caption") for reason in row["reasons"]) for row in rows)
    assert Image.open(io.BytesIO(base64.b64decode(rows[0]["picture"].partition(",")[2]))).size[0] <= 128
    taken = client.predict("mine", "SEA", 0.5, 8, None, api_name="/export_curated")
    archive = zipfile.ZipFile(io.BytesIO(httpx.get(f"{client.src}{taken['zip_url']}", timeout=60).content))
    assert {Path(name).name for name in archive.namelist()} == {"README.md", "train-00000.parquet"}
    card = archive.read("mine/README.md").decode()
    assert yaml.safe_load(card.split("---")[1])["size_categories"] == ["n<1K"]
    table = parquet.read_table(io.BytesIO(archive.read("mine/train-00000.parquet")))
    assert table.num_rows == taken["rows"] > 20
    assert f"{taken['rows']:,} of {ROWS} rows" in card
    originals = {row["id"]: row for row in mixture(ROWS, regional=0.33, seed=3)}
    for row in table.to_pylist():
        assert row["image"]["bytes"] == originals[row["id"]]["image"]
        assert row["text"] == originals[row["id"]]["text"]
    assert b"Image" in table.schema.metadata[b"huggingface"]
    with pytest.raises(Exception, match="another name"):
        client.predict("mine", "SEA", 0.5, 8, None, api_name="/export_curated")


def test_a_data_set_appears_whole_or_not_at_all(service: Service, job: Job, tmp_path: Path) -> None:
    from ggez_core.curation.publish import publish

    assert job.found is not None
    cut = curating.thresholds("SEA", 0.5, 8, STANDING).cut

    def broken(step: object) -> None:
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        publish(job.found, cut, tmp_path / "set", progress=broken)
    assert list(tmp_path.iterdir()) == []
    done = publish(job.found, cut, tmp_path / "set")
    assert (done.rows, done.lost) == (int(job.found.decide(cut).kept.sum()), ())
    with pytest.raises(OutputError, match="already exists"):
        publish(job.found, cut, tmp_path / "set")


def test_the_demo_is_the_small_world_with_everything_that_goes_wrong() -> None:
    rows = list(mixture(300))
    assert [row["id"] for row in rows] == [row["id"] for row in mixture(300)]
    assert [row["image"] for row in rows] == [row["image"] for row in mixture(300)]
    assert Asked().data == DEMO
    regional = sum(
        row.get("country") in ("TH", "ID", "VN", "PH", "MY", "KH", "LA", "MM", "SG", "BN", "TL") for row in rows
    )
    assert regional > 10
    assert any(not _opens(row["image"]) for row in rows)
