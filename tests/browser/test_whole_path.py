"""The whole path in a browser, for every shipped pair: load, compare, sweep, rate, export; in light, dark, on a phone.

Two visitors at once see their own; a reload restores; what a killed server had begun goes on.
"""

from __future__ import annotations

import importlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch
from playwright.sync_api import Browser, Page, expect

from ggez_core.assets import demo_names
from ggez_core.checkpoints import open_checkpoint
from workbench.text import say

from . import walk
from .walk import LOADING, column, move, open_tab, press, seen, slider, visitor

if TYPE_CHECKING:
    from workbench.service import Service

ROOT = Path(__file__).parents[2]


def ask_in_words(page: Page) -> None:
    """An embedding pair is asked by itself: eight hits in each column."""
    expect(column(page, "merged").get_by_role("listitem")).to_have_count(8, timeout=LOADING)


def ask_for_a_drawing(page: Page) -> None:
    page.get_by_label(say("draw.prompt"), exact=True).fill("a cat")
    page.get_by_role("slider", name=say("draw.steps")).fill("2")
    press(page, "draw.button")
    expect(column(page, "regional").get_by_role("img", name=say("draw.alt.regional"))).to_be_visible(timeout=LOADING)


def ask_a_question(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^id .*A–D$")).click()
    expect(column(page, "regional").get_by_role("listitem")).to_have_count(4, timeout=LOADING)


def ask_again(key: str) -> Callable[[Page], None]:
    """Slow families answer at another β when they are asked."""
    return lambda page: press(page, key)


# How each pair is asked, and again at another β; in which mode its path is walked; the library's class.
WAYS: dict[str, tuple[Callable[[Page], None], Callable[[Page], None], str, str]] = {
    "siglip": (ask_in_words, lambda page: None, "light", "transformers.SiglipModel"),
    "sdxl": (ask_for_a_drawing, ask_again("draw.button"), "dark", "diffusers.StableDiffusionXLPipeline"),
    "gemma3": (ask_a_question, ask_again("ask.button"), "phone", "transformers.Gemma3ForConditionalGeneration"),
    "clip": (ask_in_words, lambda page: None, "phone", "transformers.CLIPModel"),
}
FAMILIES = [family for family in WAYS if {f"demo:{family}/base", f"demo:{family}/sea"} <= set(demo_names())]


@pytest.mark.timeout(1200)  # a busy machine is slow, not wrong
@pytest.mark.parametrize("family", FAMILIES)
def test_the_whole_path(family: str, browser: Browser, url: str, service: Service, tmp_path: Path) -> None:
    ask, again, mode, cls = WAYS[family]
    pair = (f"demo:{family}/base", f"demo:{family}/sea")
    with visitor(browser, url, mode) as page:
        walk.load_pair(page, *pair)
        open_tab(page, "compare")
        ask(page)
        move(page, 0.3)
        again(page)
        expect(column(page, "merged").get_by_role("heading")).to_contain_text("0.30", timeout=LOADING)
        expect(seen(page.get_by_text(say("slow.working")))).to_have_count(0, timeout=LOADING)

        open_tab(page, "sweep")
        choose(page, "sweep.size", say("sweep.size.some", n=24))
        press(page, "sweep.start")
        beta = clicked_point(page)
        expect(slider(page)).to_have_value(f"{beta:g}")
        if seen(page.locator(".gg-progress")).count():
            press(page, "sweep.stop")

        open_tab(page, "rate")
        before = len(service.ratings.ratings())
        press(page, "rate.start")
        for round_ in (1, 2):
            rate_in_order(page)
            expect(seen(page.get_by_text(say("rate.saved", count=round_)))).to_be_visible(timeout=LOADING)
            if round_ == 1:
                page.keyboard.press("Enter")
        ratings = service.ratings.ratings()[before:]
        assert [sorted(mark["rank"] for mark in one.marks) for one in ratings] == [[1, 2, 3]] * 2
        assert {one.base for one in ratings} == {pair[0]}

        open_tab(page, "export")
        expect(seen(page.get_by_text(f"β = {beta:.2f}")).first).to_be_visible()
        folder = exported(page, f"walked-{family}", tmp_path)
        walk.fits(page)
        page.reload()
        walk.has_pair(page, *pair)
        expect(slider(page)).to_have_value(f"{beta:g}")
    loads(folder, cls, pair, beta)


def choose(page: Page, key: str, option: str) -> None:
    """Choose an option of the list that is called so."""
    page.get_by_label(say(key), exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()


def clicked_point(page: Page) -> float:
    """Wait until a curve has points, click one between its ends, and return its β."""
    curve = page.locator(".gg-curve .js-plotly-plot").first
    expect(curve).to_be_visible(timeout=LOADING)
    page.wait_for_function(
        """() => { const plot = document.querySelector('.gg-curve .js-plotly-plot');
        const known = (trace) => [...(trace.customdata || [])];
        return plot && plot.tellsBeta && plot.data.some((trace) => known(trace).some((beta) => beta < 1)) }""",
        timeout=LOADING,
    )
    beta: float = curve.evaluate(
        """(plot) => { const known = plot.data.flatMap((trace) => [...(trace.customdata || [])]);
        const beta = known.find((b) => b > 0 && b < 1) ?? 1;
        plot.emit('plotly_click', { points: [{ customdata: beta }] }); return beta; }"""
    )
    return beta


def rate_in_order(page: Page) -> None:
    """Rank the answers 1, 2, 3 by keyboard."""
    ballot = page.locator(".gg-ballot[data-kind=rank]")
    expect(ballot).to_be_visible(timeout=LOADING)
    ballot.focus()
    for key in ("1", "2", "3", "Enter"):
        page.keyboard.press(key)


def exported(page: Page, name: str, folder: Path) -> Path:
    """Export under that name, download it, and unpack it."""
    page.get_by_role("textbox", name=re.compile(f"^{say('export.name')}")).fill(name)
    press(page, "export.button")
    with page.expect_download() as download:
        page.locator(f"a[href$='/{name}.zip']").click(timeout=LOADING)
    download.value.save_as(folder / "merged.zip")
    zipfile.ZipFile(folder / "merged.zip").extractall(folder)
    return folder / name


def loads(folder: Path, cls: str, pair: tuple[str, str], beta: float) -> None:
    """Its library loads it, and what fine-tuning changed lies at β between the ends."""
    library, _, name = cls.rpartition(".")
    found: Any = getattr(importlib.import_module(library), name).from_pretrained(folder)
    assert type(found).__name__ == name
    merged = open_checkpoint(folder)
    ends = [open_checkpoint(end) for end in pair]
    moved = 0
    for tensor in list(merged.tensors)[:: max(1, len(merged.tensors) // 20)]:
        base, regional = (end.read(tensor).float() for end in ends)
        torch.testing.assert_close(
            merged.read(tensor).float(), (1 - beta) * base + beta * regional, atol=2e-3, rtol=1e-2
        )
        moved += not torch.equal(base, regional)
    assert moved


@pytest.mark.parametrize("mode", list(walk.MODES))
def test_every_tab_fits_and_says_no_error(mode: str, browser: Browser, url: str) -> None:
    with visitor(browser, url, mode) as page:
        for name in walk.TABS:
            open_tab(page, name)
            expect(seen(page.get_by_role("tabpanel")).get_by_role("button").first).to_be_visible()
            walk.fits(page)
        dark = page.evaluate("document.body.classList.contains('dark')")
        assert dark == (mode == "dark")


def test_two_visitors_at_once_see_their_own(browser: Browser, url: str) -> None:
    with visitor(browser, url) as one, visitor(browser, url, "dark") as other:
        walk.load_pair(other, "demo:gemma3/base", "demo:gemma3/sea")
        for page, beta in ((one, 0.9), (other, 0.2)):
            open_tab(page, "compare")
            move(page, beta)
        ask_a_question(other)  # while the first visitor goes on
        move(one, 0.8)
        press(other, "ask.button")
        move(one, 0.7)
        expect(column(one, "merged").get_by_role("heading")).to_contain_text("0.70")
        expect(column(other, "merged").get_by_role("heading")).to_contain_text("0.20")
        expect(column(one, "merged").get_by_role("listitem")).to_have_count(8)
        expect(column(other, "merged").get_by_role("listitem")).to_have_count(4)
        expect(seen(one.get_by_text("demo:siglip/base")).first).to_be_visible()
        expect(slider(one)).to_have_value("0.7")
        expect(slider(other)).to_have_value("0.2")
        walk.load_pair(other, "demo:siglip/base", "demo:siglip/sea")  # the same pair now, at their own β
        open_tab(other, "compare")
        expect(column(other, "merged").get_by_role("heading")).to_contain_text("0.20")
        found = {beta: hits(page) for beta, page in ((0.7, one), (0.2, other))}
        for beta, page in ((0.2, one), (0.7, other)):  # each at the other's: the answers change places
            move(page, beta)
            expect(column(page, "merged").get_by_role("heading")).to_contain_text(f"{beta:.2f}")
            assert hits(page) == found[beta]
        assert found[0.2] != found[0.7]


def hits(page: Page) -> list[str]:
    """What the merged column lists, with scores."""
    return column(page, "merged").get_by_role("listitem").all_inner_texts()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Server]:
    """A server in a process of its own, that can be killed."""
    server = Server(tmp_path)
    server.start()
    yield server
    server.kill()


class Server:
    """`python app.py` with a storage and runs of its own; started again, it has the same address."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}/"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {
            **os.environ, "GGEZ_STORAGE": str(self.folder / "storage"), "GGEZ_RUNS": str(self.folder / "runs"),
            "GRADIO_SERVER_PORT": str(self.port), "GRADIO_SERVER_NAME": "127.0.0.1", "PYTHONPATH": str(ROOT),
            "GRADIO_ANALYTICS_ENABLED": "False",
        }  # fmt: skip
        log = (self.folder / "server.log").open("ab")
        self.process = subprocess.Popen([sys.executable, str(ROOT / "app.py")], env=environment, stdout=log, stderr=log)
        until = time.monotonic() + 120
        while True:
            assert self.process.poll() is None, (self.folder / "server.log").read_text()
            assert time.monotonic() < until
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


CONFIG = """kind: distill
model: demo:siglip/base
data:
  - source: demo:world
    languages: [en, id, th]
objective: DR
student:
  layers: [0]
loop:
  batch: 32
  steps: 4000
  learning_rate: 0.001
  device: cpu
  log_every: 1
  save_every: 50
  evaluate_every: 25
samples:
  count: 2
"""


@pytest.mark.timeout(1200)
def test_a_killed_server_finds_its_run_and_its_sweep_again(browser: Browser, served: Server) -> None:
    with visitor(browser, served.url) as page:
        open_tab(page, "train")
        editor = page.locator(".cm-content").filter(visible=True).first
        editor.click()
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.insert_text(CONFIG)
        press(page, "train.start")
        samples = page.get_by_role("table", name=say("train.samples"))
        expect(samples.get_by_role("columnheader", name=say("train.samples.step", step=25))).to_be_visible(
            timeout=LOADING
        )
        expect(page.get_by_role("list", name=say("under_way.label")).get_by_text("distill-demo-siglip-base-1"))
        open_tab(page, "sweep")
        press(page, "sweep.start")
        clicked_point(page)
    served.kill()
    rows = next((served.folder / "storage" / "sweeps").glob("*/rows.jsonl")).read_text("utf-8")
    before = step_of(served)
    served.start()
    while step_of(served) == before:  # the run went on without a server
        time.sleep(0.1)
    with visitor(browser, served.url) as page:
        open_tab(page, "train")
        expect(seen(page.get_by_text("distill-demo-siglip-base-1: running")).first).to_be_visible()
        press(page, "train.stop")
        expect(seen(page.get_by_text("distill-demo-siglip-base-1: stopped")).first).to_be_visible(timeout=LOADING)
        at = step_of(served)
        press(page, "train.resume")
        while step_of(served) <= at:
            page.wait_for_timeout(100)
        press(page, "train.stop")
        expect(seen(page.get_by_text("distill-demo-siglip-base-1: stopped")).first).to_be_visible(timeout=LOADING)
        press(page, "train.across")
        expect(seen(page.get_by_text(say("crosslingual.done.two", n=1).split(",")[0]))).to_be_visible(timeout=LOADING)
        open_tab(page, "sweep")
        press(page, "sweep.start")
        expect(seen(page.get_by_text(say("sweep.done", points=6)))).to_be_visible(timeout=LOADING)
    found = next((served.folder / "storage" / "sweeps").glob("*/rows.jsonl")).read_text("utf-8")
    assert found.startswith(rows)
    assert rows


def step_of(served: Server) -> int:
    """How far the run is, by its folder."""
    from ggez_core.runs import RunFolder

    run = RunFolder.find("distill-demo-siglip-base-1", served.folder / "runs")
    assert run.status.state != "failed", run.status.message
    return run.status.step
