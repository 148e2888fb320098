"""What strangers may take of the page, what they are told when it is too much, and that what they wait for can stop."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from ggez_core.errors import Cancelled, GgezError, OutputError, SourceError
from ggez_core.progress import Step
from workbench.curations import Asked
from workbench.exporting import export
from workbench.limits import GIB, Limits
from workbench.problem import Problem, attempt
from workbench.service import DEMO_PAIR, Service
from workbench.settings import Settings
from workbench.sweeps import Wanted

SOON = 60.0


def served(storage: Path, *, budget: int = GIB, **limits: Any) -> Service:
    """The service of a page for strangers with these limits."""
    return Service(Settings(storage, budget, shared=True, limits=Limits(**limits)))


def wait_for(what: Callable[[], bool]) -> None:
    ends = time.monotonic() + SOON
    while not what():
        assert time.monotonic() < ends
        time.sleep(0.01)


# What the variables say


def test_on_a_space_everything_is_limited_and_on_ones_own_machine_nothing() -> None:
    assert all(getattr(Limits.of({}, shared=False), one.name) is None for one in fields(Limits))
    on_a_space = Limits.of({}, shared=True)
    assert all(getattr(on_a_space, one.name) is not None for one in fields(Limits))
    assert on_a_space.largest_model == 6 * GIB


def test_a_variable_sets_a_limit_and_off_lifts_it() -> None:
    set_to = Limits.of({"GGEZ_LARGEST_MODEL": "0.5", "GGEZ_ALLOWED_MODELS": "demo:*, me/*"}, shared=False)
    assert set_to.largest_model == GIB // 2
    assert set_to.models == ("demo:*", "me/*")
    lifted = Limits.of({"GGEZ_LARGEST_MODEL": "off", "GGEZ_ALLOWED_MODELS": "OFF"}, shared=True)
    assert lifted.largest_model is None
    assert lifted.models is None


def test_every_variable_is_documented_with_its_value_on_a_space() -> None:
    table = (Path(__file__).parents[2] / "docs" / "reference" / "hosting.md").read_text("utf-8")
    for one in fields(Limits):
        value = one.metadata["on_a_space"]
        said = "the families below" if isinstance(value, tuple) else f"{value:,}"
        assert f"| `{one.metadata['variable']}` | {one.metadata['what']} | {said} |" in table


@pytest.mark.parametrize("value", ["many", "-1", "inf", "nan", "1e999"])
def test_a_limit_that_is_no_number_says_which_variable_is_wrong(value: str) -> None:
    with pytest.raises(GgezError, match="GGEZ_EXPORTS: "):
        Limits.of({"GGEZ_EXPORTS": value}, shared=True)


def test_the_process_reads_its_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SPACE_ID", "owner/space")
    monkeypatch.setenv("GGEZ_STORAGE", str(tmp_path))
    monkeypatch.setenv("GGEZ_MEMORY_BUDGET", "2")
    found = Settings.from_environment()
    assert (found.storage, found.memory_budget, found.shared, found.training) == (tmp_path, 2 * GIB, True, False)
    assert found.limits == Limits.of({}, shared=True)
    monkeypatch.setenv("GGEZ_MEMORY_BUDGET", "lots")
    with pytest.raises(GgezError, match="GGEZ_MEMORY_BUDGET"):
        Settings.from_environment()


# Models


def test_only_models_that_are_allowed_are_loaded(tmp_path: Path) -> None:
    limits = Limits.of({}, shared=True)
    for name in (*DEMO_PAIR, "google/siglip2-so400m-patch14-384", "hf-hub:laion/CLIP-ViT-B-32@main"):
        limits.check_model(name)
    for name in (
        "someone/model", str(tmp_path), "../assets", "google/gemma-2-2b", "demo:../secret",
        "google/siglip-x/../../../etc",
    ):  # fmt: skip
        with pytest.raises(SourceError, match=r"isn't among.*google/siglip2-\*"):
            limits.check_model(name)
    service = served(tmp_path, models=("demo:siglip/*",))
    assert service.load_pair("visitor", *DEMO_PAIR).pair
    with pytest.raises(SourceError, match="isn't among"):
        service.load_pair("visitor", "demo:sdxl/base", "demo:sdxl/sea")
    with pytest.raises(SourceError, match="isn't among"):
        service.curations.start("visitor", Asked(reward="model=someone/model"))


def test_a_model_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"demo:siglip/base: has .* GB of weights, and 0\.0 GB are allowed"):
        served(tmp_path, largest_model=1000).load_pair("visitor", *DEMO_PAIR)


# Exports


def test_a_visitor_may_have_so_many_exports(tmp_path: Path) -> None:
    service = served(tmp_path, exports=1, export_hours=5.0)
    export(service, "one", "first", 0.5)
    with pytest.raises(OutputError, match=r"you have 1 exports, and 1 are allowed at a time; .* 5 hours"):
        export(service, "one", "second", 0.5)
    assert export(service, "other", "second", 0.5).nbytes


def test_the_exports_of_a_visitor_may_take_so_much(tmp_path: Path) -> None:
    size = served(tmp_path).current("one").base.nbytes
    service = served(tmp_path, export_bytes=int(1.8 * size))
    export(service, "one", "first", 0.5)
    with pytest.raises(OutputError, match="allowed in all"):
        export(service, "one", "second", 0.5, dtype="float32")
    assert export(service, "one", "second", 0.5, dtype="bfloat16").nbytes


def test_exports_of_those_who_have_gone_make_room(tmp_path: Path) -> None:
    size = served(tmp_path).current("one").base.nbytes
    service = served(tmp_path, all_export_bytes=int(2.5 * size))
    first = service.exports._root / service.ticket("one") / export(service, "one", "a", 0.5).name
    export(service, "two", "b", 0.5)
    with pytest.raises(OutputError, match=r"no room .* beside other visitors'"):
        export(service, "three", "c", 0.5)
    service.leave("one")
    assert export(service, "three", "c", 0.5).nbytes
    assert not first.parent.exists()


def test_an_export_is_deleted_when_its_time_is_over(tmp_path: Path) -> None:
    service = served(tmp_path, export_hours=1.0)
    folders = [service.exports._root / service.ticket(v) / export(service, v, "mine", 0.5).name for v in ("old", "new")]
    long_ago = time.time() - 3700
    os.utime(folders[0], (long_ago, long_ago))
    service.leave("somebody")
    assert [folder.exists() for folder in folders] == [False, True]
    kept = served(tmp_path)  # on one's own machine nothing is deleted
    os.utime(folders[1], (long_ago, long_ago))
    kept.leave("somebody")
    assert folders[1].exists()


# Work in the background


def test_a_visitor_has_one_sweep_at_a_time_and_only_they_stop_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = served(tmp_path, background=1, waiting=2)
    service.sweeps._turn.acquire()  # so that they wait
    wanted = Wanted(("world-retrieval",), (0.0, 1.0), 0.43, None)
    pairs = {name: service.preflight(f"demo:{name}/base", f"demo:{name}/sea") for name in ("siglip", "gemma3", "sdxl")}
    job = service.sweeps.start(pairs["siglip"], wanted, "one")
    with pytest.raises(GgezError, match="a sweep of yours is on its way"):
        service.sweeps.start(pairs["gemma3"], wanted, "one")
    other = service.sweeps.start(pairs["gemma3"], wanted, "two")
    with pytest.raises(GgezError, match="2 sweeps of visitors are waiting"):
        service.sweeps.start(pairs["sdxl"], wanted, "three")
    with pytest.raises(GgezError, match="only they can stop it"):
        service.sweeps.stop(pairs["siglip"], "two")
    for pair, session in ((pairs["siglip"], "one"), (pairs["gemma3"], "two")):
        service.sweeps.stop(pair, session)
    wait_for(lambda: job.stopped and other.stopped)


def test_so_many_rows_are_curated(tmp_path: Path) -> None:
    data = tmp_path / "captions.jsonl"
    data.write_text('{"text": "a cat"}\n' * 10)
    home = Service(Settings(tmp_path, GIB, shared=False, limits=Limits(rows=9)))
    job = home.curations.start("visitor", Asked(str(data)))
    wait_for(lambda: not job.working)
    assert "10 rows or more, and 9 are curated here" in job.problem


def test_a_curation_that_others_follow_goes_on_for_them(tmp_path: Path) -> None:
    curations = served(tmp_path).curations
    curations._turn.acquire()
    job = curations.start("one", Asked())
    assert curations.start("two", Asked()) is job
    curations.stop("one")
    assert not job.stopping.is_set()
    assert curations.latest("one") is None
    curations.stop("two")
    wait_for(lambda: job.stopped)


# Everything that is waited for can be stopped


@contextmanager
def halfway(service: Service, session: str) -> Iterator[Callable[[Step], None]]:
    """A progress callback at whose second call the visitor stops what they wait for."""
    calls = 0

    def progress(step: Step) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            assert service.stop(session) == 1

    yield progress
    assert calls >= 2


def test_a_cancel_button_takes_work_out_of_the_queue_and_stops_it(tmp_path: Path) -> None:
    """Loading, measuring languages, taking curated rows home, exporting: at once, without waiting in the queue."""
    from workbench.build import build

    events = build(served(tmp_path)).config["dependencies"]
    names = {event["id"]: event["api_name"].rstrip("_0123456789") for event in events}
    cancelling = [event for event in events if event["cancels"]]
    cancelled = sorted(names[one] for event in cancelling for one in event["cancels"])
    assert cancelled == ["pressed", "pressed", "run", "take_home"]
    for event in cancelling:
        beside = [one for one in events if one["targets"] == event["targets"] and one["backend_fn"]]
        assert [(names[one["id"]], one["queue"]) for one in beside] == [("stop", False)]


def test_a_stopped_export_leaves_nothing(tmp_path: Path) -> None:
    service = served(tmp_path)
    with halfway(service, "visitor") as progress, pytest.raises(Cancelled):
        export(service, "visitor", "mine", 0.5, progress=progress)
    assert list((tmp_path / "exports").rglob("*.*")) == []
    assert export(service, "visitor", "mine", 0.5).nbytes


def test_a_stopped_load_leaves_the_pair_that_was_there(tmp_path: Path) -> None:
    service = served(tmp_path)
    before = service.current("visitor")
    with halfway(service, "visitor") as progress, pytest.raises(Cancelled):
        service.load_pair("visitor", "demo:gemma3/base", "demo:gemma3/sea", progress=progress)
    assert service.current("visitor") is before


def test_a_stopped_measurement_of_languages_ends(tmp_path: Path) -> None:
    from workbench.crosslingual import measure
    from workbench.weights import Weights

    service = served(tmp_path)
    with halfway(service, "visitor") as progress, service.errands.run("visitor", "measure") as errand:
        done = attempt(lambda: measure(service.live("visitor"), Weights(0.5), 1, errand.watched(progress)))
    assert done == Problem("Stopped.")


@pytest.mark.parametrize("family", ["sdxl", "gemma3"])
def test_what_a_program_asks_of_a_slow_model_can_be_stopped(tmp_path: Path, family: str) -> None:
    from ggez_core.families.drawing import Drawing
    from ggez_core.families.visual_questions import VisualQuestion
    from workbench import world
    from workbench.views.diffusion.draw import draw_images
    from workbench.views.lvlm.ask import answer_question
    from workbench.weights import Weights

    service = served(tmp_path, at_once=1)
    service.load_pair("visitor", f"demo:{family}/base", f"demo:{family}/sea")
    picture = world.gallery()[0]

    def ask() -> object:
        if family == "sdxl":
            return draw_images(service, "visitor", Drawing("a cat", steps=200), Weights(0.5))
        return answer_question(
            service, "visitor", picture.id, VisualQuestion("What?", picture.image, max_new_tokens=200), Weights(0.5)
        )

    with service.live("visitor").at(Weights(0.3)):  # it has to wait, so that it is on its way for certain
        done: list[object] = []
        asking = threading.Thread(target=lambda: done.append(attempt(ask)))
        asking.start()
        wait_for(lambda: bool(service.errands._of))
        refused = attempt(ask)
        assert isinstance(refused, Problem)
        assert "1 of your requests are on their way already" in refused.message
        assert service.stop("somebody else") == 0
        assert service.stop("visitor") == 1
        asking.join(SOON)
    assert done == [Problem("Stopped.")]


def test_who_leaves_stops_what_they_waited_for(tmp_path: Path) -> None:
    service = served(tmp_path)
    with service.errands.run("visitor", "export") as errand:
        service.leave("visitor")
        assert errand.given_up()
    at_home = Service(Settings(tmp_path, GIB, shared=False))
    with at_home.errands.run("visitor", "export") as errand:
        at_home.leave("visitor")
        assert not errand.given_up()


# Nobody waits for others' slow work


def test_the_slider_moves_while_another_visitor_draws_and_sweeps(tmp_path: Path) -> None:
    """The drawing has more steps than it has time for; each move of the slider is to a β that nobody was at."""
    from ggez_core.families.drawing import MOST_STEPS, Drawing
    from workbench.views.diffusion.draw import draw_images
    from workbench.views.embedding.search import search_images
    from workbench.weights import Weights

    service = served(tmp_path)
    service.load_pair("artist", "demo:sdxl/base", "demo:sdxl/sea")
    search_images(service, "mover", "a cat", 0.5)
    painting = threading.Thread(
        target=lambda: attempt(lambda: draw_images(service, "artist", Drawing("a cat", steps=MOST_STEPS), Weights(0.5)))
    )
    wanted = Wanted(("world-retrieval",), (0.0, 0.5, 1.0), 0.43, None)
    job = service.sweeps.start(service.current("mover"), wanted, "sweeper")
    wait_for(lambda: job.step is not None)
    painting.start()
    wait_for(lambda: bool(service.errands._of))
    for beta in (0.111, 0.222, 0.333, 0.444):
        assert search_images(service, "mover", "a cat", beta).columns[1].beta == beta
    assert painting.is_alive()
    service.stop("artist")
    service.sweeps.stop(job.pair, "sweeper")
    painting.join(SOON)
    wait_for(lambda: not job.working)
    assert not painting.is_alive()


def test_who_asks_while_the_queue_is_full_is_told_so(tmp_path: Path) -> None:
    from gradio_client import Client
    from gradio_client.utils import QueueError

    from workbench.build import build, launch
    from workbench.weights import Weights

    service = served(tmp_path, queue=1)
    page = build(service)
    client = Client(launch(service=service, page=page, wait=False), verbose=False)
    try:
        client.predict("a cat", 0.5, api_name="/search_images")
        with service.live("somebody").at(Weights(0.3)):  # those that are on their way wait for this turn
            asked = [client.submit("a cat", 0.611 + k / 1000, api_name="/search_images") for k in range(8)]
            wait_for(lambda: any(one.done() for one in asked))
            refused = next(one for one in asked if one.done())
            with pytest.raises(QueueError, match="Queue is full"):
                refused.result()
    finally:
        client.close()
        page.close()


# Memory


def test_who_lost_their_pair_to_another_visitors_is_told(tmp_path: Path) -> None:
    """Two pairs, and memory for one of them."""
    plenty = served(tmp_path)
    sizes = [plenty.load_pair(f, f"demo:{f}/base", f"demo:{f}/sea").pair.live_bytes for f in ("siglip", "gemma3")]
    service = served(tmp_path, budget=max(sizes) + min(sizes) // 2)
    service.load_pair("one", *DEMO_PAIR)
    first = service.live("one")
    assert service.reloaded("one") == 0.0
    service.load_pair("two", "demo:gemma3/base", "demo:gemma3/sea")
    again = service.live("one")
    assert again is not first
    assert service.reloaded("one") == again.load_seconds > 0
    assert service.reloaded("one") == 0.0  # they are told once
    assert service.reloaded("two") == 0.0
    service.live("two")
    assert service.reloaded("two") > 0
    before = threading.active_count()
    from workbench.views.embedding.embedder import Embedder

    first.helper(Embedder)  # who still holds it is answered, and nothing of it goes on
    assert threading.active_count() == before
