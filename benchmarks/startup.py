"""How long until the page answers, and until it is painted, against an empty Gradio page with as many tabs?

    python benchmarks/startup.py [--rounds 5]

Starts both as processes of their own, in turns, and measures from the start of the process to the first HTTP 200; then
opens each in the system's Chromium with nothing cached, and measures from the navigation to the first paint with
content, and to the first tab. Prints the median of each and the median of the ratios of the rounds. The bar is a ratio
of 1.5.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BAR = 1.5
PATIENCE = 180.0
EMPTY = """
import gradio as gr
with gr.Blocks(analytics_enabled=False) as demo:
    with gr.Tabs():
        for name in ("Models", "Compare", "Sweep", "Rate", "Export", "Curate", "Train", "Cross-lingual"):
            with gr.Tab(name):
                gr.Markdown(name)
demo.launch(ssr_mode=False)
"""


MEASURES = ("the page answers", "first paint", "first tab")
PAINTED = """() => new Promise((tell) => new PerformanceObserver((list) => {
  const found = list.getEntriesByName("first-contentful-paint")[0];
  if (found) tell(found.startTime / 1000);
}).observe({ type: "paint", buffered: true }))"""
HAS_TABS = "() => document.querySelector('[role=tab]') && performance.now() / 1000"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    from playwright.sync_api import sync_playwright

    pages = {"empty": [sys.executable, "-c", EMPTY], "workbench": [sys.executable, str(ROOT / "app.py")]}
    taken: dict[str, list[tuple[float, ...]]] = {name: [] for name in pages}
    with tempfile.TemporaryDirectory() as storage, sync_playwright() as playwright:
        chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for turn in range(rounds + 1):  # the first turn fills the file cache and is not counted
            for name, command in pages.items():
                with served(command, Path(storage)) as (url, answered):
                    found = (answered, *painted(browser, url))
                if turn:
                    taken[name].append(found)
        browser.close()
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {rounds} rounds")
    for index, measure in enumerate(MEASURES):
        empty, ours = ([found[index] for found in taken[name]] for name in pages)
        ratio = statistics.median(b / a for a, b in zip(empty, ours, strict=True))
        verdict = "within" if ratio <= BAR else "beyond"
        medians = f"empty {statistics.median(empty):.2f} s, workbench {statistics.median(ours):.2f} s"
        print(f"{measure}: {medians}, ratio {ratio:.2f}; {verdict} the bar of {BAR}")


def painted(browser: Any, url: str) -> tuple[float, float]:
    """Seconds from the navigation to the first paint with content, and to the first tab."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(url, wait_until="commit")
    tabs = page.wait_for_function(HAS_TABS, timeout=1e3 * PATIENCE, polling=10).json_value()
    paint = page.evaluate(PAINTED)
    context.close()
    return float(paint), float(tabs)


@contextmanager
def served(command: list[str], storage: Path) -> Iterator[tuple[str, float]]:
    """A server: its address, and the seconds from its start to its first answer. It is stopped afterwards."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}/"
    settings = {"GRADIO_SERVER_PORT": str(port), "GRADIO_ANALYTICS_ENABLED": "False", "GGEZ_STORAGE": str(storage)}
    started = time.perf_counter()
    server = subprocess.Popen(command, env={**os.environ, **settings}, stdout=subprocess.DEVNULL, cwd=ROOT)
    try:
        yield url, _first_answer(server, url, started)
    finally:
        server.terminate()
        server.wait()


def _first_answer(server: subprocess.Popen[bytes], url: str, started: float) -> float:
    while time.perf_counter() - started < PATIENCE:
        if server.poll() is not None:
            raise SystemExit(f"the server ended with status {server.returncode} before it answered")
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
                if answer.status == 200:
                    return time.perf_counter() - started
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.02)
    raise SystemExit(f"no answer within {PATIENCE:.0f} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
